// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { toMessage } from '../errors/index.ts';
import type { Environment } from '../request/index.ts';
import { type Call, isUntrusted } from './call.ts';
import { startRequest } from './exchange.ts';
import { openRoute } from './route.ts';

export interface StreamSettings {
  /** Until the head of the answer; and for each piece of it, as long as somebody waits for that. */
  timeoutMs: number;
  /** Names proxies. */
  environment?: Environment;
  /** What is sent. */
  file?: { path: string; bytes: number };
}

export type StreamAnswer =
  | {
      kind: 'answered';
      status: number;
      headers: Record<string, unknown>;
      /** Of the body: they end in an error where it is cut off. Not to read them all closes the connection. */
      pieces: AsyncGenerator<Buffer>;
    }
  | { kind: 'failed'; problem: string; untrusted: boolean };

/** As `call`, for bodies that are too large to be held. Throws only where a proxy is not one. */
export async function streamCall(
  { method, url, headers }: Omit<Call, 'body'>,
  { timeoutMs, environment = {}, file }: StreamSettings,
): Promise<StreamAnswer> {
  const route = await openRoute(url, { environment });
  const length = file === undefined ? {} : { 'content-length': String(file.bytes) };
  const request = startRequest(url, { method, headers: { ...headers, ...length }, agent: route.agent });
  request.once('close', () => route[Symbol.dispose]());
  try {
    const answered = head(request, timeoutMs);
    if (file === undefined) request.end();
    // Of what keeps it from being sent the answer tells more, or the request's own error.
    else pipeline(createReadStream(file.path), request, error => error && request.destroy(error));
    const response = await answered;
    const { statusCode: status = 0, headers: told } = response;
    return { kind: 'answered', status, headers: told, pieces: piecesOf(response, timeoutMs) };
  } catch (error) {
    return { kind: 'failed', problem: toMessage(error), untrusted: error instanceof Error && isUntrusted(error) };
  }
}

function head(request: ClientRequest, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const silence = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', reject);
    request.once('close', () => clearTimeout(silence));
    request.once('response', response => {
      clearTimeout(silence);
      response.pause(); // until somebody reads it
      resolve(response);
    });
  });
}

/** Who reads may be slow: time runs for the server alone. */
async function* piecesOf(response: IncomingMessage, timeoutMs: number): AsyncGenerator<Buffer> {
  const arm = () => setTimeout(() => response.destroy(new Error(`nothing came for ${timeoutMs} ms`)), timeoutMs);
  let silence = arm();
  try {
    for await (const piece of response) {
      clearTimeout(silence);
      if (Buffer.isBuffer(piece)) yield piece;
      silence = arm();
    }
  } finally {
    clearTimeout(silence);
  }
  if (!response.complete) throw new Error('the connection was closed in the middle of the answer');
}
