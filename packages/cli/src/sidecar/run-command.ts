// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { devNull } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import {
  clearCompletion,
  isScanError,
  type OwnPod,
  readContents,
  readVariable,
  renderConsole,
  resolveInput,
  ScanError,
  type ScanRequest,
  type Sources,
  scanInPod,
  toFailureOutputs,
  toMessage,
  toScanRequest,
  type Values,
  writeCompletion,
  writeFailureOutputs,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from '../cancel.ts';
import { commonOptions } from '../common-options.ts';
import { makeDeps } from '../dependencies.ts';
import { printFailure } from '../failure.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { makeProgress } from '../progress.ts';
import { readableSources, readValues } from '../read-values.ts';
import { type Terminal, usesColor } from '../terminal.ts';
import { toFlags } from '../to-flags.ts';

const examples = `
The variables POD_NAME, POD_NAMESPACE, POD_UID and NODE_NAME tell which pod it is; \`cinc-scan sidecar inject --in-pod\`
writes them, and everything else that is needed, into a manifest.`;

const optionSet = new OptionSet()
  .option('-c, --container <name>', 'container to scan; repeatable', { required: true, repeatable: true })
  .option('--workload <kind/name>', 'what the pod belongs to, such as Deployment/web (default: the pod itself)')
  .option('--stay', 'once the results are there, wait for the end of the pod')
  .inputs(['profile', 'gate', 'report', 'run'], ['dry-run'])
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan sidecar run`: what the injected container does that scans by itself. */
export function addRunCommand(sidecar: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = sidecar
    .command('run')
    .summary('scan the other containers of the pod that this runs in')
    .description(
      'Scans other containers of its own pod without access to the API, and leaves results with a marker that says when they are complete.',
    )
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async () => exit(await runInPod(given(), terminal)));
}

async function runInPod({ container, workload, stay, ...options }: Options, terminal: Terminal): Promise<number> {
  const { environment } = terminal;
  // The injection marks its own container with a variable that has the form of an input.
  const { CINC_SCAN_CONTAINER: _, ...others } = environment;
  const inPod: Terminal = { ...terminal, environment: { ...others, KUBECONFIG: devNull } }; // no cluster is asked
  const flags = toFlags([environment['POD_NAME'] ?? ''], options);
  const sources = readableSources(flags, options.config, inPod);
  await clearCompletion(resolve(terminal.cwd, resolveInput('output-dir', sources)));
  using cancel = listenForCancel(terminal);
  const readAll = () => readValues(flags, options.config, inPod);
  const code = await scanOwnPod({ readAll, sources, container, workload, signal: cancel.signal }, inPod);
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
  readAll: () => Values;
  /** What is known of the request where not all of it can be read. */
  sources: Sources;
  container: string[];
  workload: string | undefined;
  signal: AbortSignal;
}

/** Whatever became of the scan, whoever waits for it learns it from the marker. */
async function scanOwnPod(running: Running, terminal: Terminal): Promise<number> {
  const { readAll, sources, container, workload, signal } = running;
  const folder = resolve(terminal.cwd, resolveInput('output-dir', sources));
  try {
    const values = readAll();
    const pod = toOwnPod(terminal, { container, workload });
    const request = toScanRequest(values, readContents(values));
    refuseReportsElsewhere(request);
    const emit = makeProgress({ ...values, 'run-id': request.runId }, terminal);
    await using deps = makeDeps(values, terminal, { emit, signal });
    const { verdict, model, reports } = await scanInPod(request, pod, deps);
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
    const code = printFailure(failure, terminal, resolveInput('log-level', sources) === 'debug');
    const run = resolveInput('run-id', sources) ?? '';
    if (!signal.aborted) await writeFailure(folder, failure, { run, cwd: terminal.cwd });
    return code;
  }
}

async function writeFailure(
  folder: string,
  { code, exit }: ScanError,
  { run, cwd }: { run: string; cwd: string },
): Promise<void> {
  const name = 'outputs.json';
  await writeFailureOutputs(toFailureOutputs(code, exit, run), folder, cwd);
  await writeCompletion(folder, { run, exitCode: exit, names: [name] }, cwd);
}

function toOwnPod({ environment }: Terminal, { container, workload }: Pick<Running, 'container' | 'workload'>): OwnPod {
  const [name, namespace] = [readVariable(environment, 'POD_NAME'), readVariable(environment, 'POD_NAMESPACE')];
  if (name === undefined || namespace === undefined)
    throw new ScanError('USAGE', 'This is not an injected container: POD_NAME or POD_NAMESPACE is not set', {
      remedy: 'Make the container with `cinc-scan sidecar inject --in-pod`.',
    });
  const [, kind = 'Pod', owner = name] = /^(\w+)\/([a-z0-9.-]+)$/.exec(workload ?? '') ?? [];
  return {
    name,
    namespace,
    uid: environment['POD_UID'] ?? '',
    node: environment['NODE_NAME'],
    owner: { kind, name: owner },
    containers: container,
  };
}

/** All results lie in one folder, from which they are collected. */
function refuseReportsElsewhere({ reports, outputDir }: ScanRequest): void {
  const other = reports.find(
    ({ path }) => path === '-' || (path !== undefined && dirname(resolve(path)) !== resolve(outputDir)),
  );
  if (other !== undefined)
    throw new ScanError(
      'USAGE',
      `The report ${other.kind} would go to ${other.path === '-' ? 'standard output' : other.path}, and not into the output folder`,
    );
}
