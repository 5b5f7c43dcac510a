// SPDX-License-Identifier: Apache-2.0
// A runner in another region or network: it calls the service, and nobody calls it.
import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, type JailStrength, type Secret, strongerJail } from '@cinc-scan/core';
import { type Command, Option } from 'commander';
import type { FastifyBaseLogger as Logger } from 'fastify';
import { requireIsolation } from '../executors/isolation.ts';
import { ProcessExecutor } from '../executors/process-executor.ts';
import { scanProcessCommand } from '../own-package.ts';
import { RemoteLeases } from '../runner/remote-leases.ts';
import { Runner } from '../runner/runner.ts';
import { usualData } from './data-place.ts';
import { makeLogger, stopSignal } from './process.ts';
import { readAuthorities, readKey, readSecretFile, toServer } from './server-place.ts';

interface RunnerOptions {
  server: string;
  serverCa?: string;
  keyFile?: string;
  ticketFile?: string;
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
    .option('--server-ca <file>', 'certificates of the authorities that the service is known by')
    .addOption(
      new Option(
        '--ticket-file <file>',
        'run one scan, whose ticket is in that file, and end: for the pods of a service',
      ).conflicts(['keyFile', 'slots']),
    )
    .option('--slots <number>', 'scans at once', '2')
    .option('--credentials <folder>', 'kubeconfigs of the clusters, by name', join(usualData, 'credentials'))
    .option(
      '--allow-unisolated',
      'run profiles also where they cannot be kept apart from the runner: each that is approved is trusted like it',
    )
    .option('--log-level <level>', 'what is logged', 'info')
    .action(run);
}

async function run(options: RunnerOptions): Promise<void> {
  const { ticketFile } = options;
  if (ticketFile === undefined) await runUntilStopped(options);
  else await runTicket(options, readSecretFile('ticket-file', ticketFile));
}

const makeExecutor = ({ credentials }: RunnerOptions, logger: Logger, requireJail: JailStrength) =>
  new ProcessExecutor({
    command: scanProcessCommand(),
    credentials,
    cache: cacheFolder(process.env),
    path: ownPath(),
    requireJail,
    onLog: text => logger.info({ text }, 'a process that scans said'),
  });

const ownPath = () => process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';

async function runUntilStopped(options: RunnerOptions): Promise<void> {
  const { server, serverCa, keyFile, slots, allowUnisolated, logLevel } = options;
  if (allowUnisolated !== true) await requireIsolation({ cache: cacheFolder(process.env), path: ownPath() });
  const logger = makeLogger(logLevel);
  const leases = new RemoteLeases({
    server: toServer(server),
    key: readKey(keyFile, { variable: keyVariable, whose: 'The key of the runner' }),
    runner: `${hostname()}-${randomUUID().slice(0, 8)}`,
    environment: process.env,
    ca: readAuthorities(serverCa),
  });
  await using executor = makeExecutor(options, logger, allowUnisolated === true ? 'none' : 'full');
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

/** In a pod, whose files are the image and what one scan needs: names that a profile finds there tell it nothing. */
const jailOfPod = 'partial';

/** One attempt of one scan; ends with it, or gives it back when it is told to stop. */
async function runTicket(options: RunnerOptions, ticket: Secret): Promise<void> {
  const { server, serverCa, allowUnisolated, logLevel } = options;
  const logger = makeLogger(logLevel);
  const ca = readAuthorities(serverCa);
  const asked = { server: toServer(server), key: ticket, runner: hostname(), environment: process.env, ca };
  const { lease, leases } = await new RemoteLeases(asked).trade();
  logger.info({ scan: lease.scan, attempt: lease.attempt }, 'this pod has the scan');
  await using executor = makeExecutor(options, logger, 'none');
  const onError = (error: unknown) => logger.error({ err: error }, 'the runner met an error');
  const runner = new Runner({ slots: 0, answers: false, leases, executor, heartbeatMs, idleMs: 2000, onError });
  void stopSignal().then(() => runner[Symbol.asyncDispose]());
  // Demanded of the machine before anything is made in the cluster, since nothing was looked at before.
  const requireJail = allowUnisolated === true ? lease.requireJail : strongerJail(lease.requireJail, jailOfPod);
  await runner.perform({ ...lease, requireJail });
  await runner[Symbol.asyncDispose]();
}

/** More often than any service asks for: it takes a runner for gone after 10 seconds at the least. */
const heartbeatMs = 3000;
