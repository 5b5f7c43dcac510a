// SPDX-License-Identifier: Apache-2.0
// Whether a cluster can be scanned by the credential that is there for it; nothing is made or changed.
import { type Answer, apiPath, type Connection, serverVersion } from '../cluster/index.ts';
import { isScanError, type ScanError, toScanError } from '../errors/index.ts';
import { lackOf, operatorRights } from '../grant/index.ts';
import { listNamespaces } from './list-namespaces.ts';
import { type ClusterDeps, openCluster } from './open-cluster.ts';

export const clusterChecks = ['credential', 'server', 'version', 'clock', 'rights'] as const;

/** noticed: it works, and should not be so; unchecked: something kept us from looking, which says nothing of what is there. */
export type ClusterFinding = { check: (typeof clusterChecks)[number]; namespace: string | undefined } & (
  | { state: 'fine'; said: string }
  | { state: 'noticed' | 'broken'; said: string; remedy: string }
  | { state: 'unchecked'; said: string; remedy: string }
);

export interface ClusterCheckRequest {
  /** Where scans are wanted; undefined: anywhere. */
  namespaces: string[] | undefined;
}

const noPatience = { attempts: 1, initialMs: 200, maxMs: 1000 };

export async function checkCluster(request: ClusterCheckRequest, deps: ClusterDeps): Promise<ClusterFinding[]> {
  const findings: ClusterFinding[] = [];
  try {
    using opened = await openCluster(deps, { retry: noPatience });
    const { connection } = opened;
    const { alias, server } = connection.cluster;
    const isReached = await checkServer(connection, findings);
    if (!isReached) return [...findings, ...unlooked('the server does not answer')];
    const insecure = connection.insecure ? '; its certificate is not checked' : '';
    const said = `context ${alias}, server ${server.origin}${insecure}`;
    const isKnown = await checkRights(connection, request, findings);
    if (isKnown) findings.unshift(fine('credential', said));
    return findings;
  } catch (error) {
    const reason = toScanError(error, 'KUBECONFIG_INVALID', 'The credential cannot be used');
    return [
      broken('credential', reason),
      ...unlooked('the credential cannot be used', ['server', 'version', 'clock', 'rights']),
    ];
  }
}

type CheckName = ClusterFinding['check'];

const fine = (check: CheckName, said: string, namespace?: string): ClusterFinding => ({
  check,
  namespace,
  state: 'fine',
  said,
});

const broken = (check: CheckName, { message, remedy }: ScanError, namespace?: string): ClusterFinding => ({
  check,
  namespace,
  state: 'broken',
  said: message,
  remedy,
});

const unlooked = (why: string, checks: CheckName[] = ['credential', 'version', 'clock', 'rights']): ClusterFinding[] =>
  checks.map(check => ({
    check,
    namespace: undefined,
    state: 'unchecked',
    said: `Not looked at: ${why}`,
    remedy: 'See to that first, and check again.',
  }));

/** Whether it answers; what else follows from its first answer. */
async function checkServer({ cluster }: Connection, findings: ClusterFinding[]): Promise<boolean> {
  let answer: Answer;
  try {
    answer = await cluster.send({ method: 'GET', path: apiPath('version') });
  } catch (error) {
    if (!isScanError(error)) throw error;
    findings.push(broken('server', error));
    return false;
  }
  findings.push(fine('server', `${cluster.server.origin} answers`));
  try {
    const { text, minor } = await serverVersion(cluster);
    const debug = minor >= 25 ? '' : '; no debug containers before 1.25: only containers with a shell';
    findings.push(fine('version', `Kubernetes ${text}${debug}`));
  } catch (error) {
    findings.push(broken('version', toScanError(error, 'CLUSTER_REFUSED', 'version of the API server')));
  }
  findings.push(checkClock(answer, new Date()));
  return true;
}

const mostSeconds = 30;

/** Tokens of a scan are good from and until moments that the server names. */
function checkClock({ headers }: Answer, now: Date): ClusterFinding {
  const there = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(there))
    return {
      check: 'clock',
      namespace: undefined,
      state: 'unchecked',
      said: 'The answer of the server has no date',
      remedy: 'See whether a proxy takes the header Date away.',
    };
  const seconds = Math.round((there - now.getTime()) / 1000);
  const said = `the clock of the server is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(seconds) <= mostSeconds) return fine('clock', said);
  return {
    check: 'clock',
    namespace: undefined,
    state: 'broken',
    said,
    remedy: 'Set both clocks by the same time service: tokens of scans end too early, or are refused.',
  };
}

const mostNamespaces = 50;
const mostNamed = 20;

/** Whether the server knows who asks. */
async function checkRights(
  connection: Connection,
  { namespaces }: ClusterCheckRequest,
  findings: ClusterFinding[],
): Promise<boolean> {
  const { cluster } = connection;
  try {
    const all = namespaces ?? (await listNamespaces(cluster));
    for (const namespace of all.slice(0, mostNamespaces)) findings.push(...(await rightsIn(connection, namespace)));
    if (all.length > mostNamespaces)
      findings.push(...unlooked(`${all.length - mostNamespaces} more namespaces`, ['rights']));
    return true;
  } catch (error) {
    const reason = toScanError(error, 'CLUSTER_REFUSED', 'rights of the identity');
    const isUnknown = reason.code === 'CLUSTER_UNAUTHORIZED';
    findings.push(broken(isUnknown ? 'credential' : 'rights', reason));
    if (isUnknown) findings.push(...unlooked('the server does not know who asks', ['rights']));
    return !isUnknown;
  }
}

/** Exactly what scans need: what is missing, and what is more. */
async function rightsIn({ cluster }: Connection, namespace: string): Promise<ClusterFinding[]> {
  const { missing, beyond, incomplete } = await operatorRights(cluster, namespace);
  const found: ClusterFinding[] = [];
  if (missing.length > 0)
    found.push(broken('rights', lackOf(missing, `In namespace ${namespace} the identity`), namespace));
  if (beyond.length > 0) {
    const rest = beyond.length > mostNamed ? `; and ${beyond.length - mostNamed} more` : '';
    found.push({
      check: 'rights',
      namespace,
      state: 'noticed',
      said: `It may do more than scans need: ${beyond.slice(0, mostNamed).join('; ')}${rest}`,
      remedy: 'Give it no more than the Role that `cinc-scan access operator-role` prints.',
    });
  }
  if (found.length > 0) return found;
  const doubt = incomplete ? '; the server cannot list all that it may besides' : ', and no more';
  return [fine('rights', `all that scans need${doubt}`, namespace)];
}
