// SPDX-License-Identifier: Apache-2.0
import { type AuditInputs, describeProfile, type Engine, type LockedDependency, readDepends } from '../engine/index.ts';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { fetchDependencies } from './dependencies.ts';
import { type ProfileDescription, profileDescription } from './description.ts';
import { digestTree } from './digest.ts';
import { type Fetched, fetchProfile } from './fetch.ts';
import type { Fetching } from './fetching.ts';
import type { ProfileRef } from './profile-ref.ts';
import { parseSource } from './source.ts';

/** A profile that was fetched with all it depends on, read, and is ready to be run as often as needed. */
export interface PreparedProfile {
  ref: ProfileRef;
  path: string;
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
  inputs: Omit<AuditInputs, 'waivers'>;
}

/** A profile on this machine, with what it depends on. */
export interface Gathered {
  ref: ProfileRef;
  fetched: Fetched;
  depends: LockedDependency[];
}

/** Fetches a profile and all it depends on; nothing of it is run but its metadata. */
export async function gatherProfile(
  named: string,
  { engine, scratch, fetching }: Pick<Preparing, 'engine' | 'scratch' | 'fetching'>,
): Promise<Gathered> {
  const fetched = await fetchProfile(parseSource(named), named, fetching);
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
  if (known.controls.length === 0) throw new ScanError('PROFILE_INVALID', `Profile ${named} has no controls`);
  return profile;
}

/** The same, whether it could be run or not. */
export async function readProfile(named: string, preparing: Preparing): Promise<PreparedProfile> {
  const { ref, fetched, depends } = await gatherProfile(named, preparing);
  const path = fetched.folder;
  const { text, file } = await describe(named, { path, depends }, preparing);
  const known = profileDescription.parse(JSON.parse(text));
  const { name, version, controls } = known;
  return {
    ref: { ...ref, name, version: version ?? undefined },
    path,
    depends,
    description: file,
    controlIds: controls.map(({ id }) => id),
    known,
  };
}

async function describe(
  named: string,
  profile: { path: string; depends: LockedDependency[] },
  { engine, scratch, inputs }: Preparing,
): Promise<{ text: string; file: string }> {
  try {
    return await describeProfile(engine, scratch, { ...inputs, profile: profile.path, depends: profile.depends });
  } catch (error) {
    if (!isScanError(error)) throw error;
    if (error.code === 'PROFILE_INPUT_INVALID')
      throw new ScanError(error.code, `Profile ${named}: ${error.message}`, { cause: error });
    if (error.code !== 'ENGINE_FAILED') throw error;
    throw new ScanError('PROFILE_INVALID', `Profile ${named} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}
