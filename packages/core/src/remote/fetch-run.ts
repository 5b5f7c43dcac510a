// SPDX-License-Identifier: Apache-2.0
// The run that a scan at the service has left, read back as any run is read back: every report is made of it here, so that
// nothing which the service sends is shown or kept as it came but the auditor's own results.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { toMessage } from '../errors/index.ts';
import { targetName } from '../plan/index.ts';
import { type ReportModel, shortLine } from '../report/index.ts';
import { requireRun } from '../results/index.ts';
import { type ListedReport, reportList, type ServerScan } from './answers.ts';
import type { ServerRequest } from './server-request.ts';
import type { ServiceCalls } from './service-calls.ts';

/** Of all that is fetched for one run; the service keeps half of it. */
const mostBytes = 256 * 1_048_576;

type Asked = ServerRequest['ask'];

/** A scan that is over, and what was asked for. */
export interface Answer {
  scan: ServerScan;
  ask: Asked;
}

/** The run as it was judged; undefined where it left none. Throws SERVICE_ANSWER for one that cannot be what it says. */
export async function fetchRun(
  calls: ServiceCalls,
  { scan, ask }: Answer,
  folder: string,
): Promise<ReportModel | undefined> {
  const { items } = await calls.json(
    { method: 'GET', path: `/scans/${scan.id}/reports`, mostBytes: 32 * 1_048_576 },
    reportList,
  );
  const [manifest, second] = items.filter(({ kind }) => kind === 'scan');
  if (manifest === undefined) return undefined;
  if (second !== undefined) throw calls.notOurs(`scan ${scan.id} has several manifests`);
  const results = items.filter(({ kind }) => kind === 'hdf');
  let room = mostBytes;
  for (const [index, report] of [manifest, ...results].entries()) {
    const bytes = await fetchReport(calls, scan.id, { report, room });
    room -= bytes.length;
    // Names that are ours: a name that the service gives could lead anywhere.
    await writeFile(join(folder, index === 0 ? 'scan.json' : `${index}.json`), bytes, { flag: 'wx', mode: 0o600 });
  }
  const model = readBack(calls, scan, folder);
  requireAgreement(calls, { scan, ask }, model);
  return model;
}

interface Fetched {
  report: ListedReport;
  room: number;
}

async function fetchReport(calls: ServiceCalls, id: string, { report, room }: Fetched): Promise<Buffer> {
  const query = new URLSearchParams({ format: report.kind, file: report.file });
  const path = `/scans/${id}/results?${query.toString()}`;
  const { bytes, headers } = await calls.insist({
    method: 'GET',
    path,
    headers: { accept: '*/*' },
    mostBytes: room,
    timeoutMs: calls.around.patience.reportMs,
  });
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { etag } = headers;
  if (digest === report.digest && (etag === undefined || etag === `"${digest}"`)) return bytes;
  throw calls.notOurs(
    `the report ${shortLine(report.file, 200)} of scan ${id} is not the one that it lists: its SHA-256 differs`,
  );
}

function readBack(calls: ServiceCalls, { id }: ServerScan, folder: string): ReportModel {
  try {
    return requireRun(folder);
  } catch (error) {
    const why = toMessage(error).replaceAll(folder, 'the run');
    throw calls.notOurs(`the result of scan ${id} cannot be used: ${shortLine(why, 500)}`, error);
  }
}

/** What the service says of a scan and what the scan has left are one answer, to the question that was asked, or none. */
function requireAgreement(calls: ServiceCalls, { scan, ask }: Answer, model: ReportModel): void {
  const said = {
    verdict: scan.state === 'done' ? scan.verdict : 'error',
    reason: scan.reason,
    exitCode: scan.exitCode,
  };
  const { verdict, reason, exitCode } = model.verdict;
  if (model.run.id !== scan.runId || !isDeepStrictEqual(said, { verdict, reason, exitCode }))
    throw calls.notOurs(
      `of scan ${scan.id} it says ${textOf(said)}, and the result says ${textOf({ verdict, reason, exitCode })}`,
    );
  const other = verdict === 'error' ? undefined : otherThan(ask, model);
  if (other !== undefined) throw calls.notOurs(`the result of scan ${scan.id} is that of another request: ${other}`);
}

const textOf = (said: Pick<ServerScan, 'reason' | 'exitCode'> & { verdict: string | null }): string =>
  `${said.verdict ?? 'nothing'} (${said.reason ?? 'no reason'}, exit ${said.exitCode ?? 'none'})`;

/** What was judged that was not asked for, or asked for and not judged. */
function otherThan({ profile, namespace }: Asked, { profiles, verdict }: ReportModel): string | undefined {
  const missing = profile.find(
    name => !profiles.some(({ source }) => source === name || source.startsWith(`${name}@`)),
  );
  if (missing !== undefined) return `it lacks profile ${missing}`;
  const strange = verdict.judged.find(({ outcome }) => !namespace.includes(outcome.target.namespace));
  return strange && `${targetName(strange.outcome.target)} is in none of its namespaces`;
}
