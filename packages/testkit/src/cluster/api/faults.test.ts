// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../pods.ts';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { textAt } from '../objects/json.ts';
import { Client } from '../testing/client.ts';
import { busybox, makeNamespace, makePod } from '../testing/shop.ts';

let cluster: EmbeddedCluster;
let client: Client;
const path = '/api/v1/namespaces/shop/pods/bb';
const hi = `${path}/exec?command=sh&command=-c&command=head%20-c%20200000%20%2Fdev%2Fzero&stdout=true&stderr=true`;

beforeAll(async () => {
  cluster = await startCluster({ images: [busybox] });
  client = new Client(cluster);
  await makeNamespace(client, 'shop');
  await makePod(client, 'shop', { name: 'bb' });
  await client.untilPhase('shop', 'bb', 'Running');
});

afterAll(() => cluster.close());

describe('a fault', () => {
  test('answers with a status as often as it was told to', async () => {
    using fault = cluster.faults.add({
      match: { method: 'GET', path: /\/pods\/bb$/ },
      action: { kind: 'status', code: 429, headers: { 'retry-after': '1' } },
      times: 2,
    });
    const replies = [await client.ask({ path }), await client.ask({ path }), await client.ask({ path })];
    expect(replies.map(reply => reply.status)).toEqual([429, 429, 200]);
    expect(replies[0]?.headers['retry-after']).toBe('1');
    expect(textAt(replies[0]?.body, 'kind')).toBe('Status');
    expect(fault.hits).toBe(2);
  });

  test('strikes only the request whose turn it is', async () => {
    using fault = cluster.faults.add({
      match: { path: /\/pods\/bb$/, nth: 2 },
      action: { kind: 'status', code: 503, body: 'busy' },
    });
    const replies = [await client.ask({ path }), await client.ask({ path }), await client.ask({ path })];
    expect(replies.map(reply => reply.status)).toEqual([200, 503, 200]);
    expect(replies[1]?.text).toBe('busy');
    expect(fault.hits).toBe(1);
  });

  test('is gone once it is disposed of', async () => {
    cluster.faults.add({ match: {}, action: { kind: 'status', code: 500 } }).remove();
    expect((await client.ask({ path })).status).toBe(200);
  });

  test('holds an answer back, and carries the request out if it was told to', async () => {
    const asked = { path: '/api/v1/namespaces/shop/configmaps', method: 'POST' };
    for (const served of [false, true]) {
      using fault = cluster.faults.add({ match: { method: 'POST' }, action: { kind: 'hold', served } });
      const name = `held-${served}`;
      const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
      // Answered only by the end of the cluster.
      void client.ask({ ...asked, body: made }).catch(() => undefined);
      await until('the hold', async () => {
        const found = await client.ask({ path: `${asked.path}/${name}` });
        return fault.hits === 1 && found.status === (served ? 200 : 404);
      });
    }
  });

  test('delays an answer', async () => {
    using fault = cluster.faults.add({ match: { path: /bb/ }, action: { kind: 'delay', ms: 80 } });
    const before = performance.now();
    expect((await client.ask({ path })).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(75);
    expect(fault.hits).toBe(1);
  });

  test('resets a connection', async () => {
    using fault = cluster.faults.add({ match: { path: /bb/ }, action: { kind: 'reset' } });
    await expect(client.ask({ path })).rejects.toThrow('ECONNRESET');
    expect(cluster.requests.all().at(-1)?.path).toBe(path);
    expect(fault.hits).toBe(1);
  });

  test('cuts an answer short', async () => {
    using fault = cluster.faults.add({ match: { path: /bb/ }, action: { kind: 'cut', afterBytes: 400 } });
    await expect(client.ask({ path })).rejects.toThrow(/aborted|socket hang up|ECONNRESET/);
    expect(fault.hits).toBe(1);
  });

  test('refuses an exec stream before it is opened', async () => {
    using fault = cluster.faults.add({ match: { path: /exec/ }, action: { kind: 'status', code: 500 }, times: 1 });
    expect((await client.exec({ path: hi })).refused?.status).toBe(500);
    expect((await client.exec({ path: hi })).close).toBe(1000);
    expect(fault.hits).toBe(1);
  });

  test('cuts an exec stream without a close frame, so that its end is never told', async () => {
    using fault = cluster.faults.add({ match: { path: /exec/ }, action: { kind: 'cut', afterBytes: 100_000 } });
    const { close, frames } = await client.exec({ path: hi });
    expect(close).toBe(1006);
    expect(frames.some(frame => frame.channel === 3)).toBe(false);
    expect(frames.reduce((sum, frame) => sum + frame.bytes, 0)).toBeLessThan(100_000);
    expect(fault.hits).toBe(1);
  });

  test('resets an exec stream instead of opening it', async () => {
    using fault = cluster.faults.add({ match: { path: /exec/ }, action: { kind: 'reset' } });
    const { close, error } = await client.exec({ path: hi });
    expect([close, error]).toEqual([1006, expect.stringMatching(/ECONNRESET|hang up/)]);
    expect(fault.hits).toBe(1);
  });
});

describe('the log of requests', () => {
  test('tells who asked for what and was answered how, without any token', async () => {
    cluster.requests.clear();
    await client.ask({ path: `${path}?pretty=false` });
    await client.ask({ path, token: '' });
    await client.exec({ path: hi });
    const seen = cluster.requests
      .all()
      .map(({ method, path: asked, query, user, status }) => ({ method, asked, query, user, status }));
    expect(seen).toEqual([
      { method: 'GET', asked: path, query: 'pretty=false', user: 'kubernetes-admin', status: 200 },
      { method: 'GET', asked: path, query: '', user: 'system:anonymous', status: 403 },
      { method: 'GET', asked: `${path}/exec`, query: hi.split('?')[1], user: 'kubernetes-admin', status: 101 },
    ]);
    expect(JSON.stringify(cluster.requests.all())).not.toContain(cluster.adminToken);
  });
});
