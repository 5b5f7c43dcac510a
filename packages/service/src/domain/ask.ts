// SPDX-License-Identifier: Apache-2.0
// What callers may ask for: names of registered things, and those inputs of a scan that open nothing on this machine.
import {
  askedInputs,
  inputs,
  isClosedLine,
  jailStrengths,
  parseSelector,
  registeredName,
  requestInput,
  ScanError,
  wholly,
} from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { namespaceName, slug } from './ids.ts';

const named = (what: string) =>
  z.string().regex(wholly(registeredName), `expected the name of a ${what}, or NAME@VERSION`);

const options = Object.fromEntries(askedInputs.map(name => [name, requestInput(name)]));

const byNames = z
  .strictObject({
    cluster: slug.optional().describe('May be left out by a team with one cluster'),
    namespace: z.array(namespaceName).min(1).max(20),
    targets: z
      .array(z.string().min(1).max(500))
      .min(1)
      .max(100)
      .describe('Pods, workloads such as deployment/web, or labels'),
    profile: z.array(named('profile')).min(1).max(20),
    threshold: named('threshold').optional().describe('Without one every control has to pass'),
    ...options,
    'require-jail': z.enum(jailStrengths).optional().describe(inputs['require-jail'].description),
  })
  .register(apiTypes, { id: 'ScanByNames' });

function isCallbackUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return isClosedLine(url);
}

const callback = z
  .strictObject({
    url: z
      .string()
      .max(2000)
      .refine(isCallbackUrl, 'expected an address of https, without credentials and fragment')
      .describe('The outcome of the scan is sent there by POST, at least once'),
    authentication: z
      .string()
      .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,1998}[\x21-\x7e])?$/, 'expected up to 2000 visible characters')
      .optional()
      .describe('Value of the header Authorization; kept sealed, and never shown'),
  })
  .register(apiTypes, { id: 'Callback' });

const shortForm = z
  .strictObject({
    cluster: slug.optional(),
    target: z.strictObject({
      namespace: namespaceName,
      pod: z.string().min(1).max(253),
      container: z.string().min(1).max(63).optional(),
    }),
    scan: z.strictObject({ profile: named('profile'), threshold: named('threshold').optional() }),
    options: z.strictObject({ timeout: requestInput('timeout') }).optional(),
    callback: callback.optional(),
  })
  .register(apiTypes, { id: 'ScanOfOnePod' });

export const scanBody = z.union([byNames, shortForm]);

/** What was asked, in one form. */
export type Ask = z.infer<typeof byNames>;

/** Whom to tell of the end of the scan. */
export const callbackOf = (body: z.infer<typeof scanBody>) => ('target' in body ? body.callback : undefined);

/** Throws INPUT_INVALID for selectors that no scan takes. */
export function toAsk(body: z.infer<typeof scanBody>): Ask {
  const ask = 'target' in body ? fromShortForm(body) : body;
  for (const target of ask.targets) parseSelector(target);
  return ask;
}

function fromShortForm({ cluster, target, scan, options: given }: z.infer<typeof shortForm>): Ask {
  return {
    ...(cluster !== undefined && { cluster }),
    namespace: [target.namespace],
    targets: [`pod/${target.pod}`],
    ...(target.container !== undefined && { container: target.container }),
    profile: [scan.profile],
    ...(scan.threshold !== undefined && { threshold: scan.threshold }),
    ...(given?.timeout !== undefined && { timeout: given.timeout }),
  };
}

/** What the names of a request meant when it was taken. */
export interface Pins {
  cluster: string;
  profiles: { slug: string; version: string; digest: string }[];
  threshold: { slug: string; version: number; digest: string } | null;
}

interface OpenCluster {
  id: string;
  slug: string;
  namespaces: string[] | null;
}

/** The cluster that is meant, if the team may scan in all the namespaces. What is not the team's does not exist for it. */
export function chooseCluster(
  { cluster, namespace: wanted }: Pick<Ask, 'cluster' | 'namespace'>,
  open: OpenCluster[],
): OpenCluster {
  const [first, ...others] = open;
  const found = cluster === undefined && others.length === 0 ? first : open.find(each => each.slug === cluster);
  if (found === undefined) {
    if (cluster === undefined && open.length > 1)
      throw new ScanError(
        'INPUT_INVALID',
        `cluster: the team has several, name one of ${open.map(each => each.slug).join(', ')}`,
      );
    throw new ScanError('SERVICE_NOT_FOUND', `The team has no cluster${cluster === undefined ? '' : ` ${cluster}`}`);
  }
  const closed = wanted.find(each => found.namespaces !== null && !found.namespaces.includes(each));
  if (closed === undefined) return found;
  throw new ScanError('SERVICE_NOT_FOUND', `The team has no namespace ${closed} in cluster ${found.slug}`);
}

/** The clusters and namespaces that are meant where anything may be left open. What is not the team's does not exist for it. */
export function chooseNamespaces<Cluster extends OpenCluster>(
  { cluster, namespace }: { cluster: string | undefined; namespace: string | undefined },
  open: readonly Cluster[],
): Cluster[] {
  const meant = open.filter(each => cluster === undefined || each.slug === cluster);
  if (cluster !== undefined && meant.length === 0)
    throw new ScanError('SERVICE_NOT_FOUND', `The team has no cluster ${cluster}`);
  if (namespace === undefined) return meant;
  const holds = meant.filter(({ namespaces }) => namespaces === null || namespaces.includes(namespace));
  if (holds.length > 0) return holds.map(each => ({ ...each, namespaces: [namespace] }));
  const where = cluster === undefined ? '' : ` in cluster ${cluster}`;
  throw new ScanError('SERVICE_NOT_FOUND', `The team has no namespace ${namespace}${where}`);
}
