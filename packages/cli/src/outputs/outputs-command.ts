// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { environmentName, inputs, isScanError, ScanError } from '@cinc-scan/core';
import { type Command, Option } from 'commander';
import { type Options, textOption } from '../result-options.ts';
import { readValues } from '../scan-command.ts';
import type { Terminal } from '../terminal.ts';
import { readRunOutputs } from './read-outputs.ts';
import { type Rendering, type RenderingName, renderings } from './renderings.ts';

const help = `
  --as        what it writes
  env         CINC_VERDICT=… lines: dotenv and properties files
  shell       export CINC_VERDICT='…' lines, for eval
  teamcity    service messages: parameters, test results, a build problem
  spinnaker   properties for the log of a Run Job stage
  files       one file for each output, into the folder that --to names
  json        all of them

Examples:
  The last two lines of a job, whatever its scan ended with:
    cinc-scan scan || code=$?
    cinc-scan outputs --code "\${code:-0}" --as env --to cinc-scan.env`;

/** `cinc-scan outputs`. */
export function addOutputsCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('outputs')
    .summary('tell a CI system how the scan before ended')
    .description(
      'Hands the outputs of the scan before to a CI system in its own words, and ends as the scan did. Outputs that are missing, or of another run, are an error (5).',
    )
    .option('--code <number>', 'what the scan ended with')
    .addOption(new Option('--as <form>', 'in which words').choices(Object.keys(renderings)).default('json'))
    .option('--to <path>', 'file to write, or folder for `files` (default: standard output)')
    .option('-o, --output-dir <folder>', 'output folder of the scan')
    .option('--config <file>', 'configuration file of the scan')
    .addHelpText('after', help)
    .action(async (options: Options) => exit(await runOutputs(options, terminal)));
}

async function runOutputs(options: Options, terminal: Terminal): Promise<number> {
  const outputs = readRunOutputs({
    path: resolve(terminal.cwd, outputFolder(options, terminal), 'outputs.json'),
    code: parseCode(textOption(options, 'code')),
    runId: terminal.environment[environmentName('run-id')] || undefined,
  });
  const render: Rendering = renderings[parseForm(textOption(options, 'as'))];
  for (const [name, text] of render(outputs)) await deliver(name, text, { to: textOption(options, 'to'), terminal });
  return outputs['exit-code'];
}

/** As the scan had it. A scan with inputs that make no sense used the default, if any folder at all. */
function outputFolder(options: Options, terminal: Terminal): string {
  try {
    const given = textOption(options, 'outputDir');
    return readValues({ ...(given !== undefined && { 'output-dir': given }) }, options['config'], terminal)[
      'output-dir'
    ];
  } catch (error) {
    if (!isScanError(error)) throw error;
    return terminal.environment[environmentName('output-dir')] || inputs['output-dir'].default;
  }
}

function parseCode(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new ScanError('INPUT_INVALID', `--code: expected an exit code, got ${JSON.stringify(text)}`);
}

function parseForm(text: string | undefined): RenderingName {
  const found = Object.keys(renderings).find((name): name is RenderingName => name === text);
  if (found === undefined) throw new ScanError('USAGE', `--as: there is no form ${JSON.stringify(text)}`);
  return found;
}

async function deliver(name: string, text: string, { to, terminal }: { to: string | undefined; terminal: Terminal }) {
  if (name !== '-' && to === undefined) throw new ScanError('USAGE', '--as files needs a folder: --to FOLDER');
  if (to === undefined) terminal.stdout.write(text);
  else await writeFile(name === '-' ? resolve(terminal.cwd, to) : join(resolve(terminal.cwd, to), name), text);
}
