// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import type { Kind } from './kinds.ts';
import type { Meta } from './objects.ts';
import { type FieldError, invalidValue, required } from './status.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const must = 'must consist of lower case alphanumeric characters';
const ends = 'and must start and end with an alphanumeric character';

const labelRule = `a lowercase RFC 1123 label ${must} or '-', ${ends} (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`;
const subdomainRule = `a lowercase RFC 1123 subdomain ${must}, '-' or '.', ${ends} (e.g. 'example.com', regex used for validation is '${subdomain}')`;

const isLabel = new RegExp(`^${label}$`);
const isSubdomain = new RegExp(`^${subdomain}$`);

export function nameErrors(kind: Kind, meta: Partial<Meta>): FieldError[] {
  const { name = '' } = meta;
  const field = 'metadata.name';
  if (name === '') return [required(field, 'name or generateName is required')];
  if (kind.group === 'rbac.authorization.k8s.io') return pathErrors(field, name);
  if (kind.kind === 'Namespace') return labelErrors(field, name);
  return name.length <= 253 && isSubdomain.test(name) ? [] : [invalidValue(field, JSON.stringify(name), subdomainRule)];
}

/** Names of roles and bindings may be any path segment. */
function pathErrors(field: string, name: string): FieldError[] {
  if (name === '.' || name === '..') return [invalidValue(field, JSON.stringify(name), `may not be '${name}'`)];
  return ['/', '%']
    .filter(bad => name.includes(bad))
    .map(bad => invalidValue(field, JSON.stringify(name), `may not contain '${bad}'`));
}

export function labelErrors(field: string, name: string): FieldError[] {
  return name.length <= 63 && isLabel.test(name) ? [] : [invalidValue(field, JSON.stringify(name), labelRule)];
}

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const qualifiedRule = `name part must consist of alphanumeric characters, '-', '_' or '.', ${ends} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
const valueRule = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ends} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

export function labelsErrors(labels: Record<string, string>): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(labelKey.test(key) ? [] : [invalidValue('metadata.labels', JSON.stringify(key), qualifiedRule)]),
    ...(value.length <= 63 && labelValue.test(value)
      ? []
      : [invalidValue('metadata.labels', JSON.stringify(value), valueRule)]),
  ]);
}

// Kubernetes leaves out vowels and digits that look like letters, so that no words arise.
const letters = 'bcdfghjklmnpqrstvwxz2456789';

export function suffix(length = 5): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)] ?? 'b').join('');
}
