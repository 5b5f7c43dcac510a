// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, parseAnswer } from './answer.ts';
import type { Cluster } from './cluster.ts';

/** One question to the authorizer. `group` is empty for the core API. */
export interface Permission {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

const review = z.object({ status: z.object({ allowed: z.boolean(), evaluationError: z.string().optional() }) });

/** Asks whether the identity of the connection may do it; anything but a clean yes is no. */
export async function isAllowed(cluster: Cluster, permission: Permission): Promise<boolean> {
  const what = `access review for ${permissionText(permission)}`;
  const path = apiPath('apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: permission },
  };
  const { status } = parseAnswer(await cluster.call({ method: 'POST', path, body }, what), review, what);
  return status.allowed && status.evaluationError === undefined;
}

/** Those of the permissions that the identity lacks. */
export async function missingPermissions(cluster: Cluster, wanted: Permission[]): Promise<Permission[]> {
  const allowed = await Promise.all(wanted.map(permission => isAllowed(cluster, permission)));
  return wanted.filter((_, index) => allowed[index] !== true);
}

/** As people say it: `create pods/exec web-0 in namespace shop`. */
export function permissionText({ verb, group, resource, subresource, namespace, name }: Permission): string {
  const object = [resource, subresource].filter(Boolean).join('/') + (group === '' ? '' : `.${group}`);
  return [verb, object, name, namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`]
    .filter(Boolean)
    .join(' ');
}
