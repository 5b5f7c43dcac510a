// SPDX-License-Identifier: Apache-2.0
// What can be learned of a profile without looking into any container.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, connect } from './cluster/index.ts';
import { Engine } from './engine/index.ts';
import { ScanError } from './errors/index.ts';
import { findEngineFor, makePreparing } from './preparing.ts';
import {
  gatherProfile,
  type PreparedProfile,
  type Preparing,
  type ProfileDescription,
  type ProfileRef,
  parseSource,
  readProfile,
  writeVendored,
} from './profile/index.ts';
import type { Access } from './request/index.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

export type StudyRequest = Pick<ScanRequest, 'inputs' | 'offline' | 'credentials'> & { source: string };

export interface StudyDeps extends Pick<Deps, 'engine' | 'emit' | 'signal' | 'temporary' | 'context' | 'token'> {
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
  const { engine: settings, emit, temporary } = deps;
  const install = await findEngineFor(request, settings);
  const scratch = await mkdtemp(join(temporary, 'cinc-scan-'));
  const connection = needsCluster(request) ? await open(deps) : undefined;
  const onOutput = (text: string) => emit({ kind: 'engine-output', text });
  try {
    await using engine = Engine.start({ install, home: scratch, path: settings.path, onOutput });
    return await work(makePreparing(request, deps, { engine, scratch, connection }));
  } finally {
    connection?.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

const needsCluster = ({ source }: StudyRequest) => parseSource(source).kind === 'config-map';

function open({ access, context, token, signal }: StudyDeps): Promise<Connection> {
  return connect({ access: access(), context, token, ...(signal && { signal }) });
}

function judge({ known }: PreparedProfile): Pick<Study, 'problems' | 'hints'> {
  const problems: string[] = [];
  const missing = known.missing_inputs.join(', ');
  if (known.controls.length === 0)
    problems.push(missing === '' ? 'it has no controls' : `it cannot be read without values for ${missing}`);
  if (known.status === 'failed') problems.push(`it failed to load: ${known.status_message ?? 'no reason given'}`);
  return { problems, hints: [...metadataHints(known), ...controlHints(known)] };
}

function metadataHints(known: ProfileDescription): string[] {
  const wanted = ['title', 'summary', 'maintainer', 'license', 'version'] as const;
  const missing = wanted.filter(name => (known[name] ?? '') === '');
  return [
    ...(known.missing_inputs.length > 0 ? [`a scan has to give it ${known.missing_inputs.join(', ')}`] : []),
    ...(missing.length > 0 ? [`inspec.yml says nothing of ${missing.join(', ')}`] : []),
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
