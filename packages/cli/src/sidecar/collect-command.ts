// SPDX-License-Identifier: Apache-2.0
import { collectResults, parseDuration, ScanError, sidecarName, toIdentityRequest } from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from '../cancel.ts';
import { makeDeps } from '../dependencies.ts';
import { addInputs } from '../options.ts';
import { makeProgress } from '../progress.ts';
import { addCommonOptions, readValues, toFlags } from '../scan-command.ts';
import type { Terminal } from '../terminal.ts';
import { resultsFolder } from './settings.ts';

type Options = Record<string, unknown>;

const maxMebibytes = 256;

const examples = `
Examples:
  Wait until the scan inside a pod is complete, and fetch its results:
    cinc-scan collect web-6d4b75cb6d-x2x7k -n shop -o results

Exit codes: that of the scan which was collected (0, 2, 3, 4, 5); 4 too where its results could not be had; 2 for a mistake in the command.`;

/** `cinc-scan collect`. */
export function addCollectCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('collect')
    .summary('fetch the results of a scan that ran inside a pod')
    .description(
      'Waits until a scan inside a pod (cinc-scan sidecar inject --in-pod) is complete, fetches its results and checks them by size and digest. It fetches all of them or none.',
    )
    .argument('<pod>', 'name of the pod')
    .option('-n, --namespace <name>', "namespace of the pod (default: the context's)")
    .option('--container <name>', 'container that scans', sidecarName)
    .option('--folder <path>', 'folder of the results in that container', resultsFolder)
    .option('--timeout <duration>', 'how long to wait for the scan', '5m')
    .option('--max-size <mebibytes>', 'how large the results may be', String(maxMebibytes));
  addInputs(command, ['access', 'report'], ['reports']);
  addCommonOptions(command);
  command.addHelpText('after', examples);
  command.action(async (pod: string, options: Options) => exit(await runCollect(pod, options, terminal)));
}

async function runCollect(pod: string, options: Options, terminal: Terminal): Promise<number> {
  const { container, folder, timeout, maxSize, ...inputs } = options;
  const values = readValues(toFlags([pod], inputs), options['config'], terminal);
  const identity = toIdentityRequest(values);
  const [selector] = identity.plan.selectors;
  if (selector?.kind !== 'pod') throw new ScanError('USAGE', `${pod} is not the name of a pod: results are of one pod`);
  using cancel = listenForCancel(terminal);
  const emit = makeProgress({ ...values, 'run-id': identity.runId }, terminal);
  const deps = makeDeps(values, terminal, { emit, signal: cancel.signal });
  const { exitCode, files, run } = await collectResults(
    {
      ...identity,
      access: values.access,
      pod: selector.name,
      namespace: values.namespace[0],
      container: String(container),
      folder: toFolder(String(folder)),
      outputDir: values['output-dir'],
      timeoutMs: parseDuration(timeout, '--timeout') * 1000,
      maxBytes: toBytes(String(maxSize)),
    },
    deps,
  );
  terminal.stdout.write(
    `${files.length} file(s) of run ${run} collected into ${values['output-dir']}; that scan ended with exit code ${exitCode}\n`,
  );
  return exitCode;
}

function toFolder(folder: string): string {
  if (!folder.startsWith('/')) throw new ScanError('INPUT_INVALID', `--folder: expected a path from /, got ${folder}`);
  return folder.replace(/\/+$/, '');
}

function toBytes(mebibytes: string): number {
  if (!/^[1-9]\d{0,5}$/.test(mebibytes))
    throw new ScanError('INPUT_INVALID', `--max-size: expected a number of mebibytes, got ${mebibytes}`);
  return Number(mebibytes) * 1024 * 1024;
}
