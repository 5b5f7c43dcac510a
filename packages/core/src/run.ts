// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Assignments } from './annotated.ts';
import { type Connection, connect, knownVersion } from './cluster/index.ts';
import { Engine } from './engine/index.ts';
import { isScanError, ScanError, toScanError } from './errors/index.ts';
import { unusedThresholds, type Verdict } from './gate/index.ts';
import { type GrantRequest, openAccess, previewGrant, type ScannerAccess, toNotRevoked } from './grant/index.ts';
import { grantListener } from './grant-events.ts';
import { openTarget } from './lens/index.ts';
import { collect } from './outcome/collect.ts';
import type { Outcome, Unreached } from './outcome/outcome.ts';
import { unknownWaivers } from './outcome/waivers.ts';
import { isSamePlace, type MissingTarget, type Plan, plan, type Target } from './plan/index.ts';
import { findEngineFor, makePreparing } from './preparing.ts';
import { type PreparedProfile, prepareProfiles } from './profile/index.ts';
import {
  checkOutputs,
  makeRedactor,
  type ReportModel,
  redactModel,
  type WrittenReport,
  writeReports,
} from './report/index.ts';
import type { Secrets } from './request/index.ts';
import { secretsOf, sensitiveValues } from './run-secrets.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

// A rollout whose new pod takes longer than this to start is for the next scan.
const successorMs = 30_000;

/** One run with what lives as long as it: the engine, the connection, the scratch folder. */
export class Run implements AsyncDisposable {
  readonly request: ScanRequest;
  /** Nothing that is registered here leaves the run in a report. */
  readonly secrets: Secrets;
  private readonly deps: Deps;
  private readonly started = new Date();
  private readonly scratch: string;
  private readonly engine: Engine;
  private readonly connection: Connection;
  private profiles: PreparedProfile[] = [];
  private assignments = new Assignments();
  private access: ScannerAccess | undefined;
  private revocation: ScanError | undefined;
  private readonly warnings: string[] = [];
  /** Uids of the pods that were planned, replacements included. */
  private readonly planned = new Set<string>();

  private constructor(
    request: ScanRequest,
    deps: Deps,
    parts: { scratch: string; engine: Engine; connection: Connection },
  ) {
    this.request = request;
    this.secrets = secretsOf(deps);
    this.secrets.register(...request.credentials.secrets);
    for (const push of request.pushes) this.secrets.register(push.kind === 'heimdall' ? push.key : push.secret);
    this.deps = deps;
    ({ scratch: this.scratch, engine: this.engine, connection: this.connection } = parts);
    if (this.connection.insecure)
      this.warn('The certificate of the API server is not checked, because the kubeconfig says so');
  }

  /** Checks what can be checked and starts the engine; nothing in the cluster is touched. */
  static async start(request: ScanRequest, deps: Deps): Promise<Run> {
    deps.emit({ kind: 'stage', stage: 'prepare' });
    const { access, context, token, signal } = deps;
    if (!request.dryRun)
      await checkOutputs(request.reports, { outputDir: request.outputDir, workspace: deps.workspace });
    const install = await findEngineFor(request, deps.engine);
    const scratch = await mkdtemp(join(deps.temporary, 'cinc-scan-'));
    const engine = Engine.start({
      install,
      home: scratch,
      path: deps.engine.path,
      onOutput: text => deps.emit({ kind: 'engine-output', text }),
    });
    // The engine takes most of a second to load, and so do other things: it is started first.
    let run: Run | undefined;
    try {
      const connection = await connect({ access, context, token, ...(signal && { signal }) });
      run = new Run(request, deps, { scratch, engine, connection });
      await run.prepare();
      run.lint();
      return run;
    } catch (error) {
      run?.connection.close();
      await end(engine, scratch);
      throw error;
    }
  }

  /** Profiles are fetched once, before anything fans out. */
  private async prepare(): Promise<void> {
    const { engine, scratch, connection } = this;
    const preparing = makePreparing(this.request, this.deps, { engine, scratch, connection });
    const { profiles, warnings } = await prepareProfiles(this.request.profiles, preparing);
    this.profiles = profiles;
    this.assignments = new Assignments(profiles, { allowed: this.request.annotated, preparing });
    this.secrets.register(...sensitiveValues(profiles, this.request.inputs));
    for (const text of warnings) this.warn(text);
  }

