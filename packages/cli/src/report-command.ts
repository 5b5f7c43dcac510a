// SPDX-License-Identifier: Apache-2.0
import {
  checkOutputs,
  type FoundTrend,
  isRunPath,
  judgeAgain,
  mergeRuns,
  modelOfResults,
  parseReportSpec,
  pushSecrets,
  type ReportModel,
  type ReportSpec,
  readResult,
  readTrend,
  requireRun,
  ScanError,
  toMessage,
  toPushes,
  type WrittenReport,
  writeReports,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from './common-options.ts';
import { toolVersion } from './dependencies.ts';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { readValues } from './read-values.ts';
import { gateOptions, readGate, resultOptions } from './result-options.ts';
import { tellNotice, tellRefusal, tellWhy } from './tell-why.ts';
import { print, type Terminal, usesColor } from './terminal.ts';
import { toFlags } from './to-flags.ts';

const examples = `
Examples:
  One page and one SARIF file of several results:
    cinc-scan report -i a.json b.json --report html:report.html --report sarif:results.sarif

  A page with the trend over earlier runs, kept in a folder each:
    cinc-scan report -i runs/today/*_*.json --trend runs --report html

  The reports of a run once more, as it was judged; or those of several runs together:
    cinc-scan report -i cinc-scan-results --report junit
    cinc-scan report -i runs/monday runs/tuesday --report html

The output folder of a run, or the scan.json in it, is shown with the verdict that the run had, and exits as the run did.
Of result files: without a threshold, baseline or fail-on this only converts, and always exits with 0. With one it exits as
\`cinc-scan gate\` does. Results that cannot be judged are exit 2 either way.`;

const optionSet = new OptionSet()
  .heading('From what:')
  .and(resultOptions('output folders of runs, or result files written by the auditor or cinc-scan'))
  .and(gateOptions)
  .inputs(['report'], ['reports', 'log-format', 'log-level'])
  .option('--report <kind>', 'report to write, KIND or KIND:PATH; path - is standard output (default: html)', {
    repeatable: true,
  })
  .option('--trend <folder>', 'folder with the scan.json of earlier runs, shown in the HTML report')
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan report`. */
export function addReportCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('report')
    .summary('make reports from existing result files')
    .description(
      'Shows runs again as they were judged, or converts result files (HDF, exec-JSON); several become one report.',
    )
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async () => exit(await runReport(given(), terminal)));
}

async function runReport(options: Options, terminal: Terminal): Promise<number> {
  const asked = readGate(options, terminal);
  if (asked.kind === 'refused') {
    tellRefusal(asked, terminal);
    return 2;
  }
  const { report: _reports, ...inputs } = options;
  const values = readValues(toFlags([], inputs), options.config, terminal);
  const specs = toSpecs(options);
  const place = { outputDir: values['output-dir'], workspace: terminal.cwd };
  const pushes = toPushes(values);
  terminal.secrets.register(...pushSecrets(pushes));
  await checkOutputs(specs, place);
  const trend = toTrend(options.trend, specs);
  const gate = asked.kind === 'gate' ? asked.gate : undefined;
  const model = toModel(options.results, { gate, trend });
  const { stdout } = terminal;
  const written = await writeReports(model, specs, {
    ...place,
    stdout: text => print(terminal.data, text),
    console: { color: usesColor(terminal, stdout), width: stdout.columns ?? 120 },
    trend: trend.points,
    secrets: terminal.secrets,
    pushes,
    environment: terminal.environment,
    onPush: ({ name, ok, message }) =>
      tellNotice(ok ? `Sent to ${name}` : `! Could not be sent to ${name}: ${message}`, terminal),
  });
  if (values['log-level'] !== 'quiet') tell(model, written, terminal);
  tellWhy(model, terminal);
  return model.verdict.exitCode;
}

function toSpecs({ report = [] }: Options): ReportSpec[] {
  const asked = report.flatMap(text => text.split(','));
  return (asked.length > 0 ? asked : ['html']).map(parseReportSpec);
}

function toTrend(folder: string | undefined, specs: ReportSpec[]): FoundTrend {
  if (folder === undefined) return { points: [], warnings: [] };
  if (!specs.some(({ kind }) => kind === 'html'))
    throw new ScanError('USAGE', 'Only the HTML report has a trend: ask for --report html');
  try {
    return readTrend(folder);
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `--trend ${folder} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

interface Conversion {
  gate: NonNullable<Parameters<typeof modelOfResults>[2]>['gate'];
  trend: FoundTrend;
}

function toModel(paths: string[], { gate, trend }: Conversion): ReportModel {
  const runs = paths.filter(isRunPath);
  const model = runs.length === 0 ? modelOfFiles(paths, gate) : modelOfRuns(paths, runs, gate);
  return { ...model, warnings: [...model.warnings, ...trend.warnings] };
}

/** As they were judged, unless another gate was asked for. */
function modelOfRuns(paths: string[], runs: string[], gate: Conversion['gate']): ReportModel {
  if (runs.length < paths.length)
    throw new ScanError('USAGE', '--results: give runs or result files, not both: no run has judged the files');
  const [first, ...others] = runs.map(requireRun);
  if (first === undefined) throw new ScanError('USAGE', '--results: no run is given');
  const merged = mergeRuns([first, ...others]);
  return gate === undefined ? merged : judgeAgain(merged, gate);
}

function modelOfFiles(paths: string[], gate: Conversion['gate']): ReportModel {
  const given = paths.map(readResult);
  const refused = given.flatMap(each => (each.kind === 'refused' ? [`${each.name}: ${each.problem}`] : []));
  if (refused.length > 0) throw new ScanError('RESULT_INVALID', refused.join('; '));
  const results = given.filter(each => each.kind === 'result');
  const model = modelOfResults(results, new Date(), { gate, toolVersion: toolVersion() });
  const notes = results.flatMap(({ name, note }) => (note === undefined ? [] : [`${name} ${note}`]));
  return { ...model, warnings: [...model.warnings, ...notes] };
}

/** On standard error where standard output has a report. */
function tell(model: ReportModel, written: WrittenReport[], terminal: Terminal): void {
  const { stdout, stderr } = terminal;
  for (const warning of model.warnings) tellNotice(`! ${warning}`, terminal);
  if (terminal.log.format === 'json') return; // the manifest has the paths
  const output = written.some(({ path }) => path === '-') ? stderr : stdout;
  for (const { path } of written) if (path !== '-') output.write(`${path}\n`);
}
