// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Deps,
  resolveAccess,
  resolveToken,
  type ScanEvent,
  Secret,
  Secrets,
  type StudyDeps,
  toEnginePackage,
  type Values,
} from '@cinc-scan/core';
import { type Terminal, usesColor } from './terminal.ts';

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

function cacheDirectory({ environment }: Terminal): string {
  const home = environment['HOME'] ?? homedir();
  return environment['CINC_SCAN_CACHE'] ?? join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'cinc-scan');
}

interface Hooks {
  emit: (event: ScanEvent) => void;
  signal: AbortSignal | undefined;
}

/** The effects of a run, as a command on a terminal has them. */
export function makeDeps(values: Values, terminal: Terminal, hooks: Hooks): Deps {
  const { environment, stdout, cwd } = terminal;
  return {
    tool: { name: 'cinc-scan', version: toolVersion() },
    access: resolveAccess(values.kubeconfig, environment),
    context: values.context,
    token: resolveToken(values.token),
    secrets: platformSecrets(terminal),
    engine: engineSettings(values, terminal, hooks.emit),
    temporary: tmpdir(),
    workspace: cwd,
    stdout: text => stdout.write(text),
    console: { color: usesColor(terminal, stdout), width: stdout.columns ?? 120 },
    ...hooks,
  };
}

function engineSettings(values: Values, terminal: Terminal, emit: Hooks['emit']): Deps['engine'] {
  const { environment } = terminal;
  return {
    choice: values.engine,
    package: toEnginePackage(values),
    directory: engineDirectory(),
    cacheDirectory: cacheDirectory(terminal),
    path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    installEnvironment: environment,
    onNotice: text => emit({ kind: 'notice', text }),
  };
}

/** The effects of a command that reads profiles. A kubeconfig is looked for only when one is needed. */
export function makeStudyDeps(values: Values, terminal: Terminal, hooks: Hooks): StudyDeps {
  return {
    access: () => resolveAccess(values.kubeconfig, terminal.environment),
    context: values.context,
    token: resolveToken(values.token),
    engine: engineSettings(values, terminal, hooks.emit),
    temporary: tmpdir(),
    ...hooks,
  };
}

// What CI systems put into the environment of a step: not ours, and no report's either.
const platformVariables = [
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'BITBUCKET_STEP_OIDC_TOKEN',
  'CI_JOB_TOKEN',
  'CI_REGISTRY_PASSWORD',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'SYSTEM_ACCESSTOKEN',
];

function platformSecrets({ environment }: Terminal): Secrets {
  const secrets = new Secrets();
  for (const name of platformVariables) {
    const value = environment[name];
    if (value !== undefined) secrets.register(new Secret(value));
  }
  return secrets;
}