  /** Tells what is odd about the request, and no reason to refuse it. */
  private lint(): void {
    const { warnings, waivers } = this.request;
    const known = this.profiles.flatMap(profile => profile.controlIds);
    const unknown = unknownWaivers(waivers, known).map(({ controlId }) => JSON.stringify(controlId));
    for (const text of warnings) this.warn(text);
    if (unknown.length > 0) this.warn(`waivers: no profile has the controls ${unknown.join(', ')}`);
  }

  /** Which containers the selectors name now. */
  async plan(): Promise<Plan> {
    this.deps.emit({ kind: 'stage', stage: 'plan' });
    const found = await this.resolve();
    for (const { podUid } of found.targets) this.planned.add(podUid);
    this.deps.emit({ kind: 'planned', plan: found });
    return found;
  }

  /** The identity that `look` would make, as YAML. */
  previewGrant({ targets }: Plan): string {
    return previewGrant(targets, this.grantRequest());
  }

  /** Looks into every planned target under an identity that is gone again afterwards, whatever came. */
  async look({ targets, unplanned }: Plan): Promise<Outcome[]> {
    const missing = unplanned.map(each =>
      this.note({ kind: 'unreached', ...each, profile: undefined, observation: undefined }),
    );
    const { assigned, refused } = await this.assign(targets);
    if (assigned.size === 0) return [...refused, ...missing];
    this.deps.emit({ kind: 'stage', stage: 'grant' });
    this.access = await openAccess(this.connection, [...assigned.keys()], this.grantRequest());
    try {
      return [...(await this.collect(this.access, assigned)), ...refused, ...missing];
    } finally {
      await this.revoke(this.access);
    }
  }

  /** Fetches what pods name, before anything is made in the cluster. */
  private async assign(targets: Target[]): Promise<{ assigned: Map<Target, PreparedProfile[]>; refused: Outcome[] }> {
    const { assigned, refused, warnings } = await this.assignments.all(targets);
    this.profiles = [...new Set([...this.profiles, ...[...assigned.values()].flat()])];
    for (const text of warnings) this.warn(text);
    return { assigned, refused: refused.map(outcome => this.note(outcome)) };
  }

  /** Why the grant could not be taken back, if it could not. */
  get notRevoked(): ScanError | undefined {
    return this.revocation;
  }

  /** An error that ended the run, as the outcome of everything that was asked for. Usage errors are thrown on. */
  unreached(error: unknown): Outcome[] {
    const { signal } = this.deps;
    const failure =
      signal?.aborted === true && isScanError(signal.reason)
        ? signal.reason
        : toScanError(error, 'ENGINE_CRASHED', 'The run failed');
    if (failure.exit === 2) throw failure;
    const { alias } = this.connection.cluster;
    const { selectors } = this.request.plan;
    return this.namespaces().flatMap(namespace =>
      selectors.map(({ text }) =>
        this.note({
          kind: 'unreached',
          target: { cluster: alias, namespace, selector: text },
          profile: undefined,
          observation: undefined,
          error: failure,
        }),
      ),
    );
  }

  async report(model: ReportModel): Promise<WrittenReport[]> {
    this.deps.emit({ kind: 'stage', stage: 'report' });
    const { workspace, stdout, console } = this.deps;
    const always = (['scan', 'outputs'] as const).filter(
      kind => !this.request.reports.some(spec => spec.kind === kind),
    );
    const specs = [...this.request.reports, ...always.map(kind => ({ kind, path: undefined }))];
    return writeReports(model, specs, {
      outputDir: this.request.outputDir,
      workspace,
      stdout,
      console,
      secrets: this.secrets,
      pushes: this.request.pushes,
      onPush: ({ name, ok, message }) =>
        this.deps.emit({ kind: 'notice', text: ok ? `Sent to ${name}` : `Could not be sent to ${name}: ${message}` }),
    });
  }

