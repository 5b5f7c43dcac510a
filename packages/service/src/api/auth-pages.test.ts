// SPDX-License-Identifier: Apache-2.0
// What goes wrong where browsers sign in: a page for people, problem+json for programs.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serveApi, type TestApi } from '../testing/api-server.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';

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

// As Chromium and Firefox ask for a page.
const ofBrowsers = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

async function ask(path: string, accept: string | undefined, form?: Record<string, string>) {
  const response = await fetch(`${served.url}${path}`, {
    redirect: 'manual',
    headers: { ...(accept !== undefined && { accept }), 'sec-fetch-site': 'same-origin' },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  const { status, headers } = response;
  return {
    status,
    type: headers.get('content-type'),
    policy: headers.get('content-security-policy'),
    text: await response.text(),
  };
}

const wrongKey = { key: `cs_${'a'.repeat(8)}_${'a'.repeat(32)}` };

interface Wrong {
  path: string;
  status: number;
  code: string;
  form?: Record<string, string>;
}

test.each<[what: string, wrong: Wrong]>([
  ['there is nobody to sign in at', { path: '/auth/sign-in', status: 404, code: 'SERVICE_NOT_FOUND' }],
  ['nobody knows the key', { path: '/auth/sign-in', status: 401, code: 'SERVICE_KEY_INVALID', form: wrongKey }],
  ['there is no such page', { path: '/auth/other', status: 404, code: 'SERVICE_NOT_FOUND' }],
  ['the request is not one', { path: '/auth/sign-in?<script>=1', status: 422, code: 'REQUEST_INVALID' }],
])('where %s, people get a page and programs a problem, in the same words', async (_, { path, status, code, form }) => {
  const page = await ask(path, ofBrowsers, form);
  expect(page).toMatchObject({ status, type: 'text/html; charset=utf-8' });
  expect(page.policy).toMatch(/^default-src 'none'/);
  expect(page.text).not.toContain('<script');
  for (const accept of [undefined, '*/*', 'application/json', 'application/json, text/html;q=0.1']) {
    const problem = await ask(path, accept, form);
    expect(problem).toMatchObject({ status, type: expect.stringMatching(/^application\/problem\+json/), policy: null });
    const said = JSON.parse(problem.text) as { code: string; title: string };
    expect(said.code).toBe(code);
    expect(page.text).toContain(`<h1 id="title">${said.title}</h1>`);
    expect(page.text).toContain(`<code>${code}</code>`);
  }
});

test('everywhere else browsers get what programs get', async () => {
  expect(await ask('/api/v1/scans', ofBrowsers)).toMatchObject({
    status: 401,
    type: expect.stringMatching(/^application\/problem\+json/),
  });
});
