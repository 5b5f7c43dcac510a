// SPDX-License-Identifier: Apache-2.0
// Started by process-executor.ts, one for each team: reads orders from standard input, and keeps its engine from one scan
// to the next. It has neither the database nor the keys of the service.
import { createInterface } from 'node:readline';
import {
  cacheFolder,
  type Deps,
  Descriptions,
  EnginePool,
  type JailStrength,
  makeDeps,
  probeJail,
  readDocument,
  requireStrength,
  ScanError,
  type ScanEvent,
  scan,
  sweepGrants,
  toEventRecord,
  toScanRequest,
  type Values,
} from '@cinc-scan/core';
import { engineDirectory, ownVersion } from '../own-package.ts';
import { summaryOf, toFailure } from '../results/summary.ts';
import { keptReports, toFiles, writeOthers } from '../results/write-results.ts';
import { answerQuestion } from './answer-question.ts';
import { type FromProcess, type QuestionOrder, type ScanOrder, toProcess } from './protocol.ts';

type WithoutJob<T> = T extends unknown ? Omit<T, 'job'> : never;
type Said = WithoutJob<FromProcess>;

const running = new Map<number, AbortController>();
let engines: EnginePool | undefined;
const mostIdle = 16;
/** What the auditor says of a profile is the same for the next scan. */
const descriptions = new Descriptions();

const say = (job: number, said: Said): void => void process.stdout.write(`${JSON.stringify({ ...said, job })}\n`);

async function run(order: ScanOrder | QuestionOrder): Promise<void> {
  const { job } = order;
  const cancel = new AbortController();
  running.set(job, cancel);
  try {
    if (order.kind === 'scan') say(job, await perform(order, cancel.signal));
    else say(job, { kind: 'answered', answer: await answerQuestion(order, cancel.signal) });
  } catch (error) {
    say(job, { kind: 'refused', failure: toFailure(error) });
  } finally {
    running.delete(job);
  }
}

async function perform(order: ScanOrder, signal: AbortSignal): Promise<Said> {
  const { runId, before, namespaces, names, request, folder, kubeconfig, context, requireJail } = order;
  const flags = {
    'output-dir': folder,
    'run-id': runId,
    reports: keptReports,
    'require-jail': requireJail,
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  };
  const { values, contents } = readDocument({ name: 'request', text: request }, { flags, environment: {} });
  const deps = toDeps(values, order, signal);
  for (const earlier of before) await takeBack(earlier, namespaces, deps);
  if (order.clean !== undefined)
    throw new ScanError('RUN_LOST', 'Each process that ran this scan went away without a word');
  if (order.isDemanded) await requireJailHere(requireJail, folder);
  const done = await scan(toScanRequest(values, contents), deps);
  const reports = [...toFiles(done.reports), ...(await writeOthers(done.model, folder, names))];
  return { kind: 'judged', ...summaryOf(done.model), reports };
}

/** Before anything is made in the cluster. The engine compares again what it builds. Throws JAIL_TOO_WEAK. */
async function requireJailHere(wanted: JailStrength, folder: string): Promise<void> {
  const { PATH: path = '' } = process.env;
  const cacheDirectory = cacheFolder(process.env);
  requireStrength(await probeJail({ directory: engineDirectory(), cacheDirectory, path }, folder), wanted);
}

async function takeBack(runId: string, namespaces: string[], deps: Deps): Promise<void> {
  const all = { namespaces, wholeCluster: false, olderThanSeconds: undefined, now: new Date(), dryRun: false };
  await sweepGrants({ ...all, runId }, deps);
}

function toDeps(values: Values, { job, folder }: ScanOrder, signal: AbortSignal): Deps {
  const emit = (event: ScanEvent) => tell(job, event);
  const tool = { name: 'cinc-scan', version: ownVersion() } as const;
  const program = {
    tool,
    environment: process.env,
    workspace: folder,
    engineDirectory: engineDirectory(),
    signal,
    emit,
  };
  const made = makeDeps(values, program);
  const { engine, temporary } = made;
  // As many as scan at once; what is not needed any more goes by itself.
  engines ??= new EnginePool({ engine, temporary, limits: { idle: mostIdle } });
  return { ...made, engines, descriptions };
}

/** What the last event says is in the answer. */
function tell(job: number, event: ScanEvent): void {
  if (event.kind === 'verdict') return;
  const { event: kind, ...data } = toEventRecord(event);
  say(job, { kind: 'event', event: kind, data });
}

createInterface({ input: process.stdin })
  .on('line', line => {
    const order = toProcess.parse(JSON.parse(line));
    if (order.kind !== 'cancel') void run(order);
    else running.get(order.job)?.abort(new ScanError('CANCELLED', 'The scan was cancelled'));
  })
  .on('close', () => {
    for (const cancel of running.values()) cancel.abort(new ScanError('CANCELLED', 'The service went away'));
    void engines?.[Symbol.asyncDispose]();
  });
