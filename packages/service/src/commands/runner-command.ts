// SPDX-License-Identifier: Apache-2.0
// A runner in another region or network: it calls the service, and nobody calls it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, isLoopback, ScanError, Secret, toMessage } from '@cinc-scan/core';
import type { Command } from 'commander';
import { requireIsolation } from '../executors/isolation.ts';
import { ProcessExecutor } from '../executors/process-executor.ts';
import { scanProcessCommand } from '../own-package.ts';
import { RemoteLeases } from '../runner/remote-leases.ts';
import { Runner } from '../runner/runner.ts';
import { usualData } from './data-place.ts';
import { makeLogger, stopSignal } from './process.ts';

interface RunnerOptions {
  server: string;
  keyFile?: string;
  slots: string;
  credentials: string;
  allowUnisolated?: true;
  logLevel: string;
}

const keyVariable = 'CINC_SCAN_RUNNER_KEY';

export function addRunnerCommand(program: Command): void {
  program
    .command('runner')
    .description('run scans for a service elsewhere, which it asks over HTTPS; it needs no way in and no database')
    .requiredOption('--server <address>', 'the service, such as https://scans.example')
    .option('--key-file <file>', `holds the key of a runner (default: the variable ${keyVariable})`)
    .option('--slots <number>', 'scans at once', '2')
    .option('--credentials <folder>', 'kubeconfigs of the clusters, by name', join(usualData, 'credentials'))
    .option(
      '--allow-unisolated',
      'run profiles also where they cannot be kept apart from the runner: each that is approved is trusted like it',
    )
    .option('--log-level <level>', 'what is logged', 'info')
    .action(run);
}

async function run({ server, keyFile, slots, credentials, allowUnisolated, logLevel }: RunnerOptions): Promise<void> {
  const cache = cacheFolder(process.env);
  const path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  if (allowUnisolated !== true) await requireIsolation({ cache, path });
  const logger = makeLogger(logLevel);
  const leases = new RemoteLeases({
    server: toServer(server),
    key: readRunnerKey(keyFile),
    runner: `${hostname()}-${randomUUID().slice(0, 8)}`,
    environment: process.env,
  });
  await using executor = new ProcessExecutor({
    command: scanProcessCommand(),
    credentials,
    cache,
    path,
    requireJail: allowUnisolated === true ? 'none' : 'full',
    onLog: text => logger.info({ text }, 'a process that scans said'),
  });
  const runner = new Runner({
    slots: Number(slots),
    leases,
    executor,
    heartbeatMs,
    idleMs: 2000,
    onError: error => logger.error({ err: error }, 'the runner met an error'),
  });
  process.stdout.write(`cinc-scan runner for ${server}, scratch in ${tmpdir()}\n`);
  await stopSignal();
  await runner[Symbol.asyncDispose]();
}

/** More often than any service asks for: it takes a runner for gone after 10 seconds at the least. */
const heartbeatMs = 3000;

function toServer(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return url;
  throw new ScanError('INPUT_INVALID', `server: expected an address that begins with https://, got ${text}`);
}

function readRunnerKey(file: string | undefined): Secret {
  const text = file === undefined ? process.env[keyVariable] : readKeyFile(file);
  if (text !== undefined && text.trim() !== '') return new Secret(text.trim());
  throw new ScanError('SERVICE_KEY_INVALID', 'The runner has no key', {
    remedy: `Set ${keyVariable}, or name a file with --key-file; an operator makes keys of the role runner.`,
  });
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ScanError('INPUT_INVALID', `key-file: ${file} cannot be read: ${toMessage(cause)}`, { cause });
  }
}
