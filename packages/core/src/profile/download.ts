// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { openRoute, receive, startRequest } from '../http/index.ts';
import type { Secret } from '../request/index.ts';
import { limits } from './entries.ts';

const timeoutMs = 120_000;
const mostRedirects = 5;

export interface DownloadOptions {
  /** For the host of the address, and no other. */
  authorization: Secret | undefined;
  /** HTTPS_PROXY, NO_PROXY. */
  environment: Record<string, string | undefined>;
  signal: AbortSignal | undefined;
}

/** Gets a file over https. A redirect is followed on the same host only: another one was not what the user named. */
export async function download(address: URL, options: DownloadOptions): Promise<Buffer> {
  let url = address;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await get(url, options);
    if (answer.kind === 'content') return answer.bytes;
    url = nextAddress(url, answer.location);
  }
  throw unreachable(address, `it redirects more than ${mostRedirects} times`);
}

function nextAddress(url: URL, location: string): URL {
  const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (next === undefined) throw unreachable(url, 'it redirects to something that is not an address');
  if (next.origin !== url.origin || next.username !== '' || next.password !== '')
    throw new ScanError('PROFILE_REFUSED', `${shown(url)} redirects to another place: ${next.origin}`, {
      remedy: 'Name the address that it leads to, if that is where the profile should come from.',
    });
  return next;
}

type Got = { kind: 'content'; bytes: Buffer } | { kind: 'redirect'; location: string };

async function get(url: URL, { authorization, environment, signal }: DownloadOptions): Promise<Got> {
  const deadline = AbortSignal.timeout(timeoutMs);
  using route = await openRoute(url, { environment });
  try {
    const headers = { accept: '*/*', ...(authorization && { authorization: authorization.reveal() }) };
    const ending = AbortSignal.any([deadline, ...(signal ? [signal] : [])]);
    const request = startRequest(url, { headers, agent: route.agent, signal: ending });
    request.end();
    const response = await receive(request, timeoutMs);
    return await take(response, url);
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw deadline.aborted ? unreachable(url, `no answer within ${timeoutMs / 1000} s`) : toUnreachable(url, error);
  }
}

async function take(response: IncomingMessage, url: URL): Promise<Got> {
  const { statusCode: status = 0, headers } = response;
  if (status === 200) return { kind: 'content', bytes: await readBody(response, url) };
  response.destroy();
  if (status >= 300 && status < 400 && headers.location !== undefined)
    return { kind: 'redirect', location: headers.location };
  const isPrivate = [401, 403, 404].includes(status);
  throw unreachable(url, `it answered ${status}`, isPrivate ? { remedy: credentialsRemedy } : {});
}

async function readBody(response: IncomingMessage, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > limits.packedBytes)
      throw new ScanError('PROFILE_REFUSED', `${shown(url)} is larger than ${limits.packedBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw unreachable(url, 'the connection was closed in the middle of the answer');
  return Buffer.concat(chunks);
}

export const credentialsRemedy =
  'Check the address; if it is private, pass credentials for its host with --profile-credentials.';

const shown = ({ origin, pathname }: URL) => `${origin}${pathname}`;

const unreachable = (url: URL, why: string, details: { cause?: unknown; remedy?: string } = {}) =>
  new ScanError('PROFILE_UNREACHABLE', `${shown(url)} cannot be fetched: ${why}`, details);

function toUnreachable(url: URL, error: unknown): unknown {
  return isScanError(error) ? error : unreachable(url, toMessage(error), { cause: error });
}
