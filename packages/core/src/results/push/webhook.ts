// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { type CallAnswer, call, isSuccess, mayPass, problemOf, type RetrySettings, waitMs } from '../../http/index.ts';
import type { Push } from './push-spec.ts';

/** Posts the run, signed. The same key each time: a receiver that got it twice can tell. */
export async function pushWebhook(
  { url, secret }: Push & { kind: 'webhook' },
  { body, runId }: { body: string; runId: string },
  settings: RetrySettings,
): Promise<string | undefined> {
  let answer: CallAnswer | undefined;
  for (let attempt = 0; attempt < settings.attempts; attempt++) {
    if (attempt > 0) await settings.pause(waitMs(answer, attempt, settings));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': runId,
      'user-agent': 'cinc-scan',
      'x-cinc-scan-signature': `sha256=${signature}`,
      'x-cinc-scan-timestamp': timestamp,
    };
    answer = await call({ method: 'POST', url, headers, body: Buffer.from(body) }, settings);
    if (isSuccess(answer)) return undefined;
    if (!mayPass(answer)) break;
  }
  return answer === undefined ? 'it was not tried' : problemOf(answer);
}
