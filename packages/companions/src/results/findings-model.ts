// SPDX-License-Identifier: Apache-2.0
import {
  type AppliedWaivers,
  type FindingsModel,
  type FindingWaiver,
  keyText,
  type ShownSource,
  type ShownWaiver,
  shortLine,
} from '@cinc-scan/core';
import { notLookedCodes } from '../reading.ts';
import type { ConsolidatedSource } from '../sources/consolidate.ts';

/** A source as reports show it. */
const toShownSource = ({
  source,
  kind,
  problems,
  warnings,
  files,
  look,
  findings,
}: ConsolidatedSource): ShownSource => ({
  id: source.id,
  tool: source.tool,
  area: source.area,
  target: shortLine(source.target, 500),
  kind,
  problems: problems.map(({ reason, text, file }) => ({
    code: notLookedCodes[reason],
    text: shortLine(text, 500),
    file: shortLine(file, 500),
  })),
  warnings,
  files,
  ruleset: shortLine(look.ruleset, 500),
  scope: shortLine(look.scope, 500),
  unchecked: look.unchecked.length,
  findings: findings.length,
});

/** Every waiver with what it did: one that does nothing is told, since somebody relies on it. */
function toShownWaivers(waivers: readonly FindingWaiver[], applied: AppliedWaivers): ShownWaiver[] {
  const states = new Map<FindingWaiver, ShownWaiver['state']>([
    ...applied.unused.map(waiver => [waiver, 'unused'] as const),
    ...applied.endless.map(waiver => [waiver, 'endless'] as const),
    ...applied.expired.map(waiver => [waiver, 'expired'] as const),
  ]);
  return waivers.map(waiver => ({
    key: shortLine(keyText(waiver.key), 500),
    reason: shortLine(waiver.reason, 500),
    origin: shortLine(waiver.origin, 200),
    expires: waiver.expires?.toISOString(),
    state: states.get(waiver) ?? 'applied',
  }));
}

/** What `findings.json` and every other report is made of. */
export type ReportFacts = Omit<FindingsModel, 'sources' | 'waivers'>;

export interface Consolidated {
  sources: readonly ConsolidatedSource[];
  waivers: readonly FindingWaiver[];
  applied: AppliedWaivers;
}

export const toFindingsModel = ({ sources, waivers, applied }: Consolidated, facts: ReportFacts): FindingsModel => ({
  ...facts,
  sources: sources.map(source => toShownSource(source)),
  waivers: toShownWaivers(waivers, applied),
});
