// SPDX-License-Identifier: Apache-2.0
import { environmentName, type Input, type InputGroup, type InputName, onlyNamed, perTargetKey } from '@cinc-scan/core';
import { code, page, prose, table } from './markdown.ts';

type Inputs = Record<string, Input>;

const groups: Record<InputGroup, string> = {
  target: 'What to scan',
  profile: 'With which profile',
  gate: 'When it passes',
  access: 'With which rights',
  server: 'By a scan service',
  report: 'What to write',
  run: 'How to run',
  findings: 'Results of other scanners',
};

/** On a command line some inputs are spelt otherwise than in files and variables. */
const flags: ReadonlyMap<string, string> = new Map([
  ['targets', 'arguments, or `-l, --labels`'],
  ['reports', '`--report`, repeatable'],
  ['findings-waivers', '`-w`, `--waivers` of `consolidate`, repeatable'],
  ['findings-reports', '`--report` of `consolidate`, repeatable'],
]);

const types: Record<Input['type'], string> = {
  text: 'text',
  secret: 'secret: a path on the command line; a path or the content in the variable',
  list: 'list',
  flag: '`true` or `false`; a flag without value on the command line',
  choice: 'one of',
  duration: 'duration with its unit',
  count: 'whole number',
};

export interface Manifest {
  inputs: Inputs;
  outputs: Record<string, string>;
  exitCodes: Record<number, string>;
  reports: Record<string, { file: string; about: string }>;
}

const perTarget = [
  '### Options for some targets',
  `Below ${code(perTargetKey)} the configuration file gives some targets a container and profiles of their own:`,
  `\`\`\`yaml cinc-scan.yml
targets:
  - deployment/web
  - statefulset/db
profile: ./baseline
timeout: 5m
${perTargetKey}:
  - match: { selector: deployment/web, namespace: shop }
    container: app
  - match: statefulset/db
    container: postgres
    profile: [./baseline, ./postgres]
  - match: { labels: { tier: batch } }
    profile: ./batch
\`\`\``,
  'The conditions of `match` are those of [thresholds for several targets](gate.md#several-targets-one-file), without ' +
    '`profile`, and without `container` where one is chosen. For `container` and for `profile` the first entry that ' +
    'matches and has the option counts; targets that none matches have what is given to the run. The profiles of an ' +
    'entry are run instead of those of the run; what a pod names in its annotation is added to either.',
  'A flag, a variable or an input of a step applies to all targets and wins: `--profile` overrides the profiles of all ' +
    'entries, `--container` and `--all-containers` their containers, with a warning. An entry that no target of the run ' +
    'needs is a warning. A dry run shows the container and the profiles of each target.',
];

/** Inputs, outputs, exit codes and reports: the whole interface on one page. */
export function renderInterface(manifest: Manifest): string {
  return page([
    '# Inputs and outputs',
    `Sources: ${code('packages/core/src/request/interface.ts')} and ${code('packages/core/src/report/registry.ts')}.`,
    '## Inputs',
    'A flag wins over an environment variable, which wins over the configuration file, which wins over the default. ' +
      'The file is `cinc-scan.yml` in the working folder, or the one that `--config` or `CINC_SCAN_CONFIG` names: one ' +
      'YAML mapping with the names below as keys, and with [options for some targets](#options-for-some-targets). Unknown names are refused everywhere, and so is an unknown ' +
      '`CINC_SCAN_…` variable. An empty variable counts as not set. ' +
      `Inputs that decide where credentials go, or that turn the gate off (${onlyNamed.map(code).join(', ')}), are taken only from a file that was named, not from one found in the working folder.`,
    renderInputs(manifest.inputs),
    ...perTarget,
    '## Outputs',
    'Written to `<output-dir>/outputs.json` for every exit code, for the next step of a pipeline. A dry run that could plan judges nothing and writes none.',
    renderOutputs(manifest.outputs),
    '## Exit codes',
    renderExitCodes(manifest.exitCodes),
    '## Reports',
    '`--report KIND` writes the file named here into the output folder (`<target>` is `namespace_pod_container`), ' +
      '`--report KIND:PATH` another, and `--report KIND:-` to standard output. `scan` and `outputs` are always written.',
    renderReports(manifest.reports),
  ]);
}

export function renderInputs(inputs: Inputs): string {
  const names = Object.keys(inputs);
  return Object.entries(groups)
    .flatMap(([group, title]) => [
      `### ${title}`,
      ...names.flatMap(name => {
        const input = inputs[name];
        return input?.group === group ? [renderInput(name, input)] : [];
      }),
    ])
    .join('\n\n');
}

function renderInput(name: string, input: Input): string {
  const short = input.short === undefined ? '' : `\`-${input.short}\`, `;
  const facts = [
    `- Flag: ${flags.get(name) ?? `${short}\`--${name}\`${input.type === 'list' ? ', repeatable' : ''}`}`,
    `- Variable: ${code(environmentName(parseName(name)))}`,
    `- Value: ${valueText(input)}`,
    ...('default' in input ? [`- Default: ${code([input.default].flat().join(','))}`] : []),
    `- Example: ${code(`${name}: ${exampleText(input)}`)}`,
    `- Since: ${input.since}`,
  ];
  return `#### ${name}\n\n${prose(input.description)}.\n\n${facts.join('\n')}`;
}

function valueText(input: Input): string {
  switch (input.type) {
    case 'choice':
      return `${types.choice} ${input.choices.map(code).join(', ')}`;
    case 'duration':
      return `${types.duration}, ${input.min} s to ${input.max} s`;
    case 'count':
      return `${types.count}, ${input.min} to ${input.max}`;
    case 'list':
      return input.separator === 'comma' ? 'list, items separated by commas or lines' : 'list, one item a line';
    case 'flag':
    case 'secret':
    case 'text':
      return types[input.type];
  }
}

/** As a value in YAML, where a colon or a bracket at the start would mean something. */
function exampleText({ example }: Input): string {
  return /^[\w./-][^:#]*$/.test(example) ? example : JSON.stringify(example);
}

function parseName(name: string): InputName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the manifest; a seed in a test is one as well
  return name as InputName;
}

export function renderOutputs(outputs: Record<string, string>): string {
  return table(
    ['Output', 'Meaning'],
    Object.entries(outputs).map(([name, meaning]) => [code(name), prose(meaning)]),
  );
}

export function renderExitCodes(codes: Record<number, string>): string {
  return table(
    ['Code', 'Meaning'],
    Object.entries(codes).map(([exit, meaning]) => [exit, prose(meaning)]),
  );
}

export function renderReports(reports: Record<string, { file: string; about: string }>): string {
  return table(
    ['Report', 'File', 'What it is'],
    Object.entries(reports).map(([kind, { file, about }]) => [code(kind), code(file), prose(about)]),
  );
}
