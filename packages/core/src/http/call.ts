// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { toMessage } from '../errors/index.ts';
import type { Environment } from '../request/index.ts';
import type { AddressRules } from './addresses.ts';
import { startRequest } from './exchange.ts';
import { openRoute, type Route } from './route.ts';

export interface Call {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
}

/** What came of one request. Redirects are answers like others: they are not followed, to wherever they lead. */
export type CallAnswer =
  | { kind: 'answered'; status: number; headers: Record<string, unknown>; bytes: Buffer; body: string }
  | Failed;

interface Failed {
  kind: 'failed';
  problem: string;
  /** The server may have got it. */
  sent: boolean;
  /** Some of its answer had come. */
  heard: boolean;
  /** It is not who it should be. */
  untrusted: boolean;
  /** Its answer is longer than is read. */
  tooLong: boolean;
}

/** What of an answer says whether it worked. */
export type AnswerHead =
  | { kind: 'answered'; status: number; headers: Record<string, unknown> }
  | { kind: 'failed'; problem: string; untrusted: boolean; tooLong?: boolean };

const usualMostBytes = 4 * 1_048_576;

export interface CallSettings {
  timeoutMs: number;
  /** Names proxies. */
  environment?: Environment;
  /** Of the answer: 4 MiB unless told. */
  mostBytes?: number;
  /**
   * Where it may go; without them everywhere. Through a proxy they hold for addresses that are numbers: names are the
   * proxy's to look up, and where they lead is for it to allow.
   */
  addresses?: AddressRules;
  /** Authorities of the server, instead of the default ones. */
  ca?: Buffer | undefined;
  /** Ends it early. */
  signal?: AbortSignal | undefined;
}

/** One request over a connection of its own, ended after the time given. Throws only where a proxy is not one. */
export async function call(wanted: Call, settings: CallSettings): Promise<CallAnswer> {
  const refused = refusalOf(wanted, settings);
  if (refused !== undefined) return refused;
  using route = await openRoute(wanted.url, { environment: settings.environment ?? {}, ca: settings.ca });
  return await exchange(wanted, settings, route);
}

function refusalOf({ url }: Call, { addresses }: CallSettings): CallAnswer | undefined {
  try {
    addresses?.checkHost(url);
    return undefined;
  } catch (error) {
    const none = { sent: false, heard: false, untrusted: false, tooLong: false };
    return { kind: 'failed', problem: toMessage(error), ...none };
  }
}

function exchange(
  { method, url, headers, body }: Call,
  { timeoutMs, mostBytes = usualMostBytes, addresses, ca, signal: given }: CallSettings,
  { agent, via }: Route,
): Promise<CallAnswer> {
  return new Promise(resolve => {
    let [sent, heard, tooLong] = [false, false, false];
    const failed = (problem: string, untrusted = false) =>
      resolve({ kind: 'failed', problem, sent, heard, untrusted, tooLong });
    const late = AbortSignal.timeout(timeoutMs);
    const signal = given === undefined ? late : AbortSignal.any([late, given]);
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const ways = addresses === undefined || via !== undefined ? {} : { lookup: addresses.lookup };
    const trust = ca === undefined ? {} : { ca };
    const request = startRequest(url, { method, headers: { ...headers, ...length }, agent, signal, ...ways, ...trust });
    request.on('socket', socket => {
      sent = url.protocol === 'http:' && !socket.connecting; // a proxy has connected by now
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (sent = true));
      socket.once('data', () => (heard = true));
    });
    request.on('error', error =>
      late.aborted ? failed(`no answer within ${timeoutMs} ms`) : failed(toMessage(error), isUntrusted(error)),
    );
    request.on('response', response => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        tooLong = size > mostBytes;
        if (!tooLong) chunks.push(chunk);
        else request.destroy(new Error('the answer is too long'));
      });
      response.on('error', error => failed(toMessage(error)));
      response.on('end', () => resolve(toAnswer(response, Buffer.concat(chunks))));
    });
    request.end(body);
  });
}

const toAnswer = ({ statusCode: status = 0, headers }: IncomingMessage, bytes: Buffer): CallAnswer => ({
  kind: 'answered',
  status,
  headers,
  bytes,
  get body() {
    return bytes.toString(); // made when it is asked for: what is stored may be large
  },
});

/** Whether a failed connection led to somebody else. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export const isUntrusted = (error: Error) =>
  'code' in error && /CERT|SIGNED|ISSUER|SIGNATURE|SSL|TLS/.test(String(error.code));

export const isSuccess = <Answer extends AnswerHead>(answer: Answer): answer is Answer & { kind: 'answered' } =>
  answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;

/** Why it did not work, without anything that was sent. */
export function problemOf(answer: AnswerHead): string {
  if (answer.kind === 'failed') return answer.problem;
  if (answer.status >= 300 && answer.status < 400) return `it answered ${answer.status}: redirects are not followed`;
  return `it answered ${answer.status}`;
}
