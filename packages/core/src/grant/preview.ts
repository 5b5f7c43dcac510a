// SPDX-License-Identifier: Apache-2.0
import { dump } from 'js-yaml';
import type { Target } from '../plan/index.ts';
import { type GrantRequest, toNaming } from './grant.ts';
import { podsByNamespace, role, roleBinding, serviceAccount } from './objects.ts';

export type GrantPreview = Pick<
  GrantRequest,
  'runId' | 'labels' | 'accountNamespace' | 'now' | 'durationSeconds' | 'runSeconds'
>;

/**
 * The objects a grant on these targets consists of, as YAML documents, for review or for a pipeline that applies them.
 * Without owner references: whoever applies them deletes them.
 */
export function previewGrant(targets: Target[], request: GrantPreview): string {
  const naming = toNaming({ ...request, onIntent: nothing, onMade: nothing, onDeleted: nothing, onToken: nothing });
  const accounts = new Set<string>();
  const documents = [...podsByNamespace(targets)].flatMap(([namespace, pods]) => {
    const accountNamespace = naming.accountNamespace ?? namespace;
    const isNew = accounts.size !== accounts.add(accountNamespace).size;
    return [
      ...(isNew ? [serviceAccount(accountNamespace, naming)] : []),
      role(namespace, naming, { owner: undefined, pods }),
      roleBinding(namespace, naming, undefined),
    ];
  });
  return documents.map(document => `---\n${dump(document, { lineWidth: -1, noRefs: true })}`).join('');
}

const nothing = () => undefined;
