// SPDX-License-Identifier: Apache-2.0
// Who a subject of another issuer is here.
import { v7 as makeId } from 'uuid';
import type { PlatformTransaction } from './store.ts';

export interface Identity {
  /** Whose subject it is: two issuers may name theirs alike. */
  source: string;
  subject: string;
  name: string;
  kind: 'person' | 'program';
}

/** The principal of a subject, made at its first coming, and once where several come at the same time. */
export async function principalOf(
  transaction: PlatformTransaction,
  { source, subject, name, kind }: Identity,
): Promise<string> {
  const find = () =>
    transaction
      .selectFrom('principal_identity')
      .select('principal_id')
      .where('source', '=', source)
      .where('subject', '=', subject);
  const known = await find().executeTakeFirst();
  if (known !== undefined) return known.principal_id;
  const id = makeId();
  await transaction.insertInto('principal').values({ id, name, kind, platform_role: null }).execute();
  const made = await transaction
    .insertInto('principal_identity')
    .values({ source, subject, principal_id: id })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows === 1n) return id;
  await transaction.deleteFrom('principal').where('id', '=', id).execute();
  return (await find().executeTakeFirstOrThrow()).principal_id;
}
