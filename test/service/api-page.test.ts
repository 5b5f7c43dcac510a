// SPDX-License-Identifier: Apache-2.0
// The page that describes the API, as the shipped service serves it, in a browser.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type RunningService, startService } from './support.ts';

interface Described {
  paths: Record<string, Record<string, { summary: string }>>;
  components: { schemas: Record<string, unknown> };
}

const folder = mkdtempSync(join(tmpdir(), 'api-page-'));
const kubeconfigPath = join(folder, 'kubeconfig');
let browser: Browser;
let service: RunningService;
let described: Described;

beforeAll(async () => {
  writeFileSync(kubeconfigPath, '');
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  service = await startService({ folder, kubeconfigPath }, 'data');
  described = (await (await fetch(`${service.url}/api/v1/openapi.json`)).json()) as Described;
});
afterAll(async () => {
  await service.stop();
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The page, and all that the browser asked for and complained of meanwhile. */
async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage(options);
  const said: string[] = [];
  page.on('request', request => said.push(request.url()));
  page.on('console', message => said.push(message.text()));
  page.on('pageerror', error => said.push(error.message));
  await page.goto(`${service.url}/docs`);
  return { page, said };
}

test('it shows every call and every type of the document that is served, and asks for nothing else', async () => {
  const { page, said } = await open({ javaScriptEnabled: false });
  const calls = await page.locator('article h3').allInnerTexts();
  const wanted = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  );
  expect(calls.toSorted()).toEqual(wanted.toSorted());
  const types = await page.locator('#types h3').allInnerTexts();
  expect(types.toSorted()).toEqual(Object.keys(described.components.schemas).toSorted());
  expect(said).toEqual([`${service.url}/docs`]);
  await page.close();
});

test('each link leads somewhere', async () => {
  const { page } = await open();
  const lost = await page.evaluate<string[]>(`[...document.querySelectorAll('a[href^="#"]')]
    .map(link => link.getAttribute('href'))
    .filter(href => document.getElementById(href.slice(1)) === null)`);
  expect(lost).toEqual([]);
  expect(await page.locator('a[href^="#type-"]').count()).toBeGreaterThan(50);
  await page.close();
});

describe.each([['light'], ['dark']] as const)('by %s', colorScheme => {
  test.each([[390], [1440]])('it is accessible and fits %d pixels', async width => {
    const { page } = await open({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    await page.addScriptTag({ content: axe.source });
    const { violations } = await page.evaluate<{ violations: { id: string }[] }>('axe.run()');
    expect(violations.map(({ id }) => id)).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.close();
  });
});
