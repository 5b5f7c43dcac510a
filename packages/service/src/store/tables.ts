// SPDX-License-Identifier: Apache-2.0
// The tables as Kysely sees them; migrations/ makes them.
import type { Coverage, Finding, JailStrength } from '@cinc-scan/core';
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { Ask, Pins } from '../domain/ask.ts';
import type { ClaimPatterns } from '../domain/claim-rule.ts';
import type { RuleRole } from '../domain/issuer.ts';
import type { KeyScope } from '../domain/key-scope.ts';
import type { KeySet } from '../domain/key-set.ts';
import type { CheckFinding } from '../domain/question.ts';
import type { KeptKind } from '../domain/retention.ts';
import type { OverseerRole, PlatformRole, TeamRole } from '../domain/roles.ts';
import type { Standing, Status } from '../findings/compare.ts';
import type { WorkloadPlace } from '../findings/run-findings.ts';
import type { DeliveryTables } from './delivery-tables.ts';
import type { TimedTables } from './obligation-tables.ts';
import type { PassingTables } from './question-table.ts';

type Made = ColumnType<Date, never, never>;
/** Filled by the database with the team of the transaction. */
type OwnTeam = ColumnType<string, never, never>;

export interface Tables extends DeliveryTables, PassingTables, TimedTables {
  team: {
    id: string;
    slug: string;
    name: string;
    /** Scans that may wait at once. */
    queue_quota: Generated<number>;
    created_at: Made;
  };
  principal: {
    id: string;
    name: string;
    kind: 'person' | 'program' | 'system';
    platform_role: PlatformRole | null;
    created_at: Made;
  };
  membership: {
    team_id: OwnTeam;
    principal_id: string;
    role: TeamRole;
    /** By which a person is one; null: a program with a key. */
    rule_id: ColumnType<string | null, string | undefined, never>;
  };
  /** People with a role of the platform. */
  platform_membership: {
    principal_id: string;
    role: OverseerRole;
    rule_id: string;
  };
  /** Which people are what. */
  sign_in_rule: {
    id: string;
    /** null: it gives a role of the platform. */
    team_id: string | null;
    slug: string;
    claims: JSONColumnType<ClaimPatterns>;
    role: TeamRole | OverseerRole;
    created_at: Made;
  };
  /** Browsers that are signed in. */
  session: {
    id: string;
    /** SHA-256 of what the cookie holds. */
    hash: Uint8Array;
    principal_id: string;
    /** That it came from; null: a person signed in at the provider. */
    key_id: string | null;
    created_at: Made;
    seen_at: ColumnType<Date, never, Date>;
    expires_at: Date;
  };
  /** SHA-256 of states that came back from the provider, until they are too old anyway. */
  used_state: {
    hash: Uint8Array;
    expires_at: Date;
  };
  api_key: {
    id: string;
    public_id: string;
    /** SHA-256 of the secret half. */
    hash: Uint8Array;
    principal_id: string;
    name: string;
    /** The most that the key may do, whatever its principal may. */
    role: TeamRole | PlatformRole;
    /** null: a key of the platform. */
    team_id: string | null;
    /** What of the team's it is for; null: all of it. */
    scope: JSONColumnType<KeyScope> | null;
    /** Of a runner's key: the regions whose clusters it serves. */
    regions: string[] | null;
    expires_at: Date;
    revoked_at: ColumnType<Date | null, never, Date>;
    last_used_at: ColumnType<Date | null, never, Date>;
    /** By which a token of another issuer became this key; null: somebody made it. */
    rule_id: ColumnType<string | null, string | undefined, never>;
    created_at: Made;
  };
  /** Of tokens of CI systems and clusters. */
  issuer: {
    id: string;
    /** null: of the platform. */
    team_id: string | null;
    slug: string;
    /** The claim `iss`. */
    url: string;
    audience: string;
    /** null: the issuer is asked for its keys. */
    jwks: JSONColumnType<KeySet> | null;
    created_at: Made;
  };
  /** Which tokens of an issuer become keys of which team. */
  claim_rule: {
    id: string;
    issuer_id: string;
    team_id: string;
    slug: string;
    claims: JSONColumnType<ClaimPatterns>;
    role: RuleRole;
    scope: JSONColumnType<KeyScope> | null;
    minutes: number;
    created_at: Made;
  };
  /** Who a subject of somebody else is here. */
  principal_identity: {
    /** Registration of the issuer, or the provider that people sign in at. */
    source: string;
    subject: string;
    principal_id: string;
  };
  cluster: {
    id: string;
    slug: string;
    /** Name of a kubeconfig in the folder of credentials; null: the cluster that the service runs in. */
    credential: string | null;
    context: string | null;
    /** Whose runners serve it; null: those of the service itself. */
    region: string | null;
    /** Runs at once. */
    most_runs: Generated<number>;
    /** When its credential was last looked over, and what was found. */
    checked_at: ColumnType<Date | null, never, Date>;
    findings: ColumnType<CheckFinding[] | null, never, string>;
    created_at: Made;
  };
  cluster_access: {
    team_id: string;
    cluster_id: string;
    /** null: every namespace. */
    namespaces: string[] | null;
  };
  profile: {
    id: string;
    team_id: OwnTeam;
    slug: string;
    version: string;
    digest: string;
    blob: string;
    state: 'pending' | 'approved' | 'withdrawn';
    decided_by: string | null;
    decided_at: ColumnType<Date | null, never, Date>;
    created_at: Made;
  };
  threshold: {
    id: string;
    team_id: OwnTeam;
    slug: string;
    version: number;
    digest: string;
    content: string;
    created_at: Made;
  };
  scan: ScanTable;
  /** Who asked for which scan: their idempotency keys, or one that was made up, with what they were used for. */
  submission: {
    team_id: OwnTeam;
    key: string;
    digest: string;
    scan_id: string;
    /** Somebody else had asked for the scan before. */
    joined: ColumnType<boolean, boolean, never>;
    /** They wait for it no more. */
    let_go_at: ColumnType<Date | null, never, Date>;
    created_at: Made;
  };
  scan_event: {
    scan_id: string;
    /** Counts from 1 within a scan, over all of its attempts. */
    n: number;
    team_id: OwnTeam;
    at: Made;
    attempt: number;
    kind: string;
    data: JSONColumnType<Record<string, unknown>>;
  };
  scan_report: {
    scan_id: string;
    team_id: OwnTeam;
    /** File name in the folder of the run. */
    file: string;
    kind: string;
    blob: string;
  };
  /** What a runner has sent of a scan that has not ended. */
  lease_upload: {
    scan_id: string;
    team_id: OwnTeam;
    blob: string;
  };
  blob: {
    /** SHA-256 of the content. */
    digest: string;
    /** bigint: text from a server, a number from the embedded database. */
    bytes: ColumnType<number | string, number, never>;
    created_at: Made;
    /** No row has referred to it since then, as far as anybody has looked. */
    unused_since: ColumnType<Date | null, never, Date | null>;
  };
  /** Whoever looks for findings: our own auditor at a container under a profile, or another scanner. */
  finding_source: {
    id: string;
    team_id: OwnTeam;
    /** Registered name; empty for what is of no cluster. */
    cluster: string;
    name: string;
    tool: string;
    area: string;
    target: string;
    place: JSONColumnType<WorkloadPlace> | null;
    profile: string | null;
    /** Whether it did, the last time. */
    looked: boolean;
    problem: string | null;
    /** When that was. */
    at: Date;
    /** When it did. */
    looked_at: Date | null;
    /** How it looked when it last did. */
    coverage: JSONColumnType<Coverage> | null;
    scan_id: string | null;
    /** Of the files that it came from, where they were sent in. */
    digest: string | null;
  };
  finding: {
    id: string;
    team_id: OwnTeam;
    cluster: string;
    fingerprint: string;
    status: Status;
    because: string;
    severity: string;
    area: string;
    kind: string;
    rule: string;
    target: string;
    namespace: string | null;
    workload: string | null;
    container: string | null;
    profile: string | null;
    first_seen: Date;
    last_seen: Date;
    changed_at: Date;
    /** As it was last seen, by everybody who did. */
    document: JSONColumnType<Finding>;
  };
  /** What one source says of one finding. */
  finding_sighting: {
    finding_id: string;
    source_id: string;
    team_id: OwnTeam;
    standing: Standing;
    first_seen: Date;
    last_seen: Date;
    seen: JSONColumnType<Coverage>;
  };
  /** What became of a finding. */
  finding_event: {
    id: string;
    finding_id: string;
    team_id: OwnTeam;
    at: Date;
    status: Status;
    because: string;
    source: string;
    scan_id: string | null;
  };
  /** What a team keeps for another time than is usual. */
  retention: {
    team_id: OwnTeam;
    kind: KeptKind;
    /** null: for ever. */
    days: number | null;
  };
  /** Who sees to what of the service's own work, of all processes. */
  duty: {
    name: string;
    holder: string;
    until: Date;
  };
  audit_entry: {
    /** bigint: text from a server, a number from the embedded database. */
    n: Generated<number | string>;
    at: Date;
    team_id: string | null;
    principal_id: string | null;
    action: string;
    object: string;
    detail: JSONColumnType<Record<string, unknown>>;
    previous: Uint8Array;
    hash: Uint8Array;
  };
}

