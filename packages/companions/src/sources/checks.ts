// SPDX-License-Identifier: Apache-2.0
import { stableImage } from '@cinc-scan/core';
import type { About, Problem } from '../reading.ts';
import type { FileSource } from './schema.ts';

/** Clocks of two machines differ. */
const skew = 5 * 60_000;

export interface Times {
  checkedAt: string | undefined;
  /** When its envelope says that the scanner was started. */
  started: string | undefined;
}

/** Whether a result is of the time that its source demands. */
export function ageProblems(most: number | undefined, { checkedAt, started }: Times, now: Date): Problem[] {
  const stale = (text: string): Problem[] => [{ reason: 'stale', text }];
  if (checkedAt === undefined)
    return most === undefined ? [] : stale('it does not say when it was made, and max-age is given');
  const time = Date.parse(checkedAt);
  const age = now.getTime() - time;
  if (age < -skew) return stale(`it is from the future: ${checkedAt}`);
  if (started !== undefined && time < Date.parse(started) - skew)
    return stale(`it is older than the run of its envelope: ${checkedAt}`);
  if (most !== undefined && age > most * 1000) return stale(`it is of ${checkedAt}, and older than max-age`);
  return [];
}

/** Whether a result is about what its source says, as far as it tells. */
export function subjectProblems({ about, target }: FileSource, { target: told }: About): Problem[] {
  const wrong = (text: string): Problem[] => [{ reason: 'wrong-target', text }];
  if (about !== undefined) {
    if (told === undefined) return wrong('it does not say what it is about');
    return isSame(about, told) ? [] : wrong(`it is about ${shown(told)}, not ${about}`);
  }
  const image = /^image:(.+)$/.exec(target)?.[1];
  if (image === undefined || told === undefined || !isReference(told)) return [];
  return isSame(image, told) ? [] : wrong(`it is about ${shown(told)}, not ${image}`);
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));

/** The same name, or one of them with its registry in front. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [short = '', long = ''] = [stableImage(one), stableImage(other)].toSorted((a, b) => a.length - b.length);
  return short === long || long.endsWith(`/${short}`);
}

/** An image by its name: neither an archive nor a digest. */
const isReference = (text: string): boolean =>
  !text.startsWith('sha256:') && !/\.(?:tar|tgz|tar\.gz)$/.test(text) && !/^[./]/.test(text);
