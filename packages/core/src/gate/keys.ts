// SPDX-License-Identifier: Apache-2.0
import { nearest } from '../errors/index.ts';
import { type ControlStatus, severities, statuses } from '../outcome/index.ts';

export interface Key {
  kind: 'percentage' | 'count' | 'ids';
  /** Strict: SAF writes the key and does not read it. */
  enforced: 'always' | 'strict';
}

/** Every path there is. Without `strict`, `S.none.min/max` exists for no_impact only. */
export function knownKeys(strict: boolean): ReadonlyMap<string, Key> {
  return strict ? strictKeys : laxKeys;
}

const ranges = (stem: string) => [`${stem}.min`, `${stem}.max`];

function makeKeys(strict: boolean): Map<string, Key> {
  return new Map([
    ...ranges('compliance').map(path => [path, { kind: 'percentage', enforced: 'always' }] as const),
    ...statuses.flatMap(status => [...totalKeys(status), ...severityKeys(status, strict)]),
  ]);
}

function totalKeys(status: ControlStatus): [string, Key][] {
  const enforced = status === 'no_impact' ? 'strict' : 'always';
  return [
    [`${status}.total`, { kind: 'count', enforced: 'always' }],
    ...ranges(`${status}.total`).map((path): [string, Key] => [path, { kind: 'count', enforced }]),
  ];
}

function severityKeys(status: ControlStatus, strict: boolean): [string, Key][] {
  return severities.flatMap((severity): [string, Key][] => {
    const isOdd = severity === 'none' && status !== 'no_impact';
    const counts = ranges(`${status}.${severity}`).map((path): [string, Key] => [
      path,
      { kind: 'count', enforced: 'always' },
    ]);
    return [
      [`${status}.${severity}.controls`, { kind: 'ids', enforced: isOdd ? 'strict' : 'always' }],
      ...(isOdd && !strict ? [] : counts),
    ];
  });
}

const strictKeys = makeKeys(true);
const laxKeys = makeKeys(false);

const hints: ReadonlyMap<string, string> = new Map([
  ['compliance.overall', 'use compliance.min'],
  ['compliance', 'use compliance.min'],
  ['global', 'use compliance.min'],
  ['failure', 'use failed.<severity>.max'],
  ['warning', 'use failed.<severity>.max'],
  ['impact', 'use failed.<severity>.max'],
  ['categories', 'bounds are by status and severity'],
  ['scoring', 'bounds are by status and severity'],
  ['controls', 'use <status>.<severity>.controls'],
  ['exceptions', 'use a waiver file'],
  ['except', 'use a waiver file'],
  ...['production', 'prod', 'staging', 'development', 'dev', 'test'].map(
    name => [name, 'thresholds for some targets belong under "targets", next to "default"'] as const,
  ),
]);

/** What to write instead of a key that does not exist. */
export function adviceFor(path: string, strict: boolean): string {
  const [root = ''] = path.split('.');
  const hint = hints.get(path) ?? (root === 'compliance' ? undefined : hints.get(root));
  return hint ?? `did you mean ${nearest(path, [...knownKeys(strict).keys()])}?`;
}
