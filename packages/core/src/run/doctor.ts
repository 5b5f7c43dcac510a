// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { type Answer, apiPath, type Connection, parseStatus, serverVersion } from '../cluster/index.ts';
import { makeScratch, tryJail } from '../engine/index.ts';
import { ScanError, toScanError } from '../errors/index.ts';
import {
  anySelector,
  planPermissions,
  requirePermissions,
  scannerRules,
  scanPermissions,
  toPermissions,
} from '../grant/index.ts';
import type { Selector } from '../plan/index.ts';
import { jailText } from '../report/index.ts';
import type { JailStrength } from '../request/index.ts';
import { connectOperator } from './operator-connection.ts';
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
  /** The targets of the scan; none stands for any. */
  selectors: Selector[];
  accountNamespace: string | undefined;
  /** Less of a jail for profile code is a failed check. */
  requireJail: JailStrength;
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
  const engine = await attempt('Engine', () => checkEngine(deps));
  if (engine !== undefined) await attempt('Jail for profile code', () => checkJail(request, deps));
  const connection = await attempt('Kubeconfig', () => readAccess(deps));
  if (connection === undefined) return checks;
  const version = await attempt('API server', () => checkServer(connection));
  if (version === undefined) return checks;
  const namespaces = request.namespaces.length > 0 ? request.namespaces : [connection.namespace];
  for (const namespace of namespaces) {
    const exists = await attempt(`Namespace ${namespace}`, () => checkNamespace(connection, namespace));
    if (exists !== undefined)
      await attempt(`Permissions in namespace ${namespace}`, () => checkPermissions(connection, namespace, request));
  }
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

async function checkEngine({ engines, engine: { offline = false } }: Deps): Promise<{ text: string; value: true }> {
  let printed = '';
  const onOutput = (text: string) => {
    printed = (printed + text).slice(-2000);
  };
  await using lease = await engines.lease({ offline, onOutput });
  try {
    const { name, version, ruby } = await lease.engine.version;
    return { text: `${name} ${version} on Ruby ${ruby} (${lease.install.kind})`, value: true };
  } catch (error) {
    throw toScanError(error, 'ENGINE_MISSING', `The engine does not start: ${printed}`);
  }
}

/** In the very process in which a scan would run a profile; without one. */
async function checkJail({ requireJail }: DoctorRequest, deps: Deps): Promise<{ text: string; value: true }> {
  const {
    engines,
    temporary,
    engine: { offline = false },
  } = deps;
  await using lease = await engines.lease({ offline, requireJail, onOutput: () => undefined });
  const scratch = await makeScratch(temporary);
  try {
    await tryJail(lease.engine, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const { jail } = lease.engine;
  if (jail === undefined) throw new ScanError('ENGINE_CRASHED', 'The engine did not say what it runs profiles in');
  const why = jail.reasons.length === 0 ? '' : `; ${jail.reasons.join('; ')}`;
  return { text: `${jailText(jail)}, by ${jail.means.join(', ') || 'nothing'}${why}`, value: true };
}

async function readAccess(deps: Deps): Promise<{ text: string; value: Connection }> {
  const connection = await connectOperator(deps, { retry: { attempts: 0, initialMs: 0, maxMs: 0 } });
  const { alias, server } = connection.cluster;
  const warning = connection.insecure ? '; its certificate is not checked' : '';
  return { text: `context ${alias}, server ${server.origin}${warning}`, value: connection };
}

async function checkServer({ cluster }: Connection): Promise<{ text: string; value: string }> {
  const { text, minor } = await serverVersion(cluster);
  const debug =
    minor >= 25 ? 'debug containers are supported' : 'no debug containers before 1.25: only containers with a shell';
  return { text: `Kubernetes ${text}; ${debug}`, value: text };
}

/** Something between us and the server may answer 404 too, which says nothing of the namespace. */
function isNoNamespace({ status, text }: Answer): boolean {
  const told = parseStatus(text);
  return status === 404 && told?.reason === 'NotFound' && told.details?.kind === 'namespaces';
}

/** Kubernetes answers questions about a namespace that does not exist as if it did, only emptily. */
async function checkNamespace({ cluster }: Connection, namespace: string): Promise<{ text: string; value: true }> {
  const path = apiPath('api/v1', 'namespaces', namespace);
  const answer = await cluster.send({ method: 'GET', path });
  if (isNoNamespace(answer))
    throw new ScanError('TARGET_NOT_FOUND', `There is no namespace "${namespace}"`, {
      remedy: 'List what is there: kubectl get namespaces',
    });
  const text = answer.status === 200 ? 'exists' : 'this identity may not see whether it exists';
  return { text, value: true };
}

/** Asked for any pod: a right that is held for some names only is checked when the targets are known. */
async function checkPermissions(
  { cluster }: Connection,
  namespace: string,
  { access, selectors, accountNamespace }: DoctorRequest,
): Promise<{ text: string; value: true }> {
  const named = selectors.length > 0 ? selectors : anySelector;
  const existing = toPermissions(scannerRules(['any']), namespace).map(({ name: _, ...permission }) => permission);
  const all =
    access === 'grant'
      ? scanPermissions({ namespace, accountNamespace }, named)
      : [...existing, ...planPermissions(namespace, named)];
  await requirePermissions(cluster, all, 'The identity');
  const what = selectors.length > 0 ? 'this scan' : 'a scan of any kind of workload';
  return { text: `all ${all.length} that ${what} with --access ${access} needs`, value: true };
}
