// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { makeScratch } from '../engine/index.ts';
import { isScanError, ScanError, toScanError } from '../errors/index.ts';
import type { ReportModel } from '../report/index.ts';
import { makeRunId, Secrets } from '../request/index.ts';
import { makeRedactor, prepareOutputs, pushSecrets, redactModel } from '../results/index.ts';
import { type Deps, inOwnWords, type Scan, toEventRecord, untilDeadline, writeRun } from '../run/index.ts';
import { type ServerScan, submittedScan, toKnownError } from './answers.ts';
import { type Answer, fetchRun } from './fetch-run.ts';
import { follow, type Tell } from './follow.ts';
import type { ServerRequest } from './server-request.ts';
import { type Patience, ServiceCalls, usualPatience } from './service-calls.ts';
import { openKeys } from './sign-in.ts';
import { letGo, type PendingScan, type RememberScan, Submission } from './submission.ts';
import { unreachedModel } from './unreached-model.ts';

export type ServerDeps = Pick<
  Deps,
  'tool' | 'secrets' | 'environment' | 'temporary' | 'workspace' | 'stdout' | 'console' | 'ownWords' | 'signal'
> & {
  tell: Tell;
  patience?: Patience;
  /** For whoever has to take back what a run asked for that did not live to do it. */
  remember?: RememberScan;
};

/**
 * request ─ ask ─► the service scans ─ follow ─► results ─ read back ─► verdict ─ report ─► files
 *
 * As `scan` does here: throws a ScanError only for usage errors (exit 2), before there is anything to judge. Everything
 * later is an outcome: a service that cannot say leaves all that was asked for unreached, and never a pass.
 */
export async function scanAtServer(request: ServerRequest, given: ServerDeps): Promise<Scan> {
  const { secrets = new Secrets(), tell, patience = usualPatience } = given;
  secrets.register(...pushSecrets(request.pushes));
  using ends = untilDeadline(request.deadlineMs + patience.graceMs, given.signal);
  const deps = { ...given, secrets, patience, signal: ends.signal };
  await prepareOutputs(request.reports, request.outputDir, deps.workspace);
  const found = inOwnWords(await ask(request, deps), deps.ownWords);
  const run = { ...found.run, id: request.runId ?? found.run.id };
  const model = redactModel({ ...found, run, request: request.shown }, makeRedactor(secrets.all()));
  const emit = (text: string) => tell({ event: 'notice', text });
  const reports = await writeRun(model, request, { ...deps, onPush: emit });
  const { verdict } = model;
  tell(toEventRecord({ kind: 'verdict', verdict, reports }));
  return { outcomes: verdict.judged.map(({ outcome }) => outcome), verdict, reports, model };
}

type Ready = ServerDeps & { secrets: Secrets; patience: Patience; signal: AbortSignal };

async function ask(request: ServerRequest, deps: Ready): Promise<ReportModel> {
  const { tool, signal } = deps;
  const started = new Date();
  const calls = openCalls(request, deps);
  try {
    return await performed(calls, request, deps);
  } catch (error) {
    const failure =
      signal.aborted && isScanError(signal.reason)
        ? signal.reason
        : toScanError(error, 'ENGINE_CRASHED', 'The run failed');
    if (failure.exit === 2) throw failure;
    return unreachedModel(request, failure, { tool, run: { id: makeRunId(), started } });
  }
}

function openCalls({ server }: ServerRequest, deps: Ready): ServiceCalls {
  const { tool, environment, patience, signal, tell, secrets } = deps;
  const notice = (text: string) => tell({ event: 'notice', text });
  const keys = openKeys(server.signIn, { environment, secrets, notice });
  return new ServiceCalls({ server, keys, environment, version: tool.version, patience, signal, notice });
}

/** Takes back what a run asked for that is dead, signed in anew as the same job. Throws what keeps it from that. */
export async function letGoAtServer(
  request: ServerRequest,
  { server, key, scan }: PendingScan,
  given: Omit<ServerDeps, 'remember'>,
): Promise<void> {
  const { secrets = new Secrets(), patience = usualPatience, tell } = given;
  if (server !== request.server.address)
    throw new ScanError('INPUT_INVALID', `server: the scan was asked of ${server}, not of ${request.server.address}`);
  using ends = untilDeadline(lateMs, given.signal);
  const calls = openCalls(request, { ...given, secrets, patience, signal: ends.signal });
  const submitted = { method: 'POST' as const, path: '/scans', headers: { 'idempotency-key': key }, body: request.ask };
  // The request may have arrived, and its answer not.
  const id = scan ?? (await calls.json(submitted, submittedScan)).id;
  tell({ event: 'notice', text: await letGo(calls, id, key) });
}

/** Nobody waits for what is done afterwards, but it has to end. */
const lateMs = 120_000;

/** How often a scan is asked for again that was cancelled by somebody else, who had asked for it before. */
const mostTries = 3;

async function performed(calls: ServiceCalls, request: ServerRequest, deps: Ready): Promise<ReportModel> {
  for (let attempt = 1; ; attempt++) {
    const submission = new Submission(calls, request, deps.remember ?? (() => undefined));
    const scan = await wait(submission, calls, deps);
    submission.requireSame(scan);
    const isLost = scan.state === 'cancelled' && submission.isJoined && attempt < mostTries;
    if (!isLost) return await result(calls, { scan, ask: request.ask }, deps);
    deps.tell({ event: 'notice', text: `Somebody else cancelled scan ${scan.id}: asking again` });
  }
}

/** The scan once it is over; whatever ends this run before ends the scan too. */
async function wait(
  submission: Submission,
  calls: ServiceCalls,
  { tell, signal, remember }: Ready,
): Promise<ServerScan> {
  try {
    const id = await submission.submit();
    const joined = submission.isJoined ? ', which somebody else asked for already' : '';
    tell({ event: 'notice', text: `Scan ${id} at ${calls.name}${joined}` });
    const scan = await follow(calls, id, tell);
    remember?.(undefined);
    return scan;
  } catch (error) {
    if (signal.aborted) await submission.cancel(tell);
    throw error;
  }
}

async function result(calls: ServiceCalls, answer: Answer, { temporary }: Ready): Promise<ReportModel> {
  const { scan } = answer;
  if (scan.state === 'cancelled') throw new ScanError('CANCELLED', `Scan ${scan.id} was cancelled at ${calls.name}`);
  if (scan.state === 'expired') throw failureOf(calls, scan);
  const folder = await makeScratch(temporary);
  try {
    const model = await fetchRun(calls, answer, folder);
    if (model !== undefined) return model;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throw scan.state === 'failed'
    ? failureOf(calls, scan)
    : calls.notOurs(`scan ${scan.id} is ${scan.state}, and has no result`);
}

/** What the service says of a scan that has no result; in its own words where this version does not know the code. */
function failureOf(calls: ServiceCalls, { id, state, error }: ServerScan): ScanError {
  if (error === null) return calls.notOurs(`scan ${id} is ${state}, and it does not say why`);
  return toKnownError(error) ?? calls.notOurs(`scan ${id} is ${state}: ${error.code}: ${error.message}`);
}
