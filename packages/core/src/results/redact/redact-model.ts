// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../../errors/index.ts';
import type { Judged } from '../../gate/index.ts';
import { type Audited, type Hdf, parseHdf, type Unreached } from '../../outcome/index.ts';
import { targetName } from '../../plan/index.ts';
import { boundText, inOrder, oneLine, type ReportModel } from '../../report/index.ts';
import type { Redactor } from './redact.ts';
import { identitiesIn, type Redact, redactTexts } from './redact-texts.ts';

/**
 * The model without secrets, before any format sees it: what is rendered from it is never changed afterwards, so
 * no redaction can break a report. Result files keep the auditor's bytes, unless a secret of the run, a password hash or a
 * private key is in them: then they are changed, and a warning says so.
 */
export function redactModel(model: ReportModel, redactor: Redactor): ReportModel {
  const found: string[] = [];
  const judged = model.verdict.judged.map((one): Judged => {
    if (one.judgement === undefined) return one;
    const outcome = redactResult(one.outcome, redactor);
    if (outcome !== one.outcome) found.push(oneLine(redactor.all(targetName(outcome.target))));
    return { ...one, outcome };
  });
  const alarm = found.map(
    name =>
      `A SECRET WAS IN THE RESULTS OF ${name}: it was replaced, and the file is not the auditor's own. It is a secret of this run, a password hash or a private key`,
  );
  const warnings = [...alarm, ...model.warnings];
  return redactShown({ ...model, verdict: { ...model.verdict, judged }, warnings }, redactor);
}

/** What the manifest says of the run is bounded here as it is there, so that a run that is read back is this very one. */
function redactShown(model: ReportModel, redactor: Redactor): ReportModel {
  const { cluster, profiles, passedOver, warnings, request, verdict } = model;
  const hdfs = inOrder(model).flatMap(({ outcome }) => (outcome.kind === 'audited' ? [outcome.hdf] : []));
  const redact = keepingIdentities(hdfs, text => redactor.all(text));
  const shown = (text: string) => boundText(redact(text));
  const { source, bounds } = verdict.gate;
  return {
    ...model,
    cluster: redactTexts(cluster, shown),
    profiles: redactTexts(profiles, shown),
    passedOver: redactTexts(passedOver, shown),
    warnings: redactTexts(warnings, shown),
    ...redactTexts({ request }, shown),
    verdict: {
      ...verdict,
      gate: { ...verdict.gate, source: shown(source), bounds: redactTexts(bounds, shown) },
      judged: verdict.judged.map(one => redactJudged(one, { redact, shown })),
    },
  };
}

interface Redacts {
  /** For results, which are kept whole. */
  redact: Redact;
  /** For what is said of them. */
  shown: Redact;
}

/** Two controls that differ in a secret alone stay two, and whoever names one names the same as before. */
function keepingIdentities(hdfs: Hdf[], redact: Redact): Redact {
  const renamed = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const text of new Set(hdfs.flatMap(identitiesIn))) {
    const shown = redact(text);
    if (shown === text) continue;
    const count = (counts.get(shown) ?? 0) + 1;
    counts.set(shown, count);
    renamed.set(text, count === 1 ? shown : `${shown} (${count})`);
  }
  return renamed.size === 0 ? redact : text => renamed.get(text) ?? redact(text);
}

function redactJudged(judged: Judged, redacts: Redacts): Judged {
  const { shown } = redacts;
  if (judged.judgement === undefined) return { ...judged, outcome: redactUnreached(judged.outcome, shown) };
  const { outcome, judgement, comparison } = judged;
  // What it was judged under is in words of ours; the ids that a bound lists are not.
  const { options, bounds, ...said } = judgement;
  return {
    outcome: redactAudited(outcome, redacts),
    judgement: { options, bounds: redactTexts(bounds, shown), ...redactTexts(said, shown) },
    comparison: comparison && redactTexts(comparison, shown),
  };
}

function redactAudited(outcome: Audited, { redact, shown }: Redacts): Audited {
  const { target, profile, observation, hdf } = outcome;
  return {
    ...outcome,
    ...redactTexts({ target, profile, observation }, shown),
    ...redactTexts({ hdf }, redact),
  };
}

function redactUnreached(outcome: Unreached, shown: Redact): Unreached {
  const { target, error, profile, observation } = outcome;
  return {
    ...outcome,
    target: redactTexts(target, shown),
    profile: profile && redactTexts(profile, shown),
    observation: observation && redactTexts(observation, shown),
    error: new ScanError(error.code, shown(error.message), { cause: error.cause, remedy: shown(error.remedy) }),
  };
}

/** The outcome with a result file that can be kept: the same object if it already can. */
function redactResult(outcome: Audited, redactor: Redactor): Audited {
  const redact = keepingIdentities([outcome.hdf], text => redactor.result(text));
  const document = parseDocument(outcome.hdfText);
  const clean = redactTexts(document, redact);
  return clean === document ? outcome : { ...outcome, ...readAgain(clean) };
}

function readAgain(document: object): Pick<Audited, 'hdf' | 'hdfText'> {
  const hdfText = toJson(document);
  const read = parseHdf(hdfText);
  if (read.kind === 'refused')
    throw new ScanError('ENGINE_FAILED', `The results cannot be read without their secrets: ${read.problem}`);
  return { hdf: read.hdf, hdfText };
}

function toJson(document: object): string {
  try {
    return JSON.stringify(document);
  } catch (error) {
    throw new ScanError(
      'ENGINE_FAILED',
      'The results hold a secret, and are nested too deep to be written without it',
      {
        cause: error,
      },
    );
  }
}

/** The reader of outcomes has accepted the text as an object already. */
function parseDocument(text: string): object {
  const document: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  return typeof document === 'object' && document !== null ? document : {};
}
