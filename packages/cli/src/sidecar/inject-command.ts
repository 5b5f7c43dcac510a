// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stdin } from 'node:process';
import { buffer } from 'node:stream/consumers';
import { environmentName, parseDuration, readVariable, ScanError, toMessage, writeAtomic } from '@cinc-scan/core';
import { type Injection, type InPodSettings, inject, type SidecarSettings } from '@cinc-scan/sidecar';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from '../option-set.ts';
import type { Terminal } from '../terminal.ts';

const examples = `
Examples:
  Put the scanner container into a manifest, on its way to the cluster:
    cinc-scan sidecar inject -f web.yaml --image registry.example.org/tools@sha256:… | kubectl apply -f -

  Change the file itself; a second time changes nothing:
    cinc-scan sidecar inject -f web.yaml -o web.yaml --image registry.example.org/tools@sha256:…

  In CI: is every pod of the manifest ready to be scanned?
    cinc-scan sidecar inject -f web.yaml --check

  A container that scans by itself, with the profile of a volume of the pod; cinc-scan collect fetches the results:
    cinc-scan sidecar inject -f web.yaml --image registry.example.org/scanner@sha256:… --in-pod --profile-volume profile -- --threshold 90

Exit codes: 0 done, or with --check nothing to change; 3 with --check: an injection is missing or stale; 2 not possible.`;

const optionSet = new OptionSet()
  .option('-f, --filename <file...>', 'manifests; - is standard input', { required: true })
  .option('-o, --output <file>', 'where to write the result (default: standard output)')
  .option('--check', 'change nothing; exit with 3 if anything would be changed')
  .option('--image <image>', 'tools image, or scanner image with --in-pod (env: CINC_SCAN_LENS_IMAGE)')
  .heading('With which rights:')
  .option('--restricted', 'as the Pod Security level restricted demands; needs --run-as-user and --run-as-group')
  .option(
    '--guarded',
    'with a capability (WAKE_ALARM) that keeps root containers of the pod from reaching it; Pod Security level baseline refuses it',
  )
  .option('--run-as-user <uid>', "the targets' own user, with --restricted")
  .option('--run-as-group <gid>', "the targets' own group, with --restricted")
  .heading('How it runs:')
  .option(
    '--idle-for <duration>',
    'end by itself after this time, as an ordinary container; for Jobs on clusters before Kubernetes 1.29',
  )
  .option('--in-pod', 'scan by itself, without access to the API, and keep the results for `cinc-scan collect`')
  .option('--profile-volume <name>', 'with --in-pod: volume of the pod that holds the profile')
  .option('--profile-path <path>', 'with --in-pod: folder of the scanner image that holds the profile');

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan sidecar inject`. */
export function addInjectCommand(sidecar: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = sidecar
    .command('inject')
    .summary('put the scanner container into manifests')
    .description(
      'Puts the scanner container into the pods of manifests: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, and lists of them. Comments and everything else stay as they are.',
    )
    .argument('[arguments...]', 'with --in-pod, after --: more arguments for `cinc-scan sidecar run`')
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(async (more: string[]) => exit(await runInject(given(), more, terminal)));
}

async function runInject(options: Options, more: string[], terminal: Terminal): Promise<number> {
  const isCheck = options.check === true;
  if (isCheck && options.output !== undefined)
    throw new ScanError('USAGE', '--check writes nothing: give it without --output');
  const settings = toSettings(options, more, terminal);
  const injections: Injection[] = [];
  for (const name of files(options)) injections.push(inject(await read(name, terminal), name, settings));
  const pods = injections.flatMap(each => each.pods);
  if (pods.length === 0)
    throw new ScanError('INPUT_INVALID', 'The manifests define neither pods nor workloads', {
      remedy: 'Name manifests of pods or workloads; templates have to be rendered first.',
    });
  tell(pods, isCheck, terminal);
  if (isCheck) return pods.every(({ state }) => state === 'injected') ? 0 : 3;
  await write(joined(injections), options.output ?? '-', terminal);
  return 0;
}

function tell(pods: Injection['pods'], isCheck: boolean, { stderr }: Terminal): void {
  for (const { name, state } of pods)
    stderr.write(`${name}: ${isCheck || state === 'injected' ? state : `${state}, injected now`}\n`);
  for (const notice of pods.flatMap(each => each.notices)) stderr.write(`note: ${notice}\n`);
}

function files({ filename: names }: Options): string[] {
  if (names.filter(name => name === '-').length > 1) throw new ScanError('USAGE', 'Standard input can be read once');
  return names;
}

async function read(name: string, { cwd }: Terminal): Promise<string> {
  try {
    const bytes = name === '-' ? await buffer(stdin) : readFileSync(resolve(cwd, name));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `${name} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

