// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });

/** A page that is open, and all that it did which a report must not do. */
export interface Opened extends AsyncDisposable {
  page: Page;
  url: string;
  requests: string[];
  complaints: string[];
  dialogs: string[];
}

/** Opens the text as a file, as somebody would from a download folder, with the network off. */
export async function openFile(browser: Browser, text: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  const path = join(folder, 'report.html');
  await writeFile(path, text);
  const url = pathToFileURL(path).href;
  const opened = await open(browser, url, { ...options, offline: true });
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** Opens the text from a server that adds a Content-Security-Policy of its own. */
export async function openServed(browser: Browser, text: string, policy: string): Promise<Opened> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const opened = await open(browser, `http://127.0.0.1:${port}/`, {});
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const opened: Opened = {
    page,
    url,
    requests: [],
    complaints: [],
    dialogs: [],
    [Symbol.asyncDispose]: () => context.close(),
  };
  page.on('request', request => opened.requests.push(request.url()));
  page.on('console', message => opened.complaints.push(message.text()));
  page.on('pageerror', error => opened.complaints.push(error.message));
  page.on('dialog', dialog => {
    opened.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(url);
  return opened;
}
