// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Deps, EnginePool, resolveAccess, resolveToken, secretsOf, toEngineSettings } from '@cinc-scan/core';
import { maskSecrets } from './mask.ts';
import { workflowToken } from './oidc.ts';
import type { AskedStep, StepRequest } from './step-request.ts';
import { inStepWords } from './step-words.ts';
import { toolCache } from './tool-cache.ts';

type Hooks = Pick<Deps, 'emit' | 'signal'> & { home: string };

/** The effects of a run, as a step on a runner has them; its engines end with their scope. */
export async function makeDeps(asked: StepRequest, { home, ...hooks }: Hooks): Promise<Deps & AsyncDisposable> {
  const { values, environment } = asked;
  const onNotice = (text: string) => hooks.emit({ kind: 'notice', text });
  const engine = {
    ...toEngineSettings(values, { environment, directory: engineBeside(home), onNotice }),
    store: toolCache(environment),
  };
  const engines = new EnginePool({ engine, temporary: tmpdir() });
  return {
    ...makeSurroundings(asked, home),
    ...(await makeSignIn(asked)),
    engine,
    engines,
    ...hooks,
    [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose](),
  };
}

type Surroundings = Pick<
  Deps,
  'tool' | 'secrets' | 'environment' | 'temporary' | 'workspace' | 'stdout' | 'console' | 'ownWords'
>;

/** What a step has on a runner, whoever does the scan. */
export const makeSurroundings = ({ secrets, environment }: AskedStep, home: string): Surroundings => ({
  tool: { name: 'cinc-scan', version: versionBeside(home) },
  secrets,
  environment,
  // Not RUNNER_TEMP: Unix sockets lie there, and its path is longer than they allow on some runners.
  temporary: tmpdir(),
  workspace: process.cwd(),
  stdout: text => process.stdout.write(text),
  console: { color: false, width: 160 },
  ownWords: inStepWords,
});

/** Who signs in at the cluster. All that is secret in it is masked by now. */
export async function makeSignIn({
  values,
  own,
  secrets,
  environment,
}: Pick<StepRequest, 'values' | 'own' | 'secrets' | 'environment'>): Promise<
  Pick<Deps, 'access' | 'context' | 'token' | 'secrets'>
> {
  const access = resolveAccess(values.kubeconfig, environment);
  const token =
    own.audience === undefined
      ? resolveToken(values.token)
      : await workflowToken(own.audience, { secrets, environment });
  maskSecrets(secretsOf({ access, token, secrets }));
  return { access, context: values.context, token, secrets };
}

/** The engine's files: packed with the bundle, or in the checkout. */
function engineBeside(home: string): string {
  const packed = join(home, 'engine');
  return existsSync(packed) ? packed : join(home, '../packages/engine');
}

export function versionBeside(home: string): string {
  const text = readFileSync(join(home, '../package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