/** Several manifests become one stream of documents. */
function joined(injections: Injection[]): string {
  return injections
    .map(({ text: manifest }, index) => {
      if (index === injections.length - 1) return manifest;
      const ended = manifest.endsWith('\n') ? manifest : `${manifest}\n`;
      const next = injections[index + 1]?.text ?? '';
      return /^---(?:\s|$)/.test(next) ? ended : `${ended}---\n`;
    })
    .join('');
}

async function write(manifest: string, output: string, { data, cwd }: Terminal): Promise<void> {
  if (output === '-') data.write(manifest);
  else await writeAtomic(resolve(cwd, output), manifest, cwd);
}

function toSettings(options: Options, more: string[], { environment }: Terminal): SidecarSettings {
  const idle = options.idleFor;
  const inPod = toInPod(options, more);
  if (idle !== undefined && inPod !== undefined)
    throw new ScanError('USAGE', '--idle-for and --in-pod cannot be combined: an in-pod scanner ends by itself');
  return {
    checkOnly: options.check === true,
    image: options.image ?? readVariable(environment, environmentName('lens-image')),
    restricted: toRestricted(options),
    guarded: toGuarded(options),
    idleSeconds: idle === undefined ? undefined : parseDuration(idle, '--idle-for'),
    inPod,
  };
}

function toInPod(options: Options, more: string[]): InPodSettings | undefined {
  const [name, path] = [options.profileVolume, options.profilePath];
  if (options.inPod !== true) {
    if (name !== undefined || path !== undefined || more.length > 0)
      throw new ScanError('USAGE', 'A profile and arguments for the scan need --in-pod');
    return undefined;
  }
  if (name !== undefined && path === undefined) return { profile: { kind: 'volume', name }, arguments: more };
  if (name === undefined && path !== undefined) return { profile: { kind: 'path', path }, arguments: more };
  throw new ScanError('USAGE', '--in-pod needs the profile: either --profile-volume or --profile-path');
}

function toGuarded(options: Options): boolean {
  if (options.guarded === true && options.restricted === true)
    throw new ScanError(
      'USAGE',
      '--guarded and --restricted cannot be combined: the level restricted refuses every capability',
    );
  return options.guarded === true;
}

function toRestricted(options: Options): SidecarSettings['restricted'] {
  const [user, group] = [options.runAsUser, options.runAsGroup];
  if (options.restricted !== true && user === undefined && group === undefined) return undefined;
  if (options.restricted !== true || user === undefined || group === undefined)
    throw new ScanError('USAGE', '--restricted, --run-as-user and --run-as-group go together');
  return { uid: toId(user, '--run-as-user'), gid: toId(group, '--run-as-group') };
}

function toId(value: string, flag: string): number {
  const id = Number(value);
  // The largest id that Kubernetes takes; 0 is refused by `restricted` itself.
  if (!/^\d+$/.test(value) || id < 1 || id > 2_147_483_647)
    throw new ScanError('INPUT_INVALID', `${flag}: expected a number from 1, got ${JSON.stringify(value)}`);
  return id;
}
