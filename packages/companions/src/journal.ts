// SPDX-License-Identifier: Apache-2.0
import { type FindingWaiver, type Passed, type Rating, type RawFinding, severityOfWord } from '@cinc-scan/core';
import type { About, Doubt, NotLookedReason, Problem, Reading } from './reading.ts';
import { type Fields, isFields, quoted } from './values.ts';

const mostTold = 20;

/** Where a reader writes down what it meets; what it cannot make sense of is a problem, never nothing. */
export class Journal {
  readonly findings: RawFinding[] = [];
  readonly passes: Passed[] = [];
  readonly unchecked = new Set<string>();
  readonly statements: FindingWaiver[] = [];
  readonly #problems = new Map<string, Problem>();
  readonly #warnings = new Set<string>();

  problem(reason: NotLookedReason, text: string, doubt?: Doubt): void {
    this.#problems.set(`${reason} ${text}`, { reason, text, doubt });
  }

  warn(text: string): void {
    this.#warnings.add(text);
  }

  get isClear(): boolean {
    return this.#problems.size === 0;
  }

  /** The items of a list that has to be there. */
  list(value: unknown, name: string): unknown[] {
    if (Array.isArray(value)) return value;
    this.problem('unreadable', `${name} is not a list`);
    return [];
  }

  /** The objects of a list that may be absent or null; anything else in their place is a problem. */
  objects(value: unknown, name: string): Fields[] {
    if (value === undefined || value === null) return [];
    return this.list(value, name).flatMap((item, index) => {
      if (isFields(item)) return [item];
      this.problem('unreadable', `${name}[${index}] is not an object`);
      return [];
    });
  }

  /** The objects of a list without which there was no look. */
  needed(value: unknown, name: string): Fields[] {
    if (value === undefined || value === null) this.problem('not-looked', `there is no list ${name}`);
    return this.objects(value, name);
  }

  /** The severity of a tool's word; a word that nobody has mapped is told and counts as unknown. */
  rating(word: string, source: string): Rating {
    const severity = severityOfWord(word);
    if (severity === undefined && word !== '') this.warn(`a severity is a word that is not known: ${quoted(word)}`);
    return { severity: severity ?? 'unknown', raw: word, source };
  }

  /** A status decides whether something was looked at, so a word that is not known is a problem. */
  unknownStatus(word: unknown, where: string): void {
    this.problem('unreadable', `${where} has a status that is not known: ${quoted(String(word))}`);
  }

  toReading(about: About): Reading {
    const { findings, passes, statements } = this;
    const results = {
      about,
      findings,
      passes,
      statements,
      unchecked: [...this.unchecked],
      warnings: told([...this.#warnings]),
    };
    const [first, ...rest] = [...this.#problems.values()].toSorted((one, other) => rankOf(one) - rankOf(other));
    return first === undefined
      ? { kind: 'looked', ...results }
      : { kind: 'not-looked', problems: [first, ...rest.slice(0, mostTold)], ...results };
  }
}

// The first one names the code: what kept the scanner from looking before what is odd about its result.
const order: readonly NotLookedReason[] = ['unreadable', 'not-looked', 'incomplete', 'contradiction', 'unproven'];

const rankOf = ({ reason }: Problem): number => order.indexOf(reason);

const told = (texts: string[]): string[] =>
  texts.length > mostTold ? [...texts.slice(0, mostTold), `and ${texts.length - mostTold} more warnings`] : texts;
