// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { renderClientTypes } from './client-types.ts';
import { describeApi } from './server.ts';

let parts: TestStore;
let served: TestApi;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  served = await serveApi(parts);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

test('the client of the command is made of what the API says of itself when it is served', async () => {
  const committed = readFileSync(new URL('../../../core/src/remote/service-api.ts', import.meta.url), 'utf8');
  expect(committed).toBe(await renderClientTypes(served.client.document));
  expect(committed).toBe(await renderClientTypes(await describeApi()));
});

test('a type that the API does not describe is missed', async () => {
  const { Scan: _, ...schemas } = served.client.document.components.schemas;
  await expect(renderClientTypes({ components: { schemas } })).rejects.toThrow('no Scan');
});
