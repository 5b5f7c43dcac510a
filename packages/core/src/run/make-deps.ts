// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnginePool, type EngineSettings } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import {
  cacheFolder,
  platformSecrets,
  resolveAccess,
  resolveToken,
  Secrets,
  type Values,
  withoutSecrets,
} from '../request/index.ts';
import { toEnginePackage } from './engine-package.ts';
import type { Deps } from './scan-request.ts';

/** What a program says of its surroundings. What it leaves out has a default that shows nothing. */
export interface Program
  extends Pick<Deps, 'environment' | 'workspace'>,
    Partial<Pick<Deps, 'tool' | 'secrets' | 'stdout' | 'console' | 'emit' | 'signal'>> {
  /** Folder of the engine's Ruby files (default: those of this package). */
  engineDirectory?: string;
}

/**
 * The effects of runs as most programs want them: signed in as the inputs and the environment say, with a pool that
 * keeps an engine from run to run. Whoever makes them disposes of them, which ends the engines.
 */
export function makeDeps(values: Values, { engineDirectory, ...program }: Program): Deps & AsyncDisposable {
  const { environment, emit = () => undefined } = program;
  const onNotice = (text: string) => emit({ kind: 'notice', text });
  const directory = engineDirectory ?? ownEngine();
  const engine = toEngineSettings(values, { environment, directory, onNotice });
  const engines = new EnginePool({ engine, temporary: tmpdir() });
  return {
    tool: program.tool ?? { name: 'cinc-scan', version: ownVersion() },
    access: resolveAccess(values.kubeconfig, environment),
    context: values.context,
    token: resolveToken(values.token),
    secrets: platformSecretsIn(environment),
    engine,
    engines,
    temporary: tmpdir(),
    stdout: refuseOutput,
    console: { color: false, width: 120 },
    signal: undefined,
    ...program,
    emit,
    [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose](),
  };
}

interface EnginePlace extends Required<Pick<EngineSettings, 'directory' | 'onNotice'>> {
  environment: Deps['environment'];
}

/** The engine that the inputs ask for, found and kept where the environment says. */
export const toEngineSettings = (
  values: Values,
  { environment, directory, onNotice }: EnginePlace,
): EngineSettings => ({
  choice: values.engine,
  package: toEnginePackage(values),
  directory,
  cacheDirectory: cacheFolder(environment),
  path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  installEnvironment: withoutSecrets(environment),
  onNotice,
});

const ownFolder = () => join(import.meta.dirname, '../..');

/** Packed with this package, or next to it in a checkout. */
function ownEngine(): string {
  const packed = join(ownFolder(), 'engine');
  return existsSync(packed) ? packed : join(ownFolder(), '../engine');
}

function ownVersion(): string {
  const text = readFileSync(join(ownFolder(), 'package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

function platformSecretsIn(environment: Deps['environment']): Secrets {
  const secrets = new Secrets();
  secrets.register(...platformSecrets(environment));
  return secrets;
}

function refuseOutput(): never {
  throw new ScanError('OUTPUT_UNWRITABLE', 'A report is to go to standard output, which this program does not offer', {
    remedy: 'Name a file for the report, or give makeDeps a stdout.',
  });
}
