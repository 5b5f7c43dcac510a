// SPDX-License-Identifier: Apache-2.0
// What has to have been judged by when.
import { parseSelector } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { namespaceName, slug } from './ids.ts';

/** Of a workload. unknown: the cluster could not be asked what it has, so nothing is said of it. */
export const obligationStates = ['fulfilled', 'due', 'overdue', 'never-scanned', 'unknown'] as const;
export type ObligationState = (typeof obligationStates)[number];

const rest = {
  cluster: slug.optional().describe('All clusters of the team unless told'),
  namespace: z.array(namespaceName).min(1).max(1000).optional().describe('All namespaces of the team unless told'),
  selector: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('A workload such as deployment/web, or labels, as a scan takes them; all workloads unless told'),
  profile: slug.describe('Any approved version of it counts'),
  withinDays: z.int().min(1).max(3650).describe('Each workload has to have been judged in the last so many days'),
  graceDays: z.int().min(0).max(365).optional().describe('For so many days more it is due, and overdue after that'),
};

export const obligationBody = z.strictObject(rest).register(apiTypes, { id: 'ObligationChange' });
export const newObligation = z.strictObject({ name: slug, ...rest }).register(apiTypes, { id: 'NewObligation' });

export interface ObligationContent {
  cluster: string | null;
  namespaces: string[] | null;
  selector: string | null;
  profile: string;
  withinDays: number;
  graceDays: number;
}

/** Throws INPUT_INVALID for a selector that no scan takes. */
export function toObligation(body: z.infer<typeof obligationBody>): ObligationContent {
  const { cluster = null, namespace = null, selector = null, profile, withinDays, graceDays = 0 } = body;
  if (selector !== null) parseSelector(selector);
  return { cluster, namespaces: namespace, selector, profile, withinDays, graceDays };
}

/** Of which nothing is known since then, and why. */
export interface Gap {
  /** null: of the obligation as a whole. */
  cluster: string | null;
  /** null: all of the cluster. */
  namespace: string | null;
  since: string;
  error: { code: string; message: string; remedy: string };
}
