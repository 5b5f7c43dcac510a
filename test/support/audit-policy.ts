// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { ServedRequest } from '@cinc-scan/testkit';
import { load } from 'js-yaml';

interface AuditRule {
  level: 'None' | 'Metadata' | 'Request' | 'RequestResponse';
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: { group?: string; resources?: string[]; resourceNames?: string[] }[];
  namespaces?: string[];
  nonResourceURLs?: string[];
}

export interface AuditPolicy {
  apiVersion: string;
  kind: string;
  omitStages: string[];
  rules: AuditRule[];
}

export const readPolicy = (path: string): AuditPolicy => load(readFileSync(path, 'utf8')) as AuditPolicy;

interface Audited {
  verb: string;
  user: string;
  groups: string[];
  url: string;
  /** Undefined for what is not about a resource. */
  resource: { group: string; path: string; name: string; namespace: string } | undefined;
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** A request in the words of an audit policy. */
export function toAudited({ method, path, user }: ServedRequest): Audited {
  const common = { user, groups: groupsOf(user), url: path };
  const found = /^\/(?:api|apis\/([^/]+))\/v\d\w*\/(?:namespaces\/([^/]+)\/)?([^/]+)(?:\/([^/]+)(?:\/(.+))?)?$/.exec(
    path,
  );
  if (found === null) return { ...common, verb: method.toLowerCase(), resource: undefined };
  const [, group = '', namespace = '', plural = '', name = '', subresource] = found;
  const verb = method === 'GET' ? (name === '' ? 'list' : 'get') : (verbs[method] ?? method);
  return {
    ...common,
    verb,
    resource: { group, path: [plural, subresource].filter(Boolean).join('/'), name, namespace },
  };
}

function groupsOf(user: string): string[] {
  const [, kind, namespace] = user.split(':');
  const account = kind === 'serviceaccount' ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [];
  return [...account, 'system:authenticated'];
}

/** The index of the rule that decides, which is the first that matches; -1 if the policy does not record the request. */
export function decidingRule({ rules }: AuditPolicy, audited: Audited): number {
  return rules.findIndex(rule => isMatch(rule, audited));
}

const includes = (list: string[] | undefined, ...any: string[]) =>
  list === undefined || list.length === 0 || any.some(each => list.includes(each));

function isMatch(rule: AuditRule, audited: Audited): boolean {
  const { verb, user, groups } = audited;
  const isAbout = includes(rule.users, user) && includes(rule.userGroups, ...groups) && includes(rule.verbs, verb);
  return isAbout && (audited.resource === undefined ? isUrl(rule, audited.url) : isResource(rule, audited.resource));
}

function isUrl({ nonResourceURLs, resources, namespaces }: AuditRule, url: string): boolean {
  if (nonResourceURLs === undefined) return resources === undefined && namespaces === undefined;
  return nonResourceURLs.some(each => each === url || (each.endsWith('*') && url.startsWith(each.slice(0, -1))));
}

function isResource(rule: AuditRule, wanted: NonNullable<Audited['resource']>): boolean {
  if (rule.nonResourceURLs !== undefined || !includes(rule.namespaces, wanted.namespace)) return false;
  return (
    rule.resources === undefined ||
    rule.resources.some(
      ({ group = '', resources, resourceNames }) =>
        group === wanted.group && includes(resources, wanted.path) && includes(resourceNames, wanted.name),
    )
  );
}
