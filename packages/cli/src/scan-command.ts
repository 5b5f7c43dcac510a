// SPDX-License-Identifier: Apache-2.0
import {
  exitCodes,
  type Preview,
  parseReportSpec,
  plural,
  previewScan,
  type Raw,
  readContents,
  renderConsole,
  resolveInput,
  type Scan,
  type ScanError,
  scan,
  shortLine,
  targetName,
  toFailureOutputs,
  toScanRequest,
  type Values,
  writeFailureOutputs,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from './cancel.ts';
import { commonOptions } from './common-options.ts';
import { makeDeps } from './dependencies.ts';
import { jsonLog } from './json-log.ts';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { makeProgress } from './progress.ts';
import { readableSources, readSources, readValues, toValues } from './read-values.ts';
import { type AskedScan, openScan, requestOptions, writeRequest } from './request-options.ts';
import { scanThere } from './server-scan.ts';
import { targetOptions, targetsArgument } from './target-options.ts';
import { tellWhy } from './tell-why.ts';
import { print, type Terminal, usesColor } from './terminal.ts';
import { toFlags, toRaw } from './to-flags.ts';

const examples = `
Examples:
  Scan the pods of a deployment with a local profile; every control has to pass:
    cinc-scan scan deployment/web -n shop --profile ./profile

  One container of each labelled pod, a threshold, and a JUnit report:
    cinc-scan scan -l app=web -n shop -c app -p ./profile --threshold ./threshold.yml --report junit

  See what would be scanned and granted:
    cinc-scan scan deployment/web -n shop -p ./profile --dry-run

  Ask a scan service, which has the credentials of the clusters and the profiles:
    cinc-scan scan deployment/web -n shop -p base@1.0.0 --server https://scans.example.org --server-token ./scans.key

  Write the request as one document, and run it elsewhere:
    cinc-scan scan deployment/web -n shop -p ./profile --print-request >request.json
    cinc-scan scan -f request.json

Inputs come from flags, then from CINC_SCAN_* variables, then from cinc-scan.yml.

Exit codes:
${Object.entries(exitCodes)
  .map(([code, meaning]) => `  ${code.padEnd(4)}${meaning}`)
  .join('\n')}`;

const scanOptions = new OptionSet()
  .and(targetOptions)
  .inputs(['target', 'profile', 'gate', 'access', 'server', 'report', 'run'], ['targets'])
  .and(requestOptions)
  .and(commonOptions);

export type ScanOptions = ParsedBy<typeof scanOptions>;

/** `cinc-scan scan`. */
export function addScanCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('scan')
    .summary('run a profile inside running containers and judge the result')
    .description(
      'Runs CINC Auditor profiles inside running containers, through an identity that lives for minutes and can touch only the pods it was made for, and judges the result.',
    )
    .argument(...targetsArgument)
    .addHelpText('after', examples);
  const given = scanOptions.addTo(command);
  command.action(async (targets: string[]) => {
    const options = given();
    const flags = toFlags(targets, options);
    if (options.printRequest === true)
      return exit(await writeRequest(readValues(flags, options.config, terminal), terminal));
    exit(await askedScan(flags, options, terminal));
  });
}

/** From a document, or from flags, variables and the configuration file. */
async function askedScan(flags: Raw, { file, config }: ScanOptions, terminal: Terminal): Promise<number> {
  if (file !== undefined) return runScan(await openScan(file, { flags, config }, terminal), terminal);
  const sources = readSources(flags, config, terminal);
  const values = toValues(sources, terminal);
  if (values.server !== undefined) return conclude(await scanThere(values, sources, terminal), values, terminal);
  return runScan({ values, request: toScanRequest(values, readContents(values)) }, terminal);
}

async function runScan({ values, request }: AskedScan, terminal: Terminal): Promise<number> {
  using cancel = listenForCancel(terminal);
  const emit = makeProgress({ ...values, 'run-id': request.runId }, terminal);
  await using deps = makeDeps(values, terminal, { emit, signal: cancel.signal });
  if (request.dryRun) return printPreview(await previewScan(request, deps), terminal);
  return await conclude(await scan(request, deps), values, terminal);
}

async function conclude(found: Scan, values: Values, terminal: Terminal): Promise<number> {
  if (values['log-level'] !== 'quiet') await printResult(found, values, terminal);
  else tellWhy(found.model, terminal);
  return found.verdict.exitCode;
}

/**
 * The table goes to standard output, unless a report was sent there. It is there already where that is the console
 * report: the log of a pod, and of most CI systems, shows both channels as one.
 */
async function printResult({ model, reports }: Scan, values: Values, terminal: Terminal): Promise<void> {
  const printed = values.reports.map(parseReportSpec).filter(({ path }) => path === '-');
  const isTaken = printed.length > 0;
  if (isTaken && values['log-format'] === 'json') return; // standard error is for machines then
  const output = isTaken ? terminal.stderr : terminal.stdout;
  const options = { color: usesColor(terminal, output), width: output.columns ?? 120 };
  const shown = printed.some(({ kind }) => kind === 'console') ? '' : `\n${renderConsole(model, options)}`;
  const files = reports.filter(({ path }) => path !== '-').map(report => report.path);
  const list = files.length > 0 ? `\nReports:\n${files.map(path => `  ${path}`).join('\n')}\n` : '';
  await print(output, shown + list);
}

/** Standard output is YAML that can be reviewed or applied; what is amiss goes to standard error. */
function printPreview({ targets, profiles, problems, identity }: Preview, terminal: Terminal): number {
  const { data, stderr } = terminal;
  data.write(`# Would audit ${plural(targets.length, 'container')}:\n`);
  for (const target of targets) {
    const names = (profiles.get(target) ?? []).map(({ name }) => name).join(', ');
    data.write(`#   ${shortLine(`${targetName(target)} (${target.image}) with ${names}`, 1000)}\n`);
  }
  data.write(
    identity === undefined ? '# Would create nothing\n' : `# Would create, and delete afterwards:\n${identity}`,
  );
  for (const { code, message, exit } of problems)
    if (terminal.log.format === 'json') jsonLog(terminal).error({ event: 'error', code, message, exit });
    else stderr.write(`${code}: ${shortLine(message, 4000)}\n`);
  return Math.max(0, ...problems.map(({ exit }) => exit));
}

/** A run that touched nothing leaves no report, but tells the next step of a pipeline why. */
export async function writeFailedScan(
  { code, exit }: ScanError,
  options: ScanOptions,
  terminal: Terminal,
): Promise<void> {
  const sources = readableSources(toRaw(options), options.config, terminal);
  const outputs = toFailureOutputs(code, exit, resolveInput('run-id', sources) ?? '');
  const folder = resolveInput('output-dir', sources);
  await writeFailureOutputs(outputs, folder, terminal.cwd).catch(() => undefined); // the error itself is shown
}
