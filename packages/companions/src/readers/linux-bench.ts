// SPDX-License-Identifier: Apache-2.0
import type { Reader } from '../reader.ts';
import { at, has, isFields, textAt, textsIn } from '../values.ts';
import { checkSection, checksOf, readCheck } from './bench.ts';

// https://github.com/aquasecurity/linux-bench: one object, which kube-bench's reader must not take for a section of its own.
export const linuxBench: Reader = {
  tool: 'linux-bench',
  title: 'linux-bench',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => has(document, 'id', 'tests', 'total_pass', 'DefinedConstraints'),
  read: ({ document }, journal) => {
    const section = isFields(document) ? document : {};
    if (textsIn(at(section, 'DefinedConstraints', 'platform')).every(name => name === ''))
      journal.problem('not-looked', 'it did not recognize the platform, so checks for it were left out');
    checkSection(section, journal);
    const checks = checksOf(section, journal);
    if (!checks.some(({ status }) => status !== 'INFO')) journal.problem('not-looked', 'no check was made');
    for (const check of checks) readCheck(check, journal, { resource: '', ruleKey: check.id });
    const version = textAt(section, 'version');
    return {
      tool: 'linux-bench',
      version: undefined,
      target: undefined,
      checkedAt: undefined,
      ruleset: `linux-bench ${version}`.trim(),
    };
  },
};
