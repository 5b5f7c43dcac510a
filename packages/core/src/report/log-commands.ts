// SPDX-License-Identifier: Apache-2.0
// What CI systems carry out, or take for their own, where they find it in a log. The only list of it: everything that is
// printed is broken by it. Bamboo, AppVeyor, CircleCI, CodeBuild, Bitbucket and Drone read no commands in logs; Jenkins
// reads notes in terminal sequences, which `cleanText` removes.

// Looked for anywhere in a line, some with a search that skips ignorable code points:
// https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands (##vso[, ##[; the latter GitHub too),
// https://www.jetbrains.com/help/teamcity/service-messages.html, https://spinnaker.io/docs (properties of a job),
// https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections, and Travis' folds.
const anywhere = [
  '##[',
  '##vso[',
  '##teamcity[',
  'SPINNAKER_PROPERTY_',
  'SPINNAKER_CONFIG_JSON',
  'section_start:',
  'section_end:',
  'travis_fold:',
  'travis_time:',
];
const ignorable = '[\\p{DI}]*';
const spelled = (word: string) => Array.from(word, char => (char === '[' ? '\\[' : char)).join(ignorable);
const commandStart = new RegExp(
  anywhere.map(word => `${word[0] ?? ''}(?=${ignorable}${spelled(word.slice(1))})`).join('|'),
  'giu',
);
/** Also after what only some readers take for the end of a line: VT, FF and NEL. */
const lineStart = '(?:^|(?<=[\\v\\f\\u0085]))';
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions, after any blanks
const colonCommand = new RegExp(`${lineStart}([\\s\\p{DI}]*:)(?=\\p{DI}*:)`, 'gmu');
// https://buildkite.com/docs/pipelines/configure/managing-log-output#grouping-log-output
const groupLine = new RegExp(`${lineStart}(?=\\p{DI}*(?:---|\\+\\+\\+|~~~|\\^\\^\\^)\\p{DI}*[ \\t])`, 'gmu');

// A tenth of the time of the searches above, and without it texts without a command took a third of a large report. It says
// no more than that one may be there; what is not ASCII may hide one.
const mayHold = /[^\t-~]|##|::|---|\+\+\+|~~~|\^\^\^|spinnaker_|section_|travis_/i;

/** The text with a blank within each command. */
export function breakCommands(text: string): string {
  if (!mayHold.test(text)) return text;
  return text.replaceAll(commandStart, '$& ').replaceAll(colonCommand, '$1 ').replaceAll(groupLine, ' ');
}

/** JSON text that means the same and holds no command. */
export function safeJsonText(json: string): string {
  if (!mayHold.test(json)) return json;
  return json.replaceAll(commandStart, char => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
