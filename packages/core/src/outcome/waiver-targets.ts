// SPDX-License-Identifier: Apache-2.0
// Which targets a waiver holds for. The auditor knows no targets: it is given only those waivers that hold for the one it
// looks at, without this key.
import { CORE_SCHEMA, load } from 'js-yaml';
import * as z from 'zod';
import { isNearly } from '../errors/index.ts';
import { matches, type Target } from '../plan/index.ts';
import {
  issueTexts,
  matchConditions,
  matchText,
  type TargetMatch,
  targetMatch,
  toYamlProblem,
} from '../request/index.ts';
import { parseMoment } from './moment.ts';
import type { Waiver, WaiverFile, WaiverFormat } from './waiver.ts';

/** A target, under the profile of this name. */
export interface WaiverTarget {
  target: Target;
  profile: string | undefined;
}

const key = 'target';
const one = targetMatch(`leave ${key} out for that`);
const several = z.preprocess(
  (given): unknown => (Array.isArray(given) ? given : [given]),
  z.array(one).min(1).max(100),
);

/** What an entry says of targets, or what is wrong with it; an entry without the key holds for all. */
export function parseTargets(fields: Record<string, unknown>, format: WaiverFormat): TargetMatch[] | string {
  const strange = misplaced(Object.keys(fields));
  if (strange !== undefined) return strange;
  if (!(key in fields)) return [];
  try {
    const parsed = several.safeParse(format === 'csv' ? fromCell(fields[key]) : fields[key]);
    return parsed.success ? parsed.data : parsed.error.issues.flatMap(issueTexts).map(inKey).join('; ');
  } catch (error) {
    return `${key}: not YAML: ${toYamlProblem(error).message}`;
  }
}

const fromCell = (cell: unknown): unknown => (typeof cell === 'string' ? load(cell, { schema: CORE_SCHEMA }) : cell);

const inKey = (text: string) => (text.startsWith('[') ? `${key}${text}` : `${key}: ${text}`);

/** The auditor passes over fields that it does not know: a waiver for one target would hold for all. */
export function misplaced(keys: string[]): string | undefined {
  const strange = keys.find(each => each !== key && (isNearly(each, key) || each === 'match'));
  if (strange !== undefined) return `${strange.slice(0, 200)} is not a key here; did you mean ${key}?`;
  const condition = keys.find(each => matchConditions.includes(each));
  return condition === undefined
    ? undefined
    : `${condition} is not a key here; conditions on targets belong below ${key}: {${condition}: …}`;
}

/** The waivers of a file that hold somewhere: for equal control ids the first. */
export function waiversFor({ waivers }: WaiverFile, { target, profile }: WaiverTarget): Waiver[] {
  const held = waivers.filter(
    ({ targets }) => targets.length === 0 || targets.some(match => matches(match, target, profile)),
  );
  return held.filter(({ controlId }, index) => held.findIndex(each => each.controlId === controlId) === index);
}

export const isForSome = ({ waivers }: WaiverFile): boolean => waivers.some(({ targets }) => targets.length > 0);

/** Conditions that held for no target of a run. */
export function unusedTargets(
  files: readonly Pick<WaiverFile, 'path' | 'waivers'>[],
  places: readonly WaiverTarget[],
): string[] {
  return files.flatMap(({ path, waivers }) =>
    waivers.flatMap(({ controlId, targets }) =>
      targets
        .filter(match => !places.some(({ target, profile }) => matches(match, target, profile)))
        .map(match => `waivers ${path}: ${JSON.stringify(controlId)} for ${matchText(match)}`),
    ),
  );
}

/** A waiver file with these, as the auditor reads it, whatever the format of the one that they were in. */
export function renderWaivers(waivers: readonly Waiver[]): string {
  const entries = waivers.map(({ controlId, fields, justification, expires, run, owner }) => {
    const { [key]: _, ...others } = fields;
    const known = {
      justification,
      ...(expires !== undefined && { expiration_date: momentText(expires) }),
      ...('run' in fields && { run }),
      ...(owner !== undefined && { owner }),
    };
    return [controlId, { ...others, ...known }];
  });
  return JSON.stringify(Object.fromEntries(entries), undefined, 2);
}

/** Ruby takes a time of day without a zone for local where it stands in a text. */
const momentText = (text: string): string =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : (parseMoment(text)?.toISOString() ?? text);
