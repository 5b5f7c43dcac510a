// SPDX-License-Identifier: Apache-2.0
import { addressRules } from '@cinc-scan/core';
import { pino } from 'pino';
import { type ApiOptions, makeApi } from '../api/server.ts';
import { IssuerKeys } from '../identity/issuer-keys.ts';
import { ApiClient } from './api-client.ts';
import { clusterWith, fakeRunner } from './fake-runner.ts';
import { testSealer } from './sealer.ts';
import type { TestStore } from './stores.ts';

export interface TestApi extends AsyncDisposable {
  server: Awaited<ReturnType<typeof makeApi>>;
  url: string;
  client: ApiClient;
}

/** The API over real HTTP, on a port of the loopback address. */
export async function serveApi(parts: TestStore, options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const { store, blobs, queue } = parts;
  const server = await makeApi({
    store,
    blobs,
    queue,
    issuers: new IssuerKeys({ addresses: addressRules(['127.0.0.0/8']), environment: {} }),
    sealer: testSealer,
    provider: undefined,
    publicOrigin: undefined,
    onQueued: fakeRunner(parts, clusterWith(['shop/web', 'bank/vault'])).wake,
    longestWaitMs: 60_000,
    questionMs: 10_000,
    mostFailures: 10_000,
    logger: pino({ level: 'silent' }),
    version: '1.0.0',
    ...options,
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const url = server.listeningOrigin;
  return { server, url, client: await ApiClient.open(url), [Symbol.asyncDispose]: () => server.close() };
}
