// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import {
  type Consolidation,
  consolidate,
  type HdfOptions,
  parseSources,
  parseWaiverFile,
  toFindingsModel,
  toHdf,
} from '@cinc-scan/companions';
import {
  applyWaivers,
  type ComparedFinding,
  type FindingsReportSpec,
  type FindingWaiver,
  findingsReportKinds,
  gateFiles,
  parseFindingsReport,
  readBounded,
  readResult,
  renderGate,
  ScanError,
  writeAtomic,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from '../common-options.ts';
import { toolVersion } from '../dependencies.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { readGate, thresholdOptions } from '../result-options.ts';
import { tellRefusal } from '../tell-why.ts';
import type { Terminal } from '../terminal.ts';
import { type Compared, compareWithState, statesMissing } from './compare-with-state.ts';
import { findResults } from './find-results.ts';
import { tellConsolidation, verdictLine } from './tell.ts';
import { newOnes, toVerdict } from './verdict.ts';
import { writeFindings } from './write-findings.ts';

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
  requireState(options);
  const specs = reportSpecs(options);
  const now = new Date();
  const asked = readGate(options, terminal);
  if (asked.kind === 'refused') {
    tellRefusal(asked, terminal);
    return 2;
  }
  const consolidation = read(files, options, { terminal, now });
  const waivers = [...readWaivers(options, terminal), ...consolidation.statements];
  const applied = applyWaivers(consolidation.findings, waivers, now);
  const at = now.toISOString();
  const compared = compareWithState(consolidation, applied.waived, { ...stateOptions(options, terminal), at });
  const { unknownAs } = options;
  const folder = resolve(terminal.cwd, options.outputDir);
  const written = await writeHdf(consolidation, { at, unknownAs, waived: applied.waived }, { folder, terminal });
  const gate = asked.kind === 'gate' ? gateFiles(written.map(readResult), asked.gate) : undefined;
  const fresh = freshOnes(compared, options);
  const verdict = judgeSources(consolidation, { gate, fresh }, options);
  const about = {
    ...runAt(at),
    scope: consolidation.scope,
    exitCode: verdict.code,
    reasons: verdict.reasons,
    isCompared: compared.isCompared,
    sourcesFile: shownSources(options, terminal),
    rows: compared.rows,
    trend: compared.trend,
  };
  const model = toFindingsModel({ sources: consolidation.sources, waivers, applied }, about);
  await writeFindings(model, specs, { folder, terminal });
  await compared.save();
  tellConsolidation(consolidation, compared, { terminal, applied });
  if (gate !== undefined) terminal.stdout.write(renderGate(gate));
  terminal.stdout.write(verdictLine(verdict.code, fresh));
  return verdict.code;
}

function judgeSources(
  { sources }: Consolidation,
  found: Pick<Parameters<typeof toVerdict>[0], 'gate' | 'fresh'>,
  { failOnNew: least, reportOnly }: Options,
) {
  return toVerdict({ ...found, sources, least, isReportOnly: reportOnly === true });
}

const runAt = (at: string) => ({
  tool: { name: 'cinc-scan', version: toolVersion() },
  run: { id: at.replaceAll(/[^0-9TZ]/g, ''), at },
});

const reportSpecs = ({ report = [] }: Options): FindingsReportSpec[] => {
  const asked = report.flatMap(text => text.split(','));
  return (asked.length > 0 ? asked : ['html']).map(parseFindingsReport);
};

/** The file of sources as the repository has it. */
function shownSources({ sources }: Options, { cwd }: Terminal): string {
  const path = relative(cwd, resolve(cwd, sources));
  return path.startsWith('..') || isAbsolute(path) ? basename(path) : path.split(sep).join('/');
}

function freshOnes({ rows }: Compared, { failOnNew, unknownAs }: Options): ComparedFinding[] {
  return failOnNew === undefined ? [] : newOnes(rows, failOnNew, unknownAs);
}

/** Without a state everything is new, and that on every day. */
function requireState({ failOnNew, state }: Options): void {
  if (failOnNew !== undefined && state === undefined)
    throw new ScanError('USAGE', '--fail-on-new needs --state: what is new is known from the runs before');
}

interface Surrounded {
  terminal: Terminal;
  now: Date;
}

function read(files: string[], options: Options, { terminal, now }: Surrounded): Consolidation {
  const path = resolve(terminal.cwd, options.sources);
  const given = readBounded(path, 1_048_576);
  if (given.kind === 'unreadable') throw new ScanError('SOURCES_INVALID', `${path}: ${given.problem}`);
  const sources = parseSources(given.bytes.toString('utf8'), path);
  const named = files.map(file => resolve(terminal.cwd, file));
  const missing = named.filter(file => !existsSync(file));
  if (missing.length > 0) throw new ScanError('USAGE', `there is no such file: ${missing.join(', ')}`);
  return consolidate(sources, findResults(dirname(path), named, sources), now);
}

function readWaivers({ waivers = [] }: Options, { cwd }: Terminal): FindingWaiver[] {
  return waivers.flatMap(name => {
    const given = readBounded(resolve(cwd, name), 1_048_576);
    if (given.kind === 'unreadable') throw new ScanError('WAIVER_INVALID', `${name}: ${given.problem}`);
    return parseWaiverFile(given.bytes.toString('utf8'), name);
  });
}

const stateOptions = ({ state, stateMissing }: Options, { cwd }: Terminal) => ({
  path: state === undefined ? undefined : resolve(cwd, state),
  missing: stateMissing,
  workspace: cwd,
});

/** The HDF files that were written, one for each source. */
async function writeHdf(
  { sources }: Consolidation,
  options: HdfOptions,
  { folder, terminal }: { folder: string; terminal: Terminal },
): Promise<string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    const path = join(folder, 'hdf', `${source.source.id}.json`);
    await writeAtomic(path, `${JSON.stringify(toHdf(source, options))}\n`, terminal.cwd);
    paths.push(path);
  }
  return paths;
}
