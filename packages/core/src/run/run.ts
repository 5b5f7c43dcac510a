// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { auditAll } from '../audit/index.ts';
import { unlessAborted } from '../cluster/index.ts';
import { type AuditInputs, type EngineLease, makeScratch } from '../engine/index.ts';
import { isScanError, toScanError } from '../errors/index.ts';
import type { Verdict } from '../gate/index.ts';
import type { Outcome, Unreached, WaiverFile } from '../outcome/index.ts';
import { type PassedOver, type Plan, passedOverText, type Target } from '../plan/index.ts';
import { type PreparedProfile, prepareProfiles } from '../profile/index.ts';
import { jailText, type ReportModel, type WrittenReport } from '../report/index.ts';
import type { Secrets } from '../request/index.ts';
import { makeRedactor, prepareOutputs, pushSecrets, redactModel } from '../results/index.ts';
import { type Assigned, Assignments } from './annotated.ts';
import { checkWaivers } from './check-waivers.ts';
import { layOutInputs, layOutWaivers } from './lay-out.ts';
import { oddities } from './oddities.ts';
import { makePreparing } from './preparing.ts';
import { secretsOf, sensitiveValues } from './run-secrets.ts';
import type { Deps, ScanRequest } from './scan-request.ts';
import type { Left, Site, WayIn } from './site.ts';
import { unmatched } from './unmatched.ts';
import { writeRun } from './write-run.ts';

/** How a run comes to the place where it looks; called while its engine loads. */
export type OpenSite<S extends Site> = (deps: Deps & { secrets: Secrets }) => Promise<S>;

interface Parts<S extends Site> {
  started: Date;
  scratch: string;
  lease: EngineLease;
  site: S;
  inputs: AuditInputs;
  waivers: WaiverFile[];
}

/** One run with what lives as long as it: a leased engine, the place where it looks, the scratch folder. */
export class Run<S extends Site = Site> implements AsyncDisposable {
  readonly request: ScanRequest;
  readonly site: S;
  /** Nothing that is registered here leaves the run in a report. */
  readonly secrets: Secrets;
  private readonly deps: Deps;
  private readonly started: Date;
  private readonly scratch: string;
  private readonly lease: EngineLease;
  private readonly inputs: AuditInputs;
  private readonly waivers: WaiverFile[];
  private profiles: PreparedProfile[] = [];
  private assignments = new Assignments();
  private readonly warnings: string[] = [];
  private passedOver: PassedOver[] = [];

  private constructor(request: ScanRequest, deps: Deps & { secrets: Secrets }, parts: Parts<S>) {
    this.request = request;
    this.secrets = deps.secrets;
    this.secrets.register(...request.credentials.secrets, ...pushSecrets(request.pushes));
    this.deps = deps;
    ({ started: this.started, scratch: this.scratch, lease: this.lease, site: this.site } = parts);
    ({ inputs: this.inputs, waivers: this.waivers } = parts);
    for (const text of this.site.warnings) this.warn(text);
  }

  /**
   * Checks what can be checked and takes an engine; nothing in the cluster is touched. Each step ends with the signal,
   * at the latest: installing, plugins and profiles may take any time.
   */
  static async start<S extends Site>(request: ScanRequest, deps: Deps, openSite: OpenSite<S>): Promise<Run<S>> {
    const started = new Date();
    deps.emit({ kind: 'stage', stage: 'prepare' });
    if (!request.dryRun) await prepareOutputs(request.reports, request.outputDir, deps.workspace);
    const lease = await leaseEngine(request, deps);
    let scratch: string | undefined;
    let run: Run<S> | undefined;
    try {
      scratch = await makeScratch(deps.temporary);
      // The engine takes most of a second to load, and so do other things: it is started first.
      const known = { ...deps, secrets: secretsOf(deps) };
      const site = await unlessAborted(openSite(known), deps.signal);
      const inputs = await layOutInputs(request.inputs, scratch);
      const waivers = await layOutWaivers(request.waivers, scratch);
      run = new Run(request, known, { started, scratch, lease, site, inputs, waivers });
      await unlessAborted(run.prepare(), deps.signal);
      return run;
    } catch (error) {
      run?.site[Symbol.dispose]();
      await end(lease, scratch);
      throw error;
    }
  }

