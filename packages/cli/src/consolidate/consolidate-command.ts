// SPDX-License-Identifier: Apache-2.0
import { runConsolidation, toConsolidationRequest, toldLines, writeConsolidationFailure } from '@cinc-scan/companions';
import {
  asksForConsolidation,
  consolidationFolder,
  findingsReportNames,
  type Outputs,
  refuseScan,
  resolveInput,
  type ScanError,
  type Secret,
  type SourcesHere,
  toFailureOutputs,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from '../common-options.ts';
import { toolVersion } from '../dependencies.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { readableSources, readValues } from '../read-values.ts';
import { thresholdOptions, toAskedGate } from '../result-options.ts';
import { tellRefusal } from '../tell-why.ts';
import { print, type Terminal } from '../terminal.ts';
import { toFlags } from '../to-flags.ts';

const examples = `
Examples:
  Read what every source of cinc-scan.sources.yml left, and fail if one of them did not look:
    cinc-scan consolidate

  Fail on high findings, and on new ones of medium severity:
    cinc-scan consolidate --fail-on high --state state.json --state-missing seed --fail-on-new medium

  Keep the run and its state where others find them:
    cinc-scan consolidate --store s3://security/scans --state-missing seed

  The page, SARIF for code scanning and the summary of a job:
    cinc-scan consolidate --state state.json --report html,sarif --report markdown:summary.md

Exit codes: 0 met; 3 not met; 4 a source did not look; 2 wrong input. The worst one decides: 4, 2, 3, 0.`;

const optionSet = new OptionSet()
  .inputs(['findings'], ['findings-waivers', 'findings-reports'])
  .option('-w, --waivers <file>', 'findings that do not count, with the reason and the day on which that ends', {
    repeatable: true,
  })
  .option('--webhook-secret <path>', 'what signs alerts to a webhook: a file (env: CINC_SCAN_WEBHOOK_SECRET)')
  .inputs(['gate'], ['threshold', 'baseline', 'baseline-missing'])
  .and(thresholdOptions('threshold: a file; it counts rules of a source as controls'))
  .heading('What to write:')
  .option(
    '--report <kind>',
    `report to write, KIND or KIND:PATH; path - is standard output (default: html): ${findingsReportNames.join(', ')}`,
    { repeatable: true },
  )
  .option(
    '-o, --output-dir <folder>',
    'where reports go: findings.json, hdf/ with a file for each source, and what was asked for (default: cinc-scan-findings)',
  )
  .and(commonOptions);

export type ConsolidateOptions = ParsedBy<typeof optionSet>;

/** `cinc-scan consolidate`. */
export function addConsolidateCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('consolidate')
    .summary("read other scanners' results and say whether they looked")
    .description(
      'Reads the results that a file of sources declares. A source whose result is missing, too old, cut off or about something else did not look, and that is an error; what it found all the same is kept.',
    )
    .argument('[files...]', 'results; each has to belong to a source (default: what the sources look for)')
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async (files: string[]) => exit(await runConsolidate(files, given(), terminal)));
}

async function runConsolidate(files: string[], options: ConsolidateOptions, terminal: Terminal): Promise<number> {
  const here = sourcesHere(options, terminal);
  // A CI system has one set of variables for either command; who writes a command line says which it is.
  if (here.flags['sources'] === undefined && asksForConsolidation(here)) refuseScan(here);
  const values = readValues(here.flags, options.config, terminal);
  const asked = toAskedGate({ ...values, baseline: undefined }, options);
  if (asked.kind === 'refused') {
    tellRefusal(asked, terminal);
    await writeRefused(toFailureOutputs(asked.reason, 2, values['run-id'] ?? ''), here, terminal);
    return 2;
  }
  const gate = asked.kind === 'gate' ? asked.gate : undefined;
  const request = toConsolidationRequest(values, { files, gate, outputDir: consolidationFolder(here) });
  const run = await runConsolidation(request, depsOf(terminal));
  for (const { text, isTrouble } of toldLines(run)) (isTrouble ? terminal.stderr : terminal.stdout).write(`${text}\n`);
  return run.verdict.code;
}

const depsOf = ({ cwd, data, environment, secrets }: Terminal) => ({
  environment,
  onSecrets: (given: Secret[]) => secrets.register(...given),
  tool: { name: 'cinc-scan', version: toolVersion() },
  workspace: cwd,
  now: new Date(),
  print: (piece: string) => print(data, piece),
});

/** Flags by input name; in this command waivers and reports are those of findings. */
function sourcesHere({ waivers, report, ...options }: ConsolidateOptions, { environment }: Terminal): SourcesHere {
  const flags = {
    ...toFlags([], options),
    ...(waivers !== undefined && { 'findings-waivers': waivers }),
    ...(report !== undefined && { 'findings-reports': report }),
  };
  return { flags, environment };
}

/** A consolidation that judged nothing tells the next step of a pipeline why. */
export async function writeFailedConsolidation(
  { code, exit }: ScanError,
  options: ConsolidateOptions,
  terminal: Terminal,
): Promise<void> {
  const here = sourcesHere(options, terminal);
  const runId = resolveInput('run-id', readableSources(here.flags, options.config, terminal));
  await writeRefused(toFailureOutputs(code, exit, runId ?? ''), here, terminal);
}

/** The error itself is shown, whether or not this can be written. */
const writeRefused = (outputs: Outputs, here: SourcesHere, { cwd }: Terminal): Promise<void> =>
  writeConsolidationFailure(outputs, consolidationFolder(here), cwd).catch(() => undefined);
