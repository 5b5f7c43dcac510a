// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, connect, serverVersion } from './cluster/index.ts';
import { Engine, findEngine } from './engine/index.ts';
import { type ScanError, toScanError } from './errors/index.ts';
import { operatorPermissions, requirePermissions, scannerRules, toPermissions } from './grant/index.ts';
import type { Deps } from './scan-request.ts';

/** One precondition of a scan. */
export interface Check {
  name: string;
  /** What was found, or the error with its remedy. */
  result: { kind: 'good'; text: string } | { kind: 'bad'; error: ScanError };
}

export interface DoctorRequest {
  namespaces: string[];
  access: 'grant' | 'existing';
}

/** Tries each precondition of a scan; nothing is made or changed. */
export async function doctor(request: DoctorRequest, deps: Deps, onCheck: (check: Check) => void): Promise<Check[]> {
  const checks: Check[] = [];
  const attempt = async <T>(name: string, step: () => Promise<{ text: string; value: T }>): Promise<T | undefined> => {
    const check = await tryCheck(name, step);
    checks.push(check);
    onCheck(check);
    return 'value' in check ? check.value : undefined;
  };
  await attempt('Engine', () => checkEngine(deps));
  const connection = await attempt('Kubeconfig', () => readAccess(deps));
  if (connection === undefined) return checks;
  const version = await attempt('API server', () => checkServer(connection));
  if (version === undefined) return checks;
  const namespaces = request.namespaces.length > 0 ? request.namespaces : [connection.namespace];
  for (const namespace of namespaces)
    await attempt(`Permissions in namespace ${namespace}`, () =>
      checkPermissions(connection, namespace, request.access),
    );
  connection.close();
  return checks;
}

async function tryCheck<T>(
  name: string,
  step: () => Promise<{ text: string; value: T }>,
): Promise<Check & { value?: T }> {
  try {
    const { text, value } = await step();
    return { name, result: { kind: 'good', text }, value };
  } catch (error) {
    return { name, result: { kind: 'bad', error: toScanError(error, 'CLUSTER_REFUSED', name) } };
  }
}

async function checkEngine(deps: Deps): Promise<{ text: string; value: true }> {
  const install = await findEngine(deps.engine);
  const home = await mkdtemp(join(deps.temporary, 'cinc-scan-'));
  let printed = '';
  const onOutput = (text: string) => {
    printed = (printed + text).slice(-2000);
  };
  try {
    await using engine = Engine.start({ install, home, path: deps.engine.path, onOutput });
    const { name, version, ruby } = await engine.version;
    return { text: `${name} ${version} on Ruby ${ruby} (${install.kind})`, value: true };
  } catch (error) {
    throw toScanError(error, 'ENGINE_MISSING', `The engine does not start: ${printed}`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function readAccess({ access, context, token }: Deps): Promise<{ text: string; value: Connection }> {
  const connection = await connect({ access, context, token, retry: { attempts: 0, initialMs: 0, maxMs: 0 } });
  const { alias, server } = connection.cluster;
  const warning = connection.insecure ? '; its certificate is not checked' : '';
  return { text: `context ${alias}, server ${server.origin}${warning}`, value: connection };
}

async function checkServer({ cluster }: Connection): Promise<{ text: string; value: string }> {
  const { text, minor } = await serverVersion(cluster);
  const debug =
    minor >= 25 ? 'debug containers are there' : 'no debug containers before 1.25: only containers with a shell';
  return { text: `Kubernetes ${text}; ${debug}`, value: text };
}

/** Asked for any pod: a right that is held for some names only is checked when the targets are known. */
async function checkPermissions(
  { cluster }: Connection,
  namespace: string,
  access: 'grant' | 'existing',
): Promise<{ text: string; value: true }> {
  const wanted =
    access === 'grant'
      ? operatorPermissions({ namespace, pods: ['any'] })
      : toPermissions(scannerRules(['any']), namespace);
  const unnamed = wanted.map(({ name: _, ...permission }) => permission);
  await requirePermissions(
    cluster,
    [...unnamed, { verb: 'list', group: '', resource: 'pods', namespace }],
    'The identity',
  );
  return { text: `all ${unnamed.length + 1} that a scan with --access ${access} needs`, value: true };
}
