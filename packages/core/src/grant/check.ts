// SPDX-License-Identifier: Apache-2.0
import {
  type Cluster,
  type HeldRule,
  heldRules,
  isAllowed,
  type Permission,
  permissionText,
} from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { excessOf, excessQuestions } from './excess.ts';
import { type Rule, toPermissions } from './objects.ts';

const settleMs = 10_000;
const mostNamed = 10;

/**
 * Asks the cluster, as the scanner, whether the identity is what was wanted: each right it needs, and no other that
 * matters, here and in some other namespaces. One question lists all rules; where an authorizer cannot list its own,
 * rights are asked for one by one as well.
 */
export async function checkScanner(
  scanner: Cluster,
  namespace: string,
  { rules, elsewhere = [] }: { rules: Rule[]; elsewhere?: string[] },
): Promise<void> {
  const { held, incomplete } = await untilHeld(scanner, namespace, toPermissions(rules, namespace));
  const others = await Promise.all(elsewhere.map(async other => excessIn(await heldRules(scanner, other), [], other)));
  const asked = incomplete ? await allowedOf(scanner, excessQuestions(namespace)) : [];
  const found = [...new Set([...excessOf(held, rules, namespace), ...asked, ...others.flat()])];
  if (found.length === 0) return;
  const rest = found.length > mostNamed ? `; and ${found.length - mostNamed} more` : '';
  throw new ScanError('GRANT_TOO_WIDE', `The grant may also ${found.slice(0, mostNamed).join('; ')}${rest}`);
}

const excessIn = ({ rules }: { rules: HeldRule[] }, granted: Rule[], namespace: string) =>
  excessOf(rules, granted, namespace);

async function allowedOf(scanner: Cluster, questions: Permission[]): Promise<string[]> {
  const allowed = await Promise.all(questions.map(question => isAllowed(scanner, question)));
  return questions.filter((_, index) => allowed[index]).map(permissionText);
}

/** Authorizers learn of new bindings from a watch, some tens of milliseconds later. */
async function untilHeld(
  scanner: Cluster,
  namespace: string,
  wanted: Permission[],
): Promise<{ held: HeldRule[]; incomplete: boolean }> {
  const until = Date.now() + settleMs;
  for (;;) {
    const { rules: held, incomplete } = await heldRules(scanner, namespace);
    let missing = wanted.filter(permission => !held.some(rule => covers(rule, permission)));
    // What is not listed may be allowed all the same, and what an authorizer denies may be listed by another.
    if (incomplete) missing = await missingOf(scanner, wanted);
    const [first] = missing;
    if (first === undefined) return { held, incomplete };
    if (Date.now() > until)
      throw new ScanError(
        'GRANT_FAILED',
        `The grant does not take effect: the scanner may not ${permissionText(first)}`,
      );
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

async function missingOf(scanner: Cluster, wanted: Permission[]): Promise<Permission[]> {
  const allowed = await Promise.all(wanted.map(permission => isAllowed(scanner, permission)));
  return wanted.filter((_, index) => !allowed[index]);
}

/** Whether a rule allows it. */
export function covers(rule: HeldRule, { verb, group, resource, subresource, name = '' }: Permission): boolean {
  const path = subresource === undefined ? resource : `${resource}/${subresource}`;
  const has = (list: string[], ...words: string[]) => list.includes('*') || words.some(word => list.includes(word));
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    has(rule.resources, path, `*/${subresource ?? ''}`) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}
