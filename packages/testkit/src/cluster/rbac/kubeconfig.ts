// SPDX-License-Identifier: Apache-2.0
import * as yaml from 'js-yaml';
import type { Json } from '../objects/json.ts';

export interface Access {
  url: string;
  ca: string;
  user: { token: string } | { certificate: string; key: string };
}

export function toKubeconfig({ url, ca, user }: Access): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const credentials: Json =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': encode(user.certificate), 'client-key-data': encode(user.key) };
  return yaml.dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'embedded', cluster: { server: url, 'certificate-authority-data': encode(ca) } }],
    users: [{ name: 'embedded', user: credentials }],
    contexts: [{ name: 'embedded', context: { cluster: 'embedded', user: 'embedded' } }],
    'current-context': 'embedded',
  });
}
