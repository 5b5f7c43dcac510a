// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { at, isObject, type JsonObject, listAt, objectAt, textAt } from '../objects/json.ts';
import { kindNamed } from '../objects/kinds.ts';
import { Store } from '../objects/store.ts';
import { recordings } from '../testing/recordings.ts';
import { allows, authorize, type Question, type User } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';

function storeWith(entry: JsonObject): Store {
  const store = new Store({ now: () => new Date(), version: '1.36' });
  const role = objectAt(entry, 'role');
  const binding = objectAt(entry, 'binding');
  const namespace = textAt(binding, 'namespace');
  const cluster = textAt(role, 'kind') === 'ClusterRole';
  const place = (own: boolean) => (own && namespace !== '' ? { namespace } : {});
  const meta = (own: boolean) => ({ name: 'r', uid: '', ...place(own) });
  store.create(kindNamed(cluster ? 'ClusterRole' : 'Role'), {
    kind: textAt(role, 'kind'),
    apiVersion: `${group}/v1`,
    metadata: meta(!cluster),
    rules: listAt(role, 'rules'),
  });
  const whole = textAt(binding, 'kind') === 'ClusterRoleBinding';
  store.create(kindNamed(whole ? 'ClusterRoleBinding' : 'RoleBinding'), {
    kind: textAt(binding, 'kind'),
    apiVersion: `${group}/v1`,
    metadata: meta(!whole),
    roleRef: { apiGroup: group, kind: textAt(role, 'kind'), name: 'r' },
    subjects: [objectAt(binding, 'subject')],
  });
  return store;
}

function toQuestion(asked: JsonObject): Question {
  return {
    kind: 'resource',
    verb: textAt(asked, 'verb'),
    group: textAt(asked, 'group'),
    namespace: textAt(asked, 'namespace'),
    resource: textAt(asked, 'resource'),
    subresource: textAt(asked, 'subresource'),
    name: textAt(asked, 'name'),
  };
}

function toUser(entry: JsonObject): User {
  const groups = listAt(entry, 'who', 'groups').filter(one => typeof one === 'string');
  return { name: textAt(entry, 'who', 'user'), groups: [...groups, 'system:authenticated'] };
}

describe('the authorizer', () => {
  test('decides every recorded question as Kubernetes did', async () => {
    const entries = await recordings('rbac');
    let asked = 0;
    let allowed = 0;
    const wrong: JsonObject[] = [];
    for (const entry of entries) {
      const store = storeWith(entry);
      for (const ask of listAt(entry, 'asks')) {
        const [attributes, expected] = Array.isArray(ask) ? ask : [];
        if (!isObject(attributes)) throw new TypeError('A recorded question has no attributes');
        const decision = authorize(store, toUser(entry), toQuestion(attributes));
        asked += 1;
        if (decision.allowed) allowed += 1;
        if (decision.allowed !== expected) wrong.push({ role: at(entry, 'role'), attributes, expected });
      }
    }
    expect(wrong).toEqual([]);
    expect({ asked, allowed }).toEqual({ asked: 1280, allowed: 871 });
  });

  // The recorded table has no rule with names or paths; what follows was seen in the recorded identity requests.
  const named = {
    apiGroups: [''],
    resources: ['pods', 'pods/exec'],
    verbs: ['get', 'list', 'create'],
    resourceNames: ['bb'],
  };
  const about = (verb: string, name: string, subresource = ''): Question => ({
    kind: 'resource',
    verb,
    group: '',
    namespace: 'shop',
    resource: 'pods',
    subresource,
    name,
  });

  test.each([
    ['get of the name', about('get', 'bb'), true],
    ['get of another name', about('get', 'dl'), false],
    ['exec into the name', about('create', 'bb', 'exec'), true],
    ['exec into another name', about('create', 'dl', 'exec'), false],
    ['create of an object, which has no name yet', about('create', ''), false],
    ['list of everything', about('list', ''), false],
    ['list with the name in the field selector', about('list', 'bb'), true],
    ['another subresource', about('get', 'bb', 'log'), false],
  ])('a rule with names decides the %s', (_title, question, expected) => {
    expect(allows(named, question)).toBe(expected);
  });

  test.each([
    ['/version', '/version', true],
    ['/api/*', '/api/v1', true],
    ['/api/*', '/apis', false],
    ['*', '/anything', true],
  ])('a rule for the path %s decides %s', (pattern, path, expected) => {
    expect(allows({ verbs: ['get'], nonResourceURLs: [pattern] }, { kind: 'path', verb: 'get', path })).toBe(expected);
  });
});
