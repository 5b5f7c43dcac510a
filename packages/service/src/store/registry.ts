// SPDX-License-Identifier: Apache-2.0
// What scans name: clusters, profiles, thresholds.
import { ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { audit } from './audit-log.ts';
import { recordContents } from './contents.ts';
import type { PlatformTransaction, TeamTransaction } from './store.ts';
import type { TeamCaller } from './teams.ts';

export interface NewCluster {
  slug: string;
  credential: string | undefined;
  context: string | undefined;
  region?: string | undefined;
  mostRuns: number | undefined;
}

export async function registerCluster(
  transaction: PlatformTransaction,
  cluster: NewCluster,
  by: string,
): Promise<string> {
  const id = makeId();
  const { slug, credential = null, context = null, region = null, mostRuns } = cluster;
  const made = await transaction
    .insertInto('cluster')
    .values({ id, slug, credential, context, region, ...(mostRuns !== undefined && { most_runs: mostRuns }) })
    .onConflict(conflict => conflict.column('slug').doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n)
    throw new ScanError('SERVICE_CONFLICT', `There is a cluster ${slug} already`);
  await audit(transaction, { team: null, principal: by, action: 'cluster.register', object: slug });
  return id;
}

export interface ClusterAccess {
  cluster: string;
  team: string;
  /** undefined: every namespace. */
  namespaces: string[] | undefined;
}

/** Lets a team scan in namespaces of a cluster; what it could before is replaced. Throws SERVICE_NOT_FOUND. */
export async function openCluster(
  transaction: PlatformTransaction,
  { cluster, team, namespaces }: ClusterAccess,
  by: string,
): Promise<void> {
  const cluster_id = await idOf(transaction, 'cluster', cluster);
  const team_id = await idOf(transaction, 'team', team);
  const row = { cluster_id, team_id, namespaces: namespaces ?? null };
  await transaction
    .insertInto('cluster_access')
    .values(row)
    .onConflict(conflict => conflict.columns(['team_id', 'cluster_id']).doUpdateSet({ namespaces: row.namespaces }))
    .execute();
  await audit(transaction, {
    team: team_id,
    principal: by,
    action: 'cluster.open',
    object: cluster,
    detail: { namespaces: namespaces ?? 'all' },
  });
}

async function idOf(transaction: PlatformTransaction, table: 'cluster' | 'team', slug: string): Promise<string> {
  const found = await transaction.selectFrom(table).select('id').where('slug', '=', slug).executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `There is no ${table} ${slug}`);
  return found.id;
}

/** Clusters that the team may scan in. */
export const clustersOf = (transaction: TeamTransaction) =>
  transaction
    .selectFrom('cluster')
    .innerJoin('cluster_access', 'cluster_access.cluster_id', 'cluster.id')
    .select(['cluster.id', 'cluster.slug', 'cluster.region', 'cluster.most_runs'])
    .select(
      // What the team may and what the key is for.
      sql<string[] | null>`case
        when app_scope('namespaces') is null then cluster_access.namespaces
        when cluster_access.namespaces is null then app_scope('namespaces')
        else array(select unnest(cluster_access.namespaces) intersect select unnest(app_scope('namespaces')) order by 1)
      end`.as('namespaces'),
    )
    .orderBy('slug')
    .execute();

export const allClusters = (transaction: PlatformTransaction) =>
  transaction
    .selectFrom('cluster')
    .select(['id', 'slug', 'credential', 'context', 'region', 'most_runs', 'checked_at', 'findings', 'created_at'])
    .orderBy('slug')
    .execute();

export interface NewProfile {
  slug: string;
  version: string;
  /** SHA-256 of the stored document of the profile, which is a blob. */
  digest: string;
  bytes: number;
}

const profileColumns = ['id', 'slug', 'version', 'digest', 'state', 'decided_at', 'created_at'] as const;

/** A version that is there already with the same content is that one; with another it is SERVICE_CONFLICT. */
export async function registerProfile(transaction: TeamTransaction, profile: NewProfile, by: TeamCaller) {
  const { slug, version, digest, bytes } = profile;
  await recordContents(transaction, [{ digest, bytes }]);
  const made = await transaction
    .insertInto('profile')
    .values({ id: makeId(), slug, version, digest, blob: digest, state: 'pending', decided_by: null })
    .onConflict(conflict => conflict.columns(['team_id', 'slug', 'version']).doNothing())
    .returning(profileColumns)
    .executeTakeFirst();
  if (made === undefined) return requireSameProfile(transaction, profile);
  await audit(transaction, {
    team: by.team,
    principal: by.principal,
    action: 'profile.register',
    object: `${slug}@${version}`,
    detail: { digest },
  });
  return made;
}

