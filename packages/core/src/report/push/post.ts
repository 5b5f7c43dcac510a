// SPDX-License-Identifier: Apache-2.0
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { toMessage } from '../../errors/index.ts';

export interface Call {
  method: 'GET' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
}

/** What came of one request. Redirects are answers like others: they are not followed, to wherever they lead. */
export type Answer =
  | { kind: 'answered'; status: number; headers: Record<string, unknown>; body: string }
  /** `sent`: the server may have got it; `heard`: some of its answer had come; `untrusted`: it is not who it should be. */
  | { kind: 'failed'; problem: string; sent: boolean; heard: boolean; untrusted: boolean };

const mostAnswer = 4 * 1_048_576;

/** One request over a connection of its own, ended after the time given. Never throws. */
export function call({ method, url, headers, body }: Call, timeoutMs: number): Promise<Answer> {
  return new Promise(resolve => {
    let [sent, heard] = [false, false];
    const failed = (problem: string, untrusted = false) => resolve({ kind: 'failed', problem, sent, heard, untrusted });
    const signal = AbortSignal.timeout(timeoutMs);
    const start = url.protocol === 'https:' ? requestHttps : requestHttp;
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const request = start(url, { method, headers: { ...headers, ...length }, agent: false, signal });
    request.on('socket', socket => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (sent = true));
      socket.once('data', () => (heard = true));
    });
    request.on('error', error =>
      signal.aborted ? failed(`no answer within ${timeoutMs} ms`) : failed(toMessage(error), isUntrusted(error)),
    );
    request.on('response', response => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= mostAnswer) chunks.push(chunk);
        else request.destroy(new Error('the answer is too long'));
      });
      response.on('error', error => failed(toMessage(error)));
      response.on('end', () =>
        resolve({
          kind: 'answered',
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.end(body);
  });
}

// https://nodejs.org/api/tls.html#x509-certificate-error-codes
const isUntrusted = (error: Error) =>
  'code' in error && /CERT|SIGNED|ISSUER|SIGNATURE|SSL|TLS/.test(String(error.code));

export const isSuccess = (answer: Answer): answer is Answer & { kind: 'answered' } =>
  answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;

/** Why it did not work, without anything that was sent. */
export function problemOf(answer: Answer): string {
  if (answer.kind === 'failed') return answer.problem;
  if (answer.status >= 300 && answer.status < 400) return `it answered ${answer.status}: redirects are not followed`;
  return `it answered ${answer.status}`;
}
