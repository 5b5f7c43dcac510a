// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import {
  coverageOf,
  type ProfileRef,
  readHostCredentials,
  readInputFiles,
  renderCoverage,
  requireSound,
  ScanError,
  type Study,
  shortLine,
  studyProfile,
  toInputs,
  type Values,
  vendorProfile,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { listenForCancel } from './cancel.ts';
import { commonOptions } from './common-options.ts';
import { makeStudyDeps } from './dependencies.ts';
import { OptionSet } from './option-set.ts';
import { counted, renderInspection, toInspectionJson } from './profile-text.ts';
import { makeProgress } from './progress.ts';
import { readValues } from './read-values.ts';
import type { Terminal } from './terminal.ts';
import { type FlagOptions, toFlags } from './to-flags.ts';

type Exit = (code: number) => void;

const sourceHelp = 'directory, archive, https://…#sha256=DIGEST, git+https://…#ref=REF&path=FOLDER, configmap:NAME';

const notForReading = ['timeout', 'deadline', 'concurrency', 'dry-run', 'run-id'] as const;

const profileInputs = new OptionSet()
  .inputs(['profile'], ['profile', 'waivers', 'annotated-profiles'])
  .inputs(['access'], ['access', 'duration', 'grant-namespace', 'grant-labels'])
  .inputs(['run'], notForReading)
  .and(commonOptions);

const asJson = new OptionSet().option('--json', 'as JSON, for machines');

const studyOptions = asJson.and(profileInputs);
const vendorOptions = new OptionSet()
  .option('--out <folder>', 'where to write it; must not exist yet, or be empty', { required: true })
  .and(profileInputs);
const coverageOptions = asJson
  .inputs(['profile'], ['controls', 'tags', 'waivers', 'annotated-profiles'])
  .inputs(['run'], notForReading)
  .and(commonOptions);

/** `cinc-scan profile check|inspect|vendor` and `cinc-scan coverage`. */
export function addProfileCommands(program: Command, terminal: Terminal, exit: Exit): void {
  const profile = program.command('profile').summary('check, inspect and pack profiles');
  addStudy(
    { parent: profile, terminal, exit },
    {
      name: 'check',
      description: 'Fetches a profile with all it depends on and reads it: exit 2 if it could not be run as it is.',
      run: runCheck,
    },
  );
  addStudy(
    { parent: profile, terminal, exit },
    {
      name: 'inspect',
      description: 'Shows what a profile is: where it comes from, its inputs and its controls.',
      run: runInspect,
    },
  );
  addVendor(profile, terminal, exit);
  addCoverage(program, terminal, exit);
}

interface StudyCommand {
  name: string;
  description: string;
  run: (study: Study, json: boolean, terminal: Terminal) => void;
}

interface CommandPlace {
  parent: Command;
  terminal: Terminal;
  exit: Exit;
}

function addStudy({ parent, terminal, exit }: CommandPlace, { name, description, run }: StudyCommand): void {
  const command = parent.command(name).description(description).argument('<source>', sourceHelp);
  const given = studyOptions.addTo(command);
  command.action(async (source: string) => {
    const options = given();
    const values = readProfileValues(options, terminal);
    const study = await withDeps(values, terminal, deps => studyProfile(toRequest(source, values), deps));
    run(study, options.json === true, terminal);
    exit(0);
  });
}

function runCheck(study: Study, json: boolean, { stdout }: Terminal): void {
  if (json)
    stdout.write(
      `${JSON.stringify({ ...toInspectionJson(study), hints: study.hints, problems: study.problems }, null, 2)}\n`,
    );
  requireSound(study);
  if (json) return;
  const { ref, known, hints } = study;
  const checks = known.controls.reduce((sum, { id }) => sum + (known.checks[id] ?? 0), 0);
  stdout.write(
    `✓ ${titleOf(ref)} can be run: ${counted(known.controls.length, 'control')}, ${counted(checks, 'check')}\n`,
  );
  for (const hint of hints) stdout.write(`  note: ${shortLine(hint, 300)}\n`);
}

function runInspect(study: Study, json: boolean, { stdout }: Terminal): void {
  stdout.write(json ? `${JSON.stringify(toInspectionJson(study), null, 2)}\n` : renderInspection(study));
}

const titleOf = ({ name, version }: ProfileRef) => shortLine([name, version ?? ''].join(' ').trim(), 200);

function addVendor(profile: Command, terminal: Terminal, exit: Exit): void {
  const command = profile
    .command('vendor')
    .description('Packs a profile with all it depends on into one folder that any auditor runs without a network.')
    .argument('<source>', sourceHelp);
  const given = vendorOptions.addTo(command);
  command.action(async (source: string) => {
    const options = given();
    const values = readProfileValues(options, terminal);
    const into = resolve(terminal.cwd, options.out);
    const ref = await withDeps(values, terminal, deps => vendorProfile(toRequest(source, values), into, deps));
    const { stdout } = terminal;
    stdout.write(`✓ ${titleOf(ref)} packed into ${into}\n`);
    for (const { name, source: from, commit, sha256 } of ref.dependencies ?? [])
      stdout.write(
        `  with ${shortLine(name, 100)} from ${shortLine(from, 300)} (${commit === undefined ? `sha256 ${sha256}` : `commit ${commit}`})\n`,
      );
    exit(0);
  });
}

function addCoverage(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('coverage')
    .summary('list the requirements a profile covers')
    .description(
      'Prints which countermeasures of NIST SP 800-190, and which parts of CIS benchmarks, NIST SP 800-53 and MITRE ATT&CK the controls of profiles are tagged with.',
    );
  const given = coverageOptions.addTo(command);
  command.action(async () => {
    const options = given();
    const values = readProfileValues(options, terminal);
    if (values.profile.length === 0) throw new ScanError('USAGE', 'No profile was named', { remedy: 'Pass -p PATH.' });
    const studies: Study[] = [];
    for (const source of values.profile)
      studies.push(await withDeps(values, terminal, deps => studyProfile(toRequest(source, values), deps)));
    printCoverage(studies, options.json === true, terminal);
    exit(0);
  });
}

function printCoverage(studies: Study[], json: boolean, { stdout }: Terminal): void {
  const found = studies.map(({ ref, known }) => ({
    ref,
    controls: known.controls.length,
    coverage: coverageOf(known.controls),
  }));
  if (json) {
    const profiles = found.map(({ ref: { name, version, source, sha256 }, controls, coverage }) => ({
      profile: { name, version: version ?? null, source, sha256 },
      controls,
      coverage,
    }));
    stdout.write(`${JSON.stringify(profiles, null, 2)}\n`);
    return;
  }
  for (const { ref, controls, coverage } of found)
    stdout.write(`${titleOf(ref)}: ${counted(controls, 'control')}\n\n${renderCoverage(coverage)}\n`);
}

const readProfileValues = (options: FlagOptions, terminal: Terminal): Values =>
  readValues(toFlags([], options), options.config, terminal);

const toRequest = (source: string, values: Values) => ({
  source,
  inputs: toInputs(values, readInputFiles(values)),
  offline: values.offline,
  requireJail: values['require-jail'],
  credentials: readHostCredentials(values['profile-credentials']),
});

async function withDeps<T>(
  values: Values,
  terminal: Terminal,
  work: (deps: ReturnType<typeof makeStudyDeps>) => Promise<T>,
): Promise<T> {
  using cancel = listenForCancel(terminal);
  await using deps = makeStudyDeps(values, terminal, { emit: makeProgress(values, terminal), signal: cancel.signal });
  return await work(deps);
}
