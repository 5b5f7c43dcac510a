// SPDX-License-Identifier: Apache-2.0
import type { Cache } from './cache.ts';
import type { HostCredentials } from './credentials.ts';
import type { ArchiveEntry } from './entries.ts';

/** What profiles are fetched with. */
export interface Fetching {
  /** Profiles that came with the request, by the name it gives them; all others are sources. */
  embedded: ReadonlyMap<string, ArchiveEntry[]>;
  cache: Cache;
  /** A private folder that is deleted after the run. */
  scratch: string;
  /** Nothing is asked of the network. */
  offline: boolean;
  credentials: HostCredentials;
  /** PATH for finding git. */
  path: string;
  /** Proxies and certificates are the user's own business. */
  environment: Record<string, string | undefined>;
  /** Files of a ConfigMap; undefined where there is no cluster. */
  readConfigMap: ((namespace: string | undefined, name: string) => Promise<ArchiveEntry[]>) | undefined;
  onNotice: (text: string) => void;
  signal: AbortSignal | undefined;
}
