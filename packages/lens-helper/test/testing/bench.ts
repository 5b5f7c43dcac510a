// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createRuncRuntime, openImageStore, type Runtime } from '@cinc-scan/testkit';

export const busybox = 'cinc-scan.test/busybox:1';
export const debian = 'cinc-scan.test/debian:1';
const distroless = 'cinc-scan.test/distroless:1';
export const debianTools = 'cinc-scan.test/debian-tools:1';
export const tools = 'cinc-scan.test/tools:1';
const helper = '/cinc-scan/helper';

type ContainerSpec = Parameters<Runtime['start']>[0];
type SandboxSpec = Parameters<Runtime['startSandbox']>[0];
export type Container = Awaited<ReturnType<Runtime['start']>>;
export type Security = Partial<ContainerSpec['security']>;
export type Process = Awaited<ReturnType<Runtime['exec']>>;

export interface Answer {
  status: number;
  out: string;
  err: string;
}

export interface Wishes extends Partial<Omit<ContainerSpec, 'security'>> {
  security?: Security;
}

/** What one helper call is asked, and what it reads. */
export interface Call {
  args: string[];
  input?: string;
}

const plain: ContainerSpec['security'] = {
  uid: undefined,
  gid: undefined,
  supplementalGroups: [],
  addCapabilities: [],
  dropCapabilities: [],
  privileged: false,
  allowPrivilegeEscalation: true,
  readOnlyRootFilesystem: false,
};

/** Containers of a test, and the helper of the tools image in them. */
export class Bench implements AsyncDisposable {
  readonly runtime: Runtime;

  private constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  static async open(): Promise<Bench> {
    const images = await openImageStore();
    await images.ensure([busybox, debian, debianTools, distroless, tools]);
    const stateDir = await mkdtemp(join(tmpdir(), 'cinc-scan-helper-'));
    return new Bench(await createRuncRuntime({ stateDir, images }));
  }

  async pod(wishes: Partial<SandboxSpec> = {}): Promise<string> {
    const podUid = randomUUID();
    const plainPod = { podUid, hostname: 'web-0', shareProcessNamespace: false, hostPid: false };
    await this.runtime.startSandbox({ ...plainPod, ...wishes });
    return podUid;
  }

  start(podUid: string, { security, ...wishes }: Wishes = {}): Promise<Container> {
    return this.runtime.start({
      id: randomBytes(32).toString('hex'),
      podUid,
      name: 'app',
      image: distroless,
      command: [],
      args: [],
      env: {},
      workingDir: undefined,
      memoryLimitBytes: undefined,
      joinPidOf: undefined,
      mounts: [],
      ...wishes,
      security: { ...plain, ...security },
    });
  }

  /** A target and a container of the tools image that shares its processes. */
  async pair(target: Wishes = {}, security: Security = {}): Promise<{ app: Container; debug: Container }> {
    const podUid = await this.pod();
    const app = await this.start(podUid, target);
    return { app, debug: await this.debug(podUid, { joinPidOf: app.id, security }) };
  }

  debug(podUid: string, wishes: Wishes = {}): Promise<Container> {
    return this.start(podUid, { image: tools, name: 'debug', stdin: true, ...wishes });
  }

  /** Starts the helper in a container of the tools image. */
  spawn(container: Container, args: string[]): Promise<Process> {
    return this.runtime.exec(container.id, [helper, ...args], { stdin: true });
  }

  async run(container: Container, { args, input = '' }: Call): Promise<Answer> {
    const process = await this.spawn(container, args);
    process.stdin.end(input);
    return collect(process);
  }

  /** What a script says in the view of the target's first process, with both outputs together. */
  async enter(container: Container, script: string, pid = 1): Promise<Answer> {
    return this.run(container, { args: ['enter', '--pid', String(pid), '--', 'sh'], input: `exec 2>&1\n${script}\n` });
  }

  file(container: Container, ...args: string[]): Promise<Answer> {
    return this.run(container, { args: ['file', '--pid', '1', ...args] });
  }

  async sh(container: Container, script: string): Promise<Answer> {
    return collect(await this.runtime.exec(container.id, ['sh', '-c', script], { stdin: false }));
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.runtime[Symbol.asyncDispose]();
  }
}

export async function collect(process: Process): Promise<Answer> {
  const [out, err, ended] = await Promise.all([buffer(process.stdout), buffer(process.stderr), process.ended]);
  return { status: ended.exitCode, out: out.toString('latin1'), err: err.toString('latin1') };
}

/** Waits until a stream has said a text; returns all that came so far. */
export function untilSaid(stream: NodeJS.ReadableStream, wanted: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (said.includes(wanted)) resolve(said);
    });
    stream.once('end', () => reject(new Error(`The stream ended after ${JSON.stringify(said)}`)));
  });
}
