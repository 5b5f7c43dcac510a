// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ScanError, toMessage } from '@cinc-scan/core';

const held = 75;

/**
 * Takes a data folder for this process. The lock is the kernel's, by a child that lives as long as its standard input: it
 * goes with this process whatever ends that, and never has to be guessed to be stale. Throws SERVICE_IN_USE, SERVICE_DATA.
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } catch (error) {
    throw new ScanError('SERVICE_DATA', `The data folder ${folder} cannot be used: ${toMessage(error)}`, {
      cause: error,
    });
  }
  const child = spawn(
    'flock',
    ['--nonblock', '--conflict-exit-code', String(held), join(folder, 'lock'), 'sh', '-c', 'echo held; exec cat'],
    {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, // not the service's own: it may name the database
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true, // a signal for the terminal's group is not for it
    },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const isHeld = new Promise<'held'>(resolve => child.stdout.once('data', () => resolve('held')));
  const first = await Promise.race([isHeld, ended]).catch((error: unknown) => {
    throw new ScanError('SERVICE_DATA', `The data folder ${folder} cannot be locked: ${toMessage(error)}`, {
      cause: error,
    });
  });
  if (first === held) throw new ScanError('SERVICE_IN_USE', `Another process uses the data folder ${folder}`);
  if (first !== 'held')
    throw new ScanError('SERVICE_DATA', `The data folder ${folder} cannot be locked: flock ended with ${first}`);
  child.unref();
  return {
    async [Symbol.asyncDispose]() {
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}
