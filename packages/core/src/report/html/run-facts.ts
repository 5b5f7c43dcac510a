// SPDX-License-Identifier: Apache-2.0

import { jailText } from '../jail-words.ts';
import type { GrantRecord, ReportModel } from '../model.ts';
import { oneLine } from '../text.ts';
import { plural } from '../words.ts';
import { type Html, html, join, nothing } from './markup.ts';
import type { Page } from './page.ts';
import { columnHeads, facts, secondsText, section, table, timeText } from './parts.ts';

/** How this report came about: what an auditor of the audit wants to know. */
export function runFacts({ model }: Page): Html {
  const { tool, run, cluster, engine, jail, grant, verdict } = model;
  const list = facts([
    ['Run', html`<code>${run.id}</code>`],
    ['Started', timeText(run.started)],
    ['Finished', timeText(run.finished)],
    ['Took', secondsText(run.seconds)],
    ['Tool', `${tool.name} ${tool.version}`],
    ['Engine', engine === undefined ? 'none ran' : `${engine.name} ${engine.version} on Ruby ${engine.ruby}`],
    ['Jail of profile code', jail === undefined ? undefined : jailText(jail)],
    ['Kept by', jail?.means.join(', ')],
    ['Why it is not full', jail?.reasons.map(reason => oneLine(reason)).join('; ')],
    ['Cluster', html`${cluster.alias} at <code>${cluster.server}</code>`],
    ['Kubernetes', cluster.version ?? 'unknown'],
    ['Access', accessText(grant)],
    ['Identity valid until', grant?.expiresAt === undefined ? undefined : timeText(grant.expiresAt)],
    ['Identity taken back', revokedText(grant)],
    ['Made for the identity', objects(grant)],
    ['Reason', html`<code>${verdict.reason}</code>`],
    ['Exit code', verdict.exitCode],
    ['Gate', `${verdict.gate.source}${verdict.gate.strict ? ' (strict)' : ''}`],
  ]);
  return section({ id: 'run', title: 'About this run', body: html`${list}${bounds(model)}${profiles(model)}` });
}

function accessText(grant: GrantRecord | undefined): string {
  if (grant === undefined) return 'no identity was made';
  return grant.access === 'grant' ? 'a temporary identity made for this run' : 'an existing identity';
}

function revokedText(grant: GrantRecord | undefined): Html | undefined {
  if (grant?.revoked === undefined) return undefined;
  return grant.revoked
    ? html`<span class="st p">Yes</span> every object is gone and its token was refused`
    : html`<span class="st f">No</span> <strong>run <code>cinc-scan sweep</code></strong>`;
}

function objects(grant: GrantRecord | undefined): Html {
  const names = (grant?.objects ?? []).map(
    ({ kind, namespace, name }) => html`${kind} <code>${namespace}/${name}</code>`,
  );
  return names.length === 0 ? nothing : join(names, html`<br>`);
}

function bounds({ verdict: { gate } }: ReportModel): Html {
  const rows = Object.entries(gate.bounds).map(
    ([
      key,
      bound,
    ]) => html`<tr><th scope="row"><code>${key}</code></th><td>${typeof bound === 'number' ? bound : bound.join(', ')}</td></tr>
`,
  );
  if (rows.length === 0) return nothing;
  return table({ caption: `${plural(rows.length, 'bound')} of the gate`, head: columnHeads('Key', 'Value'), rows });
}

function profiles({ profiles: used }: ReportModel): Html {
  if (used.length === 0) return nothing;
  const rows = used.map(
    ({
      name,
      version,
      source,
      sha256,
    }) => html`<tr><th scope="row">${name}</th><td>${version ?? '–'}</td><td>${source}</td><td><code class="digest">${sha256}</code></td></tr>
`,
  );
  const head = columnHeads('Profile', 'Version', 'Source', 'SHA-256');
  return table({ caption: 'Profiles', head, rows });
}
