// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type InputName,
  issueGrant,
  operatorRole,
  parseDuration,
  previewIssue,
  revokeGrant,
  ScanError,
  Secret,
  sweepGrants,
  toIdentityRequest,
  type Values,
} from '@cinc-scan/core';
import { type Command, Option } from 'commander';
import { listenForCancel } from './cancel.ts';
import { makeDeps } from './dependencies.ts';
import { addInputs } from './options.ts';
import { writePrivateFile } from './private-file.ts';
import { makeProgress } from './progress.ts';
import { addCommonOptions, addTargets, gather, readValues, toFlags } from './scan-command.ts';
import type { Terminal } from './terminal.ts';

type Options = Record<string, unknown>;
type Exit = (code: number) => void;

/** Inputs that mean nothing to whoever only takes grants back. */
const notForCleaning: InputName[] = ['access', 'duration', 'grant-namespace', 'grant-labels', 'reports', 'output-dir'];

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

function addGrantCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('grant')
    .summary('make a temporary identity for some pods and write its kubeconfig')
    .description(
      'Makes a ServiceAccount, Role and RoleBinding that allow exec into exactly the named pods, and a token that ends by itself.',
    )
    .addHelpText('after', grantExamples);
  addTargets(command);
  addInputs(command, ['target', 'access', 'report'], ['targets', 'lens', 'access', 'reports', 'output-dir']);
  command
    .optionsGroup('What to write:')
    .option('--out <file>', 'write the kubeconfig there, readable by you alone (default: standard output)')
    .option('--print-rbac', 'print the objects as YAML and make nothing')
    .option('--dry-run', 'the same as --print-rbac')
    .option('--run-id <text>', 'name of this grant (default: random)');
  addCommonOptions(command);
  command.action(async (targets: string[], options: Options) => exit(await runGrant(targets, options, terminal)));
}

async function runGrant(targets: string[], options: Options, terminal: Terminal): Promise<number> {
  const values = readValues(toFlags(targets, options), options['config'], terminal);
  const request = toIdentityRequest(values);
  using run = withDeps(values, terminal);
  if (options['printRbac'] === true || values['dry-run']) {
    terminal.stdout.write(await previewIssue(request, run.deps));
    return 0;
  }
  const { runId, expiresAt, kubeconfig, targets: granted } = await issueGrant(request, run.deps);
  const out = textOption(options, 'out');
  if (out === undefined) terminal.stdout.write(kubeconfig.reveal());
  else await writePrivateFile(resolve(terminal.cwd, out), kubeconfig);
  terminal.stderr.write(
    `Grant ${runId} for ${granted.length} container(s), until ${expiresAt ?? 'unknown'}. Take it back: cinc-scan revoke ${out ?? `--run ${runId}`}\n`,
  );
  return 0;
}

function addRevokeCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('revoke')
    .summary('take a grant back and prove that its token is powerless')
    .description(
      'Deletes the objects of one grant. With the kubeconfig that `grant` wrote its token is tried, and the file is deleted.',
    )
    .argument('[file]', 'kubeconfig that `cinc-scan grant` wrote')
    .option('--run <id>', 'the grant by its run id, without its kubeconfig')
    .option('--wait-dead', 'wait up to 15 s until the token is not even authenticated');
  addNamespaces(command);
  addInputs(command, ['access', 'report'], notForCleaning);
  addCommonOptions(command);
  command.action(async (file: string | undefined, options: Options) => exit(await runRevoke(file, options, terminal)));
}

async function runRevoke(file: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const values = readValues(toFlags([], options), options['config'], terminal);
  const path = file === undefined ? undefined : resolve(terminal.cwd, file);
  if (path !== undefined && !existsSync(path)) throw new ScanError('INPUT_INVALID', `${file}: there is no such file`);
  const runId = textOption(options, 'run');
  if (path === undefined && runId === undefined)
    throw new ScanError('USAGE', 'Name the kubeconfig of the grant, or its run id with --run');
  using run = withDeps(values, terminal);
  const kubeconfig = path === undefined ? undefined : new Secret(readFileSync(path, 'utf8'));
  const deleted = await revokeGrant(
    { namespaces: values.namespace, runId, waitDead: options['waitDead'] === true, kubeconfig },
    run.deps,
  );
  if (path !== undefined) await rm(path);
  terminal.stdout.write(
    `${deleted.length} object(s) deleted${kubeconfig === undefined ? '' : '; the token was tried and refused'}\n`,
  );
  return 0;
}

function addSweepCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('sweep')
    .summary('delete grants that killed runs have left behind')
    .description('Deletes objects of cinc-scan whose time is over. Others are never touched.')
    .option('--run <id>', 'this run, expired or not')
    .option('--older-than <duration>', 'also what is older than this, such as 1h, whatever it says of its own end')
    .option('-A, --all-namespaces', 'in the whole cluster')
    .addOption(new Option('--dry-run', 'only say what would be deleted'));
  addNamespaces(command);
  addInputs(command, ['access', 'report'], notForCleaning);
  addCommonOptions(command);
  command.action(async (options: Options) => exit(await runSweep(options, terminal)));
}

async function runSweep(options: Options, terminal: Terminal): Promise<number> {
  const values = readValues(toFlags([], options), options['config'], terminal);
  const age = textOption(options, 'olderThan');
  using run = withDeps(values, terminal);
  const dryRun = values['dry-run'];
  const found = await sweepGrants(
    {
      namespaces: values.namespace,
      wholeCluster: options['allNamespaces'] === true,
      runId: textOption(options, 'run'),
      olderThanSeconds: age === undefined ? undefined : parseDuration(age, '--older-than'),
      now: new Date(),
      dryRun,
    },
    run.deps,
  );
  for (const { kind, namespace, name, expiresAt } of found)
    terminal.stdout.write(
      `${dryRun ? 'would delete' : 'deleted'} ${kind} ${namespace}/${name} (its end: ${expiresAt ?? 'unknown'})\n`,
    );
  terminal.stdout.write(`${found.length} object(s) ${dryRun ? 'to delete' : 'deleted'}\n`);
  return 0;
}

function addAccessCommand(program: Command, terminal: Terminal, exit: Exit): void {
  const access = program.command('access').summary('what the operator of scans needs');
  access
    .command('operator-role')
    .description('Prints the smallest Role for whoever runs scans in a namespace, ready for kubectl apply.')
    .option('-n, --namespace <name>', 'namespace of the targets', 'default')
    .option('--name <name>', 'name of the Role', 'cinc-scan-operator')
    .action((options: { namespace: string; name: string }) => {
      terminal.stdout.write(operatorRole(options.name, options.namespace));
      exit(0);
    });
}

function addNamespaces(command: Command): void {
  command.option('-n, --namespace <name>', "namespace (default: the context's)", gather);
}

function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function withDeps(values: Values, terminal: Terminal): Disposable & { deps: ReturnType<typeof makeDeps> } {
  const cancel = listenForCancel(terminal);
  const deps = makeDeps(values, terminal, { emit: makeProgress(values, terminal), signal: cancel.signal });
  return { deps, [Symbol.dispose]: () => cancel[Symbol.dispose]() };
}
