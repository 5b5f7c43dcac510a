// SPDX-License-Identifier: Apache-2.0
// What a team owns, a page after the other. Each field is named here: what a migration adds is told when somebody has looked at it,
// and no hash or secret comes along with a row.
import { sql } from 'kysely';
import { appTeam, asService, type TeamTransaction } from '../store/store.ts';

interface ListedItem {
  /** Key of the item, which the next page comes after. */
  at: string;
  /** As JSON, made by the database. */
  json: string;
}

export interface TeamList {
  name: string;
  /** In one transaction. */
  atOnce: number;
  read(transaction: TeamTransaction, after: string, limit: number): Promise<ListedItem[]>;
}

interface Listed {
  /** What the list is sorted by, which has an index. */
  key: string;
  type?: 'uuid' | 'text';
  from: string;
  /** Keeps rows of others out where row-level security does not. */
  where?: string;
  item: string;
  atOnce?: number;
}

/** Texts of our own alone: nothing that anybody sends gets into the statement but as a value. */
const list = (name: string, { key, type = 'uuid', from, where = 'true', item, atOnce = 500 }: Listed): TeamList => ({
  name,
  atOnce,
  async read(transaction, after, limit) {
    const later = after === '' ? sql`true` : sql`${sql.raw(key)} > ${after}::${sql.raw(type)}`;
    const { rows } = await sql<ListedItem>`
      select ${sql.raw(key)}::text as at, jsonb_build_object(${sql.raw(item)})::text as json from ${sql.raw(from)}
      where ${sql.raw(where)} and ${later} order by ${sql.raw(key)} limit ${limit}`.execute(transaction);
    return rows;
  },
});

const events: TeamList = {
  name: 'events',
  atOnce: 500,
  async read(transaction, after, limit) {
    const [scan = '', n = '0'] = after.split(' ');
    const later = after === '' ? sql`true` : sql`(scan_id, n) > (${scan}::uuid, ${Number(n)}::integer)`;
    const { rows } = await sql<ListedItem>`
      select scan_id::text || ' ' || n::text as at, jsonb_build_object('scan', scan_id, 'n', n, 'at', at, 'attempt', attempt,
        'kind', kind, 'data', data)::text as json
      from scan_event where ${later} order by scan_id, n limit ${limit}`.execute(transaction);
    return rows;
  },
};

/** The log is the platform's; of its entries those of the team. */
const auditLog: TeamList = {
  name: 'audit',
  atOnce: 500,
  async read(transaction, after, limit) {
    await asService(transaction);
    const { rows } = await sql<ListedItem>`
      select n::text as at, jsonb_build_object('n', n, 'at', at, 'principal', principal_id, 'action', action,
        'object', object, 'detail', detail, 'hash', encode(hash, 'hex'))::text as json
      from audit_entry where team_id = ${appTeam} and n > ${after === '' ? 0 : Number(after)} order by n limit ${limit}`.execute(
      transaction,
    );
    return rows;
  },
};

