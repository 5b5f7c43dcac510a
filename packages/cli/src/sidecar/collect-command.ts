// SPDX-License-Identifier: Apache-2.0
import {
  collectResults,
  parseChoice,
  parseDuration,
  plural,
  ScanError,
  sidecarName,
  toIdentityRequest,
} from '@cinc-scan/core';
import { resultsFolder } from '@cinc-scan/sidecar';
import type { Command } from 'commander';
import { listenForCancel } from '../cancel.ts';
import { commonOptions } from '../common-options.ts';
import { makeDeps } from '../dependencies.ts';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import { makeProgress } from '../progress.ts';
import { readValues } from '../read-values.ts';
import type { Terminal } from '../terminal.ts';
import { toFlags } from '../to-flags.ts';

const maxMebibytes = 256;

const examples = `
Examples:
  Wait until the scan inside a pod is complete, and fetch its results:
    cinc-scan collect web-6d4b75cb6d-x2x7k -n shop -o results

Exit codes: that of the collected scan (0, 2, 3, 4, 5); also 4 if its results could not be fetched, and 2 for a mistake in the command.`;

const optionSet = new OptionSet()
  .option('-n, --namespace <name>', "namespace of the pod (default: the context's)")
  .option('--container <name>', 'container that scans', { default: sidecarName })
  .option('--folder <path>', 'folder of the results in that container', { default: resultsFolder })
  .option(
    '--require-view <view>',
    'guarded: refuse results that another container of the pod could have written; any: only warn',
    { default: 'any' },
  )
  .option('--timeout <duration>', 'how long to wait for the scan', { default: '5m' })
  .option('--max-size <mebibytes>', 'size limit of the results', { default: String(maxMebibytes) })
  .inputs(['access', 'report'], ['reports'])
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan collect`. */
export function addCollectCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('collect')
    .summary('fetch the results of a scan that ran inside a pod')
    .description(
      'Waits until a scan inside a pod (cinc-scan sidecar inject --in-pod) is complete, fetches its results and checks them by size and digest. It fetches all of them or none.',
    )
    .argument('<pod>', 'name of the pod')
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async (pod: string) => exit(await runCollect(pod, given(), terminal)));
}

async function runCollect(pod: string, options: Options, terminal: Terminal): Promise<number> {
  const { container, folder, timeout, maxSize, requireView, namespace, ...inputs } = options;
  const flags = toFlags([pod], { ...inputs, namespace: namespace === undefined ? undefined : [namespace] });
  const values = readValues(flags, options.config, terminal);
  const identity = toIdentityRequest(values);
  const [selector] = identity.plan.selectors;
  if (selector?.kind !== 'pod') throw new ScanError('USAGE', `${pod} is not the name of a pod: results are of one pod`);
  using cancel = listenForCancel(terminal);
  const emit = makeProgress({ ...values, 'run-id': identity.runId }, terminal);
  await using deps = makeDeps(values, terminal, { emit, signal: cancel.signal });
  const { exitCode, files, run } = await collectResults(
    {
      ...identity,
      access: values.access,
      pod: selector.name,
      namespace: values.namespace[0],
      container,
      folder: toFolder(folder),
      requireView: parseChoice(requireView, ['any', 'guarded'], '--require-view'),
      outputDir: values['output-dir'],
      timeoutMs: parseDuration(timeout, '--timeout') * 1000,
      maxBytes: toBytes(maxSize),
    },
    deps,
  );
  terminal.stdout.write(
    `${plural(files.length, 'file')} of run ${run} collected into ${values['output-dir']}; that scan ended with exit code ${exitCode}\n`,
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
