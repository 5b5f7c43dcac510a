// SPDX-License-Identifier: Apache-2.0
// How far the process that runs profile code is kept from the machine that scans. Which walls there are says docs/jail.md.
import * as z from 'zod';
import type { EngineEvent } from '../broker/index.ts';
import { ScanError } from '../errors/index.ts';
import { type JailStrength, jailStrengths } from '../request/index.ts';

/** What a jail keeps a profile from, or bounds. */
export const jailProperties = [
  'files',
  'names',
  'network',
  'processes',
  'programs',
  'privileges',
  'memory',
  'time',
  'disk',
] as const;
export type JailProperty = (typeof jailProperties)[number];

/** What was found from inside, before any profile code was loaded. */
export interface Jail {
  strength: JailStrength;
  /** What it does not keep. */
  missing: JailProperty[];
  /** By what it keeps the rest. */
  means: string[];
  /** Why something is missing, in the words of the kernel. */
  reasons: string[];
}

const words = z.array(z.string().max(500)).max(20);
const jailed = z.object({
  event: z.literal('jailed'),
  strength: z.enum(jailStrengths),
  missing: z.array(z.enum(jailProperties)),
  means: words,
  reasons: words,
});

/** What the engine says of the jail, if it is that. */
export function parseJail(event: EngineEvent): Jail | undefined {
  const { data } = jailed.safeParse(event);
  if (data === undefined) return undefined;
  const { event: _, ...jail } = data;
  return jail;
}

const rank = (strength: JailStrength) => jailStrengths.indexOf(strength);

/** The engine refuses by itself; this is for one that did not. Throws JAIL_TOO_WEAK. */
export function requireStrength({ strength, missing }: Jail, wanted: JailStrength): void {
  if (rank(strength) >= rank(wanted)) return;
  throw new ScanError(
    'JAIL_TOO_WEAK',
    `The jail for profile code is ${strength} instead of ${wanted}: it does not keep ${missing.join(', ')}`,
  );
}

/** What meets both demands. */
export const strongerJail = (one: JailStrength, other: JailStrength): JailStrength =>
  rank(one) < rank(other) ? other : one;

/** Of all that ran in a run, the one that counts. */
export const weakerJail = (one: Jail | undefined, other: Jail): Jail =>
  one === undefined || rank(other.strength) < rank(one.strength) ? other : one;
