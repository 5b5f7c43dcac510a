// SPDX-License-Identifier: Apache-2.0
import type { Jail, JailProperty } from '../engine/index.ts';

const reach = 'within reach of the machine that scanned';
const limit = 'without limit';

const lacks = {
  files: [reach, 'its files'],
  names: [reach, 'names of its files'],
  network: [reach, 'its network'],
  processes: [reach, 'its processes'],
  programs: [reach, 'its programs'],
  privileges: [reach, 'rights of the user'],
  memory: [limit, 'memory'],
  time: [limit, 'processor time'],
  disk: [limit, 'disk space'],
} as const satisfies Record<JailProperty, readonly [typeof reach | typeof limit, string]>;

/** `partial (within reach of the machine that scanned: names of its files; without limit: disk space)`. */
export function jailText({ strength, missing }: Jail): string {
  const lists = [reach, limit].flatMap(kind => {
    const words = missing.map(each => lacks[each]).flatMap(([of, word]) => (of === kind ? [word] : []));
    return words.length === 0 ? [] : [`${kind}: ${words.join(', ')}`];
  });
  return lists.length === 0 ? strength : `${strength} (${lists.join('; ')})`;
}
