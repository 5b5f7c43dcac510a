// SPDX-License-Identifier: Apache-2.0
// Each request that a scan sends meets each answer that a server, or something in front of it, may give: once, or from then
// on. test/truth/faults.test.ts says which outcome each of the common ones has; this one holds the law against all of them.
import { createPod, type FaultAction } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { cincScan, root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { expectTruthOrError, scanWithFault } from './fault-run.ts';
import { sampleOf } from './sample.ts';

const statusOf = (code: number, reason: string, headers: Record<string, string> = {}): FaultAction => ({
  kind: 'status',
  code,
  headers,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `planted ${reason}`, reason, code },
});
const plain = (code: number, body: string, headers: Record<string, string> = {}): FaultAction => ({
  kind: 'status',
  code,
  headers,
  body,
});
const elsewhere = { Location: 'https://127.0.0.1:1/' };

const faults: Record<string, FaultAction> = {
  'a 400': statusOf(400, 'BadRequest'),
  'a 401': statusOf(401, 'Unauthorized'),
  'a 403': statusOf(403, 'Forbidden'),
  'a 403 without a word': plain(403, ''),
  'a 404': statusOf(404, 'NotFound'),
  'a 404 of a proxy': plain(404, '404 page not found'),
  'a 409': statusOf(409, 'AlreadyExists'),
  'a 410': statusOf(410, 'Gone'),
  'a 418': plain(418, 'tea'),
  'a 422': statusOf(422, 'Invalid'),
  'a 429': statusOf(429, 'TooManyRequests', { 'Retry-After': '1' }),
  'a 429 that asks for less than no time': statusOf(429, 'TooManyRequests', { 'Retry-After': '-5' }),
  'a 500': statusOf(500, 'InternalError'),
  'a 502 in HTML': plain(502, '<html>bad gateway</html>'),
  'a 503': statusOf(503, 'ServiceUnavailable'),
  'a 504': statusOf(504, 'Timeout'),
  'a redirect': plain(302, '', elsewhere),
  'a redirect that keeps the method': plain(307, '', elsewhere),
  'a success with garbage': plain(200, 'garbage {'),
  'a success with nothing': plain(200, ''),
  'a success with an empty object': plain(200, '{}'),
  'a success with null': plain(200, 'null'),
  'a success with an empty list': plain(200, '{"kind":"List","items":[],"metadata":{}}'),
  'a 201 with an empty object': plain(201, '{}'),
  'a 202': plain(202, '{}'),
  'a 204': plain(204, ''),
  'a reset connection': { kind: 'reset' },
  'no byte of an answer': { kind: 'cut', afterBytes: 0 },
  'a cut after 40 bytes': { kind: 'cut', afterBytes: 40 },
  'a cut after 200 bytes': { kind: 'cut', afterBytes: 200 },
  'a cut after 600 bytes': { kind: 'cut', afterBytes: 600 },
  'a slow answer': { kind: 'delay', ms: 1500 },
  'no answer to what was not done': { kind: 'hold', served: false },
  'no answer to what was done': { kind: 'hold', served: true },
};
/** From then on they would only make the run slow: each request has half a minute. */
const onlyOnce = ['a slow answer', 'no answer to what was not done', 'no answer to what was done'];

// In the order in which a scan sends them; a test below compares this with what one sends.
const requests: [method: string, path: string, nth: number][] = [
  ['GET', '/pods/web', 1],
  ['POST', '/serviceaccounts', 1],
  ['POST', '/roles', 1],
  ['POST', '/rolebindings', 1],
  ['POST', '/serviceaccounts/RUN/token', 1],
  ['GET', '/pods/web', 2],
  ['GET', '/pods/web/exec', 1],
  ['GET', '/pods/web', 3],
  ['DELETE', '/rolebindings/RUN', 1],
  ['DELETE', '/roles/RUN', 1],
  ['DELETE', '/serviceaccounts/RUN', 1],
  ['GET', '/serviceaccounts/RUN', 1],
  ['GET', '/roles/RUN', 1],
  ['GET', '/rolebindings/RUN', 1],
  ['GET', '/pods/web', 4],
];
const lengths = { once: 1, 'from then on': Number.POSITIVE_INFINITY };

const { cases, title } = sampleOf(
  requests.flatMap(([method, path, nth]) =>
    Object.entries(faults).flatMap(([fault, action]) =>
      Object.entries(lengths)
        .filter(([length]) => length === 'once' || !onlyOnce.includes(fault))
        .map(([length, times]) => ({ method, path, nth, fault, action, length, times })),
    ),
  ),
);

const cluster = await openTestCluster();
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

embeddedTest('a scan sends the requests that are attacked here, and no others about its namespace', async () => {
  cluster.embedded?.requests.clear();
  const profile = `${root}test/fixtures/profiles/tiny`;
  expect(await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profile])).toMatchObject({ code: 0 });
  const sent = [...(cluster.embedded?.requests ?? [])].flatMap(({ method, path }) => {
    const [, rest] = path.split(`/namespaces/${namespace}`);
    return rest === undefined ? [] : [`${method} ${rest.replace(/cinc-scan-[^/]+/, 'RUN')}`];
  });
  expect(new Set(sent)).toEqual(new Set(requests.map(([method, path]) => `${method} ${path}`)));
});

describe(`a request that meets a fault (${title})`, () => {
  for (const { method, path, nth, fault, action, length, times } of cases)
    embeddedTest(`${method} ${path} (${nth}): ${fault}, ${length}`, async () => {
      const pattern = `/namespaces/${namespace}${path.replace('RUN', 'cinc-scan-[^/]+')}(\\?|$)`;
      const match = { method, path: new RegExp(pattern), nth };
      expectTruthOrError(await scanWithFault(cluster, namespace, { match, action, times }));
    });
});
