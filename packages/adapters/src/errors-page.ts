// SPDX-License-Identifier: Apache-2.0
import type { catalogue } from '@cinc-scan/core';
import { code, page, prose } from './markdown.ts';

export interface ErrorEntry {
  exit: number;
  meaning: string;
  remedy: string;
}

const groups: [exits: number[], title: string, text: string][] = [
  [
    [2],
    'Exit 2: usage and configuration',
    'Correct the input and run again. Errors that do not depend on results are found before anything is created in the cluster.',
  ],
  [
    [4],
    'Exit 4: targets and access',
    'A target was not seen, or not completely. It is reported as unreached: never as passed, never as a finding.',
  ],
  [[5], 'Exit 5: engine and profile', 'The target answered, but there is nothing that could be judged.'],
  [
    [129, 130, 143],
    'Exit 129, 130 and 143: cancelled',
    'After a signal: SIGHUP, SIGINT or SIGQUIT, SIGTERM or another. The grant is revoked before the process ends, and no ' +
      'further signal but SIGKILL cuts that short.',
  ],
];

/** Every error code with what it means and what to do. */
export function renderErrors(entries: Record<string, ErrorEntry> | typeof catalogue): string {
  const sections = groups.flatMap(([exits, title, text]) => [
    `## ${title}`,
    text,
    ...Object.entries(entries)
      .filter(([, entry]) => exits.includes(entry.exit))
      .flatMap(([name, entry]) => [`### ${name}`, prose(entry.meaning), `**What to do:** ${prose(entry.remedy)}`]),
  ]);
  return page([
    '# Errors',
    'Every error has one code of this closed list. Its message says what happened to which object; the text here says ' +
      'what to do, and is shown under the message as well. Findings are not errors: they are in the reports.',
    `Source: ${code('packages/core/src/errors/catalogue.ts')}. See also [troubleshooting](troubleshooting.md).`,
    ...sections,
  ]);
}