export const teamLists: readonly TeamList[] = [
  list('team', {
    key: 'id',
    from: 'team',
    item: `'name', slug, 'title', name, 'queueQuota', queue_quota,
      'createdAt', created_at`,
  }),
  list('retention', {
    key: 'kind',
    type: 'text',
    from: 'retention',
    item: `'kind', kind, 'days', days`,
  }),
  list('clusters', {
    key: 'slug',
    type: 'text',
    from: 'cluster',
    item: `'name', slug, 'region', region, 'namespaces', (select to_jsonb(namespaces)
      from cluster_access where cluster_id = cluster.id and team_id = app_team())`,
  }),
  list('members', {
    key: 'principal_id',
    from: 'membership join principal on principal.id = principal_id',
    item: `'id', principal_id, 'name', name, 'kind', kind,
      'role', membership.role`,
  }),
  list('keys', {
    key: 'id',
    from: 'api_key',
    item: `'id', id, 'publicId', public_id, 'name', name, 'role', role, 'scope', scope,
      'member', principal_id, 'expiresAt', expires_at, 'revokedAt', revoked_at, 'lastUsedAt', last_used_at,
      'createdAt', created_at`,
  }),
  list('issuers', {
    key: 'id',
    from: 'issuer',
    where: 'team_id = app_team()',
    item: `'id', id, 'name', slug, 'url', url, 'audience', audience,
      'createdAt', created_at`,
  }),
  list('token-rules', {
    key: 'id',
    from: 'claim_rule',
    where: 'team_id = app_team()',
    item: `'id', id, 'issuer', issuer_id, 'name', slug, 'claims', claims, 'role', role,
      'scope', scope, 'minutes', minutes, 'createdAt', created_at`,
  }),
  list('sign-in-rules', {
    key: 'id',
    from: 'sign_in_rule',
    where: 'team_id = app_team()',
    item: `'id', id, 'name', slug, 'claims', claims, 'role', role,
      'createdAt', created_at`,
  }),
  list('profiles', {
    key: 'id',
    from: 'profile',
    item: `'name', slug, 'version', version, 'digest', digest, 'content', blob,
      'state', state, 'decidedAt', decided_at, 'createdAt', created_at`,
  }),
  list('thresholds', {
    key: 'id',
    from: 'threshold',
    item: `'name', slug, 'version', version, 'digest', digest, 'content', content,
      'createdAt', created_at`,
    atOnce: 100,
  }),
  list('scans', {
    key: 'id',
    from: 'scan',
    item: `'id', id, 'state', state, 'verdict', verdict, 'reason', reason,
      'exitCode', exit_code, 'error', error, 'counts', counts, 'attempt', attempt, 'isolation', isolation,
      'requestedBy', requested_by, 'requestedAt', requested_at, 'startedAt', started_at, 'finishedAt', finished_at,
      'runId', run_id, 'imported', imported, 'ask', ask, 'pins', pins, 'reports', coalesce((
        select jsonb_agg(jsonb_build_object('file', file, 'kind', kind, 'content', blob) order by file)
        from scan_report where scan_id = scan.id), '[]')`,
    atOnce: 100,
  }),
  events,
  list('schedules', {
    key: 'id',
    from: 'schedule',
    item: `'name', slug, 'cron', cron, 'timeZone', zone, 'everySeconds', every_seconds, 'jitterSeconds', jitter_seconds,
      'ask', ask, 'callback', callback_shown, 'madeBy', made_by, 'pausedAt', paused_at, 'createdAt', created_at,
      'firings', coalesce((
        select jsonb_agg(jsonb_build_object('at', at, 'firedAt', fired_at, 'missedSince', missed_since, 'outcome', outcome,
          'scan', scan_id, 'error', error) order by at)
        from schedule_firing where schedule_id = schedule.id), '[]')`,
    atOnce: 20,
  }),
  list('obligations', {
    key: 'id',
    from: 'obligation',
    item: `'name', slug, 'cluster', cluster, 'namespaces', namespaces, 'selector', selector, 'profile', profile,
      'withinDays', within_days, 'graceDays', grace_days, 'madeBy', made_by, 'createdAt', created_at, 'listedAt', listed_at,
      'gaps', gaps, 'workloads', coalesce((
        select jsonb_agg(jsonb_build_object('cluster', cluster, 'namespace', namespace, 'kind', kind, 'name', name,
          'containers', containers, 'firstSeen', first_seen_at) order by id)
        from obligation_workload where obligation_id = obligation.id), '[]')`,
    atOnce: 5,
  }),
  list('findings', {
    key: 'id',
    from: 'finding',
    item: `'fingerprint', fingerprint, 'cluster', cluster, 'status', status,
      'because', because, 'namespace', namespace, 'workload', workload, 'container', container, 'profile', profile,
      'firstSeen', first_seen, 'lastSeen', last_seen, 'changedAt', changed_at, 'document', document,
      'sources', coalesce((select jsonb_agg(jsonb_build_object('name', source.name, 'tool', source.tool,
          'standing', standing, 'firstSeen', sighting.first_seen, 'lastSeen', sighting.last_seen) order by source.name)
        from finding_sighting as sighting join finding_source as source on source.id = source_id
        where finding_id = finding.id), '[]'),
      'history', coalesce((select jsonb_agg(jsonb_build_object('at', event.at, 'status', event.status,
          'because', event.because, 'source', event.source, 'scan', scan_id) order by event.id)
        from finding_event as event where finding_id = finding.id), '[]')`,
    atOnce: 100,
  }),
  auditLog,
];

export interface TeamContent {
  digest: string;
  bytes: number | string;
}

/** Contents that rows of the team name, in the order of their digests. */
export async function readContents(transaction: TeamTransaction, after: string, limit: number): Promise<TeamContent[]> {
  const { rows } = await sql<TeamContent>`
    select digest, bytes from blob where digest in (
      select blob from (
        select blob from scan_report where blob > ${after} union select blob from profile where blob > ${after}) as own
      order by blob limit ${limit}) order by digest`.execute(transaction);
  return rows;
}
