// SPDX-License-Identifier: Apache-2.0
// Fetches what a scan inside a pod has left there: all of it, as it was written, or nothing.
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type Cluster, type Connection, parseJson } from '../../cluster/index.ts';
import { isScanError, ScanError, toMessage } from '../../errors/index.ts';
import { admitAll, openAccess } from '../../grant/index.ts';
import { type ExecPlace, execPlace, fetchBytes, type ShellOutput, tools } from '../../lens/index.ts';
import { getPod, type Target, targetName, toTarget } from '../../plan/index.ts';
import { checkFolder } from '../../store/index.ts';
import { toGrantRequest } from '../grant-events.ts';
import { connectOperator } from '../operator-connection.ts';
import { secretsOf } from '../run-secrets.ts';
import type { Deps, IdentityRequest } from '../scan-request.ts';
import { otherWriter } from './collect-witness.ts';
import {
  type CompletedFile,
  type Completion,
  completionFile,
  completionMaxBytes,
  digestOf,
  parseCompletion,
} from './completion.ts';

export interface CollectResultsRequest extends IdentityRequest {
  access: 'grant' | 'existing';
  pod: string;
  namespace: string | undefined;
  container: string;
  /** Of the results, in the container. */
  folder: string;
  /** `guarded`: only if no other container of the pod could have written them. */
  requireView: 'any' | 'guarded';
  /** Where they go; relative to the workspace. */
  outputDir: string;
  /** How long to wait for the scan to be complete. */
  timeoutMs: number;
  maxBytes: number;
}

type CollectDeps = Pick<
  Deps,
  'access' | 'context' | 'token' | 'signal' | 'emit' | 'workspace' | 'secrets' | 'environment'
>;

/** Waits for the results of a scan inside a pod, fetches and checks them; the folder has all of them, or what it had. */
export async function collectResults(request: CollectResultsRequest, deps: CollectDeps): Promise<Completion> {
  const outputDir = resolve(deps.workspace, request.outputDir);
  const earlier = await checkOutput(outputDir, deps.workspace);
  const connection = await connectOperator({ ...deps, secrets: secretsOf(deps) });
  const staging = await mkdtemp(join(dirname(outputDir), '.cinc-scan-'));
  try {
    const completion = await fetchAll(request, { connection, staging, deps });
    for (const name of earlier) await rm(join(outputDir, name), { force: true });
    for (const { name } of completion.files) await rename(join(staging, name), join(outputDir, name));
    await rename(join(staging, completionFile), join(outputDir, completionFile));
    return completion;
  } finally {
    connection.close();
    await rm(staging, { recursive: true, force: true });
  }
}

/** The folder is empty, or has what was collected before and nothing else: old and new results are never mixed. */
async function checkOutput(outputDir: string, workspace: string): Promise<string[]> {
  await checkFolder(outputDir, workspace);
  const names = await readdir(outputDir);
  if (names.length === 0) return [];
  const text = await readFile(join(outputDir, completionFile), 'utf8').catch(() => undefined);
  const known = text === undefined ? [] : [completionFile, ...parseCompletion(text, outputDir).files.map(f => f.name)];
  const other = names.find(name => !known.includes(name));
  if (other === undefined) return known;
  throw new ScanError('OUTPUT_UNWRITABLE', `The folder ${outputDir} has other files in it, such as ${other}`, {
    remedy: 'Name a folder that is empty, or one into which results were collected before.',
  });
}

interface Collecting {
  connection: Connection;
  staging: string;
  deps: CollectDeps;
}

