// SPDX-License-Identifier: Apache-2.0
import { type AuditInputs, describeProfile, type Engine, type LockedDependency, readDepends } from '../engine/index.ts';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { fetchDependencies } from './dependencies.ts';
import { type ProfileDescription, parseDescription } from './description.ts';
import type { Described, Descriptions } from './descriptions.ts';
import { digestTree } from './digest.ts';
import { type FetchedProfile, fetchNamed } from './fetch.ts';
import type { Fetching } from './fetching.ts';
import type { ProfileRef } from './profile-ref.ts';

/** A profile that was fetched with all it depends on, read, and is ready to be run as often as needed. */
export interface PreparedProfile {
  /** The source as it was asked for. */
  named: string;
  ref: ProfileRef;
  path: string;
  /** For the engine, where the profile has no name of its own. */
  called: string;
  depends: LockedDependency[];
  /** File with what InSpec says of the profile. */
  description: string;
  controlIds: string[];
  known: ProfileDescription;
}

/** What profiles are prepared with. */
export interface Preparing {
  engine: Engine;
  scratch: string;
  fetching: Fetching;
  inputs: AuditInputs;
  descriptions?: Descriptions;
}

/** A profile on this machine, with what it depends on. */
export interface GatheredProfile {
  ref: ProfileRef;
  fetched: FetchedProfile;
  depends: LockedDependency[];
}

/** Fetches a profile and all it depends on; nothing of it is run but its metadata. */
export async function gatherProfile(
  named: string,
  { engine, scratch, fetching }: Omit<Preparing, 'inputs'>,
): Promise<GatheredProfile> {
  const fetched = await fetchNamed(named, fetching);
  const { folder, commit } = fetched;
  const sha256 = await digestTree(folder);
  const { locked, refs } = await fetchDependencies(fetched, named, {
    fetching,
    readDepends: each => readDepends(engine, scratch, each),
  });
  const ref = { name: named, version: undefined, source: named, sha256 };
  return {
    ref: { ...ref, ...(commit !== undefined && { commit }), ...(refs.length > 0 && { dependencies: refs }) },
    fetched,
    depends: locked,
  };
}

/** Fetches, checks and reads a profile before anything is made in the cluster. */
export async function prepareProfile(named: string, preparing: Preparing): Promise<PreparedProfile> {
  const profile = await readProfile(named, preparing);
  const { known } = profile;
  if (known.missing_inputs.length > 0)
    throw new ScanError(
      'PROFILE_INPUT_INVALID',
      `Profile ${named}: these inputs are required and have no value: ${known.missing_inputs.join(', ')}`,
    );
  if (known.controls.length === 0 && !known.depends_on_target)
    throw new ScanError('PROFILE_INVALID', `Profile ${named} has no controls`);
  return profile;
}

/** The same, whether it could be run or not. */
export async function readProfile(named: string, preparing: Preparing): Promise<PreparedProfile> {
  const { ref, fetched, depends } = await gatherProfile(named, preparing);
  const { folder: path, called } = fetched;
  const { text, file } = await describe(named, { path, called, depends, ref }, preparing);
  const known = parseDescription(text, named);
  const { name, version, controls } = known;
  return {
    named,
    ref: { ...ref, name, version: version ?? undefined },
    path,
    called,
    depends,
    description: file,
    controlIds: controls.map(({ id }) => id),
    known,
  };
}

async function describe(
  named: string,
  { path: profile, called, depends, ref }: Pick<PreparedProfile, 'path' | 'called' | 'depends' | 'ref'>,
  { engine, scratch, inputs, descriptions }: Preparing,
): Promise<Described> {
  const read = () => describeProfile(engine, scratch, { ...inputs, profile, called, depends });
  try {
    return await (descriptions?.of({ ref, called, inputs }, { engine, scratch, read }) ?? read());
  } catch (error) {
    if (!isScanError(error)) throw error;
    if (error.code === 'PROFILE_INPUT_INVALID')
      throw new ScanError(error.code, `Profile ${named}: ${error.message}`, { cause: error });
    if (error.code !== 'ENGINE_FAILED') throw error;
    throw new ScanError('PROFILE_INVALID', `Profile ${named} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}
