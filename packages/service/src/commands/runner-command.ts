// SPDX-License-Identifier: Apache-2.0
// A runner in another region or network: it calls the service, and nobody calls it.
import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '@cinc-scan/core';
import type { Command } from 'commander';
import { requireIsolation } from '../executors/isolation.ts';
import { ProcessExecutor } from '../executors/process-executor.ts';
import { scanProcessCommand } from '../own-package.ts';
import { RemoteLeases } from '../runner/remote-leases.ts';
import { Runner } from '../runner/runner.ts';
import { usualData } from './data-place.ts';
import { makeLogger, stopSignal } from './process.ts';
import { readKey, toServer } from './server-place.ts';

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
    key: readKey(keyFile, { variable: keyVariable, whose: 'The key of the runner' }),
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
