// SPDX-License-Identifier: Apache-2.0

import type { JsonObject } from '../objects/json.ts';
import { apiVersion, type Kind, releases, servedKinds, type Version } from '../objects/kinds.ts';
import { type Answer, type Call, ok } from './api.ts';
import { openapi } from './openapi.ts';
import { formOf } from './rendering.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Answers to the paths that tell a client what is served; nothing for any other path. */
export function discover(version: Version, call: Call): Answer | undefined {
  const path = call.url.pathname.replace(/\/$/, '');
  if (['/healthz', '/livez', '/readyz'].includes(path)) return { kind: 'text', status: 200, text: 'ok' };
  if (path === '/version') return ok(versionInfo(version));
  const kinds = servedKinds(version);
  if (path.startsWith('/openapi/')) return openapi(kinds, path);
  if (path === '/api' || path === '/apis') return root(version, { call, path, kinds });
  return groupVersion(kinds, path) ?? groupAt(kinds, path);
}

function groupVersion(kinds: Kind[], path: string): Answer | undefined {
  const name = path === '/api/v1' ? '' : /^\/apis\/([^/]+)\/v1$/.exec(path)?.[1];
  const members = kinds.filter(kind => kind.group === name);
  return members.length === 0 ? undefined : ok(resourceList(members));
}

function groupAt(kinds: Kind[], path: string): Answer | undefined {
  const name = /^\/apis\/([^/]+)$/.exec(path)?.[1];
  const found = groupsOf(kinds).find(one => one['name'] === name);
  return found === undefined ? undefined : ok({ kind: 'APIGroup', apiVersion: 'v1', ...found });
}

function versionInfo(version: Version): JsonObject {
  const minor = version.slice(2);
  const modern = {
    emulationMajor: '1',
    emulationMinor: minor,
    minCompatibilityMajor: '1',
    minCompatibilityMinor: '35',
  };
  return {
    major: '1',
    minor,
    ...(version === '1.36' ? modern : {}),
    gitVersion: releases[version],
    gitCommit: 'embedded',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  };
}

function root(version: Version, asked: { call: Call; path: string; kinds: Kind[] }): Answer {
  const wish = asked.call.headers.accept ?? '';
  const core = asked.path === '/api';
  const kinds = asked.kinds.filter(kind => (kind.group === '') === core);
  // Aggregated discovery became stable with Kubernetes 1.30.
  if (version === '1.36' && wish.includes('as=APIGroupDiscoveryList')) {
    return { kind: 'json', status: 200, body: aggregate(kinds), contentType: aggregated };
  }
  formOf(asked.call.headers.accept?.replaceAll(';as=APIGroupDiscoveryList', ''));
  if (!core) return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(kinds) });
  const serverAddress = asked.call.headers.host ?? '';
  return ok({
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  });
}

function groupNames(kinds: Kind[]): string[] {
  return [...new Set(kinds.map(kind => kind.group))].filter(group => group !== '');
}

function groupsOf(kinds: Kind[]): JsonObject[] {
  return groupNames(kinds).map(name => {
    const version = { groupVersion: `${name}/v1`, version: 'v1' };
    return { name, versions: [version], preferredVersion: version };
  });
}

function resourceList(kinds: Kind[]): JsonObject {
  const [first] = kinds;
  const grouped = first === undefined || first.group === '' ? {} : { apiVersion: 'v1' };
  return {
    kind: 'APIResourceList',
    ...grouped,
    groupVersion: first === undefined ? '' : apiVersion(first),
    resources: kinds.flatMap(kind => [resource(kind), ...subresources(kind)]),
  };
}

function resource(kind: Kind): JsonObject {
  return {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...names(kind),
  };
}

function names(kind: Kind): JsonObject {
  return {
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
  };
}

function subresources(kind: Kind): JsonObject[] {
  return kind.subresources.map(({ name, group, version, kind: of, verbs }) => ({
    name: `${kind.resource}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(group === undefined ? {} : { group, version }),
    kind: of,
    verbs,
  }));
}

function aggregate(kinds: Kind[]): JsonObject {
  const groups = [...new Set(kinds.map(kind => kind.group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(group => ({
      metadata: group === '' ? {} : { name: group },
      versions: [
        {
          version: 'v1',
          resources: kinds.filter(kind => kind.group === group).map(aggregatedResource),
          freshness: 'Current',
        },
      ],
    })),
  };
}

function aggregatedResource(kind: Kind): JsonObject {
  const below = kind.subresources.map(({ name, group = '', version = '', kind: of, verbs }) => ({
    subresource: name,
    responseKind: { group, version, kind: of },
    verbs,
  }));
  return {
    resource: kind.resource,
    responseKind: { group: '', version: '', kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...names(kind),
    ...(below.length === 0 ? {} : { subresources: below }),
  };
}