async function fetchAll(
  request: CollectResultsRequest,
  { connection, staging, deps }: Collecting,
): Promise<Completion> {
  const { cluster } = connection;
  const namespace = request.namespace ?? connection.namespace;
  const target = toTarget(cluster.alias, await getPod(cluster, namespace, request.pod), request.container);
  await checkWriters(request, { cluster, target, deps });
  const asked = { access: request.access, ...toGrantRequest(request, request.timeoutMs / 1000, deps) };
  await admitAll(connection, [target], asked);
  const access = await openAccess(connection, [target], asked);
  try {
    const { pod, container } = target;
    const place = execPlace(access.scannerFor(namespace), { namespace, pod, container });
    const waiting: ResultWait = { request, target, place, signal: deps.signal };
    const { completion, bytes } = await awaitCompletion(waiting);
    checkSize(waiting, completion);
    for (const file of completion.files)
      await writeFile(join(staging, file.name), await fetchFile(waiting, file), { flag: 'wx', mode: 0o644 });
    await checkExit(staging, completion, targetName(target));
    await writeFile(join(staging, completionFile), bytes, { flag: 'wx', mode: 0o644 });
    return completion;
  } finally {
    await access.revoke();
  }
}

interface WriterCheck extends Pick<Collecting, 'deps'> {
  cluster: Cluster;
  target: Target;
}

/** The marker vouches for itself, so it is worth what nobody else could write. */
async function checkWriters(
  { folder, requireView }: CollectResultsRequest,
  { cluster, target, deps }: WriterCheck,
): Promise<void> {
  const { namespace, pod, container } = target;
  const writer = await otherWriter(cluster, { namespace, pod, container, folder });
  if (writer === undefined) return;
  const text = `The results of ${targetName(target)} could have been written by container "${writer}" of the same pod`;
  if (requireView === 'guarded')
    throw new ScanError('VIEW_PARTIAL', `${text}, and require-view is guarded`, {
      remedy: 'Inject the scanner with --guarded, or take capabilities from the other containers.',
    });
  deps.emit({ kind: 'notice', text: `${text}: it may reach the scanner's files` });
}

interface ResultWait {
  request: CollectResultsRequest;
  target: Target;
  place: ExecPlace;
  signal: AbortSignal | undefined;
}

const pollMs = 1000;

async function awaitCompletion(waiting: ResultWait): Promise<{ completion: Completion; bytes: Buffer }> {
  const { request, target } = waiting;
  const until = Date.now() + request.timeoutMs;
  let last = 'it was not asked yet';
  for (;;) {
    const answer = await poll(waiting);
    if (answer.kind === 'complete')
      return { completion: parseCompletion(answer.bytes.toString('utf8'), targetName(target)), bytes: answer.bytes };
    last = answer.reason;
    if (Date.now() + pollMs > until) break;
    await pause(waiting.signal);
  }
  throw new ScanError(
    'TARGET_TIMEOUT',
    `The scan inside ${targetName(target)} was not complete within ${request.timeoutMs / 1000} s: ${last}`,
    { remedy: `Raise --timeout, or check the log of the scanner: kubectl logs ${target.pod} -c ${target.container}` },
  );
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(pollMs, undefined, { ...(signal && { signal }) });
  } catch (error) {
    throw isScanError(signal?.reason) ? signal.reason : error;
  }
}

type Polled = { kind: 'complete'; bytes: Buffer } | { kind: 'waiting'; reason: string };

async function poll(waiting: ResultWait): Promise<Polled> {
  let fetched: ShellOutput;
  try {
    fetched = await fetchOne(waiting, completionFile, completionMaxBytes);
  } catch (error) {
    // A container that starts late, or again, may still get there.
    if (isScanError(error) && error.code === 'TARGET_NOT_RUNNING') return { kind: 'waiting', reason: error.message };
    throw error;
  }
  const { end, bytes } = fetched;
  if (end.kind === 'lost') return { kind: 'waiting', reason: end.message };
  if (end.kind === 'exited' && end.code === exits.missing)
    return { kind: 'waiting', reason: `there is no ${completionFile} yet` };
  requireGood(waiting, completionFile, fetched);
  if (bytes.length > completionMaxBytes)
    throw corrupt(waiting, `${completionFile} is larger than ${completionMaxBytes} bytes`);
  return { kind: 'complete', bytes };
}

