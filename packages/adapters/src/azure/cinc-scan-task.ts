// SPDX-License-Identifier: Apache-2.0
// The task as the agent runs it, alone: nothing but Node's own modules, and only types that can be stripped away.
// https://github.com/microsoft/azure-pipelines-tasks-task-lib documents variables and commands of the agent.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  /** Input of the task → variable of the command. */
  variables: Record<string, string>;
  scan: string;
  sweep: string;
  longestRunId: number;
}
interface Outputs {
  verdict: string;
  'exit-code': number;
  [name: string]: unknown;
}
type Environment = Record<string, string>;

const agent = process.env;
const manifest = parseManifest(readFileSync(fileURLToPath(new URL('manifest.json', import.meta.url)), 'utf8'));

function parseManifest(text: string): Manifest {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- generated beside this program
  return JSON.parse(text) as Manifest;
}

function parseOutputs(text: string): Outputs {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the command wrote it
  return JSON.parse(text) as Outputs;
}

/** The agent executes any line that holds such a command; values are escaped as it reads them. */
function command(name: string, properties: Record<string, string>, message = ''): void {
  const escaped = (text: string) => text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const list = Object.entries(properties)
    .map(([key, value]) => `${key}=${escaped(value).replaceAll(']', '%5D').replaceAll(';', '%3B')};`)
    .join('');
  process.stdout.write(`##vso[${name} ${list}]${escaped(message)}\n`);
}

/** Before anything is printed, and each line by itself: the agent masks line by line. */
function mask(secret: string): string {
  for (const part of new Set([secret, ...secret.split(/\r?\n/)]))
    if (part.trim().length > 3) command('task.setsecret', {}, part);
  return secret;
}

function find(name: string): string {
  const wanted = name.toUpperCase();
  const key = Object.keys(agent).find(each => each.toUpperCase() === wanted);
  return (key === undefined ? undefined : agent[key]) ?? '';
}

/** The service connection as a kubeconfig: one that it holds, or one made of its account. */
function connection(id: string): string {
  const parameter = (name: string) => find(`ENDPOINT_AUTH_PARAMETER_${id}_${name}`);
  const kubeconfig = parameter('KUBECONFIG');
  if (kubeconfig !== '') return mask(kubeconfig);
  const decoded = (name: string) => Buffer.from(parameter(name), 'base64').toString('utf8');
  const token = decoded('APITOKEN');
  const server = find(`ENDPOINT_URL_${id}`);
  if (token === '' || server === '')
    throw new Error('The service connection holds neither a kubeconfig nor a service account; use one of those two');
  mask(parameter('APITOKEN'));
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'azure',
    contexts: [{ name: 'azure', context: { cluster: 'azure', user: 'azure' } }],
    clusters: [
      { name: 'azure', cluster: { server, 'certificate-authority-data': parameter('SERVICEACCOUNTCERTIFICATE') } },
    ],
    users: [{ name: 'azure', user: { token: mask(token) } }],
  });
}

/**
 * With which the job asks for its ID token, where a scan service is to be asked: the agent has it for every task.
 * https://github.com/microsoft/azure-pipelines-tasks-task-lib/blob/master/node/docs/azure-pipelines-task-lib.md
 */
function jobToken(): string {
  const isAsked = [find('INPUT_server'), find('CINC_SCAN_SERVER')].some(each => each.trim() !== '');
  const token = find('ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN');
  return isAsked && find('SYSTEM_ACCESSTOKEN') === '' && token !== '' ? mask(token) : '';
}

/** Of the build's number; jobs of a build and tasks of a job share all but the end. */
function runId(): string {
  const prefix = `azure-${find('BUILD_BUILDID').replaceAll(/\D/g, '')}`;
  const end = `-${randomUUID().slice(-12)}`;
  return prefix.slice(0, manifest.longestRunId - end.length) + end;
}

