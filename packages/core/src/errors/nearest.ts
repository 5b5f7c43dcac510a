// SPDX-License-Identifier: Apache-2.0

/** Which of these was probably meant. */
export function nearest(word: string, candidates: readonly string[]): string {
  const written = word.slice(0, 60).toLowerCase();
  let [best, least] = [candidates[0] ?? '', Number.POSITIVE_INFINITY];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) >= least) continue;
    const changes = distance(candidate.toLowerCase(), written);
    if (changes < least) [best, least] = [candidate, changes];
  }
  return best;
}

/** The question whether another word was meant, where one is near enough that it may have been; otherwise nothing. */
export function hint(word: string, candidates: readonly string[], whole = (best: string) => best): string {
  const best = nearest(word, candidates);
  const isNear = distance(best.toLowerCase(), word.slice(0, 60).toLowerCase()) * 2 <= best.length;
  return best !== '' && isNear ? `; did you mean ${whole(best)}?` : '';
}

/** Whether a word may be another one with a slip in it. */
export const isNearly = (word: string, other: string): boolean =>
  word.length <= 60 && distance(word.toLowerCase(), other.toLowerCase()) <= 2;

/** Levenshtein distance: how many letters have to be added, removed or replaced. */
function distance(from: string, to: string): number {
  const row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    let diagonal = i;
    row[0] = i + 1;
    for (let j = 0; j < to.length; j++) {
      const above = row[j + 1] ?? 0;
      const replaced = diagonal + (from.charCodeAt(i) === to.charCodeAt(j) ? 0 : 1);
      row[j + 1] = Math.min(replaced, above + 1, (row[j] ?? 0) + 1);
      diagonal = above;
    }
  }
  return row.at(-1) ?? 0;
}
