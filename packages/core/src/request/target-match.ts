// SPDX-License-Identifier: Apache-2.0
// The language in which files say which targets they mean: thresholds, waivers and options for some of them alike.
import * as z from 'zod';

const name = z.string().min(1).max(253);
const conditions = z.strictObject({
  selector: z
    .string()
    .regex(/^[A-Za-z]+\/[^/]+$/, 'expected kind/name, such as deployment/web')
    .optional(),
  namespace: name.optional(),
  container: name.optional(),
  labels: z
    .record(z.string(), z.string())
    .refine(labels => Object.keys(labels).length > 0, 'expected a label and its value')
    .optional(),
  profile: name.optional(),
});

/** All that are given have to hold. */
export type TargetMatch = z.infer<typeof conditions>;

export const matchConditions = Object.keys(conditions.shape);

/** Conditions, or a selector alone as a text. `instead` tells what to write where all targets are meant. */
export const targetMatch = (instead: string) =>
  z.preprocess(
    given => (typeof given === 'string' ? { selector: given } : given),
    conditions.refine(match => Object.keys(match).length > 0, {
      error: `matches every target: ${instead}`,
      when: ({ issues }) => issues.length === 0,
    }),
  );

/** For people: `namespace: prod, label tier=front`. */
export function matchText({ labels, ...rest }: TargetMatch): string {
  return [
    ...Object.entries(rest).map(([key, value]) => `${key}: ${value}`),
    ...Object.entries(labels ?? {}).map(([label, value]) => `label ${label}=${value}`),
  ].join(', ');
}

/** What a schema objects to, and where: each unknown key by its name. */
export function issueTexts(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  const where = at.replace(/^\./, '');
  if (issue.code !== 'unrecognized_keys') return [`${where === '' ? '' : `${where}: `}${issue.message}`];
  return issue.keys.map(key => `${where === '' ? '' : `${where}.`}${key.slice(0, 200)} is not a key here`);
}
