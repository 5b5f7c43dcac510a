// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { devNull } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import {
  clearCompletion,
  isScanError,
  type OwnPod,
  renderConsole,
  renderOutputs,
  ScanError,
  type ScanRequest,
  scanInPod,
  toFailureOutputs,
  toMessage,
  toScanRequest,
  type Values,
  writeAtomic,
  writeCompletion,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from '../cancel.ts';
import { makeDeps } from '../dependencies.ts';
import { printFailure } from '../failure.ts';
import { addInputs } from '../options.ts';
import { makeProgress } from '../progress.ts';
import { addCommonOptions, gather, readValues, toFlags } from '../scan-command.ts';
import { type Terminal, usesColor } from '../terminal.ts';

type Options = Record<string, unknown>;

const examples = `
The variables POD_NAME, POD_NAMESPACE, POD_UID and NODE_NAME tell which pod it is; \`cinc-scan sidecar inject --in-pod\`
writes them, and everything else that is needed, into a manifest.`;

/** `cinc-scan sidecar run`: what the injected container does that scans by itself. */
export function addRunCommand(sidecar: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = sidecar
    .command('run')
    .summary('scan the other containers of the pod that this runs in')
    .description(
      'Scans other containers of its own pod without access to the API, and leaves results with a marker that says when they are complete.',
    )
    .requiredOption('-c, --container <name>', 'container to scan; repeatable', gather)
    .option('--workload <kind/name>', 'what the pod belongs to, such as Deployment/web (default: the pod itself)')
    .option('--stay', 'once the results are there, wait for the end of the pod');
  addInputs(command, ['profile', 'gate', 'report', 'run'], ['dry-run']);
  addCommonOptions(command);
  command.addHelpText('after', examples);
  command.action(async (options: Options) => exit(await runInPod(options, terminal)));
}

async function runInPod({ container, workload, stay, ...options }: Options, terminal: Terminal): Promise<number> {
  const { environment } = terminal;
  // The injection marks its own container with a variable that has the form of an input.
  const { CINC_SCAN_CONTAINER: _, ...others } = environment;
  const inPod: Terminal = { ...terminal, environment: { ...others, KUBECONFIG: devNull } }; // no cluster is asked
  const values = readValues(toFlags([environment['POD_NAME'] ?? ''], options), options['config'], inPod);
  await clearCompletion(resolve(terminal.cwd, values['output-dir']));
  using cancel = listenForCancel(terminal);
  const code = await scanOwnPod({ values, container, workload, signal: cancel.signal }, inPod);
  if (stay === true) await untilCancelled(cancel.signal);
  return code;
}

async function untilCancelled(signal: AbortSignal): Promise<void> {
  // Waiting for a signal alone does not keep the process alive.
  const alive = setInterval(() => undefined, 3_600_000);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
}

interface Running {
  values: Values;
  container: unknown;
  workload: unknown;
  signal: AbortSignal;
}

/** Whatever became of the scan, whoever waits for it learns it from the marker. */
async function scanOwnPod({ values, container, workload, signal }: Running, terminal: Terminal): Promise<number> {
  const folder = resolve(terminal.cwd, values['output-dir']);
  try {
    const pod = toOwnPod(terminal, { container, workload });
    const request = toScanRequest(values);
    refuseReportsElsewhere(request);
    const emit = makeProgress({ ...values, 'run-id': request.runId }, terminal);
    const { verdict, model, reports } = await scanInPod(request, pod, makeDeps(values, terminal, { emit, signal }));
    if (signal.aborted) return verdict.exitCode;
    const names = reports.map(({ path }) => basename(path));
    await writeCompletion(folder, { run: request.runId, exitCode: verdict.exitCode, names }, terminal.cwd);
    const { stdout } = terminal;
    stdout.write(`\n${renderConsole(model, { color: usesColor(terminal, stdout), width: stdout.columns ?? 120 })}`);
    return verdict.exitCode;
  } catch (error) {
    const failure = isScanError(error)
      ? error
      : new ScanError('ENGINE_CRASHED', `The scan failed: ${toMessage(error)}`, { cause: error });
    const code = printFailure(failure, terminal, values['log-level'] === 'debug');
    if (!signal.aborted) await writeFailure(folder, failure, { values, cwd: terminal.cwd });
    return code;
  }
}

async function writeFailure(
  folder: string,
  { code, exit }: ScanError,
  { values, cwd }: { values: Values; cwd: string },
): Promise<void> {
  const run = values['run-id'] ?? '';
  const name = 'outputs.json';
  await writeAtomic(resolve(folder, name), renderOutputs(toFailureOutputs(code, exit, run)), cwd);
  await writeCompletion(folder, { run, exitCode: exit, names: [name] }, cwd);
}

function toOwnPod(
  { environment }: Terminal,
  { container, workload }: { container: unknown; workload: unknown },
): OwnPod {
  const [name, namespace] = [environment['POD_NAME'], environment['POD_NAMESPACE']];
  if (name === undefined || namespace === undefined)
    throw new ScanError('USAGE', 'This does not run in an injected container: POD_NAME or POD_NAMESPACE is not set', {
      remedy: 'Make the container with `cinc-scan sidecar inject --in-pod`.',
    });
  const [, kind = 'Pod', owner = name] =
    /^(\w+)\/([a-z0-9.-]+)$/.exec(typeof workload === 'string' ? workload : '') ?? [];
  return {
    name,
    namespace,
    uid: environment['POD_UID'] ?? '',
    node: environment['NODE_NAME'],
    owner: { kind, name: owner },
    containers: Array.isArray(container) ? container.map(String) : [],
  };
}

/** All results lie in one folder, from which they are collected. */
function refuseReportsElsewhere({ reports, outputDir }: ScanRequest): void {
  const other = reports.find(({ path }) => path !== undefined && dirname(resolve(path)) !== resolve(outputDir));
  if (other !== undefined)
    throw new ScanError('USAGE', `The report ${other.kind} would go to ${other.path}, and not into the output folder`);
}
