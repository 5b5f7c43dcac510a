// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Call, type CallAnswer, call, isSuccess, problemOf, type RetrySettings } from '../../http/index.ts';
import type { Push } from './push-spec.ts';

export interface Evaluation {
  filename: string;
  text: string;
}

type Heimdall = Push & { kind: 'heimdall' };

/**
 * Stores one result file. The server stores what it gets as often as it gets it: only where no byte of an answer came,
 * and it has no such file, is it sent again.
 */
export async function pushEvaluation(
  push: Heimdall,
  evaluation: Evaluation,
  settings: RetrySettings,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await call(toUpload(push, evaluation), settings);
    if (isSuccess(answer)) return undefined;
    const next = await afterFailure(push, { answer, evaluation }, settings);
    if (next.kind === 'stored') return undefined;
    if (next.kind === 'failed') return next.problem;
    if (attempt >= settings.attempts) return problemOf(answer);
    await settings.pause(settings.firstPauseMs * 2 ** (attempt - 1));
  }
}

type Next = { kind: 'stored' } | { kind: 'again' } | { kind: 'failed'; problem: string };

async function afterFailure(
  push: Heimdall,
  { answer, evaluation }: { answer: CallAnswer; evaluation: Evaluation },
  settings: RetrySettings,
): Promise<Next> {
  const problem = problemOf(answer);
  if (answer.kind === 'answered' || answer.heard || answer.untrusted) return { kind: 'failed', problem };
  if (!answer.sent) return { kind: 'again' };
  const found = await lookUp(push, evaluation.filename, settings);
  if (found === undefined) return { kind: 'failed', problem: `${problem}; whether it was stored is not known` };
  return { kind: found ? 'stored' : 'again' };
}

/** Whether the server has an evaluation of that file name; undefined where it does not say. */
async function lookUp({ url, key }: Heimdall, filename: string, settings: RetrySettings): Promise<boolean | undefined> {
  const headers = { ...authorization(key), accept: 'application/json' };
  const answer = await call({ method: 'GET', url: endpoint(url), headers }, settings);
  return isSuccess(answer) ? hasEvaluation(answer.body, filename) : undefined;
}

const named = z.array(z.object({ filename: z.string().nullish() }));
const listing = z.union([
  named.transform(evaluations => ({ evaluations, totalCount: undefined })),
  z.object({ evaluations: named, totalCount: z.number().optional() }),
]);

/** Of the list, or of a page of it; on a page that is not all of them, absence proves nothing. */
function hasEvaluation(text: string, filename: string): boolean | undefined {
  const parsed = listing.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { evaluations, totalCount = 0 } = parsed.data;
  if (evaluations.some(each => each.filename === filename)) return true;
  return totalCount > evaluations.length ? undefined : false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const authorization = (key: Heimdall['key']) => ({
  authorization: `Api-Key ${key.reveal()}`,
  'user-agent': 'cinc-scan',
});

/** `evaluations` below whatever path the server is installed under. */
function endpoint(base: URL): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/evaluations`;
  return url;
}

/** https://www.rfc-editor.org/rfc/rfc7578 */
function toUpload({ url, key }: Heimdall, { filename, text }: Evaluation): Call {
  const boundary = `cinc-scan-${randomBytes(16).toString('hex')}`;
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const fields = { filename, public: 'false', evaluationTags: 'cinc-scan' };
  const head = Object.entries(fields).map(([name, value]) => field(name, value));
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="data"; filename="${filename}"\r\nContent-Type: application/json\r\n\r\n`;
  return {
    method: 'POST',
    url: endpoint(url),
    headers: { ...authorization(key), 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.from(`${head.join('')}${file}${text}\r\n--${boundary}--\r\n`),
  };
}
