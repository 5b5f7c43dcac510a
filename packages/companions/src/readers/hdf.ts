// SPDX-License-Identifier: Apache-2.0
import { findingsOfHdf, parseHdf } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import type { About } from '../reading.ts';
import { has, momentOf } from '../values.ts';

type Hdf = Extract<ReturnType<typeof parseHdf>, { kind: 'hdf' }>['hdf'];

// https://saf.mitre.org/ exec-JSON: of cinc-scan, CINC Auditor, or a converter.
export const hdf: Reader = {
  tool: 'hdf',
  title: 'HDF',
  framing: 'one',
  exits: [0, 100, 101],
  fits: ({ document }) => has(document, 'platform', 'profiles', 'statistics'),
  read: ({ text }, journal, { now }) => {
    const parsed = parseHdf(text);
    if (parsed.kind === 'refused') {
      journal.problem('unreadable', parsed.problem);
      return { tool: 'hdf', version: undefined, target: undefined, checkedAt: undefined, ruleset: '' };
    }
    const ruleset = readControls(parsed.hdf, journal, now);
    return aboutOf(parsed.hdf, ruleset);
  },
};

function readControls(document: Hdf, journal: Journal, now: Date): string {
  for (const { name, status, status_message: why } of document.profiles)
    if (status === 'failed' || status === 'skipped')
      journal.problem('not-looked', `the profile ${name} was not evaluated${why ? '' : ' (no reason is given)'}`);
  const read = findingsOfHdf(document, now);
  if (read.kind === 'refused') {
    journal.problem('unreadable', read.problem);
    return '';
  }
  journal.findings.push(...read.findings);
  journal.passes.push(...read.passes);
  for (const id of [...read.unchecked, ...read.broken]) journal.unchecked.add(id);
  if (read.broken.length > 0) journal.problem('not-looked', `${read.broken.length} controls could not be evaluated`);
  if (read.findings.length + read.passes.length === 0) journal.problem('not-looked', 'no control was evaluated');
  return read.ruleset;
}

function aboutOf(document: Hdf, ruleset: string): About {
  const starts = document.profiles.flatMap(profile =>
    profile.controls.flatMap(control => control.results.map(result => momentOf(result.start_time))),
  );
  return {
    tool: 'hdf',
    version: document.version,
    target: document.platform.target_id ?? undefined,
    checkedAt: starts
      .filter(start => start !== undefined)
      .toSorted()
      .at(-1),
    ruleset,
  };
}
