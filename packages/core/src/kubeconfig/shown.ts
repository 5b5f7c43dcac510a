// SPDX-License-Identifier: Apache-2.0
import type { OutgoingHttpHeaders } from 'node:http';
import { ScanError } from '../errors/index.ts';
import type { Secret } from '../request/index.ts';

/** What one request shows of who sends it. */
export interface SignInParts {
  headers: OutgoingHttpHeaders;
  /** A client certificate and its key, in PEM. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /** After it was refused with 401: whether there is something else to show now. Undefined where there never is. */
  renew?: (signal: AbortSignal | undefined) => Promise<boolean>;
}

/** What a header cannot carry would look like a server that is out of reach. */
const unsendable = /[^\t -~\u0080-\u00ff]/;

export function bearer(token: Secret): SignInParts {
  const text = token.reveal();
  if (unsendable.test(text))
    throw new ScanError(
      'INPUT_INVALID',
      'The token to sign in with has characters that a token cannot have, such as a line break',
    );
  return { headers: { authorization: `Bearer ${text}` } };
}
