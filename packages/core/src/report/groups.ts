// SPDX-License-Identifier: Apache-2.0
import { severities } from '../outcome/index.ts';
import { stableIdentity } from '../plan/index.ts';
import type { Row } from './rows.ts';
import type { OutcomeView, Trouble } from './views.ts';
import { byText, worstFirst } from './words.ts';

/** One control of one workload: the replicas' rows, of which the worst stands for all. */
export interface GroupControl {
  row: Row;
  replicas: Row[];
  /** Where the worst status was found. */
  pods: string[];
}

/** All that was seen of one stable identity: replicas are one. */
export interface IdentityGroup {
  identity: string;
  views: OutcomeView[];
  controls: GroupControl[];
  troubles: { view: OutcomeView; trouble: Trouble }[];
}

/** Outcomes by identity, and controls of replicas by worst status. */
export function toGroups(views: OutcomeView[]): IdentityGroup[] {
  const byIdentity = new Map<string, OutcomeView[]>();
  for (const view of views) {
    const identity = stableIdentity(view.judged.outcome.target);
    const members = byIdentity.get(identity);
    if (members === undefined) byIdentity.set(identity, [view]);
    else members.push(view);
  }
  return [...byIdentity.values()].map(members => ({
    identity: members[0]?.identity ?? '',
    views: members,
    controls: mergeReplicas(members),
    troubles: members.flatMap(view => (view.trouble === undefined ? [] : [{ view, trouble: view.trouble }])),
  }));
}

function mergeReplicas(views: OutcomeView[]): GroupControl[] {
  const merged = new Map<string, Row[]>();
  for (const row of views.flatMap(view => view.rows)) {
    const place = JSON.stringify([row.profile, row.key]);
    const rows = merged.get(place);
    if (rows === undefined) merged.set(place, [row]);
    else rows.push(row);
  }
  const controls = [...merged.values()].flatMap(replicas => {
    const [row] = replicas.toSorted((a, b) => rank(a) - rank(b));
    if (row === undefined) return [];
    const pods = replicas.filter(each => each.status === row.status).map(each => each.target.pod);
    return [{ row, replicas, pods: [...new Set(pods)].toSorted(byText) }];
  });
  return controls.toSorted(
    (a, b) => severities.indexOf(a.row.severity) - severities.indexOf(b.row.severity) || byText(a.row.key, b.row.key),
  );
}

const rank = (row: Row) => worstFirst.indexOf(row.status);
