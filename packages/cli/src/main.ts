// SPDX-License-Identifier: Apache-2.0
import { runCli } from './cli.ts';

// `cinc-scan … | head` closes the pipe early; that is no failure of ours.
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
});
