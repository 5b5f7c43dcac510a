// SPDX-License-Identifier: Apache-2.0
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { attestFile, renderRefusal, ScanError, shortLine, writeAtomic } from '@cinc-scan/core';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from './option-set.ts';
import type { Terminal } from './terminal.ts';

const examples = `
A file of attestations is a list in YAML or JSON:
  - control_id: SV-230221
    explanation: Looked at the contract; the vendor patches the image each week.
    frequency: monthly        # or annually, quarterly, weekly, daily, 2w, 90d, 1y, …
    status: passed            # or failed
    updated: 2026-01-15
    updated_by: Ada Lovelace`;

const optionSet = new OptionSet()
  .option('-i, --results <file>', 'result file written by the auditor or cinc-scan', { required: true })
  .option('--attestations <file>', 'list of attestations, YAML or JSON', { required: true })
  .option('-o, --output <file>', 'where to write the new results', { required: true });

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan attest`. */
export function addAttestCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('attest')
    .summary('apply manual attestations to skipped controls')
    .description(
      'Writes new results in which skipped controls have the status that a person attested, as the SAF CLI does; expired attestations leave them skipped. The given file does not change.',
    )
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async () => exit(await runAttest(given(), terminal)));
}

async function runAttest({ results, attestations, output }: Options, terminal: Terminal): Promise<number> {
  const path = resolve(terminal.cwd, output);
  if ([results, attestations].some(input => real(resolve(terminal.cwd, input)) === real(path)))
    throw new ScanError('USAGE', `${output} is the input: write the new results into another file`);
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