  /** Profiles are fetched once, before anything fans out. */
  private async prepare(): Promise<void> {
    const { engine } = this.lease;
    const { scratch, inputs, waivers } = this;
    const { connection } = this.site;
    const { profiles: named, perTarget, annotated: allowed } = this.request;
    const sources = [...named, ...perTarget.flatMap(({ profile = [] }) => profile)];
    const preparing = makePreparing(this.request, this.deps, { engine, inputs, scratch, connection });
    const { profiles, warnings } = await prepareProfiles(sources, preparing);
    this.profiles = profiles;
    this.assignments = new Assignments(this.request, profiles, { allowed, preparing });
    this.secrets.register(...sensitiveValues(profiles));
    this.warnOfNoJail();
    const said = await checkWaivers(waivers, { engine, scratch });
    for (const text of [...warnings, ...said, ...oddities(this.request, profiles)]) this.warn(text);
  }

  /** Where nothing keeps a profile from this machine, whoever reads the results has to know. */
  private warnOfNoJail(): void {
    const { jail } = this.lease.engine;
    if (jail?.strength !== 'none') return;
    this.warn(`Profile code is not kept from this machine: ${[jailText(jail), ...jail.reasons].join('; ')}`);
  }

  /** What there is to look at now. */
  async plan(): Promise<Plan> {
    this.deps.emit({ kind: 'stage', stage: 'plan' });
    const found = await this.site.plan();
    this.passedOver = found.passedOver;
    const left = passedOverText(found.passedOver);
    if (left !== undefined) this.warn(left);
    this.deps.emit({ kind: 'planned', plan: found });
    return found;
  }

  /** What `look` would look at with which profiles. */
  async preview({ targets }: Plan): Promise<Pick<Assigned, 'assigned' | 'refused'>> {
    const { assigned, refused, warnings } = await unlessAborted(this.assignments.all(targets), this.deps.signal);
    const looks = [...assigned].flatMap(([target, profiles]) => profiles.map(({ ref }) => ({ target, profile: ref })));
    for (const text of [...warnings, ...unmatched(this.request, [...looks, ...refused])]) this.warn(text);
    return { assigned, refused };
  }

  /** Looks into every planned target under an identity that is gone again afterwards, whatever came. */
  async auditPlan({ targets, unplanned }: Plan): Promise<Outcome[]> {
    const missing = unplanned.map(each => this.miss(each));
    const { assigned, refused } = await unlessAborted(this.assign(targets), this.deps.signal);
    const forbidden = await this.dropForbidden(assigned);
    const others = [...refused, ...forbidden, ...missing];
    if (assigned.size === 0) return others;
    const entry = await this.site.enter([...assigned.keys()]);
    try {
      return [...(await this.auditTargets(entry, assigned)), ...others];
    } finally {
      await entry.leave();
      if (this.site.notRevoked) this.warn(this.site.notRevoked.message);
    }
  }

  /** Takes out the targets that no identity can be had for. */
  private async dropForbidden(assigned: Map<Target, PreparedProfile[]>): Promise<Outcome[]> {
    const refused = await this.site.refused([...assigned.keys()]);
    return refused.map(each => {
      if ('pod' in each.target) assigned.delete(each.target);
      return this.miss(each);
    });
  }

  /** Fetches what pods name, before anything is made in the cluster. */
  private async assign(targets: Target[]): Promise<{ assigned: Map<Target, PreparedProfile[]>; refused: Outcome[] }> {
    const { assigned, refused, warnings } = await this.assignments.all(targets);
    this.profiles = [...new Set([...this.profiles, ...[...assigned.values()].flat()])];
    this.secrets.register(...sensitiveValues(this.profiles));
    for (const text of warnings) this.warn(text);
    return { assigned, refused: refused.map(outcome => this.note(outcome)) };
  }

