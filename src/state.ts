// SPDX-License-Identifier: Apache-2.0

import { saveState } from '@actions/core';
import { type GrantObject, type PendingScan, parseJsonText } from '@cinc-scan/core';
import * as z from 'zod';

const stateName = 'objects';

/** Notes the name of each object before it is made, in a file that outlives a killed process. Names, never tokens. */
export function rememberObjects(): (object: GrantObject) => void {
  const objects: GrantObject[] = [];
  return ({ kind, namespace, name }) => {
    objects.push({ kind, namespace, name });
    saveState(stateName, objects);
  };
}

/** Nothing is left for the post step. */
export function forgetObjects(): void {
  saveState(stateName, '');
}

const scanName = 'scan';

/** The same of a scan that a service was asked for. No secret: who may take it back has to sign in again. */
export function rememberScan(pending: PendingScan | undefined): void {
  saveState(scanName, pending === undefined ? '' : JSON.stringify(pending));
}

const name = z.string().regex(/^[a-z0-9][-a-z0-9.]{0,252}$/);
const state = z.array(
  z.strictObject({ kind: z.enum(['ServiceAccount', 'Role', 'RoleBinding']), namespace: name, name }),
);

/** What the main step noted last. */
export function parseObjects(text: string): GrantObject[] {
  return state.parse(parseJsonText(text));
}

const pendingScan = z.strictObject({
  server: z.url(),
  key: z.string().regex(/^[\x21-\x7e]{1,200}$/),
  scan: z.uuid().optional(),
});

export function parsePendingScan(text: string): PendingScan {
  const { server, key, scan } = pendingScan.parse(parseJsonText(text));
  return { server, key, scan };
}
