// SPDX-License-Identifier: Apache-2.0
import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import PQueue from 'p-queue';
import {
  type Audit,
  type AuditInputs,
  audit,
  type ContainerMarker,
  type Engine,
  type Inventory,
} from '../engine/index.ts';
import { isScanError, ScanError, toScanError } from '../errors/index.ts';
import type { LensRequest, OpenTarget } from '../lens/index.ts';
import { type Observation, type Outcome, parseHdf, type WaiverFile } from '../outcome/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import type { PreparedProfile } from '../profile/index.ts';
import { requireControls, unmatchedFilter } from './missing.ts';
import { writeWaivers } from './waiver-files.ts';

export interface AuditRequest extends Pick<LensRequest, 'lens' | 'image' | 'requireView' | 'runId'> {
  /** With the profiles of each. */
  targets: Map<Target, PreparedProfile[]>;
  inputs: AuditInputs;
  waivers: WaiverFile[];
  containerMarker: ContainerMarker;
  concurrency: number;
  /** For one target, milliseconds. */
  timeoutMs: number;
  /** When the run has to be over. */
  deadline: Date;
}

export interface AuditDeps {
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
export async function auditAll(request: AuditRequest, deps: AuditDeps): Promise<Outcome[]> {
  const breaker = circuitBreaker(handleWhen(isClusterFailure), {
    halfOpenAfter: 60_000,
    breaker: new ConsecutiveBreaker(failuresInARow),
  });
  const queue = new PQueue({ concurrency: request.concurrency });
  const audits = [...request.targets].map(([target, profiles]) =>
    queue.add(() => auditTarget({ request, deps, target, profiles, breaker })),
  );
  return (await Promise.all(audits)).flat();
}

function isClusterFailure(error: unknown): boolean {
  return isScanError(error) && (error.code === 'CLUSTER_UNREACHABLE' || error.code === 'CLUSTER_REFUSED');
}

interface TargetAudit {
  request: AuditRequest;
  deps: AuditDeps;
  target: Target;
  profiles: PreparedProfile[];
  breaker: CircuitBreakerPolicy;
}

/** A target of a workload that was replaced meanwhile, by a rollout say, is looked at in its new place; once. */
async function auditTarget(job: TargetAudit): Promise<Outcome[]> {
  const { deps, target } = job;
  let outcomes = await auditOnce(job);
  if (outcomes.every(isReplaced)) {
    const successor = await deps.replace(target);
    if (successor !== undefined) outcomes = await auditOnce({ ...job, target: successor });
  }
  for (const outcome of outcomes) deps.onOutcome(outcome);
  return outcomes;
}

function isReplaced(outcome: Outcome): boolean {
  return outcome.kind === 'unreached' && outcome.error.code === 'TARGET_CHANGED';
}

async function auditOnce(job: TargetAudit): Promise<Outcome[]> {
  const { deps, target, profiles } = job;
  const started = new Date();
  let open: OpenTarget;
  try {
    open = await openOne(job);
  } catch (error) {
    const { signal } = deps;
    const failure =
      signal?.aborted === true
        ? cancelled(signal)
        : toScanError(error, 'CLUSTER_REFUSED', `Target ${targetName(target)} could not be opened`);
    return profiles.map(({ ref }) => ({
      kind: 'unreached',
      target,
      profile: ref,
      observation: undefined,
      error: failure,
    }));
  }
  await using session = open;
  deps.onSession(target, session.lens);
  const ends: AuditEnd[] = [];
  for (const profile of profiles) ends.push(await auditOne(job, session, { profile, started }));
  return refuseUnmatched(ends, job);
}

interface AuditEnd {
  outcome: Outcome;
  /** What an audited profile has, as it was run. */
  has?: Inventory;
}

/** Of a profile whose controls depend on the target, only the target can tell that a filter matches nothing. */
function refuseUnmatched(ends: AuditEnd[], { request, target }: TargetAudit): Outcome[] {
  const ran = ends.flatMap(({ has }) => has ?? []);
  const known = [...request.targets.values()].flat().map(profile => profile.known);
  const why = ran.length === ends.length ? unmatchedFilter({ known, ran }) : undefined;
  if (why === undefined) return ends.map(({ outcome }) => outcome);
  const error = new ScanError('CONTROLS_MISSING', `${why} on ${targetName(target)}`);
  return ends.map(({ outcome: { profile, observation } }) => ({
    kind: 'unreached',
    target,
    profile,
    observation,
    error,
  }));
}

async function openOne({ request, deps, target, breaker }: TargetAudit): Promise<OpenTarget> {
  refuseLate(deps);
  try {
    return await breaker.execute(() => deps.open(target, request));
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

function refuseLate({ signal }: AuditDeps): void {
  if (signal?.aborted === true) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): ScanError {
  return isScanError(signal.reason) ? signal.reason : new ScanError('CANCELLED', 'The run was cancelled');
}

async function auditOne(
  job: TargetAudit,
  open: OpenTarget,
  { profile, started }: { profile: PreparedProfile; started: Date },
): Promise<AuditEnd> {
  const { target, request, deps } = job;
  try {
    await using waivers = await writeWaivers(request.waivers, { target, profile: profile.ref.name }, deps.scratch);
    const { paths } = waivers;
    const { text: hdfText, inventory } = await runProfile(job, open, { profile, waivers: paths });
    const read = parseHdf(hdfText);
    if (read.kind === 'refused')
      throw new ScanError('ENGINE_FAILED', `The result of the engine is not valid HDF: ${read.problem}`);
    // A container that was replaced in the middle answered for two: neither was audited.
    await open.verify();
    requireControls(read.hdf, inventory, { profile, inputs: { tags: request.inputs.tags, waivers: paths } });
    const observation = observe(open, started);
    return {
      outcome: { kind: 'audited', target, profile: profile.ref, observation, hdf: read.hdf, hdfText },
      has: inventory,
    };
  } catch (error) {
    const { signal } = deps;
    const failure =
      signal?.aborted === true
        ? cancelled(signal)
        : toScanError(error, 'ENGINE_CRASHED', `Auditing ${targetName(target)} failed`);
    const observation = observe(open, started);
    return { outcome: { kind: 'unreached', target, profile: profile.ref, observation, error: failure } };
  }
}

async function runProfile(
  { request, deps, target }: TargetAudit,
  open: OpenTarget,
  { profile, waivers }: { profile: PreparedProfile; waivers: string[] },
): Promise<Audit> {
  refuseLate(deps);
  let done = 0;
  return audit(
    { engine: deps.engine, scratch: deps.scratch, open },
    {
      ...request.inputs,
      profile: profile.path,
      called: profile.called,
      depends: profile.depends,
      waivers,
      description: waivers.length > 0 ? profile.description : undefined,
      identity: [target.cluster, target.namespace, target.podUid, target.container].join('/'),
      timeoutMs: request.timeoutMs,
      containerMarker: request.containerMarker,
      signal: deps.signal,
      onControl: (id, status, total) => {
        done += 1;
        deps.onControl(target, { id, status, done, total });
      },
    },
  );
}

function observe({ lens, view, witness, meter, leftBehind }: OpenTarget, started: Date): Observation {
  return {
    lens,
    view,
    witness,
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
