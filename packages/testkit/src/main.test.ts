// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const image = 'cinc-scan.test/busybox:1';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-main-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Started {
  child: ChildProcessWithoutNullStreams;
  kubeconfig: string;
  exit: Promise<unknown[]>;
}

async function start(name: string, more: string[] = []): Promise<Started> {
  const kubeconfig = join(folder, `${name}.yaml`);
  const args = [
    '--conditions=source',
    main,
    '--kubeconfig',
    kubeconfig,
    '--state',
    join(folder, name),
    '--image',
    image,
    ...more,
  ];
  const child = spawn(process.execPath, args);
  const exit = once(child, 'exit');
  const lines: unknown[] = await once(createInterface({ input: child.stdout }), 'line');
  expect(JSON.parse(String(lines[0]))).toEqual({ ready: true, kubeconfig, pid: child.pid });
  return { child, kubeconfig, exit };
}

async function kubectl(kubeconfig: string, args: string[], input = ''): Promise<string> {
  const child = spawn('kubectl', ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), ...args]);
  const texts: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => texts.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => texts.push(text));
  child.stdin.end(input);
  const closed: unknown[] = await once(child, 'close');
  return `${texts.join('')}exit ${String(closed[0])}`;
}

const pod = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0 },
});

/** Processes, mounts and network namespaces that mention this state folder. */
async function left(state: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter(line => line.includes(state));
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter(name => /^\d+$/.test(name))
      .map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return [...mounts, ...commands.filter(command => command.includes(state))];
}

describe('the embedded cluster as a program', () => {
  test('serves kubectl until SIGTERM and leaves nothing', async () => {
    const { child, kubeconfig, exit } = await start('term');
    expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600);
    const wrong = pod.replace('"spec"', '"wrong":1,"spec"');
    expect(await kubectl(kubeconfig, ['apply', '-f', '-'], wrong)).toContain('unknown field "wrong"');
    expect(await kubectl(kubeconfig, ['apply', '-f', '-'], pod)).toContain('pod/web created');
    expect(await kubectl(kubeconfig, ['apply', '-f', '-'], pod)).toContain('pod/web unchanged');
    expect(await kubectl(kubeconfig, ['wait', '--for=condition=Ready', 'pod/web', '--timeout=20s'])).toContain(
      'condition met',
    );
    expect(await kubectl(kubeconfig, ['get', 'pods'])).toMatch(
      /NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\nweb\s+1\/1\s+Running/,
    );
    expect(await kubectl(kubeconfig, ['get', 'sa,role,rolebinding,deployments'])).toContain('serviceaccount/default');
    expect(await kubectl(kubeconfig, ['exec', '-i', 'web', '--', 'cat'], 'to the pod')).toContain('to the podexit 0');
    expect(await kubectl(kubeconfig, ['exec', 'web', '--', 'sh', '-c', 'exit 3'])).toContain('exit 3');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(await left(join(folder, 'term'))).toEqual([]);
    await expect(stat(kubeconfig)).rejects.toThrow('ENOENT');
  });

  test('ends with its parent when asked to', async () => {
    const { child, exit } = await start('parent', ['--with-parent']);
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
    expect(await left(join(folder, 'parent'))).toEqual([]);
  });

  test('says how it is used when it is used in another way', async () => {
    const child = spawn(process.execPath, ['--conditions=source', main]);
    expect(await once(child, 'exit')).toEqual([2, null]);
  });
});
