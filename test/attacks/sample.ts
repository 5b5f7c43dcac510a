// SPDX-License-Identifier: Apache-2.0
// The attacks are many. CINC_SCAN_ATTACKS chooses: `all` of them; a number, the sample of that seed; unset, that of today.
import { createHash } from 'node:crypto';

const chosen = process.env['CINC_SCAN_ATTACKS'] ?? '';
const isAll = chosen === 'all';
const seed = chosen === '' ? String(Math.floor(Date.now() / 86_400_000)) : chosen;
if (!isAll && !/^\d+$/.test(seed)) throw new Error(`CINC_SCAN_ATTACKS: expected all or a number, not "${chosen}"`);

/** Of all runs that check a change, each has one case in so many. */
const share = 10;

/** All of the cases, or a tenth of them; the next seed gives others. The title says how to have the same again. */
export function sampleOf<T>(cases: readonly T[]): { cases: T[]; title: string } {
  if (isAll) return { cases: [...cases], title: `all ${cases.length}` };
  const drawn = cases
    .map((each, index) => ({ each, place: createHash('sha256').update(`${seed} ${index}`).digest('hex') }))
    .toSorted((one, other) => one.place.localeCompare(other.place))
    .slice(0, Math.ceil(cases.length / share))
    .map(({ each }) => each);
  const title = `${drawn.length} of ${cases.length}, CINC_SCAN_ATTACKS=${seed}`;
  process.stderr.write(`attacks: ${title}\n`);
  return { cases: drawn, title };
}
