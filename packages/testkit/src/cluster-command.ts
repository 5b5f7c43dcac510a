// SPDX-License-Identifier: Apache-2.0
// `./dev cluster up|down`
import { findDaemon, startDaemon, stopDaemon } from './daemon.ts';

const running = await findDaemon();
switch (process.argv[2] ?? '') {
  case 'up': {
    const { kubeconfig } = running ?? (await startDaemon([]));
    process.stdout.write(`export KUBECONFIG=${kubeconfig}\n`);
    break;
  }
  case 'down':
    if (running) await stopDaemon(running);
    break;
  default:
    process.stderr.write('usage: ./dev cluster up|down\n');
    process.exitCode = 2;
}
