// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type ImageStore, openImageStore } from '../../images/store.ts';
import { createRuncRuntime } from '../runc.ts';
import type { ContainerSecurity, ContainerSpec, Ended, RunningContainer, Runtime, SandboxSpec } from '../runtime.ts';

export const busybox = 'cinc-scan.test/busybox:1';
export const distroless = 'cinc-scan.test/distroless:1';
export const tools = 'cinc-scan.test/tools:1';

export interface Bench {
  stateDir: string;
  runtime: Runtime;
  images: ImageStore;
}

/** A runtime of its own in a new directory, with images built. */
export async function openBench(...names: string[]): Promise<Bench> {
  const images = await openImageStore();
  await images.ensure(names);
  const stateDir = await mkdtemp(join(tmpdir(), 'cinc-scan-runtime-'));
  return { stateDir, images, runtime: await createRuncRuntime({ stateDir, images }) };
}

const plain: ContainerSecurity = {
  uid: undefined,
  gid: undefined,
  supplementalGroups: [],
  addCapabilities: [],
  dropCapabilities: [],
  privileged: false,
  allowPrivilegeEscalation: true,
  readOnlyRootFilesystem: false,
};

export type Wishes = Partial<Omit<ContainerSpec, 'security'>> & { security?: Partial<ContainerSecurity> };

/** A new pod without containers; returns its uid. */
export async function openPod(runtime: Runtime, wishes: Partial<SandboxSpec> = {}): Promise<string> {
  const podUid = randomUUID();
  await runtime.startSandbox({ podUid, hostname: 'web-0', shareProcessNamespace: false, hostPid: false, ...wishes });
  return podUid;
}

export async function startContainer(runtime: Runtime, podUid: string, wishes: Wishes = {}): Promise<RunningContainer> {
  const { security, ...rest } = wishes;
  return runtime.start({
    id: randomBytes(32).toString('hex'),
    podUid,
    name: 'app',
    image: busybox,
    command: [],
    args: [],
    env: {},
    workingDir: undefined,
    memoryLimitBytes: undefined,
    joinPidOf: undefined,
    mounts: [],
    ...rest,
    security: { ...plain, ...security },
  });
}

export interface Answer extends Ended {
  stdout: Buffer;
  stderr: Buffer;
}

export interface Question {
  command: string[];
  input?: Buffer;
}

export async function run(runtime: Runtime, id: string, { command, input }: Question): Promise<Answer> {
  const exec = await runtime.exec(id, command, { stdin: input !== undefined });
  if (input !== undefined) {
    exec.stdin.end(input);
  }
  const [stdout, stderr, ended] = await Promise.all([buffer(exec.stdout), buffer(exec.stderr), exec.ended]);
  return { ...ended, stdout, stderr };
}

/** Both outputs of a shell command as one trimmed text. */
export async function sh(runtime: Runtime, id: string, script: string): Promise<string> {
  const { stdout, stderr } = await run(runtime, id, { command: ['sh', '-c', script] });
  return `${stdout.toString()}${stderr.toString()}`.trim();
}

/** Waits for the next output of a stream and returns it. */
export async function nextText(stream: Readable): Promise<string> {
  const text = await new Promise<string>(resolve => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
  stream.pause();
  return text;
}
