// SPDX-License-Identifier: Apache-2.0
import type { ClusterEntry, UserEntry } from './entries.ts';

/** What a context refers to. */
export interface Chosen {
  /** Of the context. */
  name: string;
  namespace: string | undefined;
  cluster: { entry: ClusterEntry; folder: string };
  user: { name: string | undefined; entry: UserEntry; folder: string };
}
