// SPDX-License-Identifier: Apache-2.0
import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import PQueue from 'p-queue';
import { type AuditInputs, audit, type Engine } from '../engine/index.ts';
import { isScanError, ScanError, toScanError } from '../errors/index.ts';
import type { LensRequest, OpenTarget } from '../lens/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import type { PreparedProfile } from '../profile/index.ts';
import { parseHdf } from './hdf.ts';
import type { Observation, Outcome } from './outcome.ts';

export interface CollectRequest extends Pick<LensRequest, 'lens' | 'image' | 'requireView' | 'runId'> {
  /** With the profiles of each. */
  targets: Map<Target, PreparedProfile[]>;
  inputs: AuditInputs;
  concurrency: number;
  /** For one target, milliseconds. */
  timeoutMs: number;
  /** When the run has to be over. */
  deadline: Date;
}

export interface Collector {
  engine: Engine;
  scratch: string;
  /** Opens a session into a target. */
  open: (target: Target, request: Omit<LensRequest, 'allowDebug'>) => Promise<OpenTarget>;
  onSession: (target: Target, lens: string) => void;
  onControl: (target: Target, progress: { id: string; status: string; done: number; total: number }) => void;
  onOutcome: (outcome: Outcome) => void;
  /** The pod that took the place of a target's, ready to be looked into; undefined if there is none. */
  replace: (target: Target) => Promise<Target | undefined>;
  signal: AbortSignal | undefined;
}

// A cluster that failed this many targets in a row will fail the next one too, after the same long wait.
const failuresInARow = 5;

/** Looks into every target, some side by side. Each target gives one outcome a profile, whatever happens. */
export async function collect(request: CollectRequest, collector: Collector): Promise<Outcome[]> {
  const breaker = circuitBreaker(handleWhen(isClusterFailure), {
    halfOpenAfter: 60_000,
    breaker: new ConsecutiveBreaker(failuresInARow),
  });
  const queue = new PQueue({ concurrency: request.concurrency });
  const looked = [...request.targets].map(([target, profiles]) =>
    queue.add(() => lookAt({ request, collector, target, profiles, breaker })),
  );
  return (await Promise.all(looked)).flat();
}

function isClusterFailure(error: unknown): boolean {
  return isScanError(error) && (error.code === 'CLUSTER_UNREACHABLE' || error.code === 'CLUSTER_REFUSED');
}

interface Looking {
  request: CollectRequest;
  collector: Collector;
  target: Target;
  profiles: PreparedProfile[];
  breaker: CircuitBreakerPolicy;
}

/** A target of a workload that was replaced meanwhile, by a rollout say, is looked at in its new place; once. */
async function lookAt(looking: Looking): Promise<Outcome[]> {
  const { collector, target } = looking;
  let outcomes = await lookOnce(looking);
  if (outcomes.every(isReplaced)) {
    const successor = await collector.replace(target);
    if (successor !== undefined) outcomes = await lookOnce({ ...looking, target: successor });
  }
  for (const outcome of outcomes) collector.onOutcome(outcome);
  return outcomes;
}

function isReplaced(outcome: Outcome): boolean {
  return outcome.kind === 'unreached' && outcome.error.code === 'TARGET_CHANGED';
}

async function lookOnce(looking: Looking): Promise<Outcome[]> {
  const { collector, target, profiles } = looking;
  const started = new Date();
  let open: OpenTarget;
  try {
    open = await openOne(looking);
  } catch (error) {
    const failure = toScanError(error, 'CLUSTER_REFUSED', `Target ${targetName(target)} could not be opened`);
    return profiles.map(({ ref }) => ({
      kind: 'unreached',
      target,
      profile: ref,
      observation: undefined,
      error: failure,
    }));
  }
  await using session = open;
  collector.onSession(target, session.lens);
  const outcomes: Outcome[] = [];
  for (const profile of profiles) outcomes.push(await auditOne(looking, session, { profile, started }));
  return outcomes;
}

async function openOne({ request, collector, target, breaker }: Looking): Promise<OpenTarget> {
  refuseLate(request, collector);
  try {
    return await breaker.execute(() => collector.open(target, request));
  } catch (error) {
    if (isBrokenCircuitError(error))
      throw new ScanError(
        'CIRCUIT_OPEN',
        `Target ${targetName(target)} was not opened: the cluster failed ${failuresInARow} times in a row`,
        { cause: error },
      );
    throw error;
  }
}

function refuseLate({ deadline }: CollectRequest, { signal }: Collector): void {
  if (signal?.aborted === true) throw cancelled(signal);
  if (Date.now() >= deadline.getTime())
    throw new ScanError('DEADLINE', 'The deadline of the run passed before this target was opened');
}

function cancelled(signal: AbortSignal): ScanError {
  return isScanError(signal.reason) ? signal.reason : new ScanError('CANCELLED', 'The run was cancelled');
}

async function auditOne(
  looking: Looking,
  open: OpenTarget,
  { profile, started }: { profile: PreparedProfile; started: Date },
): Promise<Outcome> {
  const { target } = looking;
  try {
    const hdfText = await runProfile(looking, open, profile);
    const read = parseHdf(hdfText);
    if (read.kind === 'refused')
      throw new ScanError('ENGINE_FAILED', `The engine wrote a result that is none: ${read.problem}`);
    // A container that was replaced in the middle answered for two: neither was audited.
    await open.verify();
    return {
      kind: 'audited',
      target,
      profile: profile.ref,
      observation: observe(open, started),
      hdf: read.hdf,
      hdfText,
    };
  } catch (error) {
    const { signal } = looking.collector;
    const failure =
      signal?.aborted === true
        ? cancelled(signal)
        : toScanError(error, 'ENGINE_CRASHED', `Auditing ${targetName(target)} failed`);
    return { kind: 'unreached', target, profile: profile.ref, observation: observe(open, started), error: failure };
  }
}

async function runProfile(
  { request, collector, target }: Looking,
  open: OpenTarget,
  profile: PreparedProfile,
): Promise<string> {
  refuseLate(request, collector);
  let done = 0;
  const left = request.deadline.getTime() - Date.now();
  return audit(
    { engine: collector.engine, scratch: collector.scratch, open },
    {
      ...request.inputs,
      profile: profile.path,
      depends: profile.depends,
      description: request.inputs.waivers.length > 0 ? profile.description : undefined,
      identity: [target.cluster, target.namespace, target.podUid, target.container].join('/'),
      timeoutMs: Math.min(request.timeoutMs, left),
      signal: collector.signal,
      onControl: (id, status, total) => {
        done += 1;
        collector.onControl(target, { id, status, done, total });
      },
    },
  );
}

function observe({ lens, view, meter, leftBehind }: OpenTarget, started: Date): Observation {
  return {
    lens,
    view,
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    commands: meter.commands,
    bytes: meter.bytes,
    toolsMissing: [...meter.toolsMissing].toSorted(),
    notSeen: meter.unseen,
    retries: meter.retries,
    truncated: meter.truncated,
    virtual: [...meter.virtual].toSorted(),
    leftBehind,
  };
}