async function requireSameProfile(transaction: TeamTransaction, { slug, version, digest }: NewProfile) {
  const found = await transaction
    .selectFrom('profile')
    .select(profileColumns)
    .where('slug', '=', slug)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (found.digest === digest) return found;
  throw new ScanError('SERVICE_CONFLICT', `Profile ${slug}@${version} is registered with other content`, {
    remedy: 'Give the new content a new version.',
  });
}

export const listProfiles = (transaction: TeamTransaction) =>
  transaction.selectFrom('profile').select(profileColumns).orderBy('slug').orderBy('id', 'desc').execute();

/** Approves or withdraws a version. Throws SERVICE_NOT_FOUND. */
export async function decideProfile(
  transaction: TeamTransaction,
  { slug, version, state }: { slug: string; version: string; state: 'approved' | 'withdrawn' },
  by: TeamCaller,
) {
  const found = await transaction
    .updateTable('profile')
    .set({ state, decided_by: by.principal, decided_at: new Date() })
    .where('slug', '=', slug)
    .where('version', '=', version)
    .returning(profileColumns)
    .executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The team has no profile ${slug}@${version}`);
  await audit(transaction, {
    team: by.team,
    principal: by.principal,
    action: `profile.${state}`,
    object: `${slug}@${version}`,
    detail: { digest: found.digest },
  });
  return found;
}

/** `NAME@VERSION`, or `NAME` for the newest that is approved. Throws SERVICE_NOT_FOUND, PROFILE_UNAPPROVED. */
export async function findProfile(transaction: TeamTransaction, named: string) {
  const [slug = '', version] = named.split('@');
  const ofName = transaction
    .selectFrom('profile')
    .select(profileColumns)
    .where('slug', '=', slug)
    .orderBy('id', 'desc');
  const all = await (version === undefined ? ofName : ofName.where('version', '=', version)).execute();
  if (all.length === 0) throw new ScanError('SERVICE_NOT_FOUND', `The team has no profile ${named}`);
  const approved = all.find(({ state }) => state === 'approved');
  if (approved !== undefined) return approved;
  throw new ScanError('PROFILE_UNAPPROVED', `Profile ${named} is ${all[0]?.state ?? 'pending'}`);
}

export interface NewThreshold {
  slug: string;
  content: string;
  digest: string;
}

const thresholdColumns = ['id', 'slug', 'version', 'digest', 'created_at'] as const;

/** The same content again is the version that has it; other content is the next one. */
export async function registerThreshold(
  transaction: TeamTransaction,
  { slug, content, digest }: NewThreshold,
  by: TeamCaller,
) {
  const last = await transaction
    .selectFrom('threshold')
    .select(thresholdColumns)
    .where('slug', '=', slug)
    .orderBy('version', 'desc')
    .executeTakeFirst();
  if (last?.digest === digest) return last;
  const made = await transaction
    .insertInto('threshold')
    .values({ id: makeId(), slug, version: (last?.version ?? 0) + 1, digest, content })
    .returning(thresholdColumns)
    .executeTakeFirstOrThrow();
  await audit(transaction, {
    team: by.team,
    principal: by.principal,
    action: 'threshold.register',
    object: `${slug}@${made.version}`,
    detail: { digest },
  });
  return made;
}

export const listThresholds = (transaction: TeamTransaction) =>
  transaction.selectFrom('threshold').select(thresholdColumns).orderBy('slug').orderBy('version', 'desc').execute();

/** `NAME@N`, or `NAME` for the newest. Throws SERVICE_NOT_FOUND. */
export async function findThreshold(transaction: TeamTransaction, named: string) {
  const [slug = '', version] = named.split('@');
  const ofName = transaction
    .selectFrom('threshold')
    .select([...thresholdColumns, 'content'])
    .where('slug', '=', slug);
  const found = await (version === undefined ? ofName : ofName.where(sql<string>`version::text`, '=', version))
    .orderBy('version', 'desc')
    .executeTakeFirst();
  if (found !== undefined) return found;
  throw new ScanError('SERVICE_NOT_FOUND', `The team has no threshold ${named}`);
}
