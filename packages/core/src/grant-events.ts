// SPDX-License-Identifier: Apache-2.0
import type { GrantListener } from './grant/index.ts';
import type { Secrets } from './request/index.ts';
import type { Deps } from './scan-request.ts';

/** Tells of every object of a grant before and after it is made, and keeps its tokens out of whatever is written. */
export function grantListener({ emit, secrets }: { emit: Deps['emit']; secrets?: Secrets | undefined }): GrantListener {
  return {
    onIntent: object => emit({ kind: 'intent', object }),
    onMade: object => emit({ kind: 'object', verb: 'create', object }),
    onDeleted: object => emit({ kind: 'object', verb: 'delete', object }),
    onToken: token => secrets?.register(token),
  };
}
