// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { realpath, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  issueGrant,
  type Leftover,
  operatorRole,
  parseDuration,
  plural,
  previewIssue,
  revokeGrant,
  ScanError,
  Secret,
  sweepGrants,
  toIdentityRequest,
  type Values,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from './cancel.ts';
import { commonOptions } from './common-options.ts';
import { makeDeps } from './dependencies.ts';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { writePrivateFile } from './private-file.ts';
import { makeProgress } from './progress.ts';
import { readValues } from './read-values.ts';
import { targetOptions, targetsArgument } from './target-options.ts';
import { deliver, leadsNowhere, type Terminal } from './terminal.ts';
import { toFlags } from './to-flags.ts';

type Exit = (code: number) => void;

/** Of inputs only those that mean something to whoever takes grants back. */
const cleaningOptions = new OptionSet()
  .option('-n, --namespace <name>', "namespace (default: the context's)", { repeatable: true })
  .inputs(['access', 'report'], ['access', 'duration', 'grant-namespace', 'grant-labels', 'reports', 'output-dir'])
  .and(commonOptions);

/** `cinc-scan grant`, `revoke`, `sweep` and `access operator-role`: the identity's life in single steps. */
export function addIdentityCommands(program: Command, terminal: Terminal, exit: Exit): void {
  addGrantCommand(program, terminal, exit);
  addRevokeCommand(program, terminal, exit);
  addSweepCommand(program, terminal, exit);
  addAccessCommand(program, terminal, exit);
}

const grantExamples = `
Examples:
  A kubeconfig that can look into the pods of a deployment for fifteen minutes, and nothing else:
    cinc-scan grant deployment/web -n shop --out ./scanner.kubeconfig
    KUBECONFIG=./scanner.kubeconfig kubectl exec -n shop web-6d4b75cb6d-x2x7k -- id
    cinc-scan revoke ./scanner.kubeconfig -n shop

  The objects for review, without making them:
    cinc-scan grant deployment/web -n shop --print-rbac`;

const grantOptions = new OptionSet()
  .and(targetOptions)
  .inputs(['target', 'access', 'report'], ['targets', 'lens', 'access', 'reports', 'output-dir'])
  .heading('What to write:')
  .option('--out <file>', 'write the kubeconfig there, readable only by you (default: standard output)')
  .option('--print-rbac', 'print the objects as YAML and create nothing')
  .option('--dry-run', 'the same as --print-rbac')
  .option('--run-id <text>', 'name of this grant (default: random)')
  .and(commonOptions);

type GrantOptions = ParsedBy<typeof grantOptions>;

function addGrantCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('grant')
    .summary('make a temporary identity for some pods and write its kubeconfig')
    .description(
      'Makes a ServiceAccount, Role and RoleBinding that allow exec into exactly the named pods, and a token that expires by itself.',
    )
    .argument(...targetsArgument)
    .addHelpText('after', grantExamples);
  const given = grantOptions.addTo(command);
  command.action(async (targets: string[]) => exit(await runGrant(targets, given(), terminal)));
}

async function runGrant(targets: string[], options: GrantOptions, terminal: Terminal): Promise<number> {
  const values = readValues(toFlags(targets, options), options.config, terminal);
  const request = toIdentityRequest(values);
  using run = withDeps(values, terminal);
  if (options.printRbac === true || values['dry-run']) {
    terminal.data.write(await previewIssue(request, run.deps));
    return 0;
  }
  const { out } = options;
  if (out === undefined && leadsNowhere(terminal.data))
    throw new ScanError('OUTPUT_UNWRITABLE', 'Standard output is closed or /dev/null: the kubeconfig would be lost', {
      remedy: 'Name a file with --out.',
    });
  await issueGrant(request, run.deps, async ({ runId, expiresAt, kubeconfig, targets: granted }) => {
    if (out === undefined) await deliver(terminal.data, kubeconfig.reveal());
    else await writePrivateFile(resolve(terminal.cwd, out), kubeconfig);
    terminal.stderr.write(
      `Grant ${runId} for ${plural(granted.length, 'container')}, until ${expiresAt ?? 'unknown'}. Take it back: cinc-scan revoke ${out ?? `--run ${runId}`}\n`,
    );
  });
  return 0;
}

const revokeOptions = new OptionSet()
  .option('--run <id>', 'the grant by its run id, without its kubeconfig')
  .option('--wait-dead', 'wait up to 15 s until the token is not even authenticated')
  .and(cleaningOptions);

type RevokeOptions = ParsedBy<typeof revokeOptions>;

function addRevokeCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('revoke')
    .summary('take a grant back and prove that its token is powerless')
    .description(
      'Deletes the objects of one grant. Given the kubeconfig that `grant` wrote, also tries its token and deletes the file.',
    )
    .argument('[file]', 'kubeconfig that `cinc-scan grant` wrote');
  const given = revokeOptions.addTo(command);
  command.action(async (file: string | undefined) => exit(await runRevoke(file, given(), terminal)));
}

