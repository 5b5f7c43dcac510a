// SPDX-License-Identifier: Apache-2.0

import type { PathRequest, ResourceRequest } from '../api/request-info.ts';
import {
  type BindingObject,
  type PolicyRule,
  parseBinding,
  parseRole,
  type RoleRef,
  type Subject,
} from '../objects/objects.ts';
import type { Store } from '../objects/store.ts';

export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export type Question =
  | Pick<ResourceRequest, 'kind' | 'verb' | 'group' | 'namespace' | 'resource' | 'subresource' | 'name'>
  | PathRequest;

export interface Decision {
  allowed: boolean;
  reason: string;
}

interface Granted {
  rule: PolicyRule;
  /** Why the rule applies, as the authorizer words it. */
  because: string;
}

export interface Grants {
  rules: Granted[];
  /** Roles that bindings name and nobody made. */
  errors: string[];
}

export const masters = 'system:masters';

export function authorize(store: Store, user: User, question: Question): Decision {
  if (user.groups.includes(masters)) return { allowed: true, reason: '' };
  const namespace = question.kind === 'resource' ? question.namespace : '';
  const { rules, errors } = grantsOf(store, user, namespace);
  const hit = rules.find(granted => allows(granted.rule, question));
  if (hit !== undefined) return { allowed: true, reason: `RBAC: allowed by ${hit.because}` };
  return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${listed(errors)}` };
}

function listed(errors: string[]): string {
  return errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`;
}

/** Every rule that applies to the user in a namespace, or in none. */
export function grantsOf(store: Store, user: User, namespace: string): Grants {
  const grants: Grants = { rules: [], errors: [] };
  const bindings = [
    ...store.list('ClusterRoleBinding'),
    ...(namespace === '' ? [] : store.list('RoleBinding', namespace)),
  ].map(parseBinding);
  for (const binding of bindings) {
    const subject = (binding.subjects ?? []).find(one => appliesTo(one, user, binding.metadata.namespace ?? ''));
    if (subject !== undefined) addRules(store, binding, { subject, grants });
  }
  return grants;
}

function addRules(store: Store, binding: BindingObject, found: { subject: Subject; grants: Grants }): void {
  const namespace = binding.metadata.namespace ?? '';
  const rules = rulesOf(store, binding.roleRef, namespace);
  if (rules === undefined) {
    const { kind, name } = binding.roleRef;
    found.grants.errors.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`);
    return;
  }
  const because = describe(binding, found.subject);
  found.grants.rules.push(...rules.map(rule => ({ rule, because })));
}

export function rulesOf(store: Store, ref: RoleRef, namespace: string): PolicyRule[] | undefined {
  const role = ref.kind === 'Role' ? store.find('Role', namespace, ref.name) : store.find('ClusterRole', '', ref.name);
  return role === undefined ? undefined : (parseRole(role).rules ?? []);
}

function appliesTo(subject: Subject, user: User, namespace: string): boolean {
  switch (subject.kind) {
    case 'User':
      return user.name === subject.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${subject.namespace || namespace}:${subject.name}`;
    default:
      return false;
  }
}

function describe(binding: BindingObject, subject: Subject): string {
  const { name, namespace = '' } = binding.metadata;
  const own = namespace === '' ? name : `${name}/${namespace}`;
  const of = `${binding.kind} "${own}" of ${binding.roleRef.kind} "${binding.roleRef.name}"`;
  const whose = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `${of} to ${subject.kind} "${whose}"`;
}

export function allows(rule: PolicyRule, question: Question): boolean {
  if (!hasVerb(rule, question.verb)) return false;
  if (question.kind === 'path') return (rule.nonResourceURLs ?? []).some(url => pathMatches(url, question.path));
  return (
    includesOrAll(rule.apiGroups, question.group) &&
    hasResource(rule, question.resource, question.subresource) &&
    hasName(rule, question.name)
  );
}

function hasVerb(rule: PolicyRule, verb: string): boolean {
  return includesOrAll(rule.verbs, verb);
}

function includesOrAll(values: string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

function hasResource(rule: PolicyRule, resource: string, subresource: string): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return (rule.resources ?? []).some(
    one => one === '*' || one === whole || (subresource !== '' && one === `*/${subresource}`),
  );
}

function hasName(rule: PolicyRule, name: string): boolean {
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(name);
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

/** The sentence of a 403. */
export function refusal(user: User, question: Question, reason: string): string {
  const tail = reason === '' ? '' : `: ${reason}`;
  if (question.kind === 'path') return `User "${user.name}" cannot ${question.verb} path "${question.path}"${tail}`;
  const resource = question.subresource === '' ? question.resource : `${question.resource}/${question.subresource}`;
  const where = question.namespace === '' ? 'at the cluster scope' : `in the namespace "${question.namespace}"`;
  return `User "${user.name}" cannot ${question.verb} resource "${resource}" in API group "${question.group}" ${where}${tail}`;
}
