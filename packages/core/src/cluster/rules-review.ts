// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, parseAnswer } from './answer.ts';
import type { Cluster } from './cluster.ts';

const names = z
  .array(z.string())
  .nullish()
  .transform(list => list ?? []);
const ruleShape = z.object({ verbs: names, apiGroups: names, resources: names, resourceNames: names });

/** One rule that applies to an identity; without names it holds for every name. */
export type HeldRule = z.infer<typeof ruleShape>;

const review = z.object({
  status: z.object({
    resourceRules: z
      .array(ruleShape)
      .nullish()
      .transform(rules => rules ?? []),
    incomplete: z.boolean().default(false),
    evaluationError: z.string().optional(),
  }),
});

/** What the identity of the connection may do in a namespace, as far as the authorizers tell. */
export async function heldRules(
  cluster: Cluster,
  namespace: string,
): Promise<{ rules: HeldRule[]; incomplete: boolean }> {
  const what = `rules review for namespace ${namespace}`;
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const path = apiPath('apis/authorization.k8s.io/v1/selfsubjectrulesreviews');
  const { status } = parseAnswer(await cluster.call({ method: 'POST', path, body }, what), review, what);
  const { resourceRules, incomplete, evaluationError } = status;
  return { rules: resourceRules, incomplete: incomplete || (evaluationError ?? '') !== '' };
}