async function runRevoke(file: string | undefined, options: RevokeOptions, terminal: Terminal): Promise<number> {
  const runId = options.run;
  const values = readValues({ ...toFlags([], options), ...toRunId(runId) }, options.config, terminal);
  const path = file === undefined ? undefined : resolve(terminal.cwd, file);
  if (path !== undefined && !existsSync(path)) throw new ScanError('INPUT_INVALID', `${file}: there is no such file`);
  if (path === undefined && runId === undefined)
    throw new ScanError('USAGE', 'Name the kubeconfig of the grant, or its run id with --run');
  using run = withDeps(values, terminal);
  const kubeconfig = path === undefined ? undefined : new Secret(readFileSync(path, 'utf8'));
  const { deleted, tried, untried } = await revokeGrant(
    { namespaces: values.namespace, runId, waitDead: options.waitDead === true, kubeconfig },
    run.deps,
  );
  // Of a link both: what it leads to holds the token.
  if (path !== undefined) for (const each of new Set([await realpath(path), path])) await rm(each);
  terminal.stdout.write(`${plural(deleted.length, 'object')} deleted${proofText(tried, untried)}\n`);
  return 0;
}

function proofText(tried: number, untried: number): string {
  const proof = tried === 0 ? '' : '; the token was tried and refused';
  return untried === 0 ? proof : `${proof}; a token was not tried, since the kubeconfig names no pod for it`;
}

const sweepOptions = new OptionSet()
  .option('--run <id>', 'this run, expired or not')
  .option('--older-than <duration>', 'also objects older than this, such as 1h, even if they have not expired')
  .option('-A, --all-namespaces', 'in the whole cluster')
  .option('--dry-run', 'only print what would be deleted')
  .and(cleaningOptions);

function addSweepCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('sweep')
    .summary('delete grants that killed runs have left behind')
    .description('Deletes expired objects of cinc-scan. Never touches others.');
  const given = sweepOptions.addTo(command);
  command.action(async () => exit(await runSweep(given(), terminal)));
}

async function runSweep(options: ParsedBy<typeof sweepOptions>, terminal: Terminal): Promise<number> {
  const { run: runId, olderThan: age } = options;
  const values = readValues({ ...toFlags([], options), ...toRunId(runId) }, options.config, terminal);
  using run = withDeps(values, terminal);
  const dryRun = values['dry-run'];
  const { due, living } = await sweepGrants(
    {
      namespaces: values.namespace,
      wholeCluster: options.allNamespaces === true,
      runId,
      olderThanSeconds: age === undefined ? undefined : parseDuration(age, '--older-than'),
      now: new Date(),
      dryRun,
    },
    run.deps,
  );
  for (const { kind, namespace, name, expiresAt } of due)
    terminal.stdout.write(
      `${dryRun ? 'would delete' : 'deleted'} ${kind} ${namespace}/${name} (expires: ${expiresAt ?? 'unknown'})\n`,
    );
  terminal.stdout.write(`${plural(due.length, 'object')} ${dryRun ? 'to delete' : 'deleted'}\n`);
  for (const text of livingRuns(living)) terminal.stdout.write(`${text}\n`);
  return 0;
}

/** A run that was killed a moment ago looks like one that is still at work: who knows better can name it. */
function livingRuns(living: Leftover[]): string[] {
  const runs = Map.groupBy(living, ({ runId, namespace }) => `${namespace} ${runId}`);
  return [...runs.values()].map(objects => {
    const [{ runId, namespace, expiresAt } = { runId: '', namespace: '', expiresAt: '' }] = objects;
    return `run ${runId} in ${namespace} does not expire before ${expiresAt ?? 'unknown'} (${plural(objects.length, 'object')}); to delete it now: cinc-scan sweep -n ${namespace} --run ${runId}`;
  });
}

/** Checked like the name that a run is given. */
const toRunId = (given: string | undefined) => (given === undefined ? {} : { 'run-id': given });

const roleOptions = new OptionSet()
  .option('-n, --namespace <name>', 'namespace of the targets', { default: 'default' })
  .option('--name <name>', 'name of the Role', { default: 'cinc-scan-operator' });

function addAccessCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const access = program.command('access').summary('permissions an operator needs');
  const command = access
    .command('operator-role')
    .description(
      'Prints the smallest Role that an operator needs to run scans in a namespace, ready for kubectl apply.',
    );
  const given = roleOptions.addTo(command);
  command.action(() => {
    const { name, namespace } = given();
    terminal.data.write(operatorRole(name, namespace));
    exit(0);
  });
}

function withDeps(values: Values, terminal: Terminal): Disposable & { deps: ReturnType<typeof makeDeps> } {
  const cancel = listenForCancel(terminal);
  const deps = makeDeps(values, terminal, { emit: makeProgress(values, terminal), signal: cancel.signal });
  return { deps, [Symbol.dispose]: () => cancel[Symbol.dispose]() };
}
