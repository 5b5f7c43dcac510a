// SPDX-License-Identifier: Apache-2.0
// How a scan can end, as an adapter sees it: an exit code, and what lies in the output folder.
import { type ErrorCode, toFailureOutputs } from '@cinc-scan/core';

export interface Ending {
  /** What the process ends with. */
  code: number;
  /** Content of outputs.json; undefined: there is none. */
  outputs: Record<string, unknown> | undefined;
  /** What the adapter has to end with. */
  exit: number;
  verdict: 'pass' | 'fail' | 'error';
}

const reports = {
  'report-markdown': 'cinc-scan-results/summary.md',
  'report-junit': 'cinc-scan-results/junit.xml',
  'report-junit-gate': 'cinc-scan-results/junit-gate.xml',
  'report-html': 'cinc-scan-results/report.html',
};

const judged = (verdict: 'pass' | 'fail', code: number) => ({
  verdict,
  reason: verdict === 'pass' ? 'pass' : 'below-threshold',
  'exit-code': code,
  compliance: verdict === 'pass' ? 100 : 66.66,
  counts: { passed: { total: 2 }, failed: { total: verdict === 'pass' ? 0 : 1 } },
  'targets-json': [{ name: "shop/web's/app", outcome: 'audited', result: verdict }],
  ...reports,
});

const failed = (reason: ErrorCode, code: 2 | 4 | 5 | 129 | 130 | 143): Ending => ({
  code,
  outputs: { ...toFailureOutputs(reason, code, ''), ...(code !== 2 && reports) },
  exit: code,
  verdict: 'error',
});

export const endings = {
  pass: { code: 0, outputs: judged('pass', 0), exit: 0, verdict: 'pass' },
  'below the threshold': { code: 3, outputs: judged('fail', 3), exit: 3, verdict: 'fail' },
  'below the threshold, report only': { code: 0, outputs: judged('fail', 0), exit: 0, verdict: 'fail' },
  unreachable: failed('CLUSTER_UNREACHABLE', 4),
  'access refused': failed('CLUSTER_FORBIDDEN', 4),
  'engine failure': failed('ENGINE_CRASHED', 5),
  'usage error': { code: 2, outputs: undefined, exit: 2, verdict: 'error' },
  'no targets': failed('NO_TARGETS', 2),
  cancelled: failed('TERMINATED', 143),
  'report missing': { code: 0, outputs: undefined, exit: 5, verdict: 'error' },
  crashed: { code: 1, outputs: judged('pass', 0), exit: 5, verdict: 'error' },
} as const satisfies Record<string, Ending>;

export type EndingName = keyof typeof endings;

export const endingNames = Object.keys(endings) as EndingName[];

/** Values that come unchanged through an adapter, or the adapter pastes text where it should not. */
export const hostileValues = {
  targets: '-l app=web,tier in (a, b)\n--threshold=0',
  profile: `./my profile/"quoted" 'single' $(touch pwned) \`touch pwned\` \${HOME}`,
  controls: '/^a:b#c&d|e;f>g<h*?~!$/',
  threshold: '{compliance.min: 80, "x": \\n}',
  'fail-on': 'high',
} as const;

export type Given = Partial<Record<string, string>>;
