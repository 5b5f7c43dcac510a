// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineInstall, findEngine } from '@cinc-scan/core';
import { Broker } from '../../packages/core/src/broker/index.ts';
import { type Connection, connect } from '../../packages/core/src/cluster/index.ts';
import { audit, Engine } from '../../packages/core/src/engine/index.ts';
import { type OpenTarget, openTarget } from '../../packages/core/src/lens/index.ts';
import { parseSelector, plan, type Target } from '../../packages/core/src/plan/index.ts';
import type { BenchCluster } from './bench-cluster.ts';
import { type Answers, record, replay } from './canned.ts';

const nothing = { depends: [], inputs: {}, inputFiles: [], input: [], controls: [], tags: [], waivers: [] };
const engineDirectory = fileURLToPath(new URL('../../packages/engine/', import.meta.url));

/** Audits in this process, with the parts a scan is made of, to see what each costs. */
export class Workbench implements AsyncDisposable {
  private readonly install: EngineInstall;
  private readonly scratch: string;
  private readonly connection: Connection;
  private readonly target: Target;
  readonly engine: Engine;

  private constructor(parts: { install: EngineInstall; scratch: string; connection: Connection; target: Target }) {
    ({ install: this.install, scratch: this.scratch, connection: this.connection, target: this.target } = parts);
    this.engine = this.startEngine();
  }

  static async open(cluster: BenchCluster): Promise<Workbench> {
    const cache = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
    const install = await findEngine({
      choice: 'gems',
      directory: engineDirectory,
      cacheDirectory: join(cache, 'cinc-scan'),
      path: process.env['PATH'] ?? '',
      installEnvironment: process.env,
    });
    const connection = await connect({ access: { kind: 'file', path: cluster.kubeconfigPath } });
    const [pod = ''] = cluster.pods;
    const { targets } = await plan(connection.cluster, {
      selectors: [parseSelector(pod)],
      namespaces: [cluster.namespace],
      container: undefined,
      allContainers: false,
      allowEmpty: false,
    });
    const [target] = targets;
    if (target === undefined) throw new Error(`pod ${pod} is not there`);
    const scratch = await mkdtemp(join(cluster.folder, 'b-'));
    return new Workbench({ install, scratch, connection, target });
  }

  startEngine(): Engine {
    const { install, scratch } = this;
    return Engine.start({ install, home: scratch, path: process.env['PATH'] ?? '', onOutput: () => undefined });
  }

  /** A session into the target, as a scan opens one. */
  openTarget(): Promise<OpenTarget> {
    const deadline = new Date(Date.now() + 600_000);
    const request = {
      image: undefined,
      requireView: 'any' as const,
      runId: 'bench',
      timeoutMs: 120_000,
      deadline,
      allowDebug: () => Promise.resolve(),
    };
    return openTarget(this.connection.cluster, this.target, { ...request, lens: 'exec' });
  }

  /** Opens the target and runs a profile in it, as a scan does. */
  async audit(profile: string): Promise<string> {
    const { engine, scratch } = this;
    await using open = await this.openTarget();
    const order = { ...nothing, profile, description: undefined, identity: 'bench', timeoutMs: 120_000 };
    const audited = await audit(
      { engine, scratch, open },
      { ...order, containerMarker: 'none', onControl: () => undefined, signal: undefined },
    );
    return audited.text;
  }

  /** What the target answers to a profile. */
  async record(profile: string): Promise<Answers> {
    const directory = await mkdtemp(join(this.scratch, 'j'));
    const [brokerPath, socket] = [join(directory, 'b'), join(directory, 's')];
    await using open = await this.openTarget();
    await using broker = await Broker.listen({
      socketPath: brokerPath,
      target: open,
      onEvent: () => undefined,
      commandTimeoutMs: 60_000,
      containerMarker: 'none',
    });
    const recording = await record(socket, brokerPath);
    await this.order(this.engine, { profile, directory, socket });
    recording.close();
    if (broker.lost) throw broker.lost;
    return recording.answers;
  }

  /** The same profile without any cluster: every answer is there before it is asked for. */
  async auditCanned(engine: Engine, profile: string, answers: Answers): Promise<void> {
    const directory = await mkdtemp(join(this.scratch, 'j'));
    const socket = join(directory, 's');
    const replaying = await replay(socket, answers);
    await this.order(engine, { profile, directory, socket });
    replaying.close();
    await rm(directory, { recursive: true });
    if (replaying.completed() !== 1) throw new Error('an audit with canned answers did not complete');
  }

  private async order(
    engine: Engine,
    { profile, directory, socket }: { profile: string; directory: string; socket: string },
  ) {
    const { inputFiles: input_files, ...rest } = nothing;
    const order = { ...rest, input_files, kind: 'audit', profile, directory, socket, identity: 'bench' };
    const { ended } = await engine.order(order);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
    this.connection.close();
    await rm(this.scratch, { recursive: true, force: true });
  }
}
