// SPDX-License-Identifier: Apache-2.0
// `./dev demo [--keep]`: a real scan of five pods, one of which does not exist, on an embedded cluster.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApi } from './client.ts';
import { type Daemon, findDaemon, startDaemon, stopDaemon } from './daemon.ts';
import { openImageStore } from './images/store.ts';
import { createNamespace, createPod, testImage } from './pods.ts';

const namespace = 'demo';
// The last has no shell: it shows the debug lens, which brings its tools in an image of its own.
const pods = ['debian', 'debian-defects', 'busybox', 'distroless'];
const lensImage = testImage('tools');
const images = [...pods.map(testImage), lensImage];
const root = fileURLToPath(new URL('../../../', import.meta.url));
const say = (text: string) => process.stderr.write(`\u001b[36m▸\u001b[0m ${text}\n`);

const meanings: Record<number, string> = {
  0: 'every pod met the threshold',
  3: 'a pod is below the threshold',
  4: 'one pod could not be looked at, because it does not exist. That is an error, never a pass and never a finding',
};

async function buildImages(): Promise<void> {
  const store = await openImageStore();
  say('Building images: Debian, Debian with planted defects, BusyBox, one without a shell, and our tools (once)');
  await store.ensure(images);
}

async function startCluster(): Promise<Daemon> {
  const running = await findDaemon();
  if (running) await stopDaemon(running);
  say('Starting the embedded cluster: a Kubernetes API on loopback with real containers');
  const daemon = await startDaemon(images);
  const api = openApi(await readFile(daemon.kubeconfig, 'utf8'));
  await createNamespace(api, namespace);
  await Promise.all(
    pods.map(pod => createPod(api, { name: pod, namespace, containers: { app: pod }, labels: { app: pod } })),
  );
  api.close();
  return daemon;
}

async function scan({ kubeconfig }: Daemon): Promise<number> {
  const args = ['scan', ...pods, 'no-such-pod', '-n', namespace, '--profile', 'examples/profiles/first-look'];
  const options = [
    '--threshold',
    'examples/thresholds/no-high-failures.yml',
    '--report',
    'hdf,markdown',
    '--lens-image',
    lensImage,
    '-o',
    'out/demo',
  ];
  say(`cinc-scan ${args.join(' ')} …`);
  const program = ['--conditions=source', '--disable-warning=ExperimentalWarning', 'packages/cli/src/main.ts'];
  const child = spawn(process.execPath, [...program, ...args, ...options], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  await once(child, 'exit');
  return child.exitCode ?? 1;
}

async function demo(keep: boolean): Promise<number> {
  await buildImages();
  const daemon = await startCluster();
  try {
    const code = await scan(daemon);
    say(`Exit code ${code}: ${meanings[code] ?? 'the scan itself failed'}.`);
    say('Reports: out/demo (start with out/demo/summary.md)');
    return code === 4 ? 0 : 1;
  } finally {
    if (keep)
      say(
        `The cluster stays up until ./dev cluster down. To use it:\n  export KUBECONFIG=${daemon.kubeconfig}\n  kubectl get pods -n ${namespace}\n  ./dev cinc-scan scan debian -n ${namespace} --profile examples/profiles/first-look`,
      );
    else await stopDaemon(daemon);
  }
}

process.exitCode = await demo(process.argv.includes('--keep'));
