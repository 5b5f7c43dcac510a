// SPDX-License-Identifier: Apache-2.0
// Runs that were made without the service, into the history that a team has there.
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Call,
  type CallAnswer,
  call,
  catalogue,
  type ErrorCode,
  mayPass,
  problemOf,
  retryDefaults,
  ScanError,
  waitMs,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import * as z from 'zod';
import { isExport, runsOfExport } from './exported-runs.ts';
import { findRuns, type RunToSend } from './run-folders.ts';
import { readServer, type ServerOptions, type ServerPlace, withServer } from './server-place.ts';

interface ImportOptions extends ServerOptions {
  cluster?: string;
  threshold?: string;
}

export function addImportCommand(program: Command): void {
  withServer(program.command('import'))
    .description(
      "take runs into a team's history at a service: output folders as they were left, folders of such folders, result files (HDF), or the export of a team",
    )
    .argument('<path...>', 'folders of runs, result files, or exports (.tar.zst)')
    .option(
      '--cluster <name>',
      'where they were run, as the service calls it; may be left out by a team with one cluster',
    )
    .option('--threshold <name>', 'what result files alone are held against (default: every control has to pass)')
    .action(importAll);
}

type Outcome = { kind: 'new' | 'unchanged'; id: string; said: string } | { kind: 'refused'; said: string };

async function importAll(paths: string[], { cluster, threshold, ...options }: ImportOptions): Promise<void> {
  const place = readServer(options);
  const counts = { new: 0, unchanged: 0, refused: 0 };
  for (const path of paths)
    for await (const run of isExport(path) ? runsOfExport(path) : findRuns(path)) {
      const outcome = await send(place, { ...run, cluster: cluster ?? run.cluster, threshold });
      counts[outcome.kind] += 1;
      const line = `${outcome.kind} ${run.name}: ${outcome.said}\n`;
      if (outcome.kind === 'refused') process.stderr.write(line);
      else process.stdout.write(line);
    }
  process.stdout.write(`${counts.new} new, ${counts.unchanged} unchanged, ${counts.refused} refused\n`);
  if (counts.refused > 0) process.exitCode = 2;
}

const imported = z.looseObject({
  id: z.string(),
  kind: z.enum(['new', 'unchanged']),
  state: z.string(),
  verdict: z.string().nullable(),
});
type Answered = CallAnswer & { kind: 'answered' };
const problem = z.looseObject({ code: z.string(), detail: z.string(), remedy: z.string() });

interface Sent extends Omit<RunToSend, 'cluster'> {
  cluster: string | undefined;
  threshold: string | undefined;
}

/** What is wrong with a run is said of it, and the next one is sent; anything else ends the command. */
async function send(place: ServerPlace, sent: Sent): Promise<Outcome> {
  const answer: CallAnswer = await ask(place, Buffer.from(JSON.stringify(sent)));
  if (answer.kind === 'failed') throw new ScanError('SERVICE_UNREACHABLE', `The service: ${problemOf(answer)}`);
  if (answer.status < 300) {
    const { id, kind, state, verdict } = readAnswer(imported, answer.body);
    return { kind, id, said: `${verdict ?? state} (${id})` };
  }
  return toRefusal(answer);
}

function toRefusal({ status, body }: Answered): Outcome {
  const { code, detail, remedy } = readAnswer(problem, body);
  if ([400, 413, 422].includes(status)) return { kind: 'refused', said: `${code}: ${detail}` };
  throw new ScanError(isErrorCode(code) ? code : 'SERVICE_ANSWER', detail, { remedy });
}

async function ask({ server, key }: ServerPlace, body: Buffer): Promise<CallAnswer> {
  const wanted: Call = {
    method: 'POST',
    url: new URL('/api/v1/scans/import', server),
    headers: { authorization: `Bearer ${key.reveal()}`, 'content-type': 'application/json' },
    body,
  };
  for (let attempt = 1; ; attempt += 1) {
    // Sent twice it is one scan.
    const answer = await call(wanted, { timeoutMs: 300_000, environment: process.env });
    if (attempt >= retryDefaults.attempts || !mayPass(answer)) return answer;
    await pause(waitMs(answer, attempt, retryDefaults));
  }
}

function readAnswer<T>(shape: z.ZodType<T>, text: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new ScanError('SERVICE_ANSWER', 'What answered is not a scan service of this version', { cause });
  }
}

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(catalogue, text);
