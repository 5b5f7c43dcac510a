// SPDX-License-Identifier: Apache-2.0
import { at, isObject, type Json, type JsonObject, listAt, numberAt, textAt } from '../objects/json.ts';
import type { Kind } from '../objects/kinds.ts';
import type { KubeObject, Meta } from '../objects/objects.ts';

type Column = { name: string; type?: 'string' | 'integer' | 'date'; wide?: true; cell(object: KubeObject): Json };

/** The table that kubectl prints, made on the server: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export function toTable(kind: Kind, objects: KubeObject[], metadata: JsonObject | Meta): JsonObject {
  const own = special[kind.kind] ?? [];
  const [plain, wide] = [own.filter(column => column.wide !== true), own.filter(column => column.wide === true)];
  const columns = [nameColumn, ...plain, ageColumn(kind), ...wide];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...pages(metadata),
    },
    columnDefinitions: columns.map(({ name, type = 'string', ...column }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: column.wide === true ? 1 : 0,
    })),
    rows: objects.map(object => ({
      cells: columns.map(column => column.cell(object)),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

function pages(metadata: JsonObject | Meta): JsonObject {
  return 'continue' in metadata
    ? { continue: metadata['continue'], remainingItemCount: metadata['remainingItemCount'] }
    : {};
}

const nameColumn: Column = { name: 'Name', cell: object => object.metadata.name };

const dated = new Set(['Role', 'ClusterRole']);

function ageColumn(kind: Kind): Column {
  if (dated.has(kind.kind))
    return { name: 'Created At', type: 'date', cell: object => object.metadata.creationTimestamp ?? '' };
  return { name: 'Age', cell: object => age(object.metadata.creationTimestamp) };
}

function age(since: string | undefined, now = Date.now()): string {
  if (since === undefined) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

const count = (name: string, ...path: string[]): Column => ({
  name,
  type: 'integer',
  cell: object => numberAt(object, ...path) ?? 0,
});

const text = (name: string, ...path: string[]): Column => ({ name, cell: object => textAt(object, ...path) });

const fraction = (name: string, ready: string[], wanted: string[]): Column => ({
  name,
  cell: object => `${numberAt(object, ...ready) ?? 0}/${numberAt(object, ...wanted) ?? 0}`,
});

const entries = (name: string, field: string): Column => ({
  name,
  type: 'integer',
  cell: object => {
    const value = at(object, field);
    return isObject(value) ? Object.keys(value).length : 0;
  },
});

const special: Record<string, Column[]> = {
  Pod: [
    {
      name: 'Ready',
      cell: object => {
        const statuses = listAt(object, 'status', 'containerStatuses');
        return `${statuses.filter(one => at(one, 'ready') === true).length}/${listAt(object, 'spec', 'containers').length}`;
      },
    },
    { name: 'Status', cell: podReason },
    {
      name: 'Restarts',
      cell: object =>
        String(
          listAt(object, 'status', 'containerStatuses').reduce(
            (sum: number, one) => sum + (numberAt(one, 'restartCount') ?? 0),
            0,
          ),
        ),
    },
    { ...text('IP', 'status', 'podIP'), wide: true },
    { ...text('Node', 'spec', 'nodeName'), wide: true },
  ],
  Deployment: [
    fraction('Ready', ['status', 'readyReplicas'], ['spec', 'replicas']),
    count('Up-to-date', 'status', 'updatedReplicas'),
    count('Available', 'status', 'availableReplicas'),
  ],
  ReplicaSet: [
    count('Desired', 'spec', 'replicas'),
    count('Current', 'status', 'replicas'),
    count('Ready', 'status', 'readyReplicas'),
  ],
  StatefulSet: [fraction('Ready', ['status', 'readyReplicas'], ['spec', 'replicas'])],
  DaemonSet: [
    count('Desired', 'status', 'desiredNumberScheduled'),
    count('Current', 'status', 'currentNumberScheduled'),
    count('Ready', 'status', 'numberReady'),
  ],
  Job: [{ name: 'Completions', cell: object => `${numberAt(object, 'status', 'succeeded') ?? 0}/1` }],
  CronJob: [text('Schedule', 'spec', 'schedule'), { name: 'Suspend', cell: () => 'True' }],
  Namespace: [text('Status', 'status', 'phase')],
  Node: [
    { name: 'Status', cell: () => 'Ready' },
    { name: 'Version', cell: object => textAt(object, 'status', 'nodeInfo', 'kubeletVersion') },
  ],
  RoleBinding: [{ name: 'Role', cell: role }],
  ClusterRoleBinding: [{ name: 'Role', cell: role }],
  Secret: [text('Type', 'type'), entries('Data', 'data')],
  ConfigMap: [entries('Data', 'data')],
  ServiceAccount: [{ name: 'Secrets', type: 'integer', cell: object => listAt(object, 'secrets').length }],
};

function role(object: KubeObject): string {
  return `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`;
}

function podReason(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const status of listAt(object, 'status', 'containerStatuses')) {
    const reason = textAt(status, 'state', 'waiting', 'reason') || textAt(status, 'state', 'terminated', 'reason');
    if (reason !== '') return reason;
  }
  return textAt(object, 'status', 'phase');
}
