// SPDX-License-Identifier: Apache-2.0
import {
  checkOutputs,
  type FoundTrend,
  modelOfResults,
  type Push,
  parseReportSpec,
  type ReportModel,
  type ReportSpec,
  readResult,
  readTrend,
  renderRefusal,
  ScanError,
  Secrets,
  toMessage,
  toPushes,
  type WrittenReport,
  writeReports,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { toolVersion } from './dependencies.ts';
import { addInputs } from './options.ts';
import { addGateOptions, addResults, type Options, readGate, textOption, textsOption } from './result-options.ts';
import { addCommonOptions, gather, readValues, toFlags } from './scan-command.ts';
import { type Terminal, usesColor } from './terminal.ts';

const examples = `
Examples:
  One page and one SARIF file of several results:
    cinc-scan report -i a.json b.json --report html:report.html --report sarif:results.sarif

  A page with the trend over earlier runs, kept in a folder each:
    cinc-scan report -i runs/today/*_*.json --trend runs --report html

Without a threshold, baseline or fail-on this converts, and exits with 0 whatever the results say. With one it exits as
\`cinc-scan gate\` does. Results that cannot be judged are exit 2 either way.`;

/** `cinc-scan report`. */
export function addReportCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('report')
    .summary('make reports from existing result files')
    .description('Converts result files (HDF, exec-JSON), merging those of several targets and runs into one report.')
    .addHelpText('after', examples);
  command.optionsGroup('From what:');
  addResults(command);
  addGateOptions(command);
  addInputs(command, ['report'], ['reports', 'log-format', 'log-level']);
  command
    .option('--report <kind>', 'report to write, KIND or KIND:PATH; path - is standard output (default: html)', gather)
    .option('--trend <folder>', 'folder with the scan.json of earlier runs, shown in the HTML report');
  addCommonOptions(command);
  command.action(async (options: Options) => exit(await runReport(options, terminal)));
}

async function runReport(options: Options, terminal: Terminal): Promise<number> {
  const asked = readGate(options, terminal);
  if (asked.kind === 'refused') {
    terminal.stderr.write(renderRefusal(asked));
    return 2;
  }
  const { report: _reports, ...inputs } = options;
  const values = readValues(toFlags([], inputs), options['config'], terminal);
  const specs = toSpecs(options);
  const place = { outputDir: values['output-dir'], workspace: terminal.cwd };
  const pushes = toPushes(values);
  await checkOutputs(specs, place);
  const trend = toTrend(textOption(options, 'trend'), specs);
  const gate = asked.kind === 'gate' ? asked.gate : undefined;
  const model = toModel(textsOption(options, 'results'), { gate, trend });
  const { stdout } = terminal;
  const written = await writeReports(model, specs, {
    ...place,
    stdout: text => stdout.write(text),
    console: { color: usesColor(terminal, stdout), width: stdout.columns ?? 120 },
    trend: trend.points,
    secrets: secretsOf(pushes),
    pushes,
    onPush: ({ name, ok, message }) =>
      terminal.stderr.write(ok ? `Sent to ${name}\n` : `! Could not be sent to ${name}: ${message}\n`),
  });
  if (values['log-level'] !== 'quiet') tell(model, written, terminal);
  return model.verdict.exitCode;
}

function secretsOf(pushes: Push[]): Secrets {
  const secrets = new Secrets();
  for (const push of pushes) secrets.register(push.kind === 'heimdall' ? push.key : push.secret);
  return secrets;
}

function toSpecs(options: Options): ReportSpec[] {
  const asked = textsOption(options, 'report').flatMap(text => text.split(','));
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
  const given = paths.map(readResult);
  const refused = given.flatMap(each => (each.kind === 'refused' ? [`${each.name}: ${each.problem}`] : []));
  if (refused.length > 0) throw new ScanError('RESULT_INVALID', refused.join('; '));
  const results = given.filter(each => each.kind === 'result');
  const model = modelOfResults(results, new Date(), { gate, toolVersion: toolVersion() });
  return { ...model, warnings: [...model.warnings, ...trend.warnings] };
}

/** On standard error where standard output has a report. */
function tell(model: ReportModel, written: WrittenReport[], { stdout, stderr }: Terminal): void {
  const output = written.some(({ path }) => path === '-') ? stderr : stdout;
  for (const warning of model.warnings) stderr.write(`! ${warning}\n`);
  for (const { path } of written) if (path !== '-') output.write(`${path}\n`);
}
