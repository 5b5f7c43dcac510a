// SPDX-License-Identifier: Apache-2.0
import {
  asksForConsolidation,
  consolidationFolder,
  type Environment,
  type GithubInputName,
  type GithubValues,
  githubInputs,
  inputNames,
  isScanError,
  makeRunId,
  nearestInput,
  type Raw,
  readContents,
  readDocument,
  readDocumentFile,
  readUserConfig,
  readVariable,
  resolveGithubInputs,
  resolveInput,
  resolveValues,
  ScanError,
  type ScanRequest,
  Secrets,
  type ServerRequest,
  type Sources,
  type SourcesHere,
  toScanRequest,
  toServerRequest,
  type Values,
} from '@cinc-scan/core';
import { forgetSecretInputs, maskSecrets, stepSecrets } from './mask.ts';

/** What the workflow asked for, whoever is to do it. */
export interface AskedStep {
  values: Values;
  /** The inputs that only the Action has. */
  own: GithubValues;
  secrets: Secrets;
  environment: Environment;
}

export interface StepRequest extends AskedStep {
  request: ScanRequest;
}

export interface ServerStep extends AskedStep {
  request: ServerRequest;
}

/** The scan that a step asks for, with everything in it checked. */
export function toStepRequest({ values: given, step, own, secrets }: ReadStep, environment: Environment): StepRequest {
  if (own.audience !== undefined && given.token !== undefined)
    throw new ScanError(
      'INPUT_INVALID',
      'audience and token are mutually exclusive: each selects the identity that signs in',
    );
  const document = own.request === undefined ? undefined : readDocumentFile(own.request);
  const { values, contents } =
    document === undefined
      ? { values: given, contents: readContents(given) }
      : readDocument(document, { flags: {}, step, environment });
  const all = withReports({ ...values, 'run-id': values['run-id'] ?? runIdOf(environment) }, own);
  const request = toScanRequest(all, contents);
  return { values: { ...values, 'run-id': request.runId }, own, request, secrets, environment };
}

/** The same where a scan service is to do it. */
export function toServerStep({ values: given, sources, own, secrets }: ReadStep, environment: Environment): ServerStep {
  const other = (['request', 'audience'] as const).find(name => own[name] !== undefined);
  if (other !== undefined)
    throw new ScanError(
      'USAGE',
      `The input ${other} cannot be combined with server: the scan service takes names alone`,
    );
  const values = withReports(given, own);
  return { values, own, request: toServerRequest(values, sources), secrets, environment };
}

export interface ReadStep extends Pick<StepRequest, 'values' | 'own' | 'secrets'> {
  /** The inputs that all share, as they were given. */
  step: Raw;
  /** Where all of them come from. */
  sources: Sources;
}

/**
 * Reads every input; what is secret in them is masked in the log before anything else is said. Of a request document nothing
 * is in them.
 */
export function readStep(environment: Environment): ReadStep {
  const given = stepInputs(environment);
  refuseUnknown(Object.keys(given));
  const step = Object.fromEntries(Object.entries(given).filter(([name]) => !isOwn(name)));
  const own = resolveGithubInputs(given);
  const secrets = stepSecrets(environment, own);
  maskSecrets(secrets);
  const file = own.request === undefined ? readUserConfig(undefined, environment) : undefined;
  const sources = { flags: {}, step, environment, file };
  const values = resolveValues(sources);
  forgetSecretInputs(environment);
  maskSecrets(secrets);
  return { values, step, sources, own, secrets };
}

/** Which inputs and variables a step was given. */
export const sourcesHere = (environment: Environment): SourcesHere => ({
  flags: {},
  step: stepInputs(environment),
  environment,
});

/** Where a step that gives no result leaves word of it. */
export interface OutputsPlace {
  work: 'scan' | 'consolidation';
  folder: string;
  runId: string | undefined;
}

/** The same of a step whose inputs make no sense as a whole. */
export function placeOfOutputs(environment: Environment): OutputsPlace {
  const here = sourcesHere(environment);
  const sources = { ...here, file: readableConfig(environment) };
  const runId = resolveInput('run-id', sources);
  return asksForConsolidation(here)
    ? { work: 'consolidation', folder: consolidationFolder(here), runId }
    : { work: 'scan', folder: resolveInput('output-dir', sources), runId };
}

function readableConfig(environment: Environment): ReturnType<typeof readUserConfig> {
  try {
    return readUserConfig(undefined, environment);
  } catch (error) {
    if (!isScanError(error)) throw error;
    return undefined; // which is the error that is shown
  }
}

/** The runner passes `fail-on` as INPUT_FAIL-ON, also when it is not in action.yml. */
function stepInputs(environment: Environment): Raw {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) =>
      key.startsWith('INPUT_') ? [[key.slice('INPUT_'.length).toLowerCase(), value]] : [],
    ),
  );
}

const ownNames = Object.keys(githubInputs);
const isOwn = (name: string): name is GithubInputName => ownNames.includes(name);

function refuseUnknown(names: string[]): void {
  const known: string[] = [...inputNames, ...ownNames];
  const unknown = names.filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  const hints = unknown.map(name => nearestInput(name, known));
  throw new ScanError(
    'INPUT_UNKNOWN',
    `The step has no input ${unknown.map(name => JSON.stringify(name)).join(', ')}; did you mean ${hints.join(', ')}?`,
    { remedy: 'Remove it or correct its name; docs/github-action-inputs.md lists the inputs.' },
  );
}

/** Code scanning takes a report that has to be written first. */
function withReports(values: Values, own: GithubValues): Values {
  const isWritten = values.reports.some(spec => /^sarif(:|$)/.test(spec));
  return own['upload-sarif'] && !isWritten ? { ...values, reports: [...values.reports, 'sarif'] } : values;
}

/** Tells whoever finds an object in the cluster which run made it; jobs of a matrix share all but the end. */
export function runIdOf(environment: Environment): string {
  const digits = (name: string) => (/^\d{1,20}$/.exec(readVariable(environment, name) ?? '')?.[0] ?? '0').slice(-14);
  return `gh-${digits('GITHUB_RUN_ID')}-${digits('GITHUB_RUN_ATTEMPT').slice(-3)}-${makeRunId().slice(0, 6)}`;
}