const exits = { missing: 44, irregular: 45 } as const;
const fetchMs = 120_000;

/** One byte more than allowed tells a longer file from one that just fits. */
function fetchOne({ place, request }: ResultWait, name: string, limit: number): Promise<ShellOutput> {
  const script = [
    `[ -e "$1" ] || [ -L "$1" ] || exit ${exits.missing}`,
    `[ -f "$1" ] && [ ! -L "$1" ] || exit ${exits.irregular}`,
    `exec ${tools.shell} head -c "$2" "$1"`,
  ].join('\n');
  const path = `${request.folder}/${name}`;
  const command = [tools.shell, 'sh', '-c', script, 'sh', path, String(limit + 1)];
  return fetchBytes(place, command, { limit: limit + 1, timeoutMs: fetchMs });
}

function requireGood({ target }: ResultWait, name: string, { end, stderr }: ShellOutput): void {
  const where = `${name} of ${targetName(target)}`;
  switch (end.kind) {
    case 'lost':
      throw new ScanError('TARGET_LOST', `The stream ended before ${where} was complete: ${end.message}`);
    case 'not-started':
      throw new ScanError(
        'LENS_UNAVAILABLE',
        `${where} cannot be read, since the container lacks tools: ${end.message}`,
        {
          remedy: 'Name the injected container with --container; its image has to be the scanner image.',
        },
      );
    case 'exited':
      if (end.code === exits.missing) throw corruptFile(where, 'is missing');
      if (end.code === exits.irregular) throw corruptFile(where, 'is a link, or not a regular file');
      if (end.code !== 0) throw new ScanError('TARGET_LOST', `${where} cannot be read: ${stderr.trim()} (${end.code})`);
  }
}

const corruptFile = (where: string, problem: string) =>
  new ScanError('TARGET_CORRUPT', `${where} ${problem}`, {
    remedy: 'The results were changed after they were complete, or a new scan has begun: collect them again.',
  });

const corrupt = ({ target }: ResultWait, problem: string) =>
  corruptFile(`The result of ${targetName(target)}:`, problem);

function checkSize(waiting: ResultWait, { files }: Completion): void {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const { maxBytes } = waiting.request;
  if (total > maxBytes) throw corrupt(waiting, `${total} bytes are more than the limit of ${maxBytes}`);
}

/** Reading does no harm, so a stream that broke is tried once more. */
async function fetchFile(waiting: ResultWait, file: CompletedFile): Promise<Buffer> {
  let fetched = await fetchOne(waiting, file.name, file.bytes);
  if (fetched.end.kind === 'lost') fetched = await fetchOne(waiting, file.name, file.bytes);
  requireGood(waiting, file.name, fetched);
  const { bytes } = fetched;
  const where = `${file.name} of ${targetName(waiting.target)}`;
  if (bytes.length < file.bytes) throw corruptFile(where, `has ${bytes.length} bytes instead of ${file.bytes}`);
  if (bytes.length > file.bytes) throw corruptFile(where, `has more than ${file.bytes} bytes`);
  if (digestOf(bytes) !== file.sha256) throw corruptFile(where, 'is not what it was when it was written');
  return bytes;
}

const outputs = z.object({ 'exit-code': z.number() });

/** The exit code stands in two places, of which one is a result. */
async function checkExit(staging: string, { exitCode }: Completion, where: string): Promise<void> {
  const text = await readFile(join(staging, 'outputs.json'), 'utf8').catch((error: unknown) => {
    throw corruptFile(`outputs.json of ${where}`, `is missing: ${toMessage(error)}`);
  });
  const parsed = outputs.safeParse(parseJson(text));
  if (parsed.data?.['exit-code'] !== exitCode)
    throw corruptFile(`outputs.json of ${where}`, `does not say that the scan ended with ${exitCode}`);
}