/** What the command gets: its inputs, and nothing of the agent's secrets. */
function environment(folder: string): Environment {
  const kept = Object.entries(agent).flatMap(([name, value]): [string, string][] =>
    value === undefined || /^(INPUT|ENDPOINT|SECRET|SECUREFILE)_/i.test(name) ? [] : [[name, value]],
  );
  const given = Object.entries(manifest.variables).map(([input, variable]): [string, string] => [
    variable,
    find(`INPUT_${input}`),
  ]);
  const endpoint = find('INPUT_kubernetesServiceConnection');
  const access = jobToken();
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(given),
    ...(access !== '' && { SYSTEM_ACCESSTOKEN: access }),
    ...(endpoint !== '' && { CINC_SCAN_KUBECONFIG: connection(endpoint) }),
    CINC_SCAN_RUN_ID: runId(),
    CINC_OUTPUTS: join(folder, 'outputs.json'),
    // The agent's own Node, where it is new enough for the command.
    PATH: process.versions.node.startsWith('20.')
      ? (agent['PATH'] ?? '')
      : `${dirname(process.execPath)}:${agent['PATH']}`,
  };
}

/** Process group of the scan while it runs. */
let scanning: number | undefined;

/**
 * A cancelled job sends SIGINT, and SIGTERM a little later: both go on to the scan, so that it revokes its grant. What comes
 * when it has ended already ends neither this program nor the sweep.
 */
function forward(signal: NodeJS.Signals): void {
  try {
    if (scanning !== undefined) process.kill(-scanning, signal);
  } catch {
    // it has ended this very moment
  }
}

const start = (script: string, env: Environment): ChildProcess =>
  spawn('sh', ['-c', script], { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });

/** How it ended is in its outputs. */
async function scan(env: Environment): Promise<void> {
  const child = start(manifest.scan, env);
  scanning = child.pid;
  await once(child, 'close').finally(() => (scanning = undefined));
}

function readOutputs(path: string): Outputs {
  return existsSync(path)
    ? parseOutputs(readFileSync(path, 'utf8'))
    : { verdict: 'error', reason: 'OUTPUTS_MISSING', 'exit-code': 5 };
}

/** Output variables, the summary tab, test results and the artifact. */
function show(outputs: Outputs): void {
  for (const [name, value] of Object.entries(outputs)) {
    const variable = name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    command('task.setvariable', { variable, isOutput: 'true' }, text);
  }
  const place = (path: string) => (isAbsolute(path) ? path : join(process.cwd(), path));
  const report = (kind: string, tell: (path: string) => void) => {
    const path = outputs[`report-${kind}`];
    if (typeof path === 'string' && existsSync(place(path))) tell(place(path));
  };
  report('markdown', path => command('task.uploadsummary', {}, path));
  report('junit', path =>
    command('results.publish', { type: 'JUnit', resultFiles: path, runTitle: 'cinc-scan', mergeResults: 'false' }),
  );
  report('markdown', path => command('artifact.upload', { artifactname: 'cinc-scan' }, dirname(path)));
}

function conclude(outputs: Outputs): void {
  const { verdict, 'exit-code': code } = outputs;
  const message = `cinc-scan: ${verdict} (${String(outputs['reason'])}, exit ${code})`;
  const result = code !== 0 ? 'Failed' : verdict === 'pass' ? 'Succeeded' : 'SucceededWithIssues';
  if (result !== 'Succeeded') command('task.logissue', { type: code === 0 ? 'warning' : 'error' }, message);
  command('task.complete', { result, done: 'true' }, message);
}

process.on('SIGINT', forward).on('SIGTERM', forward);
const folder = mkdtempSync(join(agent['AGENT_TEMPDIRECTORY'] ?? tmpdir(), 'cinc-scan-'));
try {
  const env = environment(folder);
  try {
    await scan(env);
  } finally {
    await once(start(manifest.sweep, env), 'close');
  }
  const outputs = readOutputs(join(folder, 'outputs.json'));
  show(outputs);
  conclude(outputs);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  command('task.logissue', { type: 'error' }, message);
  command('task.complete', { result: 'Failed', done: 'true' }, message);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