  /** An error that ended the run, as the outcome of everything that was asked for. Usage errors are thrown on. */
  unreached(error: unknown): Outcome[] {
    const { signal } = this.deps;
    const failure =
      signal?.aborted === true && isScanError(signal.reason)
        ? signal.reason
        : toScanError(error, 'ENGINE_CRASHED', 'The run failed');
    if (failure.exit === 2) throw failure;
    return this.site.asked().map(target => this.miss({ target, error: failure }));
  }

  report(model: ReportModel): Promise<WrittenReport[]> {
    const { deps, request, secrets } = this;
    deps.emit({ kind: 'stage', stage: 'report' });
    const onPush = (text: string) => deps.emit({ kind: 'notice', text });
    return writeRun(model, request, { ...deps, secrets, onPush });
  }

  /** The run as reports show it. */
  async model(verdict: Verdict): Promise<ReportModel> {
    const finished = new Date();
    const looks = verdict.judged.map(({ outcome }) => outcome);
    for (const text of unmatched(this.request, looks)) this.warn(text);
    const model: ReportModel = {
      tool: this.deps.tool,
      run: {
        id: this.request.runId,
        started: this.started.toISOString(),
        finished: finished.toISOString(),
        seconds: (finished.getTime() - this.started.getTime()) / 1000,
      },
      ...(await this.site.describe()),
      engine: await this.lease.engine.version.catch(() => undefined),
      jail: this.lease.engine.jail,
      profiles: this.profiles.map(profile => profile.ref),
      passedOver: this.passedOver,
      verdict,
      warnings: this.warnings,
      request: this.request.shown,
    };
    return redactModel(model, makeRedactor(this.secrets.all()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.site[Symbol.dispose]();
    await end(this.lease, this.scratch);
  }

  private warn(text: string): void {
    this.warnings.push(text);
    this.deps.emit({ kind: 'notice', text });
  }

  private auditTargets(entry: WayIn, targets: Map<Target, PreparedProfile[]>): Promise<Outcome[]> {
    const { emit, signal } = this.deps;
    const { inputs, waivers } = this;
    const { lensImage: image, requireView, containerMarker } = this.request;
    const { runId, concurrency, timeoutMs, deadlineMs } = this.request;
    const { lens } = this.site;
    emit({ kind: 'stage', stage: 'audit' });
    const deadline = new Date(this.started.getTime() + deadlineMs);
    return auditAll(
      { targets, inputs, waivers, lens, image, requireView, containerMarker, runId, concurrency, timeoutMs, deadline },
      {
        engine: this.lease.engine,
        scratch: this.scratch,
        signal,
        open: (target, wanted) => entry.open(target, wanted),
        onSession: (target, name) => emit({ kind: 'session', target, lens: name }),
        onControl: (target, progress) => emit({ kind: 'control', target, ...progress }),
        onOutcome: outcome => emit({ kind: 'outcome', outcome }),
        replace: target => this.replace(entry, target),
      },
    );
  }

  /** A workload that made a new pod is looked at in its new place, and the run says so. */
  private async replace(entry: WayIn, target: Target): Promise<Target | undefined> {
    const successor = await entry.replace(target);
    if (successor !== undefined)
      this.warn(
        `Pod ${target.namespace}/${target.pod} was replaced during the run: ${successor.pod} was looked at instead`,
      );
    return successor;
  }

  private miss(each: Left): Outcome {
    return this.note({ kind: 'unreached', ...each, profile: undefined, observation: undefined });
  }

  private note(outcome: Unreached): Outcome {
    this.deps.emit({ kind: 'outcome', outcome });
    return outcome;
  }
}

function leaseEngine({ offline, requireJail }: ScanRequest, { engines, emit, signal }: Deps): Promise<EngineLease> {
  const onOutput = (text: string) => emit({ kind: 'engine-output', text });
  return unlessAborted(engines.lease({ offline, requireJail, signal, onOutput }), signal);
}

async function end(lease: EngineLease, scratch: string | undefined): Promise<void> {
  await lease[Symbol.asyncDispose]();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
}
