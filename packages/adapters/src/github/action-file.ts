// SPDX-License-Identifier: Apache-2.0
import type { Input } from '@cinc-scan/core';
import { anyReports } from '../outputs.ts';

type Inputs = Record<string, Input>;

export interface ActionInterface {
  /** All that a scan has. */
  inputs: Inputs;
  /** What the Action has beside them. */
  own: Inputs;
  outputs: Record<string, string>;
}

const head = `# SPDX-License-Identifier: Apache-2.0
# Generated: edit packages/core/src/request, then run \`npm run generate\`.
name: cinc-scan
author: The cinc-scan authors
description: Runs CINC Auditor (InSpec) profiles inside running Kubernetes containers through an identity that lives for minutes
branding:
  icon: eye
  color: blue`;

// Post runs after a failure and after a cancellation too: it takes back what a killed main step has made.
const tail = `runs:
  using: node24
  main: dist/main.js
  post: dist/post.js
  post-if: always()
`;

/** action.yml: what the runner and the Marketplace read. */
export function renderAction({ inputs, own, outputs }: ActionInterface): string {
  return [
    head,
    'inputs:',
    ...Object.entries(inputs).map(([name, input]) => renderInput(name, input)),
    ...Object.entries(own).map(([name, input]) => renderInput(name, input)),
    'outputs:',
    ...Object.entries(actionOutputs(outputs)).map(([name, text]) => block(name, [`description: ${quoted(text)}`])),
    tail,
  ].join('\n');
}

/** Where GitHub is to fill something in; all other defaults are filled in by the program, which also reads a file. */
const defaults: ReadonlyMap<string, string> = new Map([['github-token', '\u0024{{ github.token }}']]);

function renderInput(name: string, input: Input): string {
  const given = defaults.get(name);
  return block(name, [
    `description: ${quoted(describeInput(input))}`,
    'required: false',
    ...(given === undefined ? [] : [`default: ${given}`]),
  ]);
}

/** The description with what may be given, since the Marketplace shows nothing else. */
function describeInput(input: Input): string {
  return `${input.description}${notes(input)}`;
}

function notes(input: Input): string {
  const parts = [
    ...(input.type === 'choice' ? [`one of ${input.choices.join(', ')}`] : []),
    ...(input.type === 'flag' ? ['true or false'] : []),
    ...(input.type === 'list' ? [input.separator === 'line' ? 'one a line' : 'separated by commas or lines'] : []),
    ...(defaultOf(input) === undefined ? [] : [`default: ${defaultOf(input)}`]),
  ];
  return parts.length === 0 ? '' : ` [${parts.join('; ')}]`;
}

export function defaultOf(input: Input): string | undefined {
  if ('default' in input) return [input.default].flat().join(',');
  return input.type === 'flag' ? 'false' : undefined;
}

/** The outputs one by one: GitHub knows no \`report-<kind>\`. */
export function actionOutputs(outputs: Record<string, string>): Record<string, string> {
  const named = Object.entries(outputs).filter(([name]) => !name.includes('<'));
  const reports = Object.entries(anyReports).map(([kind, { file, about }]): [string, string] => [
    `report-${kind}`,
    `Path of the report: ${about} (${file}); empty unless it was written`,
  ]);
  return Object.fromEntries([...named, ...reports]);
}

const block = (name: string, lines: string[]) => [`  ${name}:`, ...lines.map(line => `    ${line}`)].join('\n');

/** A double-quoted YAML scalar; what Markdown would link is no link there. */
const quoted = (text: string) => JSON.stringify(text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1'));
