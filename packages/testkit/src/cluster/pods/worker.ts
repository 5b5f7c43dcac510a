// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CannotStart, ImageMissing, type RunningContainer, type Runtime } from '../../runtime/runtime.ts';
import { kindNamed } from '../objects/kinds.ts';
import { type Container, type Pod, parsePod, timestamp } from '../objects/objects.ts';
import { hostnameOf, mustBeNonRoot, securityOf, toContainerSpec } from './container-spec.ts';
import { missingImageStates } from './image-states.ts';
import { type ContainerRun, type ContainerState, newRun, podStatus, terminated } from './status.ts';
import { type Placed, placeVolumes, type VolumeSources } from './volumes.ts';

export interface NodeOptions extends VolumeSources {
  runtime: Runtime;
  stateDir: string;
  /** When the node first reports an image it does not have. */
  imageReportDelayMs: number;
  /** The pause before the second restart; it doubles. */
  restartBackOffMs: number;
  podIP(): string;
  logger: { error(message: string, error: unknown): void };
}

const podKind = kindNamed('Pod');
const retryMs = 200;
const longestBackOffMs = 300_000;

/** Runs one pod on the node: its sandbox, its containers, their restarts, their end. */
export class PodWorker {
  readonly #options: NodeOptions;
  readonly #runs = new Map<string, ContainerRun>();
  readonly #live = new Map<string, RunningContainer>();
  readonly #abort = new AbortController();
  readonly #loops: Promise<void>[] = [];
  readonly #startTime: string;
  readonly #podIP: string;
  #pod: Pod;
  #volumes = new Map<string, Placed>();
  #sandbox = false;
  #ready: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(pod: Pod, options: NodeOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#startTime = this.#now();
    this.#podIP = options.podIP();
    for (const container of pod.spec.containers) this.#runs.set(container.name, newRun(container, false));
  }

  /** The id of a container that runs now. */
  running(name: string): string | undefined {
    return this.#live.get(name)?.id;
  }

  start(): void {
    this.#publish();
    this.#ready = this.#prepare().catch((error: unknown) => this.#failAll(String(error)));
    for (const run of this.#runs.values()) this.#launch(run);
  }

  /** Takes in a changed pod: debug containers are started, everything else stays. */
  observe(pod: Pod): void {
    this.#pod = pod;
    if (this.#stopped !== undefined || this.#over()) return;
    for (const container of pod.spec.ephemeralContainers ?? []) {
      if (this.#runs.has(container.name)) continue;
      const run = newRun(container, true);
      this.#runs.set(container.name, run);
      this.#publish();
      this.#launch(run);
    }
  }

  /** Asked again it hurries: the shortest grace counts. */
  async stop(graceSeconds: number): Promise<void> {
    if (this.#stopped !== undefined) await this.#stopLive(graceSeconds);
    this.#stopped ??= this.#shutDown(graceSeconds);
    await this.#stopped;
  }

  async #stopLive(graceSeconds: number): Promise<void> {
    await Promise.all([...this.#live.values()].map(container => container.stop(graceSeconds)));
  }

  async #shutDown(graceSeconds: number): Promise<void> {
    this.#abort.abort();
    await this.#ready;
    await this.#stopLive(graceSeconds);
    await Promise.all(this.#loops);
    if (this.#sandbox) await this.#options.runtime.stopSandbox(this.#pod.metadata.uid);
    this.#sandbox = false;
    this.#publish();
    await rm(join(this.#options.stateDir, this.#pod.metadata.uid), { recursive: true, force: true });
  }

  #over(): boolean {
    const phase = this.#pod.status['phase'];
    return phase === 'Succeeded' || phase === 'Failed';
  }

  async #prepare(): Promise<void> {
    const root = join(this.#options.stateDir, this.#pod.metadata.uid);
    for (;;) {
      const placed = await placeVolumes(this.#pod, root, this.#options);
      if (placed !== undefined) {
        this.#volumes = placed;
        break;
      }
      if (await this.#stoppedWithin(retryMs)) return;
    }
    await this.#options.runtime.startSandbox({
      podUid: this.#pod.metadata.uid,
      hostname: hostnameOf(this.#pod),
      shareProcessNamespace: this.#pod.spec.shareProcessNamespace ?? false,
      hostPid: this.#pod.spec.hostPID ?? false,
    });
    this.#sandbox = true;
  }

  #launch(run: ContainerRun): void {
    this.#loops.push(
      this.#loop(run).catch((error: unknown) =>
        this.#set(run, { waiting: { reason: 'CreateContainerError', message: String(error) } }),
      ),
    );
  }

  async #loop(run: ContainerRun): Promise<void> {
    await this.#ready;
    for (let pause = this.#options.restartBackOffMs; this.#going(); pause = Math.min(pause * 2, longestBackOffMs)) {
      if (!(await this.#hasImage(run))) return;
      await this.#once(run);
      if (!this.#going() || !this.#restarts(run)) return;
      if (run.restartCount > 0 && (await this.#backOff(run, pause))) return;
      run.restartCount += 1;
    }
  }

  #going(): boolean {
    return this.#sandbox && !this.#abort.signal.aborted;
  }

  #restarts(run: ContainerRun): boolean {
    if (run.ephemeral || this.#pod.spec.restartPolicy === 'Never') return false;
    const clean = 'terminated' in run.state && run.state.terminated.exitCode === 0;
    return this.#pod.spec.restartPolicy === 'Always' || !clean;
  }

  async #backOff(run: ContainerRun, pause: number): Promise<boolean> {
    const { name, namespace = '', uid } = this.#pod.metadata;
    const message = `back-off ${pause / 1000}s restarting failed container=${run.container.name} pod=${name}_${namespace}(${uid})`;
    if ('terminated' in run.state) run.lastState = run.state;
    this.#set(run, { waiting: { reason: 'CrashLoopBackOff', message } });
    return this.#stoppedWithin(pause);
  }

  async #hasImage(run: ContainerRun): Promise<boolean> {
    const { runtime, imageReportDelayMs } = this.#options;
    const states = missingImageStates(run.container);
    while (runtime.imageConfig(run.container.image) === undefined) {
      if (await this.#stoppedWithin(imageReportDelayMs)) return false;
      if (runtime.imageConfig(run.container.image) === undefined) this.#set(run, states());
    }
    return true;
  }

  /** Runs the container once, from creation to its end. */
  async #once(run: ContainerRun): Promise<void> {
    const { runtime } = this.#options;
    const image = runtime.imageConfig(run.container.image);
    if (image === undefined) return;
    const security = securityOf(this.#pod, run.container);
    const uid = security.uid ?? image.uid;
    const gid = security.gid ?? image.gid;
    if (uid === 0 && mustBeNonRoot(this.#pod, run.container)) return this.#refuseRoot(run);
    const id = randomBytes(32).toString('hex');
    const joinPidOf = await this.#joined(run.container);
    if (!this.#going()) return;
    if ('terminated' in run.state) run.lastState = run.state;
    run.imageId = image.digest;
    try {
      const container = await runtime.start(
        toContainerSpec(this.#pod, run.container, { id, joinPidOf, volumes: this.#volumes }),
      );
      run.id = id;
      run.user = { uid, gid, supplementalGroups: [...new Set([gid, ...security.supplementalGroups])] };
      await this.#follow(run, container);
    } catch (error) {
      this.#cannotStart(run, error);
    }
  }

  async #follow(run: ContainerRun, container: RunningContainer): Promise<void> {
    this.#live.set(run.container.name, container);
    this.#set(run, { running: { startedAt: this.#now() } });
    const stopping = this.#abort.signal.aborted ? container.stop(0) : undefined;
    const ended = await container.ended;
    await stopping;
    this.#live.delete(run.container.name);
    this.#set(run, terminated(run, ended, this.#now()));
  }

  #refuseRoot(run: ContainerRun): void {
    const message = 'container has runAsNonRoot and image will run as root';
    this.#set(run, { waiting: { reason: 'CreateContainerConfigError', message } });
  }

  #cannotStart(run: ContainerRun, error: unknown): void {
    if (error instanceof ImageMissing) return;
    if (!(error instanceof CannotStart)) throw error;
    this.#set(run, { waiting: { reason: 'RunContainerError', message: error.message } });
  }

  async #joined(container: Container): Promise<string | undefined> {
    const target = container.targetContainerName ?? '';
    if (target === '') return undefined;
    while (this.running(target) === undefined) {
      if (await this.#stoppedWithin(retryMs)) return undefined;
    }
    return this.running(target);
  }

  #failAll(message: string): void {
    for (const run of this.#runs.values()) {
      this.#set(run, { waiting: { reason: 'CreateContainerError', message } });
    }
  }

  #set(run: ContainerRun, state: ContainerState): void {
    run.state = state;
    this.#publish();
  }

  #publish(): void {
    this.#options.store.change(podKind, this.#pod, object => {
      const pod = parsePod(object);
      pod.status = podStatus(pod, {
        runs: [...this.#runs.values()],
        sandbox: this.#sandbox,
        stopping: this.#abort.signal.aborted,
        startTime: this.#startTime,
        podIP: this.#podIP,
        now: this.#now(),
        version: this.#options.store.version,
      });
    });
  }

  #now(): string {
    return timestamp(this.#options.store.now());
  }

  /** Waits; true when the pod was stopped meanwhile. */
  async #stoppedWithin(ms: number): Promise<boolean> {
    try {
      await delay(ms, undefined, { signal: this.#abort.signal });
    } catch {
      return true;
    }
    return this.#abort.signal.aborted;
  }
}
