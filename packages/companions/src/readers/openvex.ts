// SPDX-License-Identifier: Apache-2.0
import type { FindingWaiver } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, momentOf, someText, textAt, textsIn } from '../values.ts';

// https://github.com/openvex/spec
export const openvex: Reader = {
  tool: 'openvex',
  title: 'OpenVEX',
  framing: 'one',
  exits: [0],
  fits: ({ document }) =>
    has(document, 'statements') && textAt(document, '@context').startsWith('https://openvex.dev/ns'),
  read: ({ document }, journal) => {
    const items = journal.needed(at(document, 'statements'), 'statements');
    if (items.length === 0) journal.problem('not-looked', 'it holds no statement');
    const dated = items.map(item => ({ item, time: textAt(item, 'timestamp') || textAt(document, 'timestamp') }));
    const latest = new Map<string, FindingWaiver | undefined>();
    // Of two statements about one product the later one counts.
    for (const { item } of dated.toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time)))
      for (const [key, waiver] of statementsOf(item, journal)) latest.set(key, waiver);
    journal.statements.push(...[...latest.values()].filter(waiver => waiver !== undefined));
    return {
      tool: 'openvex',
      version: undefined,
      target: someText(document, '@id'),
      checkedAt: momentOf(textAt(document, 'last_updated') || textAt(document, 'timestamp')),
      ruleset: 'openvex',
    };
  },
};

const excusing = ['not_affected', 'fixed'];
const others = ['affected', 'under_investigation'];

/** What an item says of each of its products: a waiver, or that there is none. */
function statementsOf(item: Fields, journal: Journal): [string, FindingWaiver | undefined][] {
  const status = textAt(item, 'status');
  if (![...excusing, ...others].includes(status)) journal.unknownStatus(status, 'a statement');
  const justification = textAt(item, 'justification') || textAt(item, 'impact_statement');
  if (status === 'not_affected' && justification === '')
    journal.problem('unreadable', 'a statement says not_affected and gives no justification');
  const names = namesOf(item);
  if (names.length === 0) journal.problem('unreadable', 'a statement names no vulnerability');
  const products = productsOf(item, journal);
  if (products.length === 0) journal.warn('a statement names no package URL: it excuses nothing');
  return products.map(purl => [
    JSON.stringify([names[0], purl]),
    excusing.includes(status)
      ? {
          key: { by: 'statement', names, purl },
          reason: [status, justification].filter(Boolean).join(': '),
          origin: 'OpenVEX',
          expires: undefined,
        }
      : undefined,
  ]);
}

/** A text up to version 0.0.1, an object with aliases since. */
function namesOf(item: Fields): string[] {
  const { vulnerability } = item;
  if (typeof vulnerability === 'string') return [vulnerability].filter(Boolean);
  return [textAt(vulnerability, 'name'), ...textsIn(at(vulnerability, 'aliases'))].filter(Boolean);
}

/** Packages; of an image with subcomponents it is those that the statement is about, and an image alone is too wide. */
function productsOf(item: Fields, journal: Journal): string[] {
  const products = journal.list(item['products'] ?? [], 'products');
  return products.flatMap(product => {
    const id = idOf(product);
    if (!id.startsWith('pkg:oci/') && !id.startsWith('pkg:docker/')) return id.startsWith('pkg:') ? [id] : [];
    journal.warn('a statement is about an image: that is not compared, so it excuses nothing');
    return [];
  });
}

const idOf = (product: unknown): string =>
  typeof product === 'string' ? product : (someText(product, 'identifiers', 'purl') ?? textAt(product, '@id'));
