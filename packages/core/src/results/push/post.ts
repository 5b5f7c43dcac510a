// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { type CallAnswer, call, isSuccess, mayPass, problemOf, type RetrySettings, waitMs } from '../../http/index.ts';
import type { Secret } from '../../request/index.ts';

interface Post {
  url: URL;
  /** JSON. */
  body: string;
  /** More than the usual ones, made for each attempt. */
  headers?: () => Record<string, string>;
}

/** Posts JSON, again where that may help; why it did not work, or undefined. */
export async function post({ url, body, headers }: Post, settings: RetrySettings): Promise<string | undefined> {
  let answer: CallAnswer | undefined;
  for (let attempt = 0; attempt < settings.attempts; attempt++) {
    if (attempt > 0) await settings.pause(waitMs(answer, attempt, settings));
    const all = { 'content-type': 'application/json', 'user-agent': 'cinc-scan', ...headers?.() };
    answer = await call({ method: 'POST', url, headers: all, body: Buffer.from(body) }, settings);
    if (isSuccess(answer)) return undefined;
    if (!mayPass(answer)) break;
  }
  return answer === undefined ? 'it was not tried' : problemOf(answer);
}

interface Signed {
  url: URL;
  secret: Secret;
  body: string;
  /** The same each time: a receiver that got it twice can tell. */
  key: string;
}

/** Posts JSON that its receiver can check. */
export function postSigned({ url, secret, body, key }: Signed, settings: RetrySettings): Promise<string | undefined> {
  const headers = () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
    return {
      'idempotency-key': key,
      'x-cinc-scan-signature': `sha256=${signature}`,
      'x-cinc-scan-timestamp': timestamp,
    };
  };
  return post({ url, body, headers }, settings);
}
