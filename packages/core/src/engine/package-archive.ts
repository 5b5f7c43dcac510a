// SPDX-License-Identifier: Apache-2.0
// A package of CINC Auditor from an address of the user's choice: nothing of it is unpacked before its digest fits.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Transient, withRetry } from '../cluster/index.ts';
import { ScanError, toMessage } from '../errors/index.ts';
import { openRoute, receive, startRequest } from '../http/index.ts';

/** Which package, and what it has to be. */
export interface EnginePackage {
  /** `https://…`, or a path on this machine. */
  url: string;
  sha256: string;
  /** Certificate authorities of a mirror, instead of the usual ones: a file in PEM. */
  caFile: string | undefined;
}

/** `cinc-auditor_5.22.80-1_amd64.deb` → `5.22.80`. */
export function versionOf({ url }: EnginePackage): string {
  return /[_-](\d+\.\d+\.\d+)[-_.]/.exec(url.split('/').at(-1) ?? '')?.[1] ?? '0.0.0';
}

/** Refuses what could not be used, before anything is fetched. */
export function checkPackage({ url, sha256 }: EnginePackage): void {
  const refuse = (input: string, expected: string) => {
    throw new ScanError('INPUT_INVALID', `${input}: expected ${expected}`);
  };
  if (!/^[0-9a-f]{64}$/i.test(sha256)) refuse('engine-sha256', 'the SHA-256 of the package, 64 hexadecimal digits');
  if (!isLocal(url) && !url.startsWith('https://'))
    refuse('engine-url', `https://… or an absolute path, got "${shown(url)}"`);
  if (!/\.(deb|tar\.gz|tgz)$/.test(new URL(toUrl(url)).pathname))
    refuse('engine-url', `a package that ends in .deb, .tar.gz or .tgz, got "${shown(url)}"`);
}

/** Without what may be a secret in it: a password, a signature. */
function shown(url: string): string {
  if (isLocal(url)) return url;
  return URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : 'what is not an address';
}

const isLocal = (url: string) => isAbsolute(url) || url.startsWith('file://');
const toUrl = (url: string) => (isAbsolute(url) ? `file://${url}` : url);

/** Puts the package into the folder and gives its path, once its digest is the wanted one. */
export async function fetchPackage(
  wanted: EnginePackage,
  folder: string,
  environment: Record<string, string | undefined>,
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = new URL(toUrl(wanted.url)).pathname.split('/').at(-1) ?? 'package';
  const path = join(folder, name);
  const found = isLocal(wanted.url)
    ? await copy(createReadStream(fileURLToPath(toUrl(wanted.url))), path, wanted.url)
    : await withRetry(() => download(wanted, path, environment));
  if (found !== wanted.sha256.toLowerCase())
    throw new ScanError(
      'ENGINE_UNTRUSTED',
      `The package from ${shown(wanted.url)} is not the one that was asked for: its SHA-256 is ${found}, not ${wanted.sha256}`,
    );
  return path;
}

const mostRedirects = 5;
const idleMs = 60_000;

async function download(wanted: EnginePackage, path: string, env: Record<string, string | undefined>): Promise<string> {
  let url = new URL(wanted.url);
  const ca = wanted.caFile === undefined ? undefined : readFileSync(wanted.caFile);
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    using route = await openRoute(url, { environment: env });
    const answer = await requestPackage(url, { agent: route.agent, ...(ca && { ca }) });
    const { statusCode = 0, headers } = answer;
    if (statusCode === 200) return await copy(answer, path, url.href);
    answer.resume();
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) throw refusal(url, statusCode);
    url = new URL(headers.location, url);
    if (url.protocol !== 'https:') throw failed(url, 'it leads away from https');
  }
  throw failed(url, `more than ${mostRedirects} redirects`);
}

async function requestPackage(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  try {
    const request = startRequest(url, options);
    request.end();
    return await receive(request, idleMs);
  } catch (error) {
    throw new Transient(failed(url, toMessage(error), error));
  }
}

const failed = (url: URL | string, why: string, cause?: unknown) =>
  new ScanError('ENGINE_MISSING', `The package of the engine cannot be fetched from ${shown(String(url))}: ${why}`, {
    cause,
    remedy: 'Check engine-url, the network, proxies (HTTPS_PROXY) and, for a mirror of your own, engine-ca.',
  });

function refusal(url: URL, status: number): Error {
  const error = failed(url, `the server answered ${status}`);
  return status === 429 || status >= 500 ? new Transient(error) : error;
}

const mostBytes = 2 ** 30;

/** Copies and hashes in one go. */
async function copy(source: Readable, path: string, from: string): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      source,
      async function* check(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          if (bytes > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path, { mode: 0o600 }),
    );
  } catch (error) {
    throw failed(from, toMessage(error), error);
  }
  return hash.digest('hex');
}
