// SPDX-License-Identifier: Apache-2.0
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
import type { OutgoingHttpHeaders } from 'node:http';
import type { UserEntry } from './entries.ts';
import { invalid } from './server.ts';

/** Who the operator acts as, in full: access reviews are then those of that user. */
export function impersonationOf(entry: UserEntry): OutgoingHttpHeaders {
  const { as: user, 'as-uid': uid, 'as-groups': groups = [], 'as-user-extra': extras = {} } = entry;
  const extra = Object.entries(extras).filter(([, values]) => values.length > 0);
  const isMore = uid !== undefined || groups.length > 0 || extra.length > 0;
  if (user === undefined && isMore)
    throw invalid('as-uid, as-groups and as-user-extra need `as`, the user to impersonate');
  if (user === undefined) return {};
  return {
    'impersonate-user': value(user),
    ...(groups.length > 0 && { 'impersonate-group': groups.map(value) }),
    ...(uid !== undefined && { 'impersonate-uid': value(uid) }),
    ...Object.fromEntries(extra.map(([key, values]) => [`impersonate-extra-${escaped(key)}`, values.map(value)])),
  };
}

/** Headers are bytes; names beyond ASCII go as UTF-8. */
function value(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what ends a header, or is refused in one
  if (/[\u0000-\u001f\u007f]/.test(text)) throw invalid('a name to impersonate has control characters');
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The key of an extra value is part of a header's name: other bytes than those of a name are encoded. */
function escaped(key: string): string {
  const isPlain = (byte: number) => /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte));
  return [...Buffer.from(key, 'utf8')]
    .map(byte => (isPlain(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`))
    .join('');
}
