// SPDX-License-Identifier: Apache-2.0
// What can be learned of a profile without looking into any container.
import { rm } from 'node:fs/promises';
import type { Connection } from '../cluster/index.ts';
import { makeScratch, showProblem, showSupports } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import {
  gatherProfile,
  type PreparedProfile,
  type Preparing,
  type ProfileDescription,
  type ProfileRef,
  parseSource,
  readProfile,
  writeVendored,
} from '../profile/index.ts';
import type { Access } from '../request/index.ts';
import { layOutInputs } from './lay-out.ts';
import { connectOperator } from './operator-connection.ts';
import { makePreparing } from './preparing.ts';
import { secretsOf } from './run-secrets.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

type StudyRequest = Pick<ScanRequest, 'inputs' | 'offline' | 'requireJail' | 'credentials'> & { source: string };

export interface StudyDeps
  extends Pick<
    Deps,
    'engine' | 'engines' | 'emit' | 'signal' | 'temporary' | 'context' | 'token' | 'secrets' | 'environment'
  > {
  /** Asked only for a profile in the cluster. */
  access: () => Access;
}

/** A profile as it is: what it says of itself, and where it came from. */
export interface Study {
  ref: ProfileRef;
  known: ProfileDescription;
  /** Why it could not be run, and what it could do better. */
  problems: string[];
  hints: string[];
}

/** Fetches and reads a profile; nothing in the cluster is touched. */
export async function studyProfile(request: StudyRequest, deps: StudyDeps): Promise<Study> {
  const profile = await preparing(request, deps, each => readProfile(request.source, each));
  return { ref: profile.ref, known: profile.known, ...judge(profile) };
}

/** Packs a profile with all that it depends on into a new folder, and reads the result without any network. */
export async function vendorProfile(request: StudyRequest, into: string, deps: StudyDeps): Promise<ProfileRef> {
  return preparing(request, deps, async each => {
    const gathered = await gatherProfile(request.source, each);
    await writeVendored(gathered, into);
    const packed = await readProfile(into, { ...each, fetching: { ...each.fetching, offline: true } });
    return { ...gathered.ref, name: packed.ref.name, version: packed.ref.version };
  });
}

async function preparing<T>(
  request: StudyRequest,
  deps: StudyDeps,
  work: (preparing: Preparing) => Promise<T>,
): Promise<T> {
  const { engines, emit, signal, temporary } = deps;
  const { offline, requireJail } = request;
  const onOutput = (text: string) => emit({ kind: 'engine-output', text });
  await using lease = await engines.lease({ offline, requireJail, signal, onOutput });
  const scratch = await makeScratch(temporary);
  const connection = needsCluster(request) ? await open(deps) : undefined;
  try {
    const inputs = await layOutInputs(request.inputs, scratch);
    return await work(makePreparing(request, deps, { engine: lease.engine, inputs, scratch, connection }));
  } finally {
    connection?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

const needsCluster = ({ source }: StudyRequest) => parseSource(source).kind === 'config-map';

function open(deps: StudyDeps): Promise<Connection> {
  const access = deps.access();
  return connectOperator({ ...deps, access, secrets: secretsOf({ ...deps, access }) });
}

function judge({ known }: PreparedProfile): Pick<Study, 'problems' | 'hints'> {
  const problems: string[] = [];
  const missing = known.missing_inputs.join(', ');
  if (known.controls.length === 0 && !known.depends_on_target)
    problems.push(missing === '' ? 'it has no controls' : `it cannot be read without values for ${missing}`);
  if (known.status === 'failed') problems.push(`it failed to load: ${known.status_message ?? 'no reason given'}`);
  if (!known.depends_on_target) problems.push(...known.problems.map(showProblem));
  return { problems, hints: [...targetHints(known), ...metadataHints(known), ...controlHints(known)] };
}

/** What only a target can tell. */
function targetHints({ depends_on_target: depends, unread, problems, conditional }: ProfileDescription): string[] {
  return [
    ...(depends ? ['its controls depend on the target: it may give others than were read here'] : []),
    ...(typeof unread === 'string' ? [`it could not be read to its end without a target: ${unread}`] : []),
    ...(depends ? problems.map(showProblem) : []),
    ...conditional.map(
      ({ name, supports }) =>
        `the dependency ${name} supports only ${showSupports(supports)}; elsewhere its controls are an error`,
    ),
  ];
}

function metadataHints(known: ProfileDescription): string[] {
  const wanted = ['title', 'summary', 'maintainer', 'license', 'version'] as const;
  const missing = wanted.filter(name => (known[name] ?? '') === '');
  return [
    ...(known.missing_inputs.length > 0
      ? [`it requires values for the inputs ${known.missing_inputs.join(', ')}`]
      : []),
    ...(missing.length > 0 ? [`inspec.yml lacks ${missing.join(', ')}`] : []),
    ...((known.supports ?? []).length === 0 ? ['inspec.yml does not say what the profile supports'] : []),
    ...(known.unknown_inputs.length > 0 ? [`it has no inputs ${known.unknown_inputs.join(', ')}`] : []),
  ];
}

function controlHints({ controls, checks }: ProfileDescription): string[] {
  const lacking = (what: string, test: (control: (typeof controls)[number]) => boolean) => {
    const ids = controls.filter(test).map(({ id }) => id);
    return ids.length === 0 ? [] : [`${ids.length} of ${controls.length} controls have no ${what}: ${shorten(ids)}`];
  };
  return [
    ...lacking('title', ({ title }) => (title ?? '') === ''),
    ...lacking('description', ({ desc }) => (desc ?? '') === ''),
    ...lacking('checks', ({ id }) => checks[id] === 0),
  ];
}

const shorten = (ids: string[]) => (ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, …` : ids.join(', '));

/** A profile that could not be run is an error of whoever named it. */
export function requireSound({ ref, problems }: Study): void {
  if (problems.length > 0)
    throw new ScanError('PROFILE_INVALID', `Profile ${ref.source} could not be run: ${problems.join('; ')}`);
}
