// SPDX-License-Identifier: Apache-2.0
// What a scanner must not be able to do. Every account may ask about its own rights and read what the API offers, and
// some distributions give all of them more of their own groups (projects, builds, security profiles): that is left alone.
import { type HeldRule, type Permission, permissionText } from '../cluster/index.ts';
import type { Rule } from './objects.ts';

const reading = new Set(['get', 'list', 'watch']);
/** In the core group: of these even reading is too much. */
const sensitive =
  /^(\*|\*\/.*|pods(\/.*)?|secrets|configmaps|serviceaccounts(\/.*)?|nodes(\/.*)?|services\/proxy|users|groups|uids)$/;
/** In the core group: these must not be changed. */
const core =
  /^(services|endpoints|persistentvolumes|persistentvolumeclaims|replicationcontrollers|namespaces|limitranges|resourcequotas|events|podtemplates|bindings)(\/.*)?$/;
const powerful =
  /^(\*|apps|batch|rbac\.authorization\.k8s\.io|certificates\.k8s\.io|admissionregistration\.k8s\.io|apiextensions\.k8s\.io|apiregistration\.k8s\.io|networking\.k8s\.io)$/;

/** The rights among the rules that go beyond what was granted, in words. */
export function excessOf(held: HeldRule[], granted: Rule[], namespace: string): string[] {
  const found = held.flatMap(rule =>
    rule.apiGroups.flatMap(group =>
      rule.resources.flatMap(path =>
        rule.verbs.flatMap(verb => excessNames({ verb, group, path, names: rule.resourceNames }, granted)),
      ),
    ),
  );
  return [...new Set(found.map(({ path, ...right }) => rightText({ ...right, ...split(path) }, namespace)))];
}

/** The same of somebody who needs these rules for every name: what matters and is in none of them, in words. */
export function beyondNeed(held: HeldRule[], needed: Rule[], namespace: string): string[] {
  const isNeeded = ({ verb, group, path }: Right) =>
    needed.some(rule => rule.apiGroups.includes(group) && rule.resources.includes(path) && rule.verbs.includes(verb));
  const rights = held.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group => resources.flatMap(path => verbs.map(verb => ({ verb, group, path })))),
  );
  const beyond = rights.filter(right => isDangerous(right) && !isNeeded(right));
  return [...new Set(beyond.map(({ path, ...right }) => rightText({ ...right, ...split(path) }, namespace)))];
}

const rightText = (right: Omit<Permission, 'namespace'>, namespace: string) => permissionText({ ...right, namespace });

function split(path: string): Pick<Permission, 'resource' | 'subresource'> {
  const [resource = path, subresource] = path.split('/');
  return { resource, ...(subresource !== undefined && { subresource }) };
}

interface Right {
  verb: string;
  group: string;
  path: string;
}

function excessNames({ names, ...right }: Right & { names: string[] }, granted: Rule[]): (Right & { name?: string })[] {
  if (!isDangerous(right)) return [];
  const own = granted
    .filter(
      ({ resources, verbs }) => right.group === '' && resources.includes(right.path) && verbs.includes(right.verb),
    )
    .flatMap(({ resourceNames = [] }) => resourceNames);
  if (names.length === 0) return [right];
  return names.filter(name => !own.includes(name)).map(name => ({ ...right, name }));
}

function isDangerous({ verb, group, path }: Right): boolean {
  const changes = !reading.has(verb);
  if (group === '' || group === '*') return sensitive.test(path) || (changes && (core.test(path) || group === '*'));
  return changes && powerful.test(group);
}

/** The same as questions, for authorizers that cannot list their rules. */
export function excessQuestions(namespace: string): Permission[] {
  const name = 'cinc-scan-no-such-name';
  const rbac = 'rbac.authorization.k8s.io';
  const permission = (verb: string, path: string, more: Partial<Permission> = {}): Permission => ({
    verb,
    group: '',
    ...split(path),
    namespace,
    ...more,
  });
  return [
    ...['get', 'create'].flatMap(verb => [
      permission(verb, 'pods/exec', { name }),
      permission(verb, 'pods/attach', { name }),
    ]),
    ...['create', 'delete', 'list'].map(verb => permission(verb, 'pods')),
    permission('get', 'pods', { name }),
    permission('patch', 'pods/ephemeralcontainers', { name }),
    permission('create', 'pods/portforward', { name }),
    ...['get', 'list'].flatMap(verb => [permission(verb, 'secrets'), permission(verb, 'configmaps')]),
    permission('create', 'serviceaccounts/token', { name }),
    permission('create', 'deployments', { group: 'apps' }),
    permission('get', 'nodes/proxy', { name }),
    ...['users', 'groups', 'serviceaccounts'].map(path => permission('impersonate', path, { name })),
    ...['escalate', 'bind'].map(verb => permission(verb, 'clusterroles', { group: rbac, name })),
    permission('create', 'rolebindings', { group: rbac }),
    permission('create', 'clusterrolebindings', { group: rbac }),
  ];
}
