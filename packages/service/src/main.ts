// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { cacheFolder, isScanError } from '@cinc-scan/core';
import { Command, CommanderError, Option } from 'commander';
import { openBlobs } from './blobs/open-blobs.ts';
import { addBackupCommands } from './commands/backup-commands.ts';
import { databaseAddress, withData } from './commands/data-place.ts';
import { addDoctorCommand } from './commands/doctor-command.ts';
import { addExportCommand } from './commands/export-command.ts';
import { addImportCommand } from './commands/import-command.ts';
import { type JobOptions, readJobs, withJobs } from './commands/job-options.ts';
import { addKeyCommand } from './commands/key-command.ts';
import { makeLogger, stopSignal } from './commands/process.ts';
import { addRunnerCommand } from './commands/runner-command.ts';
import { openSealer } from './commands/seal-key.ts';
import { readProvider, readPublicOrigin, type SignInOptions, withSignIn } from './commands/sign-in-options.ts';
import { ownVersion, scanProcessCommand } from './own-package.ts';
import { type Role, roles, type Service, type ServiceSettings, startService } from './run-service.ts';
import { migrate } from './store/migrate.ts';
import { openDatabase } from './store/open-database.ts';

interface RunOptions extends SignInOptions, JobOptions {
  data: string;
  blobs?: string;
  role: Role[];
  host: string;
  port: string;
  slots: string;
  credentials?: string;
  allowUnisolated?: true;
  allowNetwork: string[];
  heartbeat: string;
  secretKeyFile?: string;
  logLevel: string;
}

async function run(options: RunOptions): Promise<void> {
  const settings = toSettings(options);
  const service = await startService(settings);
  tell(service, settings.database === undefined);
  await stopSignal();
  await service[Symbol.asyncDispose]();
}

function toSettings({ data, blobs, heartbeat, ...options }: RunOptions): ServiceSettings {
  const { env } = process;
  return {
    data,
    blobs: openBlobs({ data, address: blobs, environment: env }),
    database: databaseAddress(),
    roles: options.role,
    host: options.host,
    port: Number(options.port),
    slots: Number(options.slots),
    credentials: options.credentials ?? join(data, 'credentials'),
    cache: cacheFolder(env),
    jobs: readJobs(options),
    openSealer: () => openSealer(options.secretKeyFile ?? join(data, 'secret.key')),
    allowUnisolated: options.allowUnisolated === true,
    allowNetworks: options.allowNetwork,
    signIn: readProvider(options, env),
    publicOrigin: readPublicOrigin(options),
    environment: env,
    path: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    scanProcess: scanProcessCommand(),
    version: ownVersion(),
    logger: makeLogger(options.logLevel),
    times: { heartbeatSeconds: Number(heartbeat), superviseSeconds: Math.ceil(Number(heartbeat) / 3) },
  };
}

function tell({ url, firstKey }: Service, isEmbedded: boolean): void {
  process.stdout.write(url === undefined ? 'cinc-scan service is running\n' : `cinc-scan service at ${url}\n`);
  if (firstKey !== undefined)
    process.stdout.write(`Key of the first operator, shown this once: ${firstKey.reveal()}\n`);
  if (isEmbedded)
    process.stdout.write(
      'Its database is embedded: for one process, for trying and for small teams. A power cut may lose what was written last.\n',
    );
}

const program = new Command('cinc-scan-service')
  .description('The scan service of cinc-scan')
  .version(ownVersion())
  .exitOverride();

withJobs(withSignIn(withData(program.command('run', { isDefault: true }))))
  .description('run the service; without CINC_SCAN_DATABASE it is whole by itself, on this machine')
  .addOption(
    new Option('--role <roles...>', 'parts of the service that this process has')
      .choices([...roles])
      .default([...roles]),
  )
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on', '8190')
  .option('--slots <number>', 'scans at once', '2')
  .option('--credentials <folder>', 'kubeconfigs of the clusters, by name (default: credentials in the data folder)')
  .option(
    '--allow-unisolated',
    'run profiles also where they cannot be kept apart from the service: each that is approved is trusted like it',
  )
  .option(
    '--allow-network <network...>',
    'private networks, such as 10.1.0.0/16, in which issuers of tokens, the provider of people and receivers of callbacks may be',
    [],
  )
  .option(
    '--secret-key-file <file>',
    'key of stored secrets, the same for all processes; made where there is none (default: secret.key in the data folder)',
  )
  .option('--heartbeat <seconds>', 'a runner that says nothing for so long is gone', '30')
  .addOption(
    new Option('--log-level <level>', 'what is logged')
      .choices(['silent', 'error', 'warn', 'info', 'debug'])
      .default('info'),
  )
  .action(run);

program
  .command('migrate')
  .description('bring the database that CINC_SCAN_DATABASE names to the layout of this version')
  .action(async () => {
    const url = databaseAddress();
    if (url === undefined) return program.error('CINC_SCAN_DATABASE names no database', { exitCode: 2 });
    await using database = await openDatabase({ kind: 'server', url });
    await migrate(database.kysely);
    process.stdout.write('The database has the layout of this version\n');
  });

addRunnerCommand(program);
addBackupCommands(program);
addDoctorCommand(program);
addKeyCommand(program);
addImportCommand(program);
addExportCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2; // it has said why
  } else if (isScanError(error)) {
    process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
    process.exitCode = error.exit;
  } else throw error;
}
