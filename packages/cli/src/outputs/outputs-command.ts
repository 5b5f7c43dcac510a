// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asksForConsolidation, consolidationFolder, parseChoice, resolveInput, ScanError } from '@cinc-scan/core';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { readableSources } from '../read-values.ts';
import type { Terminal } from '../terminal.ts';
import { readRunOutputs } from './read-outputs.ts';
import { forms, type Rendering, renderings } from './renderings.ts';

const help = `
  --as        what it writes
  env         CINC_VERDICT=… lines: dotenv and properties files
  shell       export CINC_VERDICT='…' lines, for eval
  teamcity    service messages: parameters, test results, a build problem
  spinnaker   properties for the log of a Run Job stage
  files       one file for each output, into the folder that --to names
  json        all of them

Examples:
  The last two lines of a job, for every exit code of its scan:
    cinc-scan scan || code=$?
    cinc-scan outputs --code "\${code:-0}" --as env --to cinc-scan.env`;

const optionSet = new OptionSet()
  .option('--code <number>', 'exit code of the scan')
  .option('--as <form>', `output format (${forms.join(', ')})`, { default: 'json' })
  .option('--to <path>', 'file to write, or folder for `files` (default: standard output)')
  .option('-o, --output-dir <folder>', 'output folder of the scan')
  .option('--config <file>', 'configuration file of the scan');

/** `cinc-scan outputs`. */
export function addOutputsCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('outputs')
    .summary('export the outputs of the last scan to a CI system')
    .description(
      'Hands the outputs of the last scan to a CI system in its own format, and exits as the scan did. Outputs that are missing, or belong to another run, are an error (exit 5).',
    )
    .addHelpText('after', help);
  const given = optionSet.addTo(command);
  command.action(async () => exit(await runOutputs(given(), terminal)));
}

async function runOutputs(options: ParsedBy<typeof optionSet>, terminal: Terminal): Promise<number> {
  const { outputDir, to } = options;
  // As the scan had them, also one whose other inputs make no sense.
  const sources = readableSources(outputDir === undefined ? {} : { 'output-dir': outputDir }, options.config, terminal);
  const folder = asksForConsolidation(sources) ? consolidationFolder(sources) : resolveInput('output-dir', sources);
  const outputs = readRunOutputs({
    path: resolve(terminal.cwd, folder, 'outputs.json'),
    code: parseCode(options.code),
    runId: resolveInput('run-id', sources),
  });
  const render: Rendering = renderings[parseChoice(options.as, forms, '--as')];
  for (const [name, text] of render(outputs)) await deliver(name, text, { to, terminal });
  return outputs['exit-code'];
}

function parseCode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new ScanError('INPUT_INVALID', `--code: expected an exit code, got ${JSON.stringify(text)}`);
}

async function deliver(name: string, text: string, { to, terminal }: { to: string | undefined; terminal: Terminal }) {
  if (name !== '-' && to === undefined) throw new ScanError('USAGE', '--as files needs a folder: --to FOLDER');
  if (to === undefined) terminal.data.write(text);
  else await writeFile(name === '-' ? resolve(terminal.cwd, to) : join(resolve(terminal.cwd, to), name), text);
}
