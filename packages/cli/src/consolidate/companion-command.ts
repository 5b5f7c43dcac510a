// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Envelope, readAs, tools } from '@cinc-scan/companions';
import { makeRedactor, mostResultBytes, readBounded, ScanError, shortLine, writeAtomic } from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from '../common-options.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { tellNotice } from '../tell-why.ts';
import type { Terminal } from '../terminal.ts';
import { runScanner } from './run-scanner.ts';
import { withoutSecretWords } from './secret-words.ts';

const examples = `
Examples:
  Keep what ClamAV prints, with its exit code and its errors:
    cinc-scan companion --tool clamav -o clamscan.txt --capture -- clamscan -r --stdout -z --alert-exceeds-max=yes /srv

  A scanner that writes its result itself:
    cinc-scan companion --tool trivy -o web.json -- trivy image -f json -o web.json shop/web

Exit codes: 0 the scanner was run, whatever came of it: \`cinc-scan consolidate\` tells; 2 wrong input; 4 it could not be started.`;

const optionSet = new OptionSet()
  .option('--tool <tool>', 'what it is', { choices: tools, required: true })
  .option('-o, --output <file>', 'the result; the envelope is FILE.envelope.json', { required: true })
  .option('--capture', 'write standard output of the scanner into the result')
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan companion`. */
export function addCompanionCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('companion')
    .summary('run another scanner and keep what its result does not tell')
    .description(
      'Runs a scanner and writes an envelope beside its result: the call without secrets, exit code, times, versions, the end of standard error and the SHA-256 of the result. A result of an earlier run is removed first.',
    )
    .addHelpText('after', examples)
    .argument('<command...>', 'the scanner and its arguments, behind --');
  const given = optionSet.addTo(command);
  command.action(async (call: string[]) => exit(await runCompanion(call, given(), terminal)));
}

async function runCompanion(call: string[], options: Options, terminal: Terminal): Promise<number> {
  const { cwd } = terminal;
  const [program = ''] = call;
  const output = resolve(cwd, options.output);
  const envelopePath = `${output}.envelope.json`;
  // After a failure that of yesterday would lie there and look like one of today.
  for (const path of [output, envelopePath]) remove(path);
  const started = new Date().toISOString();
  const run = await runScanner(call, { output, terminal, isCaptured: options.capture === true });
  const envelope: Envelope = {
    version: 1,
    tool: options.tool,
    argv: withoutSecretWords(call),
    exit: run.exit,
    signal: run.signal,
    started,
    finished: new Date().toISOString(),
    ...versionsOf(options.tool, output),
    stderr: run.stderr,
    sha256: run.sha256,
  };
  await writeAtomic(envelopePath, `${JSON.stringify(envelope, null, 2)}\n`, cwd);
  if (run.problem !== undefined) throw new ScanError('SOURCE_FAILED', `Cannot start ${program}: ${run.problem}`);
  const end = run.signal === null ? `exit code ${run.exit ?? 'unknown'}` : run.signal;
  tellNotice(`${program} ended with ${end}${run.sha256 === null ? ' and left no result' : ''}`, terminal);
  return 0;
}

/** What the result says of its scanner, where it does; a result that cannot be read says nothing, and consolidate tells why. */
function versionsOf(tool: string, path: string): Pick<Envelope, 'toolVersion' | 'databaseVersion'> {
  const given = readBounded(path, mostResultBytes);
  if (given.kind === 'unreadable') return {};
  const { version, database } = readAs(tool, given.bytes, { parts: [], ratings: [], now: new Date() }).about;
  const { all } = makeRedactor([]);
  return {
    ...(version === undefined ? {} : { toolVersion: shortLine(all(version), 100) }),
    ...(database === undefined ? {} : { databaseVersion: shortLine(all(database), 100) }),
  };
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (cause) {
    throw new ScanError('OUTPUT_UNWRITABLE', `Cannot replace ${path}`, { cause });
  }
}
