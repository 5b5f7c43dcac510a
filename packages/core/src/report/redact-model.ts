// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import type { Judged } from '../gate/verdict.ts';
import { type Hdf, parseHdf } from '../outcome/hdf.ts';
import type { Audited, Outcome } from '../outcome/outcome.ts';
import { targetName } from '../plan/target.ts';
import type { ReportModel } from './model.ts';
import type { Redactor } from './redact.ts';
import { oneLine } from './text.ts';

/**
 * The model without secrets in what containers, profiles and errors said, before any format escapes it. Result files
 * keep the auditor's bytes, unless one of the run's own secrets is in them: then they are changed, and that is said.
 */
export function redactModel(model: ReportModel, redactor: Redactor): ReportModel {
  const found: string[] = [];
  const judged = model.verdict.judged.map((one): Judged => {
    const outcome = redactOutcome(one.outcome, redactor);
    if (outcome.kind === 'audited' && one.outcome.kind === 'audited' && outcome.hdfText !== one.outcome.hdfText)
      found.push(oneLine(targetName(outcome.target)));
    return { ...one, outcome };
  });
  const alarm = found.map(
    name =>
      `A SECRET OF THIS RUN WAS IN THE RESULTS OF ${name}: it was replaced, and the file is not the auditor's own`,
  );
  return { ...model, verdict: { ...model.verdict, judged }, warnings: [...alarm, ...model.warnings] };
}

function redactOutcome(outcome: Outcome, redactor: Redactor): Outcome {
  if (outcome.kind === 'audited') return redactAudited(outcome, redactor);
  const { error } = outcome;
  const message = redactor.all(error.message);
  if (message === error.message) return outcome;
  return { ...outcome, error: new ScanError(error.code, message, { cause: error.cause, remedy: error.remedy }) };
}

function redactAudited(outcome: Audited, redactor: Redactor): Audited {
  const own = redactText(outcome.hdfText, redactor);
  const hdf = redactHdf(own?.hdf ?? outcome.hdf, text => redactor.all(text));
  if (own === undefined && hdf === outcome.hdf) return outcome;
  return { ...outcome, hdf, hdfText: own?.text ?? outcome.hdfText };
}

/** A secret may look like a piece of JSON: what is none any more without it is made again from its texts. */
function redactText(given: string, redactor: Redactor): { text: string; hdf: Hdf } | undefined {
  const text = redactor.own(given);
  if (text === given) return undefined;
  const read = parseHdf(text);
  if (read.kind === 'hdf') return { text, hdf: read.hdf };
  const original = parseHdf(given);
  if (original.kind === 'refused')
    throw new ScanError('ENGINE_FAILED', `The results cannot be read: ${original.problem}`);
  const hdf = redactHdf(original.hdf, each => redactor.own(each));
  return { text: JSON.stringify(hdf), hdf };
}

/** The same object if there is nothing to replace. */
function redactHdf(hdf: Hdf, redact: (text: string) => string): Hdf {
  if (!hasChange(hdf, redact)) return hdf;
  const copy = structuredClone(hdf);
  replaceTexts(copy, redact);
  return copy;
}

// The gate counted by these; they are what a profile calls its parts, not what a container said.
const identities = new Set(['id', 'name', 'sha256', 'parent_profile']);

function hasChange(hdf: Hdf, redact: (text: string) => string): boolean {
  for (const { text } of textsIn(hdf)) if (redact(text) !== text) return true;
  return false;
}

function replaceTexts(hdf: Hdf, redact: (text: string) => string): void {
  for (const { text, holder, key } of textsIn(hdf)) Reflect.set(holder, key, redact(text));
}

interface Place {
  text: string;
  holder: object;
  key: string;
}

/** Without recursion: tags may be nested as deep as whoever wrote them liked. */
function* textsIn(root: object): Generator<Place> {
  const open: object[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop())
    for (const [key, item] of entriesOf(holder)) {
      if (typeof item === 'string' && !identities.has(key)) yield { text: item, holder, key };
      else if (typeof item === 'object' && item !== null) open.push(item);
    }
}

const entriesOf = (value: object): [string, unknown][] => Object.entries(value);
