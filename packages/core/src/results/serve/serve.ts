// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { toMessage } from '../../errors/index.ts';
import { oneLine, renderHtml, script } from '../../report/index.ts';
import { readConsolidatedPage } from './consolidated-page.ts';
import { renderRunList } from './list-page.ts';
import { readPage } from './read-page.ts';
import { findRuns, listConsolidations, listRuns, type RunFolder } from './run-list.ts';
import { showFolder } from './show-folder.ts';

interface ServedPage {
  status: number;
  type: 'text/html' | 'text/plain';
  text: string;
}

/** Shows the runs of a folder. Reads only, and only what the list of runs names: a path of a request opens no file. */
export function makeRunServer(root: string): Server {
  return createServer((request, response) => {
    answer(root, request)
      .catch((error: unknown): ServedPage => plain(500, `This page could not be made: ${oneLine(toMessage(error))}`))
      .then(page => send(page, request, response))
      .catch(() => response.destroy());
  });
}

async function answer(root: string, request: IncomingMessage): Promise<ServedPage> {
  if (!isOwnHost(request)) return plain(421, 'This server answers to the names of this machine alone.');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'Results can be read, and nothing else.');
  const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname;
  // Browsers ask every site for it; there is none, which is not a mistake of theirs.
  if (path === '/favicon.ico') return { status: 204, type: 'text/plain', text: '' };
  const found = findRuns(root);
  if (path === '/') {
    const lists = { runs: listRuns(found), consolidations: listConsolidations(found) };
    return { status: 200, type: 'text/html', text: renderRunList(root, lists) };
  }
  const run = found.find(each => each.path === path);
  return run === undefined ? plain(404, 'There is no such run.') : showRun(run);
}

/** A site in the browser can have its own name lead here; it cannot have the browser send another name than its own. */
function isOwnHost({ headers, socket }: IncomingMessage): boolean {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const port = socket.localPort;
  const hosts = names.flatMap(name => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  return hosts.includes((headers.host ?? '').toLowerCase());
}

async function showRun({ kind, folder, hasPage }: RunFolder): Promise<ServedPage> {
  if (kind === 'unfinished') return plain(404, 'This run has not finished: its manifest is not there.');
  if (kind === 'consolidated') {
    const page = await readConsolidatedPage(folder);
    return page.kind === 'page' ? { status: 200, type: 'text/html', text: page.text } : plain(422, page.problem);
  }
  if (hasPage)
    return { status: 200, type: 'text/html', text: (await readPage(join(folder, 'report.html'))).toString('utf8') };
  const shown = showFolder(folder, new Date());
  if (shown.kind === 'none') return plain(404, 'There are no results in the folder of this run.');
  if (shown.kind === 'refused') return plain(422, `${shown.code}: ${oneLine(shown.problem)}`);
  return { status: 200, type: 'text/html', text: renderHtml(shown.model) };
}

const plain = (status: number, text: string): ServedPage => ({ status, type: 'text/plain', text: `${text}\n` });

function send({ status, type, text }: ServedPage, { method }: IncomingMessage, response: ServerResponse): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': body.length,
    'content-security-policy': policyFor(text),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(method === 'HEAD' ? undefined : body);
}

/** The page's own style and this version's own script; a page that somebody changed runs nothing. */
function policyFor(text: string): string {
  const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
  const hash = (part: string) => `'sha256-${createHash('sha256').update(part).digest('base64')}'`;
  return `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
