// SPDX-License-Identifier: Apache-2.0
// Started by process-executor.ts, one for each team: reads orders from standard input, and keeps its engine from one scan
// to the next. It has neither the database nor the keys of the service.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type Deps,
  EnginePool,
  isScanError,
  makeDeps,
  readDocument,
  reportKinds,
  type Scan,
  ScanError,
  type ScanEvent,
  scan,
  sweepGrants,
  toEventRecord,
  toMessage,
  toScanRequest,
  type Values,
  type WrittenReport,
  writeAtomic,
  writeReports,
} from '@cinc-scan/core';
import { findingsOfRun } from '../findings/of-run.ts';
import { findingsKind, renderRunFindings } from '../findings/run-findings.ts';
import { engineDirectory, ownVersion } from '../own-package.ts';
import { type FromProcess, type ScanOrder, toProcess } from './protocol.ts';
import type { LeftReport } from './run-reports.ts';

type WithoutJob<T> = T extends unknown ? Omit<T, 'job'> : never;
type Said = WithoutJob<FromProcess>;

/** The checklist is made afterwards: a profile without a STIG's tags refuses it, and that is not a failure of the scan. */
const keptReports = Object.keys(reportKinds).filter(kind => kind !== 'ckl');

const running = new Map<number, AbortController>();
let engines: EnginePool | undefined;

const say = (job: number, said: Said): void => void process.stdout.write(`${JSON.stringify({ ...said, job })}\n`);

async function run(order: ScanOrder): Promise<void> {
  const { job } = order;
  const cancel = new AbortController();
  running.set(job, cancel);
  try {
    say(job, await perform(order, cancel.signal));
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
  const done = await scan(toScanRequest(values, contents), deps);
  await writeAtomic(join(folder, findingsFile), renderRunFindings(findingsOfRun(done.model, names)), folder);
  return toSaid(done, [...toFiles([...done.reports, ...(await checklists(done, folder))]), findingsReport]);
}

const findingsFile = 'run-findings.json';
const findingsReport = { file: findingsFile, kind: findingsKind };

const toFiles = (reports: WrittenReport[]) => reports.map(({ path, format }) => ({ file: path, kind: format }));

async function checklists({ model }: Scan, folder: string): Promise<WrittenReport[]> {
  try {
    const options = { outputDir: folder, workspace: folder, stdout: () => undefined };
    return await writeReports(model, [{ kind: 'ckl', path: undefined }], options);
  } catch (error) {
    if (isScanError(error) && error.code === 'USAGE') return [];
    throw error;
  }
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
  engines ??= made.engines;
  return { ...made, engines };
}

/** What the last event says is in the answer. */
function tell(job: number, event: ScanEvent): void {
  if (event.kind === 'verdict') return;
  const { event: kind, ...data } = toEventRecord(event);
  say(job, { kind: 'event', event: kind, data });
}

function toSaid(
  { verdict: { verdict, reason, exitCode, judged }, model }: Omit<Scan, 'outcomes'>,
  reports: LeftReport[],
): Said {
  const missed = judged.flatMap(({ outcome }) => (outcome.kind === 'unreached' ? [outcome.error] : []));
  const [first] = missed;
  const judgements = judged.flatMap(({ judgement }) => judgement ?? []);
  const total = (status: 'passed' | 'failed' | 'skipped' | 'error') =>
    judgements.reduce((sum, { counts }) => sum + counts[status].total, 0);
  return {
    kind: 'judged',
    verdict,
    reason,
    exitCode,
    counts: {
      targets: judged.length,
      unreached: missed.length,
      passed: total('passed'),
      failed: total('failed'),
      skipped: total('skipped'),
      error: total('error'),
    },
    ...(first !== undefined && { failure: toFailure(first) }),
    ...(model.jail !== undefined && { isolation: model.jail.strength }),
    reports,
  };
}

function toFailure(error: unknown) {
  if (isScanError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  return { code: 'ENGINE_FAILED', message: toMessage(error), remedy: 'Look into the log of the runner.' };
}

createInterface({ input: process.stdin })
  .on('line', line => {
    const order = toProcess.parse(JSON.parse(line));
    if (order.kind === 'scan') void run(order);
    else running.get(order.job)?.abort(new ScanError('CANCELLED', 'The scan was cancelled'));
  })
  .on('close', () => {
    for (const cancel of running.values()) cancel.abort(new ScanError('CANCELLED', 'The service went away'));
    void engines?.[Symbol.asyncDispose]();
  });
