// SPDX-License-Identifier: Apache-2.0
import { rename, rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startCluster } from './start-cluster.ts';

const usage =
  'usage: main.ts --kubeconfig PATH [--state DIR] [--version 1.36|1.26] [--image NAME]... [--with-parent]\n';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      state: { type: 'string' },
      version: { type: 'string', default: '1.36' },
      image: { type: 'string', multiple: true },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  const { kubeconfig, state, version, image } = values;
  if (kubeconfig === undefined || (version !== '1.36' && version !== '1.26')) {
    process.stderr.write(usage);
    return 2;
  }
  const ended = toEnd(values['with-parent']);
  await using cluster = await startCluster({
    version,
    ...(state === undefined ? {} : { stateDir: state }),
    ...(image === undefined ? {} : { images: image }),
  });
  await writeAtomically(kubeconfig, cluster.kubeconfig);
  process.stdout.write(`${JSON.stringify({ ready: true, kubeconfig, pid: process.pid })}\n`);
  await ended;
  await rm(kubeconfig, { force: true });
  return 0;
}

/** Settles when a signal asks for the end, or when the parent that holds our input is gone. */
function toEnd(withParent: boolean): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (withParent) process.stdin.once('end', () => resolve()).resume();
  });
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}

process.exitCode = await main();
