// SPDX-License-Identifier: Apache-2.0
import type { CatalogueEntry } from './catalogue-entry.ts';

/** What keeps the result of another scanner from counting as a look, and a run from being kept. */
export const sourceCodes = {
  SOURCES_INVALID: {
    exit: 2,
    meaning:
      'The file of sources is malformed: an unknown key, a value of the wrong form, or two sources in one place.',
    remedy: 'Correct what the message names; docs/companions.md lists every key.',
  },
  SOURCE_UNDECLARED: {
    exit: 2,
    meaning: 'A result was given that no source declares.',
    remedy: 'Declare a source for it, or remove the file: a result that is not expected would not be missed.',
  },
  SOURCE_MISSING: {
    exit: 4,
    meaning: 'A declared source has no result.',
    remedy: 'Find out why the scanner did not run or where it wrote its result.',
  },
  SOURCE_UNREADABLE: {
    exit: 4,
    meaning: 'The result of a source cannot be read: it is empty, cut off, too large, or not in its format.',
    remedy: 'Let the scanner write the file itself, one file for each run, and check its exit code.',
  },
  SOURCE_WRONG_TOOL: {
    exit: 4,
    meaning: 'A result does not come from the declared tool, or could come from several tools.',
    remedy: 'Correct `tool` of the source, or the file that it names.',
  },
  SOURCE_WRONG_TARGET: {
    exit: 4,
    meaning: 'A result says that it is about something other than the target of its source.',
    remedy: 'Correct `target` or `about` of the source, or the file that it names.',
  },
  SOURCE_NOT_LOOKED: {
    exit: 4,
    meaning: 'A scanner looked at nothing, or could not look at part of what it was meant to scan.',
    remedy: 'Remove what the message names as the obstacle (rights, registries, paths), then run the scanner again.',
  },
  SOURCE_UNPROVEN: {
    exit: 4,
    meaning: 'Nothing shows that a scanner which found nothing has looked, or that its result is complete.',
    remedy: 'Check it once by hand; then `accept` in the source vouches for it.',
  },
  SOURCE_CONTRADICTS: {
    exit: 4,
    meaning: 'The numbers of a result contradict what it lists.',
    remedy: 'Use the result as the scanner wrote it: this one was cut, filtered or changed.',
  },
  SOURCE_INCOMPLETE: {
    exit: 4,
    meaning: 'A result lacks a part that its source demands.',
    remedy: 'Run the scanner with that part, or take it out of `parts` of the source.',
  },
  SOURCE_STALE: {
    exit: 4,
    meaning: 'A result is too old, is from the future, or does not say when it was made.',
    remedy: 'Run the scanner again; check the clock of its machine.',
  },
  SOURCE_FAILED: {
    exit: 4,
    meaning: 'The run of a scanner failed: its exit code does not mean that it looked, or it left no result.',
    remedy: 'Read the end of its standard error in the envelope next to the result, then run it again.',
  },
  NOTIFY_FAILED: {
    exit: 4,
    meaning:
      'An alert could not be sent, and notify-required was given. It is kept in the state, and sent with the next run.',
    remedy: 'Check the address of the channel, its rights and the network, then run again.',
  },
  STORE_FAILED: {
    exit: 4,
    meaning: 'The folder or bucket that results and states are kept in could not be read or written.',
    remedy: 'Check its address, its rights and the network, then run again; the reports of this run are there.',
  },
  STATE_CONFLICT: {
    exit: 4,
    meaning: 'The state was not written: a newer run has written it, or runs kept changing it.',
    remedy:
      'Let runs of one scope follow each other. What this run found is in its reports; the next one compares again.',
  },
} as const satisfies Record<string, CatalogueEntry>;
