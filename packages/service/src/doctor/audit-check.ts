// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { type BrokenEntry, type Chain, type ChainHead, hasEntry, verifyChain } from '../store/audit-log.ts';
import type { PlatformTransaction } from '../store/store.ts';
import type { Check, Examined } from './check.ts';

const remedy =
  'Find out who can write into the database, and compare with a backup from before; entries are never changed or removed by the service.';

/** The one chain that all teams' entries are in. */
export const checkAuditLog: Check = {
  name: 'audit log',
  examine: ({ store, anchor }) =>
    store.asPlatform(async transaction => {
      const kept = anchor === undefined ? undefined : readAnchor(anchor);
      const chain = await verifyChain(transaction);
      const found = chain.broken.map(entry => broken(told(entry)));
      if (kept !== undefined && !(await hasEntry(transaction, kept)))
        found.push(broken(`entry ${kept.n} is not there any more as it was: ${kept.n}:${kept.hash}`));
      if (chain.entries === 0 && (await hasPrincipals(transaction)))
        found.push(broken('it is empty, though keys were made, which it should hold'));
      return found.length > 0 ? found : [{ kind: 'fine', said: toldWhole(chain) }];
    }),
};

const broken = (said: string): Examined => ({ kind: 'broken', said, remedy });

const reasons: Record<BrokenEntry['why'], string> = {
  changed: 'it was changed after it was written',
  unlinked: 'it does not follow the entry before it, which was changed or taken out',
};

const told = ({ n, at, team, why }: BrokenEntry): string =>
  `entry ${n} of ${at.toISOString()}, ${team === null ? 'of the platform' : `of team ${team}`}: ${reasons[why]}`;

const toldWhole = ({ entries, head }: Chain): string =>
  head === undefined ? 'it is empty' : `${entries} entries are whole, up to ${head.n}:${head.hash}`;

function readAnchor(text: string): ChainHead {
  const [, n, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (n === undefined || hash === undefined)
    throw new ScanError(
      'INPUT_INVALID',
      'audit-anchor: expected the number and hash of an entry, as doctor tells them',
    );
  return { n: Number(n), hash };
}

async function hasPrincipals(transaction: PlatformTransaction): Promise<boolean> {
  return (await transaction.selectFrom('principal').select('id').limit(1).executeTakeFirst()) !== undefined;
}
