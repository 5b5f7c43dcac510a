// SPDX-License-Identifier: Apache-2.0
import type { Jail } from '../engine/index.ts';
import type { Verdict } from '../gate/index.ts';
import type { GrantObject } from '../grant/index.ts';
import type { ProfileRef } from '../outcome/index.ts';
import type { PassedOver } from '../plan/index.ts';

/** What is told of the temporary identity; never its token. */
export interface GrantRecord {
  access: 'grant' | 'existing';
  objects: GrantObject[];
  expiresAt: string | undefined;
  /** True once every object is gone and the token was refused; undefined where none was made. */
  revoked: boolean | undefined;
}

/** A run as reports show it. Everything in it may be shown; text from containers and profiles is hostile. */
export interface ReportModel {
  tool: { name: string; version: string };
  run: { id: string; started: string; finished: string; seconds: number };
  cluster: { alias: string; server: string; version: string | undefined };
  engine: { name: string; version: string; ruby: string } | undefined;
  /** What profile code ran in; undefined where none ran, or nothing is known of it. */
  jail: Jail | undefined;
  grant: GrantRecord | undefined;
  profiles: ProfileRef[];
  /** Containers of planned pods that were not looked at. */
  passedOver: PassedOver[];
  verdict: Verdict;
  /** Said once for the run, such as insecure TLS. */
  warnings: string[];
  /** The request without secrets, for the manifest. */
  request: Record<string, unknown>;
}

/** A file that was written, or what went to standard output (path `-`). */
export interface WrittenReport {
  format: string;
  /** Relative to the workspace where it lies inside it; `/` on every system. */
  path: string;
  sha256: string;
  bytes: number;
  /** Something was left out to stay within a limit; the report says what. */
  truncated: boolean;
}

/** A place of the CI system that was told, or failed to be. */
export interface Surface {
  name: string;
  ok: boolean;
  message?: string;
}
