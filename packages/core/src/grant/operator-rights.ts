// SPDX-License-Identifier: Apache-2.0
import { type Cluster, heldRules, missingPermissions, type Permission } from '../cluster/index.ts';
import { covers } from './check.ts';
import { beyondNeed } from './excess.ts';
import { operatorRules, scanPermissions } from './operator.ts';

/** What an operator holds in a namespace, beside what scans need there. */
interface OperatorRights {
  missing: Permission[];
  /** Rights that matter and that no scan needs, in words. */
  beyond: string[];
  /** The authorizers could not list all: there may be more of them. */
  incomplete: boolean;
}

/** One question lists the rights; only what it does not show is asked for one by one. */
export async function operatorRights(cluster: Cluster, namespace: string): Promise<OperatorRights> {
  const { rules, incomplete } = await heldRules(cluster, namespace);
  const wanted = scanPermissions({ namespace });
  const doubtful = incomplete ? wanted : wanted.filter(each => !rules.some(rule => covers(rule, each)));
  return {
    missing: await missingPermissions(cluster, doubtful),
    beyond: beyondNeed(rules, operatorRules(), namespace),
    incomplete,
  };
}
