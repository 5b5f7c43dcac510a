// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  type Deps,
  EnginePool,
  makeDeps as makeCoreDeps,
  platformSecrets,
  resolveAccess,
  resolveToken,
  type ScanEvent,
  type Secrets,
  type StudyDeps,
  toEngineSettings,
  type Values,
} from '@cinc-scan/core';
import { print, type Terminal, usesColor } from './terminal.ts';

/** The version of this package. */
export function toolVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const found = /"version": "([^"]+)"/.exec(text)?.[1];
  return found ?? 'unknown';
}

/** The engine's files: inside the installed package, or beside it in a checkout. */
function engineDirectory(): string {
  const packed = new URL('../engine/', import.meta.url);
  return fileURLToPath(existsSync(packed) ? packed : new URL('../../engine/', import.meta.url));
}

interface Hooks {
  emit: (event: ScanEvent) => void;
  signal: AbortSignal | undefined;
}

/** The effects of a run, as a command on a terminal has them; its engines end with their scope. */
export function makeDeps(values: Values, terminal: Terminal, hooks: Hooks): Deps & AsyncDisposable {
  const { environment, cwd } = terminal;
  return makeCoreDeps(values, {
    tool: { name: 'cinc-scan', version: toolVersion() },
    engineDirectory: engineDirectory(),
    secrets: platformSecretsOf(terminal),
    environment,
    workspace: cwd,
    ...makeConsole(terminal),
    ...hooks,
  });
}

/** Where reports go that are printed. */
export const makeConsole = (terminal: Terminal): Pick<Deps, 'stdout' | 'console'> => ({
  stdout: text => print(terminal.data, text),
  console: { color: usesColor(terminal, terminal.stdout), width: terminal.stdout.columns ?? 120 },
});

/** The effects of a command that reads profiles. A kubeconfig is looked for only when one is needed. */
export function makeStudyDeps(values: Values, terminal: Terminal, hooks: Hooks): StudyDeps & AsyncDisposable {
  const { environment } = terminal;
  const onNotice = (text: string) => hooks.emit({ kind: 'notice', text });
  const engine = toEngineSettings(values, { environment, directory: engineDirectory(), onNotice });
  const engines = new EnginePool({ engine, temporary: tmpdir() });
  return {
    access: () => resolveAccess(values.kubeconfig, environment),
    context: values.context,
    token: resolveToken(values.token),
    secrets: platformSecretsOf(terminal),
    engine,
    engines,
    environment,
    temporary: tmpdir(),
    ...hooks,
    [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose](),
  };
}

export function platformSecretsOf({ environment, secrets }: Terminal): Secrets {
  secrets.register(...platformSecrets(environment));
  return secrets;
}
