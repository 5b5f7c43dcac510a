// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { lensTools } from '../lens/index.ts';
import type { Target } from '../plan/index.ts';
import { type Hdf, parseHdf } from './hdf.ts';
import type { Audited, Observation, ProfileRef } from './outcome.ts';
import { factsIn, type ResultFacts } from './result-facts.ts';

/** A result file as the user named it. */
export interface ResultFile {
  name: string;
  text: string;
  /** From elsewhere, such as the manifest beside it. */
  facts?: ResultFacts | undefined;
}

/** A result file as if a run had just made it. */
export interface Result {
  outcome: Audited;
  facts: ResultFacts | undefined;
}

export type ReadResult = ({ kind: 'result' } & Result) | { kind: 'refused'; problem: string };

/** A result file that was asked for by name. */
export type GivenResult =
  | ({ kind: 'result'; name: string; note?: string | undefined } & Result)
  | {
      kind: 'refused';
      name: string;
      reason: 'hdf-unreadable' | 'hdf-invalid' | 'hdf-unlisted';
      problem: string;
      isMissing: boolean;
    };

export function toResult(file: ResultFile): ReadResult {
  const read = parseHdf(file.text);
  if (read.kind === 'refused') return read;
  const { hdf } = read;
  const facts = factsIn(hdf) ?? file.facts;
  return {
    kind: 'result',
    facts,
    outcome: {
      kind: 'audited',
      target: facts === undefined ? targetOf(file, hdf) : targetIn(facts),
      profile: facts === undefined ? profileOf(hdf) : profileIn(facts),
      observation: facts?.observation ? observationIn(facts.observation) : observationOf(hdf, facts),
      hdf,
      hdfText: file.text,
    },
  };
}

function targetIn({ target }: ResultFacts): Target {
  return {
    ...target,
    imageDigest: target.imageDigest ?? undefined,
    node: target.node ?? undefined,
    sidecar: target.sidecar ?? undefined,
    labels: {},
    annotations: {},
  };
}

const profileIn = ({ profile }: ResultFacts): ProfileRef => ({ ...profile, version: profile.version ?? undefined });

/** Results that do not say whether the target could reach our tools get the benefit of no doubt. */
const unknownWitness = (lens: Observation['lens']): Observation['witness'] =>
  lensTools[lens] === 'ours' ? 'reachable' : 'target';

const observationIn = (seen: NonNullable<ResultFacts['observation']>): Observation => ({
  ...seen,
  witness: seen.witness ?? unknownWitness(seen.lens),
  leftBehind: seen.leftBehind ?? undefined,
});

function observationOf(hdf: Hdf, facts: ResultFacts | undefined): Observation {
  return {
    lens: facts?.lens ?? 'exec',
    view: facts?.view ?? 'full',
    witness: facts?.witness ?? unknownWitness(facts?.lens ?? 'exec'),
    started: startOf(hdf),
    seconds: Math.max(0, hdf.statistics.duration ?? 0),
    commands: 0,
    bytes: 0,
    toolsMissing: [],
    notSeen: 0,
    retries: 0,
    truncated: 0,
    virtual: [],
    leftBehind: undefined,
  };
}

/** Named after the file and what the results say of where they come from. */
function targetOf({ name }: ResultFile, hdf: Hdf): Target {
  const stem = basename(name).replace(/\.json$/i, '') || 'results';
  return {
    cluster: 'files',
    namespace: 'results',
    pod: stem,
    podUid: '',
    container: hdf.platform.target_id ?? hdf.platform.name,
    containerId: '',
    restartCount: 0,
    image: `${hdf.platform.name} ${hdf.platform.release}`,
    imageDigest: undefined,
    node: undefined,
    owner: { kind: 'File', name: stem },
    labels: {},
    annotations: {},
  };
}

function profileOf(hdf: Hdf): ProfileRef {
  const [profile] = hdf.profiles;
  return {
    name: profile?.name ?? 'unknown',
    version: profile?.version ?? undefined,
    source: profile?.name ?? 'unknown',
    sha256: profile?.sha256 ?? '',
  };
}

function startOf(hdf: Hdf): string {
  const starts = hdf.profiles
    .flatMap(profile =>
      profile.controls.flatMap(control => control.results.map(result => Date.parse(result.start_time))),
    )
    .filter(time => !Number.isNaN(time));
  const first = starts.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  return new Date(Number.isFinite(first) ? first : 0).toISOString();
}
