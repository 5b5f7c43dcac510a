// SPDX-License-Identifier: Apache-2.0
// Options for some targets alone. They have a place in the configuration file only: what a flag, a variable or a step says
// is said of all targets, and wins.
import * as z from 'zod';
import { ScanError } from '../errors/index.ts';
import { type InputValues, inputs, wholly } from './interface.ts';
import { issueTexts, matchText, type TargetMatch, targetMatch } from './target-match.ts';

export const perTargetKey = 'per-target';

/** What holds where an entry matches, instead of the run's. */
export interface TargetOptions {
  /** For people: `per-target[0] (selector: deployment/web)`. */
  name: string;
  match: TargetMatch;
  container: string | undefined;
  profile: string[] | undefined;
}

export interface PerTarget {
  entries: TargetOptions[];
  /** Options of entries that do not count, and what says otherwise of all targets. */
  outranked: { option: 'container' | 'profile'; by: string }[];
}

/** All inputs with their values, and what the configuration file says of some targets. */
export type Values = InputValues & { [perTargetKey]: PerTarget };

const { pattern } = inputs.container;
const container = z.string().regex(wholly(pattern), `expected ${pattern.means}`);
const profiles = z.preprocess(
  (given): unknown => (Array.isArray(given) ? given : [given]),
  z.array(z.string().trim().min(1).max(2000)).min(1),
);
const entry = z
  .strictObject({
    match: targetMatch('give the option to the run for that'),
    container: container.optional(),
    profile: profiles.optional(),
  })
  .superRefine(({ match, container: named, profile }, context) => {
    const refuse = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', path, message });
    if (named === undefined && profile === undefined) refuse('expected container or profile next to match');
    if (match.profile !== undefined) refuse('is not a condition here, where profiles are chosen', ['match', 'profile']);
    if (named !== undefined && match.container !== undefined)
      refuse('is not a condition here, where the container is chosen', ['match', 'container']);
  });
const schema = z.array(entry).min(1).max(1000);

/** Reads what a configuration file says of some targets; `outranked` tells what other sources say of all. */
export function parsePerTarget(given: unknown, file: string | undefined, outranked: PerTarget['outranked']): PerTarget {
  if (given === undefined) return { entries: [], outranked: [] };
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(issueTexts).map(inKey);
    throw new ScanError('INPUT_INVALID', `${file ?? 'configuration'}: ${problems.join('; ')}`);
  }
  const all = parsed.data.map(({ match, container: named, profile }, index): TargetOptions => {
    const name = `${perTargetKey}[${index}] (${matchText(match)})`;
    return { name, match, container: named, profile };
  });
  return withoutOutranked(all, outranked);
}

const inKey = (text: string) => (text.startsWith('[') ? `${perTargetKey}${text}` : `${perTargetKey}: ${text}`);

function withoutOutranked(all: TargetOptions[], outranked: PerTarget['outranked']): PerTarget {
  const lost = new Set(outranked.map(({ option }) => option));
  const entries = all.map(each => ({
    ...each,
    container: lost.has('container') ? undefined : each.container,
    profile: lost.has('profile') ? undefined : each.profile,
  }));
  return {
    entries: entries.filter(each => each.container !== undefined || each.profile !== undefined),
    outranked: outranked.filter(({ option }) => all.some(each => each[option] !== undefined)),
  };
}
