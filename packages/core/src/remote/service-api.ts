// SPDX-License-Identifier: Apache-2.0
// Generated from the description of the scan service's API: edit packages/service/src/api, then run `npm run generate`.

export interface ServiceApi {
  TokenExchange: TokenExchange;
  ExchangedKey: ExchangedKey;
  ScanByNames: ScanByNames;
  SubmittedScan: SubmittedScan;
  CancelledScan: CancelledScan;
  Scan: Scan;
  ReportList: ReportList;
  Problem: Problem;
}
interface TokenExchange {
  token: string;
  team?: string;
}
interface ExchangedKey {
  key: string;
  expiresAt: string;
  team: string;
  role: 'viewer' | 'scanner' | 'approver';
  scope: KeyScope | null;
  issuer: string;
  rule: string;
}
interface KeyScope {
  /**
   * @minItems 1
   * @maxItems 100
   */
  clusters?: string[];
  /**
   * @minItems 1
   * @maxItems 100
   */
  namespaces?: string[];
  /**
   * @minItems 1
   * @maxItems 100
   */
  profiles?: string[];
}
interface ScanByNames {
  cluster?: string;
  /**
   * @minItems 1
   * @maxItems 20
   */
  namespace: string[];
  /**
   * @minItems 1
   * @maxItems 100
   */
  targets: string[];
  /**
   * @minItems 1
   * @maxItems 20
   */
  profile: string[];
  threshold?: string;
  container?: string;
  'all-containers'?: boolean;
  lens?: 'auto' | 'exec' | 'debug' | 'sidecar';
  'require-view'?: 'any' | 'full' | 'guarded';
  'allow-empty'?: boolean;
  input?: string[];
  controls?: string[];
  tags?: string[];
  'fail-on'?: 'low' | 'medium' | 'high' | 'critical';
  strict?: boolean;
  'all-profiles'?: boolean;
  rounding?: 'saf' | 'none';
  'report-only'?: boolean;
  'require-jail'?: 'none' | 'partial' | 'full';
  duration?: string;
  timeout?: string;
  deadline?: string;
}
interface SubmittedScan {
  id: string;
  kind: 'new' | 'same' | 'waiting';
  joined: boolean;
  links: {
    self: string;
    results: string;
    events: string;
  };
}
interface CancelledScan {
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
  others: number;
}
interface Scan {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
  verdict: ('pass' | 'fail') | null;
  reason: string | null;
  exitCode: number | null;
  error: {
    code: string;
    message: string;
    remedy: string;
  } | null;
  counts: {
    [k: string]: number;
  } | null;
  attempt: number;
  position: number | null;
  queue: {
    position: number;
    running: number;
    mostRuns: number;
  } | null;
  estimate: {
    seconds: number;
    runs: number;
    looks: number;
  } | null;
  waitedSeconds: number;
  ranSeconds: number | null;
  cancelRequested: boolean;
  requestedAt: string;
  deadlineAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  runId: string | null;
  isolation: ('none' | 'partial' | 'full') | null;
  origin: 'service' | 'imported';
  imported: {
    kind: 'run' | 'results';
    name: string;
    at: string;
    by: string;
    tool: {
      name: string;
      version: string;
    };
    cluster: string;
  } | null;
  ask: {
    [k: string]: unknown;
  };
  pins: {
    cluster: string;
    profiles: {
      slug: string;
      version: string;
      digest: string;
    }[];
    threshold: {
      slug: string;
      version: number;
      digest: string;
    } | null;
  };
}
interface ReportList {
  items: {
    file: string;
    kind: string;
    digest: string;
    bytes: number;
  }[];
}
interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  remedy: string;
  problems?: {
    path: string;
    message: string;
  }[];
}
