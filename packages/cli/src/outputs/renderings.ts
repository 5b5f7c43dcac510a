// SPDX-License-Identifier: Apache-2.0
// Outputs in the words of one CI system each. Names start with CINC_ and not with CINC_SCAN_, which are inputs.
import type { RunOutputs } from './read-outputs.ts';

/** Files by name; the name `-` is standard output. */
export type Rendering = (outputs: RunOutputs) => Map<string, string>;

const stdout = (lines: string[]) => new Map([['-', lines.map(line => `${line}\n`).join('')]]);
const upper = (name: string) => name.replaceAll('-', '_').toUpperCase();

/** One line each: what is a list or a mapping stays JSON, what is unknown is empty. */
function texts(outputs: RunOutputs): [name: string, text: string][] {
  return Object.entries(outputs)
    .filter(([name]) => /^[a-z][a-z-]*$/.test(name))
    .map(([name, value]) => [name, text(value)]);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value.replaceAll(/[\r\n]+/g, ' ') : JSON.stringify(value);
}

/** What fits a line of NAME=value in files that nobody unquotes. */
const scalars = (outputs: RunOutputs) =>
  texts(outputs).filter(([name]) => name !== 'counts' && !name.endsWith('-json'));

const shellWord = (value: string) => `'${value.replaceAll("'", `'\\''`)}'`;

/** https://www.jetbrains.com/help/teamcity/service-messages.html#Escaped+Values */
export function teamcityWord(value: string): string {
  return value
    .replaceAll(/[|'[\]]/g, '|$&')
    .replaceAll('\n', '|n')
    .replaceAll('\r', '|r')
    .replaceAll(/[^\n\r\x20-\x7e]/g, char => `|0x${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const message = (name: string, attributes: Record<string, string>) =>
  `##teamcity[${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}='${teamcityWord(value)}'`)
    .join('')}]`;

function teamcity(outputs: RunOutputs): string[] {
  const { verdict, compliance } = outputs;
  const summary = summaryOf(outputs);
  const junit = outputs['report-junit-gate'];
  return [
    ...scalars(outputs).map(([name, value]) => message('setParameter', { name: `cinc.${name}`, value })),
    ...(typeof junit === 'string' ? [message('importData', { type: 'junit', path: junit })] : []),
    ...(typeof compliance === 'number'
      ? [message('buildStatisticValue', { key: 'cinc.compliance', value: String(compliance) })]
      : []),
    verdict === 'pass' || outputs['exit-code'] === 0
      ? message('buildStatus', { text: `{build.status.text}; ${summary}` })
      : message('buildProblem', { description: summary, identity: 'cinc-scan' }),
  ];
}

/** One sentence for places that show one. */
function summaryOf(outputs: RunOutputs): string {
  const { verdict, compliance } = outputs;
  const percent = typeof compliance === 'number' ? `, compliance ${compliance} %` : '';
  return `cinc-scan: ${verdict} (${text(outputs['reason'])}${percent})`;
}

// Orca makes keys lower-case and cuts values at their first `=`; JSON on one line carries what that would spoil.
function spinnaker(outputs: RunOutputs): string[] {
  return [
    ...scalars(outputs)
      .filter(([, value]) => !value.includes('='))
      .map(([name, value]) => `SPINNAKER_PROPERTY_${upper(name)}=${value}`),
    `SPINNAKER_CONFIG_JSON=${JSON.stringify({ cincScan: outputs })}`,
  ];
}

/** Every way to hand outputs on. */
export const renderings = {
  json: outputs => stdout([JSON.stringify(outputs, undefined, 2)]),
  env: outputs => stdout(scalars(outputs).map(([name, value]) => `CINC_${upper(name)}=${value}`)),
  shell: outputs => stdout(texts(outputs).map(([name, value]) => `export CINC_${upper(name)}=${shellWord(value)}`)),
  teamcity: outputs => stdout(teamcity(outputs)),
  spinnaker: outputs => stdout(spinnaker(outputs)),
  files: outputs => new Map(texts(outputs).map(([name, value]) => [name, value])),
} as const satisfies Record<string, Rendering>;

/** Their names. */
export const forms: readonly (keyof typeof renderings)[] = ['json', 'env', 'shell', 'teamcity', 'spinnaker', 'files'];
