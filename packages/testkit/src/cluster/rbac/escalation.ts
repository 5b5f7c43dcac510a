// SPDX-License-Identifier: Apache-2.0
import type { PolicyRule } from '../objects/objects.ts';
import type { Store } from '../objects/store.ts';
import { authorize, grantsOf, masters, type User } from './rbac.ts';

/** One verb on one resource (and name), or one verb on one path. */
interface Single {
  verb: string;
  group?: string;
  resource?: string;
  name?: string;
  url?: string;
}

export interface Target {
  resource: 'roles' | 'clusterroles';
  name: string;
  namespace: string;
  verb: 'escalate' | 'bind';
}

/** The sentence that refuses a role or binding whose rules the user does not hold, or nothing if it may be made. */
export function escalation(
  store: Store,
  user: User,
  wanted: { rules: PolicyRule[]; target: Target },
): string | undefined {
  if (user.groups.includes(masters) || mayAnyway(store, user, wanted.target)) return undefined;
  const held = grantsOf(store, user, wanted.target.namespace);
  const missing = wanted.rules
    .flatMap(breakDown)
    .filter(single => !held.rules.some(({ rule }) => covers(rule, single)));
  if (missing.length === 0) return undefined;
  const groups = user.groups.map(group => JSON.stringify(group)).join(' ');
  const lines = compact(missing).map(describe).toSorted();
  const errors = held.errors.length === 0 ? '' : `; resolution errors: [${held.errors.join(', ')}]`;
  return `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${errors}`;
}

function mayAnyway(store: Store, user: User, target: Target): boolean {
  const { verb, resource, name, namespace } = target;
  const group = 'rbac.authorization.k8s.io';
  return authorize(store, user, { kind: 'resource', verb, group, resource, subresource: '', name, namespace }).allowed;
}

function breakDown(rule: PolicyRule): Single[] {
  const paths = (rule.nonResourceURLs ?? []).flatMap(url => rule.verbs.map(verb => ({ verb, url })));
  const names: (string | undefined)[] = rule.resourceNames?.length ? rule.resourceNames : [undefined];
  const resources = (rule.apiGroups ?? []).flatMap(group =>
    (rule.resources ?? []).flatMap(resource =>
      rule.verbs.flatMap(verb =>
        names.map(name => ({ verb, group, resource, ...(name === undefined ? {} : { name }) })),
      ),
    ),
  );
  return [...resources, ...paths];
}

function covers(rule: PolicyRule, single: Single): boolean {
  if (!rule.verbs.includes('*') && !rule.verbs.includes(single.verb)) return false;
  if (single.url !== undefined) return coversPath(rule, single.url);
  return (
    coversOne(rule.apiGroups, single.group ?? '') &&
    coversResource(rule.resources ?? [], single.resource ?? '') &&
    coversName(rule.resourceNames ?? [], single.name)
  );
}

function coversOne(held: string[] | undefined, wanted: string): boolean {
  return held !== undefined && (held.includes('*') || held.includes(wanted));
}

function coversResource(held: string[], wanted: string): boolean {
  const slash = wanted.indexOf('/');
  return held.includes('*') || held.includes(wanted) || (slash > 0 && held.includes(`*${wanted.slice(slash)}`));
}

function coversName(held: string[], wanted: string | undefined): boolean {
  return held.length === 0 || (wanted !== undefined && held.includes(wanted));
}

function coversPath(rule: PolicyRule, wanted: string): boolean {
  return (rule.nonResourceURLs ?? []).some(
    one => one === '*' || one === wanted || (one.endsWith('*') && wanted.startsWith(one.slice(0, -1))),
  );
}

function compact(singles: Single[]): (Single & { verbs: string[] })[] {
  const merged = new Map<string, Single & { verbs: string[] }>();
  for (const single of singles) {
    const key = JSON.stringify([single.group, single.resource, single.name, single.url]);
    const found = merged.get(key) ?? { ...single, verbs: [] };
    if (!found.verbs.includes(single.verb)) found.verbs.push(single.verb);
    merged.set(key, found);
  }
  return [...merged.values()];
}

function describe(single: Single & { verbs: string[] }): string {
  const field = (label: string, values: string[]): string =>
    `${label}:[${values.map(value => JSON.stringify(value)).join(' ')}]`;
  const parts = [
    ...(single.group === undefined ? [] : [field('APIGroups', [single.group])]),
    ...(single.resource === undefined ? [] : [field('Resources', [single.resource])]),
    ...(single.name === undefined ? [] : [field('ResourceNames', [single.name])]),
    ...(single.url === undefined ? [] : [field('NonResourceURLs', [single.url])]),
    field('Verbs', single.verbs),
  ];
  return `{${parts.join(', ')}}`;
}
