// SPDX-License-Identifier: Apache-2.0
import type { Input, InputGroup } from '@cinc-scan/core';
import { code, page, prose, table } from '../markdown.ts';
import { type ActionInterface, actionOutputs, defaultOf } from './action-file.ts';

const titles: Record<InputGroup, string> = {
  target: 'What to scan',
  profile: 'With which profile',
  gate: 'When it passes',
  access: 'With which rights',
  server: 'By a scan service, in place of this runner',
  report: 'What to write and to show',
  run: 'How to run',
  findings: 'Results of other scanners, in place of a scan',
};

/** Inputs and outputs of the Action as tables. */
export function renderActionPage({ inputs, own, outputs }: ActionInterface): string {
  const all = Object.entries({ ...inputs, ...own });
  const sections = Object.entries(titles).flatMap(([group, title]) => {
    const rows = all.filter(([, input]) => input.group === group).map(([name, input]) => toRow(name, input));
    return [`### ${title}`, table(['Input', 'Value', 'Default', 'Meaning'], rows)];
  });
  return page([
    '# Inputs and outputs of the GitHub Action',
    `Sources: ${code('packages/core/src/request/interface.ts')} and ${code('packages/core/src/request/github-inputs.ts')}. How they are used: [the GitHub Action](github-action.md).`,
    '## Inputs',
    'None is required by GitHub: what is not given comes from a `CINC_SCAN_…` variable, then from `cinc-scan.yml` in the workspace, then from the default. A misspelt or malformed input ends the step before anything is touched.',
    ...sections,
    '## Outputs',
    'Always set, also when the step fails.',
    table(
      ['Output', 'Meaning'],
      Object.entries(actionOutputs(outputs)).map(([name, text]) => [code(name), prose(text)]),
    ),
  ]);
}

function toRow(name: string, input: Input): string[] {
  const given = defaultOf(input);
  return [code(name), prose(valueOf(input)), given === undefined ? '' : code(given), prose(input.description)];
}

function valueOf(input: Input): string {
  switch (input.type) {
    case 'choice':
      return input.choices.map(code).join(', ');
    case 'flag':
      return '`true`, `false`';
    case 'list':
      return input.separator === 'line' ? 'one a line' : 'list, by commas or lines';
    case 'secret':
      return 'secret';
    case 'duration':
      return 'duration, such as `15m`';
    case 'count':
      return `${input.min} to ${input.max}`;
    case 'text':
      return 'text';
  }
}
