// SPDX-License-Identifier: Apache-2.0
import { sql } from 'kysely';
import type { RunFindings } from '../findings/run-findings.ts';
import type { AnyTransaction } from './store.ts';

/** What a scan with a verdict has looked into, in the team of the transaction; what looked later stays. */
export async function recordJudged(
  transaction: AnyTransaction,
  { scan, cluster, run }: { scan: string; cluster: string; run: RunFindings },
): Promise<void> {
  const looks = run.sources.flatMap(({ at, place, profile, look }) =>
    place === null || profile === null || look.kind !== 'looked' ? [] : [{ ...place, profile, at }],
  );
  if (looks.length === 0) return;
  await sql`
    insert into judged (cluster, namespace, workload, container, profile, at, scan_id)
      select distinct on (2, 3, 4, 5) ${cluster}, namespace, workload, container, profile, at, ${scan}::uuid
      from jsonb_to_recordset(${JSON.stringify(looks)}::jsonb)
        as look (namespace text, workload text, container text, profile text, at timestamptz)
      order by 2, 3, 4, 5, at desc
    on conflict (team_id, cluster, namespace, workload, container, profile)
      do update set at = excluded.at, scan_id = excluded.scan_id where judged.at <= excluded.at`.execute(transaction);
}
