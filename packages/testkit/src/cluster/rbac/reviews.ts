// SPDX-License-Identifier: Apache-2.0
import { type Answer, type Context, ok, type ResourceCall } from '../api/api.ts';
import { decodeBody } from '../api/decoding.ts';
import { isObject, type JsonObject, listAt, objectAt, textAt } from '../objects/json.ts';
import { apiVersion } from '../objects/kinds.ts';
import { timestamp } from '../objects/objects.ts';
import { badRequest, invalid, invalidValue, required } from '../objects/status.ts';
import { authorize, grantsOf, type Question, type User } from './rbac.ts';

export function review(context: Context, call: ResourceCall): Answer {
  const { object } = decodeBody(call, call.kind);
  const spec = objectAt(object, 'spec');
  const { kind } = call.kind;
  if (kind === 'SelfSubjectReview') {
    const metadata = { creationTimestamp: timestamp(context.store.now()) };
    return answer(call, metadata, { status: { userInfo: userInfo(call.user) } });
  }
  if (kind === 'SelfSubjectRulesReview') {
    return answer(call, {}, { spec: {}, status: rulesStatus(context, call.user, textAt(spec, 'namespace')) });
  }
  const user = kind === 'SelfSubjectAccessReview' ? call.user : subject(spec);
  return answer(call, {}, { spec: shown(spec), status: access(context, user, spec) });
}

function answer(call: ResourceCall, metadata: JsonObject, rest: JsonObject): Answer {
  return ok({ kind: call.kind.kind, apiVersion: apiVersion(call.kind), metadata, ...rest }, 201);
}

function userInfo(user: User): JsonObject {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  };
}

function subject(spec: JsonObject): User {
  const name = textAt(spec, 'user');
  const groups = listAt(spec, 'groups').filter(group => typeof group === 'string');
  if (name === '' && groups.length === 0) {
    throw invalid({ group: 'authorization.k8s.io', resource: '', kind: '' }, '', [
      required('spec.user', 'at least one of user or group must be specified'),
    ]);
  }
  return { name, groups };
}

/** Empty fields are left out of what is sent back. */
function shown(spec: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(spec)) out[key] = isObject(value) ? withoutEmpty(value) : value;
  return out;
}

function withoutEmpty(value: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, one] of Object.entries(value)) if (one !== '') out[key] = one;
  return out;
}

function access(context: Context, user: User, spec: JsonObject): JsonObject {
  const decision = authorize(context.store, user, question(spec));
  const { allowed, reason } = decision;
  if (allowed || reason === '') return { allowed, ...(reason === '' ? {} : { reason }) };
  return { allowed, reason, evaluationError: reason.replace(/^RBAC: /, '') };
}

function question(spec: JsonObject): Question {
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if (isObject(resource) === isObject(path)) {
    throw invalid({ group: 'authorization.k8s.io', resource: '', kind: '' }, '', [
      invalidValue(
        'spec.resourceAttributes',
        'null',
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ]);
  }
  if (isObject(path)) return { kind: 'path', verb: textAt(path, 'verb'), path: textAt(path, 'path') };
  return {
    kind: 'resource',
    verb: textAt(resource, 'verb'),
    group: textAt(resource, 'group'),
    namespace: textAt(resource, 'namespace'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    name: textAt(resource, 'name'),
  };
}

function rulesStatus(context: Context, user: User, namespace: string): JsonObject {
  if (namespace === '') throw badRequest('no namespace on request');
  const { rules, errors } = grantsOf(context.store, user, namespace);
  const resourceRules = rules.filter(({ rule }) => !rule.nonResourceURLs?.length).map(({ rule }) => rule);
  const nonResourceRules = rules.filter(({ rule }) => rule.nonResourceURLs?.length).map(({ rule }) => rule);
  const incomplete = errors.length > 0;
  return { resourceRules, nonResourceRules, incomplete, ...(incomplete ? { evaluationError: errors.join(', ') } : {}) };
}
