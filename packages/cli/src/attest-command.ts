// SPDX-License-Identifier: Apache-2.0
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { attestFile, renderRefusal, ScanError, shortLine, writeAtomic } from '@cinc-scan/core';
import type { Command } from 'commander';
import { type Options, textOption } from './result-options.ts';
import type { Terminal } from './terminal.ts';

const examples = `
A file of attestations is a list in YAML or JSON:
  - control_id: SV-230221
    explanation: Looked at the contract; the vendor patches the image each week.
    frequency: monthly        # or annually, quarterly, weekly, daily, 2w, 90d, 1y, …
    status: passed            # or failed
    updated: 2026-01-15
    updated_by: Ada Lovelace`;

/** `cinc-scan attest`. */
export function addAttestCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('attest')
    .summary('apply what people attested to controls that were skipped')
    .description(
      'Writes new results in which skipped controls have the status that a person attested, as the SAF CLI does it; expired attestations leave them skipped. The given file stays as it is.',
    )
    .addHelpText('after', examples)
    .requiredOption('-i, --results <file>', 'result file that the auditor or cinc-scan wrote')
    .requiredOption('--attestations <file>', 'list of attestations, YAML or JSON')
    .requiredOption('-o, --output <file>', 'where to write the new results')
    .action(async (options: Options) => exit(await runAttest(options, terminal)));
}

async function runAttest(options: Options, terminal: Terminal): Promise<number> {
  const [results = '', attestations = '', output = ''] = ['results', 'attestations', 'output'].map(name =>
    textOption(options, name),
  );
  const path = resolve(terminal.cwd, output);
  if ([results, attestations].some(input => real(resolve(terminal.cwd, input)) === real(path)))
    throw new ScanError('USAGE', `${output} is read: the new results go into a file of their own`);
  const attested = attestFile(results, attestations, new Date());
  if (attested.kind === 'refused') {
    const { reason, problems } = attested;
    terminal.stderr.write(renderRefusal({ reason, problems: problems.map(message => ({ reason, message })) }));
    return 2;
  }
  await writeAtomic(path, attested.text, terminal.cwd);
  for (const warning of attested.warnings) terminal.stderr.write(`! ${shortLine(warning, 2000)}\n`);
  return 0;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
