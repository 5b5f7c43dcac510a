// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { type Call, type CallAnswer, call, type Environment } from '@cinc-scan/core';

const settings = { timeoutMs: 30_000, mostBytes: 16 * 1_048_576 };
const attempts = 4;

/** One request to GitHub, by the proxies of the runner. What may pass is asked again where that does no harm. */
export async function callGithub(wanted: Call, environment: Environment): Promise<CallAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await call(wanted, { ...settings, environment });
    if (attempt === attempts || wanted.method !== 'GET' || !mayPass(answer)) return answer;
    await pause(250 * 2 ** attempt);
  }
}

const mayPass = (answer: CallAnswer) =>
  answer.kind === 'failed' ? !answer.untrusted && !answer.tooLong : [429, 500, 502, 503, 504].includes(answer.status);
