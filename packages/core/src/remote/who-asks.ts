// SPDX-License-Identifier: Apache-2.0
import type { Secret } from '../request/index.ts';
import type { IdTokenSource } from './id-token-sources.ts';

/** Who asks. */
export type SignIn =
  | { kind: 'key'; key: Secret }
  | {
      kind: 'id-token';
      source: IdTokenSource;
      audience: string;
      /** The user named it: tokens for another are not sent. */
      isNamed: boolean;
      team: string | undefined;
    };
