// SPDX-License-Identifier: Apache-2.0
import { runConsolidation, statesMissing, toldLines } from '@cinc-scan/companions';
import { type FindingsReportSpec, findingsReportKinds, parseFindingsReport } from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from '../common-options.ts';
import { toolVersion } from '../dependencies.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { readGate, thresholdOptions } from '../result-options.ts';
import { tellRefusal } from '../tell-why.ts';
import { print, type Terminal } from '../terminal.ts';

const examples = `
Examples:
  Read what every source of cinc-scan.sources.yml left, and fail if one of them did not look:
    cinc-scan consolidate

  Fail on high findings, and on new ones of medium severity:
    cinc-scan consolidate --fail-on high --state state.json --state-missing seed --fail-on-new medium

  The page, SARIF for code scanning and the summary of a job:
    cinc-scan consolidate --state state.json --report html,sarif --report markdown:summary.md

Exit codes: 0 met; 3 not met; 4 a source did not look; 2 wrong input. The worst one decides: 4, 2, 3, 0.`;

const severities = ['critical', 'high', 'medium', 'low', 'none'] as const;

const optionSet = new OptionSet()
  .heading('From what:')
  .option('-s, --sources <file>', 'file of sources; its folder is where results are', {
    default: 'cinc-scan.sources.yml',
  })
  .option('-w, --waivers <file>', 'findings that do not count, with the reason and the day on which that ends', {
    repeatable: true,
  })
  .option('--state <file>', 'what is known of earlier runs; read, and written when the reports are there')
  .option(
    '--state-missing <choice>',
    'a state that is not there: an error, all findings new, or recorded and not told',
    { choices: statesMissing, default: 'fail' },
  )
  .inputs(['gate'], ['threshold', 'baseline', 'baseline-missing'])
  .and(thresholdOptions('threshold: a file; it counts rules of a source as controls'))
  .option('--fail-on-new <severity>', 'fail on new and returned findings of this severity or above', {
    choices: severities,
  })
  .option('--unknown-as <severity>', 'what a finding without a severity counts as', {
    choices: severities,
    default: 'medium',
  })
  .heading('What to write:')
  .option(
    '--report <kind>',
    `report to write, KIND or KIND:PATH; path - is standard output (default: html): ${Object.keys(findingsReportKinds).join(', ')}`,
    { repeatable: true },
  )
  .option(
    '-o, --output-dir <folder>',
    'where reports go: findings.json, hdf/ with a file for each source, and what was asked for',
    { default: 'cinc-scan-findings' },
  )
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

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

async function runConsolidate(files: string[], options: Options, terminal: Terminal): Promise<number> {
  const { waivers = [], state, reportOnly } = options;
  const reports = reportSpecs(options);
  const asked = readGate(options, terminal);
  if (asked.kind === 'refused') {
    tellRefusal(asked, terminal);
    return 2;
  }
  const gate = asked.kind === 'gate' ? asked.gate : undefined;
  const request = { ...options, files, waivers, state, gate, reports, reportOnly: reportOnly === true };
  const run = await runConsolidation({ ...request, failOnNew: options.failOnNew }, depsOf(terminal));
  for (const { text, isTrouble } of toldLines(run)) (isTrouble ? terminal.stderr : terminal.stdout).write(`${text}\n`);
  return run.verdict.code;
}

const depsOf = ({ cwd, data }: Terminal) => ({
  tool: { name: 'cinc-scan', version: toolVersion() },
  workspace: cwd,
  now: new Date(),
  print: (piece: string) => print(data, piece),
});

const reportSpecs = ({ report = [] }: Options): FindingsReportSpec[] => {
  const asked = report.flatMap(text => text.split(','));
  return (asked.length > 0 ? asked : ['html']).map(parseFindingsReport);
};
