// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import {
  exitCodes,
  isScanError,
  type Preview,
  previewScan,
  type Raw,
  readConfigFile,
  renderConsole,
  renderOutputs,
  resolveValues,
  type Scan,
  safeLogLines,
  scan,
  targetName,
  toFailureOutputs,
  toScanRequest,
  type Values,
  writeAtomic,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from './cancel.ts';
import { makeDeps } from './dependencies.ts';
import { addInputs, toRaw } from './options.ts';
import { makeProgress } from './progress.ts';
import { type Terminal, usesColor } from './terminal.ts';

const examples = `
Examples:
  Scan the pods of a deployment with a local profile; every control has to pass:
    cinc-scan scan deployment/web -n shop --profile ./profile

  One container of each labelled pod, a threshold, and a JUnit report:
    cinc-scan scan -l app=web -n shop -c app -p ./profile --threshold ./threshold.yml --report junit

  See what would be scanned and granted:
    cinc-scan scan deployment/web -n shop -p ./profile --dry-run

Inputs come from flags, then from CINC_SCAN_* variables, then from cinc-scan.yml.

Exit codes:
${Object.entries(exitCodes)
  .map(([code, meaning]) => `  ${code.padEnd(4)}${meaning}`)
  .join('\n')}`;

/** `cinc-scan scan`. */
export function addScanCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('scan')
    .summary('run a profile inside running containers and judge the result')
    .description(
      'Runs CINC Auditor profiles inside running containers, through an identity that lives for minutes and can touch only the pods it was made for, and judges the result.',
    )
    .addHelpText('after', examples);
  addTargets(command);
  addInputs(command, ['target', 'profile', 'gate', 'access', 'report', 'run'], ['targets']);
  addCommonOptions(command);
  command.action(async (targets: string[], options: Record<string, unknown>) => {
    exit(await runScan(toFlags(targets, options), options['config'], terminal));
  });
}

/** Options that every command with inputs has. */
export function addCommonOptions(command: Command): void {
  command
    .optionsGroup('Other:')
    .option('--config <file>', 'configuration file (default: cinc-scan.yml if there is one)')
    .option('-q, --quiet', 'the same as --log-level quiet')
    .option('-v, --verbose', 'the same as --log-level verbose')
    .option('--debug', 'the same as --log-level debug; errors with their causes');
}

/** Positional targets, and labels. */
export function addTargets(command: Command): void {
  command
    .argument('[targets...]', 'pod name, deployment/NAME, statefulset/NAME, daemonset/NAME')
    .option('-l, --labels <selector>', 'targets by label, such as app=web', gather);
}

export function gather(item: string, before: string[] | undefined): string[] {
  return [...(before ?? []), item];
}

/** Flags by input name; short forms of levels and labels in their long form. */
export function toFlags(targets: string[], options: Record<string, unknown>): Raw {
  const labels = Array.isArray(options['labels']) ? options['labels'].map(label => `-l ${String(label)}`) : [];
  const all = [...targets, ...labels];
  const level = ['quiet', 'verbose', 'debug'].find(name => options[name] === true);
  return {
    ...toRaw(options),
    ...(all.length > 0 && { targets: all }),
    ...(level !== undefined && { 'log-level': level }),
  };
}

/** Values from all sources, the configuration file of the working folder included. */
export function readValues(flags: Raw, config: unknown, { environment }: Terminal): Values {
  const named = typeof config === 'string' ? config : environment['CINC_SCAN_CONFIG'];
  return resolveValues({ flags, environment, file: readConfigFile(named) });
}

async function runScan(flags: Raw, config: unknown, terminal: Terminal): Promise<number> {
  const values = readValues(flags, config, terminal);
  try {
    const request = toScanRequest(values);
    using cancel = listenForCancel(terminal);
    const emit = makeProgress({ ...values, 'run-id': request.runId }, terminal);
    const deps = makeDeps(values, terminal, { emit, signal: cancel.signal });
    if (request.dryRun) return printPreview(await previewScan(request, deps), terminal);
    const found = await scan(request, deps);
    if (values['log-level'] !== 'quiet') printResult(found, values, terminal);
    return found.verdict.exitCode;
  } catch (error) {
    if (isScanError(error)) await writeFailure(error.code, error.exit, { values, terminal });
    throw error;
  }
}

/** The table goes to standard output, unless a report was sent there. */
function printResult({ model, reports }: Scan, values: Values, terminal: Terminal): void {
  const isTaken = values.reports.some(spec => spec.endsWith(':-'));
  if (isTaken && values['log-format'] === 'json') return; // standard error is for machines then
  const output = isTaken ? terminal.stderr : terminal.stdout;
  output.write(`\n${renderConsole(model, { color: usesColor(terminal, output), width: output.columns ?? 120 })}`);
  const files = reports.filter(report => report.path !== '-').map(report => report.path);
  if (files.length > 0) output.write(`\nReports:\n${files.map(path => `  ${path}`).join('\n')}\n`);
}

/** Standard output is YAML that can be reviewed or applied; what is amiss goes to standard error. */
function printPreview({ targets, problems, identity }: Preview, { stdout, stderr }: Terminal): number {
  stdout.write(`# Would audit ${targets.length} container(s):\n`);
  for (const target of targets) stdout.write(`#   ${targetName(target)} (${target.image})\n`);
  stdout.write(identity === undefined ? '# Would make nothing\n' : `# Would make, and take back again:\n${identity}`);
  for (const { code, message } of problems)
    stderr.write(`${code}: ${safeLogLines(message).join(' ').replace(/^│ /, '')}\n`);
  return Math.max(0, ...problems.map(({ exit }) => exit));
}

/** A run that touched nothing leaves no report, but tells the next step of a pipeline why. */
async function writeFailure(
  code: Parameters<typeof toFailureOutputs>[0],
  exit: Parameters<typeof toFailureOutputs>[1],
  { values, terminal }: { values: Values; terminal: Terminal },
): Promise<void> {
  const outputs = toFailureOutputs(code, exit, values['run-id'] ?? '');
  const path = resolve(terminal.cwd, values['output-dir'], 'outputs.json');
  await writeAtomic(path, renderOutputs(outputs), terminal.cwd).catch(() => undefined); // the error itself is shown
}
