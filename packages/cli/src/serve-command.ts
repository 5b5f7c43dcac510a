// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { makeRunServer, ScanError, toMessage } from '@cinc-scan/core';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from './option-set.ts';
import type { Terminal } from './terminal.ts';

const optionSet = new OptionSet().option('--port <number>', 'port on 127.0.0.1; 0 takes a free one', {
  default: '8765',
});

/** `cinc-scan serve`. */
export function addServeCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('serve')
    .summary('show results in a browser')
    .description(
      'Serves the runs in a folder to browsers of this machine, each with its verdict and its page, until it is interrupted. Nothing is written.',
    )
    .argument('<folder>', 'output folder of a run, a folder with several, or a store of consolidated runs');
  const given = optionSet.addTo(command);
  command.action(async (folder: string) => exit(await runServe(folder, given(), terminal)));
}

async function runServe(folder: string, options: ParsedBy<typeof optionSet>, terminal: Terminal): Promise<number> {
  const root = resolve(terminal.cwd, folder);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ScanError('INPUT_INVALID', `${folder} is not a folder`);
  const port = parsePort(options.port);
  const server = makeRunServer(root);
  const interrupted = untilInterrupted(terminal);
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const bound = typeof address === 'object' ? address?.port : port;
    terminal.stdout.write(`http://127.0.0.1:${bound}/\n`);
    terminal.stderr.write(`Showing the results in ${root}. Press Ctrl-C to end.\n`);
    await interrupted;
    return 0;
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `--port ${port}: ${toMessage(error)}`, { cause: error });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function untilInterrupted({ signals }: Terminal): Promise<void> {
  return new Promise(end => {
    for (const name of ['SIGINT', 'SIGTERM']) signals.on(name, () => end());
  });
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ScanError('INPUT_INVALID', `--port: expected a number up to 65535, got ${JSON.stringify(text)}`);
}
