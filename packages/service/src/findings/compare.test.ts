// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { type Standing, type Status, statusOf } from './compare.ts';

type Row = [
  standing: Standing,
  said: 'new' | 'known' | 'returned' | 'unsure' | 'fixed',
  before: Status | undefined,
  others: Standing[],
  status: Status,
];

test.each<Row>([
  ['open', 'new', undefined, [], 'new'],
  ['open', 'unsure', undefined, [], 'unsure'],
  ['open', 'new', 'known', ['open'], 'known'],
  ['open', 'known', 'new', [], 'known'],
  ['open', 'known', 'unsure', [], 'known'],
  ['open', 'returned', 'fixed', [], 'returned'],
  ['open', 'returned', 'known', ['open'], 'known'],
  ['open', 'unsure', 'fixed', [], 'known'],
  ['fixed', 'fixed', 'known', [], 'fixed'],
  ['fixed', 'fixed', 'known', ['fixed'], 'fixed'],
  ['fixed', 'fixed', 'known', ['open'], 'known'],
  ['fixed', 'fixed', 'new', ['open'], 'new'],
  ['fixed', 'fixed', 'known', ['unsure'], 'unsure'],
  ['unsure', 'unsure', 'known', [], 'unsure'],
  ['unsure', 'unsure', 'known', ['fixed'], 'unsure'],
  ['unsure', 'unsure', 'known', ['open'], 'known'],
  ['unsure', 'unsure', 'unsure', ['open'], 'known'],
])('%s (%s), %s before, %j by others: %s', (...[standing, status, before, others, expected]) => {
  expect(statusOf({ standing, status }, { before, others })).toBe(expected);
});
