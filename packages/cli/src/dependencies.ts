// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Deps, resolveAccess, resolveToken, type ScanEvent, Secret, Secrets, type Values } from '@cinc-scan/core';
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

/** The effects of a run, as a command on a terminal has them. */
export function makeDeps(
  values: Values,
  terminal: Terminal,
  hooks: { emit: (event: ScanEvent) => void; signal: AbortSignal | undefined },
): Deps {
  const { environment, stdout, cwd } = terminal;
  return {
    tool: { name: 'cinc-scan', version: toolVersion() },
    access: resolveAccess(values.kubeconfig, environment),
    context: values.context,
    token: resolveToken(values.token),
    secrets: platformSecrets(terminal),
    engine: {
      choice: values.engine,
      directory: engineDirectory(),
      cacheDirectory: cacheDirectory(terminal),
      path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      installEnvironment: environment,
      onNotice: text => hooks.emit({ kind: 'notice', text }),
    },
    temporary: tmpdir(),
    workspace: cwd,
    stdout: text => stdout.write(text),
    console: { color: usesColor(terminal, stdout), width: stdout.columns ?? 120 },
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
