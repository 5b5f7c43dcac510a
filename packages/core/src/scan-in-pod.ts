// SPDX-License-Identifier: Apache-2.0
// The scan of a scanner that is itself part of the pod: no cluster is asked and no identity made; engine, broker, gate
// and reports are those of every scan.
import { cp, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Engine } from './engine/index.ts';
import { isScanError, ScanError, toMessage } from './errors/index.ts';
import { judge, type Verdict } from './gate/index.ts';
import { containerIdInPod, openInPod } from './lens/index.ts';
import { collect } from './outcome/collect.ts';
import type { Outcome } from './outcome/outcome.ts';
import type { Owner, Target } from './plan/index.ts';
import { findEngineFor, makePreparing } from './preparing.ts';
import { type PreparedProfile, parseSource, prepareProfiles } from './profile/index.ts';
import { checkOutputs, type ReportModel, writeReports } from './report/index.ts';
import { sensitiveValues } from './run-secrets.ts';
import type { Scan } from './scan.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** The pod we are in, as the downward API tells it. */
export interface OwnPod {
  namespace: string;
  name: string;
  uid: string;
  node: string | undefined;
  owner: Owner;
  /** Those to look into. */
  containers: string[];
}

/** In reports, in the place of a cluster. */
const cluster = { alias: 'in-pod', server: 'in-pod', version: undefined };

/** Scans other containers of our own pod. Throws a ScanError only where nothing was looked at for a mistake of the user. */
export async function scanInPod(request: ScanRequest, pod: OwnPod, deps: Deps): Promise<Scan> {
  await using run = await InPodRun.start(request, pod, deps);
  const outcomes = await run.look();
  const verdict = judge(outcomes, request.gate);
  const model = await run.model(verdict);
  return { outcomes, verdict, reports: await run.report(model), model };
}

class InPodRun implements AsyncDisposable {
  private readonly request: ScanRequest;
  private readonly pod: OwnPod;
  private readonly deps: Deps;
  private readonly started = new Date();
  private readonly scratch: string;
  private readonly engine: Engine;
  private profiles: PreparedProfile[] = [];
  private readonly warnings: string[] = [];

  private constructor(parts: { request: ScanRequest; pod: OwnPod; deps: Deps; scratch: string; engine: Engine }) {
    ({ request: this.request, pod: this.pod, deps: this.deps, scratch: this.scratch, engine: this.engine } = parts);
  }

  static async start(request: ScanRequest, pod: OwnPod, deps: Deps): Promise<InPodRun> {
    deps.emit({ kind: 'stage', stage: 'prepare' });
    if (request.annotated.length > 0)
      throw new ScanError(
        'USAGE',
        'annotated-profiles: a scanner within the pod is told no annotations; name the profile',
      );
    await checkOutputs(request.reports, { outputDir: request.outputDir, workspace: deps.workspace });
    const install = await findEngineFor(request, deps.engine);
    const scratch = await mkdtemp(join(deps.temporary, 'cinc-scan-'));
    const { path } = deps.engine;
    const onOutput = (text: string) => deps.emit({ kind: 'engine-output', text });
    const engine = Engine.start({ install, home: scratch, path, onOutput });
    const run = new InPodRun({ request, pod, deps, scratch, engine });
    try {
      await run.prepare();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  async look(): Promise<Outcome[]> {
    const { emit, signal } = this.deps;
    const { inputs, requireView, runId, concurrency, timeoutMs, deadlineMs } = this.request;
    emit({ kind: 'stage', stage: 'audit' });
    return collect(
      {
        targets: new Map(
          await Promise.all(this.pod.containers.map(async name => [await this.target(name), this.profiles] as const)),
        ),
        inputs,
        lens: 'sidecar',
        image: undefined,
        requireView,
        runId,
        concurrency,
        timeoutMs,
        deadline: new Date(this.started.getTime() + deadlineMs),
      },
      {
        engine: this.engine,
        scratch: this.scratch,
        signal,
        open: openInPod,
        onSession: (target, lens) => emit({ kind: 'session', target, lens }),
        onControl: (target, progress) => emit({ kind: 'control', target, ...progress }),
        onOutcome: outcome => emit({ kind: 'outcome', outcome }),
        replace: () => Promise.resolve(undefined),
      },
    );
  }

  async model(verdict: Verdict): Promise<ReportModel> {
    const finished = new Date();
    return {
      tool: this.deps.tool,
      run: {
        id: this.request.runId,
        started: this.started.toISOString(),
        finished: finished.toISOString(),
        seconds: (finished.getTime() - this.started.getTime()) / 1000,
      },
      cluster,
      engine: await this.engine.version.catch(() => undefined),
      grant: undefined,
      profiles: this.profiles.map(({ ref }) => ref),
      verdict,
      warnings: this.warnings,
      request: this.request.shown,
    };
  }

  async report(model: ReportModel): Promise<Scan['reports']> {
    this.deps.emit({ kind: 'stage', stage: 'report' });
    const { workspace, stdout, console, secrets } = this.deps;
    const { reports, outputDir } = this.request;
    const always = (['scan', 'outputs'] as const).filter(kind => !reports.some(spec => spec.kind === kind));
    const specs = [...reports, ...always.map(kind => ({ kind, path: undefined }))];
    return writeReports(model, specs, { outputDir, workspace, stdout, console, secrets });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    await rm(this.scratch, { recursive: true, force: true });
  }

  private async prepare(): Promise<void> {
    const { engine, scratch, request, deps } = this;
    const copies = new Map<string, string>();
    for (const source of request.profiles) copies.set(await plainCopy(source, scratch), source);
    const preparing = makePreparing(request, deps, { engine, scratch, connection: undefined });
    const { profiles, warnings } = await prepareProfiles([...copies.keys()], preparing);
    this.profiles = profiles.map(profile => {
      const source = copies.get(profile.ref.source) ?? profile.ref.source;
      return { ...profile, ref: { ...profile.ref, source } };
    });
    deps.secrets?.register(...request.credentials.secrets, ...sensitiveValues(profiles, request.inputs));
    this.warnings.push(...warnings);
    for (const text of warnings) deps.emit({ kind: 'notice', text });
  }

  private async target(container: string): Promise<Target> {
    const { namespace, name, uid, node, owner } = this.pod;
    const target: Target = {
      cluster: cluster.alias,
      namespace,
      pod: name,
      podUid: uid,
      container,
      containerId: '',
      restartCount: 0,
      image: 'unknown',
      imageDigest: undefined,
      node,
      owner,
      labels: {},
      annotations: {},
    };
    return { ...target, containerId: await knownId(target) };
  }
}

/** A container that is not found is told when it is opened, as what became of it. */
async function knownId(target: Target): Promise<string> {
  try {
    return await containerIdInPod(target);
  } catch (error) {
    if (isScanError(error)) return '';
    throw error;
  }
}

/**
 * The kubelet makes a ConfigMap's files and folders links into `..data`, and the auditor's own search does not follow
 * links to folders: it would find a profile without controls.
 */
async function plainCopy(source: string, scratch: string): Promise<string> {
  if (parseSource(source).kind !== 'path') return source;
  try {
    if (!(await lstat(source)).isDirectory() || !(await readdir(source)).includes('..data')) return source;
    const copy = await mkdtemp(join(scratch, 'profile-'));
    for (const name of await readdir(source))
      if (!name.startsWith('..'))
        await cp(join(source, name), join(copy, name), { recursive: true, dereference: true });
    return copy;
  } catch (error) {
    throw new ScanError('PROFILE_MISSING', `There is no profile at ${source}: ${toMessage(error)}`, { cause: error });
  }
}