  /** The run as reports show it. */
  async model(verdict: Verdict): Promise<ReportModel> {
    const finished = new Date();
    const { cluster } = this.connection;
    for (const name of unusedThresholds(this.request.gate, verdict))
      this.warn(`threshold: ${name} matches no target of this run`);
    const model: ReportModel = {
      tool: this.deps.tool,
      run: {
        id: this.request.runId,
        started: this.started.toISOString(),
        finished: finished.toISOString(),
        seconds: (finished.getTime() - this.started.getTime()) / 1000,
      },
      cluster: { alias: cluster.alias, server: cluster.server.origin, version: await knownVersion(cluster) },
      engine: await this.engine.version.catch(() => undefined),
      grant: this.access && {
        access: this.access.kind,
        objects: this.access.objects,
        expiresAt: this.access.expiresAt,
        revoked: this.access.kind === 'grant' ? this.revocation === undefined : undefined,
      },
      profiles: this.profiles.map(profile => profile.ref),
      verdict,
      warnings: this.warnings,
      request: this.request.shown,
    };
    return redactModel(model, makeRedactor(this.secrets.all()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await end(this.engine, this.scratch);
  }

  private resolve(): Promise<Plan> {
    return plan(this.connection.cluster, { ...this.request.plan, namespaces: this.namespaces() });
  }

  private namespaces(): string[] {
    const { namespaces } = this.request.plan;
    return namespaces.length > 0 ? namespaces : [this.connection.namespace];
  }

  private warn(text: string): void {
    this.warnings.push(text);
    this.deps.emit({ kind: 'notice', text });
  }

  private grantRequest(): GrantRequest & { access: 'grant' | 'existing' } {
    const { runId, durationSeconds, labels, access, accountNamespace, deadlineMs } = this.request;
    return {
      access,
      runId,
      durationSeconds,
      labels,
      accountNamespace,
      runSeconds: Math.ceil(deadlineMs / 1000),
      now: new Date(),
      ...grantListener({ emit: this.deps.emit, secrets: this.secrets }),
    };
  }

  private collect(access: ScannerAccess, targets: Map<Target, PreparedProfile[]>): Promise<Outcome[]> {
    const { emit, signal } = this.deps;
    const { inputs, lens, lensImage: image, requireView, runId, concurrency, timeoutMs, deadlineMs } = this.request;
    emit({ kind: 'stage', stage: 'audit' });
    const deadline = new Date(this.started.getTime() + deadlineMs);
    return collect(
      { targets, inputs, lens, image, requireView, runId, concurrency, timeoutMs, deadline },
      {
        engine: this.engine,
        scratch: this.scratch,
        signal,
        open: async (target, wanted) =>
          openTarget(await access.scannerFor(target.namespace), target, {
            ...wanted,
            allowDebug: each => access.allowDebug(each),
          }),
        onSession: (target, name) => emit({ kind: 'session', target, lens: name }),
        onControl: (target, progress) => emit({ kind: 'control', target, ...progress }),
        onOutcome: outcome => emit({ kind: 'outcome', outcome }),
        replace: target => this.replace(access, target),
      },
    );
  }

  /** The successor of a target whose workload made a new pod: planned by the operator, added to the grant, reported. */
  private async replace(access: ScannerAccess, target: Target): Promise<Target | undefined> {
    if (target.owner.kind === 'Pod') return undefined;
    try {
      const successor = await this.awaitSuccessor(target);
      if (successor === undefined) return undefined;
      this.planned.add(successor.podUid);
      await access.extend(successor);
      this.warn(
        `Pod ${target.namespace}/${target.pod} was replaced during the run: ${successor.pod} was looked at instead`,
      );
      return successor;
    } catch {
      return undefined; // the target stays unreached with the error it has: that it changed
    }
  }

  /** Waits, for a while, for a new pod of the same workload that is there and does not run yet. */
  private async awaitSuccessor(target: Target): Promise<Target | undefined> {
    const until = Date.now() + successorMs;
    while (Date.now() < until && this.deps.signal?.aborted !== true) {
      const { targets, unplanned } = await this.resolve();
      const isNew = (each: Target | MissingTarget) =>
        'pod' in each && isSamePlace(each, target) && !this.planned.has(each.podUid);
      const found = targets.find(isNew);
      if (found !== undefined) return found;
      if (!unplanned.some(each => isNew(each.target))) return undefined;
      await new Promise(resolve => setTimeout(resolve, 500));
    }
    return undefined;
  }

  private async revoke(access: ScannerAccess): Promise<void> {
    this.deps.emit({ kind: 'stage', stage: 'revoke' });
    try {
      await access.revoke();
    } catch (error) {
      this.revocation = toNotRevoked(error);
      this.warn(this.revocation.message);
    }
  }

  private note(outcome: Unreached): Outcome {
    this.deps.emit({ kind: 'outcome', outcome });
    return outcome;
  }
}

async function end(engine: Engine, scratch: string): Promise<void> {
  await engine[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}
