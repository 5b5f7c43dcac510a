// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deps, resolveAccess, resolveToken, secretsOf, toEnginePackage } from '@cinc-scan/core';
import type { Asked, Environment } from './ask.ts';
import { maskSecrets } from './mask.ts';
import { workflowToken } from './oidc.ts';
import { toolCache } from './tool-cache.ts';

type Hooks = Pick<Deps, 'emit' | 'signal'> & { home: string };

/** The effects of a run, as a step on a runner has them. */
export async function makeDeps(asked: Asked, { home, ...hooks }: Hooks): Promise<Deps> {
  const { values, environment } = asked;
  return {
    tool: { name: 'cinc-scan', version: versionBeside(home) },
    ...(await makeSignIn(asked)),
    engine: {
      choice: values.engine,
      package: toEnginePackage(values),
      store: toolCache(environment),
      directory: engineBeside(home),
      cacheDirectory: cacheDirectory(environment),
      path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      installEnvironment: forInstallers(environment),
      onNotice: text => hooks.emit({ kind: 'notice', text }),
    },
    // Not RUNNER_TEMP: Unix sockets lie there, and its path is longer than they allow on some runners.
    temporary: tmpdir(),
    workspace: process.cwd(),
    stdout: text => process.stdout.write(text),
    console: { color: false, width: 160 },
    ...hooks,
  };
}

/** Who signs in at the cluster. All that is secret in it is masked by now. */
export async function makeSignIn({
  values,
  own,
  secrets,
  environment,
}: Pick<Asked, 'values' | 'own' | 'secrets' | 'environment'>): Promise<
  Pick<Deps, 'access' | 'context' | 'token' | 'secrets'>
> {
  const access = resolveAccess(values.kubeconfig, environment);
  const token = own.audience === undefined ? resolveToken(values.token) : await workflowToken(own.audience, secrets);
  maskSecrets(secretsOf({ access, token, secrets }));
  return { access, context: values.context, token, secrets };
}

/** The engine's files: packed with the bundle, or in the checkout. */
function engineBeside(home: string): string {
  const packed = join(home, 'engine');
  return existsSync(packed) ? packed : join(home, '../packages/engine');
}

function versionBeside(home: string): string {
  const text = readFileSync(join(home, '../package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

// Proxies, certificates and mirrors are for those who install something; what the runner and this step keep is not.
const kept = /^(INPUT|STATE|ACTIONS|GITHUB|RUNNER|CINC_SCAN)_|TOKEN|SECRET|PASSWORD|API_KEY/i;

const forInstallers = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !kept.test(name)));

function cacheDirectory(environment: Environment): string {
  const base = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache');
  return environment['CINC_SCAN_CACHE'] ?? join(base, 'cinc-scan');
}
