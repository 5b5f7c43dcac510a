// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ScanError } from '@cinc-scan/core';

/** A credential is a name: no caller of the API reaches another file with it. Throws SERVICE_DATA. */
export function credentialPath(folder: string, name: string): string {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) return join(folder, name);
  throw new ScanError('SERVICE_DATA', `The credential of the cluster has a malformed name: ${name}`);
}
