// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage } from '@cinc-scan/core';
import { isDebug, runOn } from './cli.ts';
import { printFailure } from './failure.ts';
import { toTerminal } from './make-terminal.ts';

const args = process.argv.slice(2);
const { stdout, stderr } = process;
const terminal = toTerminal({ environment: process.env, cwd: process.cwd(), stdout, stderr, signals: process }, args);

for (const output of [stdout, stderr])
  output.on('error', (cause: NodeJS.ErrnoException) => {
    // `cinc-scan … | head` closes the pipe early; that is no failure of ours.
    if (output === stdout && cause.code === 'EPIPE') return;
    const name = output === stdout ? 'Standard output' : 'Standard error';
    const message = `${name} cannot be written: ${toMessage(cause)}`;
    process.emit('uncaughtException', new ScanError('OUTPUT_UNWRITABLE', message, { cause }));
  });

process.on('uncaughtException', error => {
  if (process.listenerCount('uncaughtException') > 1) return; // a run listens too: it takes back what it made, and ends
  end(printFailure(error, terminal, isDebug(args, terminal)));
});

const code = await runOn(args, terminal);
process.exitCode = code;

// What still keeps the process alive, such as a plugin that waits for somebody, has had its time. Readers of our output
// are waited for, unless a signal ended the run.
const isRead = () => stdout.writableLength + stderr.writableLength === 0;
setInterval(() => {
  if (code > 128 || isRead()) end(code);
}, 1000).unref();

function end(status: number): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- the one place where waiting any longer helps nobody
  process.exit(status);
}
