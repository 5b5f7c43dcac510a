// SPDX-License-Identifier: Apache-2.0
import { sql } from 'kysely';
import type { TestStore } from './stores.ts';
import { askFor, submit, type World } from './world.ts';

/** Straight into the table: what is measured is how they are read. */
export async function fillScans(parts: TestStore, world: World, count: number): Promise<void> {
  const { id } = await submit(parts, world.shop, askFor(`pod/web-${count}`));
  await sql`
    insert into scan (id, team_id, cluster_id, requested_by, ask, pins, digest, state, attempt, deadline_at, started_at,
      finished_at, run_id, verdict, reason, exit_code, counts)
    select gen_random_uuid(), team_id, cluster_id, requested_by, ask, pins, digest || n, 'done', 1, deadline_at, now(), now(),
      'run-' || n, 'pass', 'pass', 0, '{"passed":12}'
    from scan, generate_series(1, ${count}::integer) as n where id = ${id}`.execute(parts.database.kysely);
  await sql`analyze scan`.execute(parts.database.kysely);
}

/** Places in the list behind which a whole page follows. */
export async function sampleScans(parts: TestStore): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (select id, row_number() over (order by id) as place from scan) as placed
    where place > 60 order by md5(id::text) limit 100`.execute(parts.database.kysely);
  return rows.map(({ id }) => id);
}