export type ScanState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';

interface ScanTable {
  id: string;
  team_id: OwnTeam;
  cluster_id: string;
  requested_by: string;
  /** What was asked, by names. */
  ask: JSONColumnType<Ask>;
  /** Digests of what the names meant when it was asked. */
  pins: JSONColumnType<Pins>;
  /** Of ask and pins: two with the same are one question. */
  digest: string;
  state: ScanState;
  attempt: Generated<number>;
  runner: string | null;
  /** How profile code was kept apart in the last attempt. */
  isolation: ColumnType<JailStrength | null, JailStrength | null | undefined, JailStrength | null>;
  cancel_requested: Generated<boolean>;
  requested_at: Made;
  deadline_at: Date;
  started_at: ColumnType<Date | null, Date | undefined, Date>;
  finished_at: ColumnType<Date | null, Date | undefined, Date>;
  run_id: string | null;
  /** Of earlier attempts. */
  earlier_runs: Generated<string[]>;
  verdict: string | null;
  reason: string | null;
  exit_code: number | null;
  error: JSONColumnType<ScanFailure> | null;
  counts: JSONColumnType<Record<string, number>> | null;
  /** Of a run that was made elsewhere, and sent in; null: the service ran it. */
  imported: JSONColumnType<ImportedFrom> | null;
  /** Of what was sent in: the same again is no other scan. */
  import_key: string | null;
}

/** Where a run comes from that the service did not make. */
export interface ImportedFrom {
  /** run: it was judged there; results: judged here, by what its files say. */
  kind: 'run' | 'results';
  /** What the folder or file was called. */
  name: string;
  at: string;
  /** Name of who sent it in. */
  by: string;
  tool: { name: string; version: string };
  /** What the run calls its cluster. */
  cluster: string;
}

/** Why a scan gave no verdict. */
export interface ScanFailure {
  code: string;
  message: string;
  remedy: string;
}
