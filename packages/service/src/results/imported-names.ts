// SPDX-License-Identifier: Apache-2.0
// A run from elsewhere under the names that it has in the service, so that it is compared with what was run here.
import { type ReportModel, targetName } from '@cinc-scan/core';
import type { Ask, Pins } from '../domain/ask.ts';

type Judged = ReportModel['verdict']['judged'][number];
type Profile = ReportModel['profiles'][number];

const registered = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)@\d+\.\d+\.\d+\S*(?: \(\d+\))?$/;

/** A run of a service has the registered name; other runs have what the profile calls itself. */
function nameOf({ name, source }: Profile): string {
  const own = registered.exec(source)?.[1];
  if (own !== undefined) return own;
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(0, 63).replaceAll(/^-+|-+$/g, '') || 'profile';
}

/** With profiles called as findings and reports call them here. */
export const underOwnNames = (model: ReportModel): ReportModel => ({
  ...model,
  verdict: { ...model.verdict, judged: model.verdict.judged.map(renamed) },
});

function renamed(judged: Judged): Judged {
  const { profile } = judged.outcome;
  if (profile === undefined) return judged;
  const named = { ...profile, source: nameOf(profile) };
  if (judged.judgement === undefined) return { ...judged, outcome: { ...judged.outcome, profile: named } };
  return { ...judged, outcome: { ...judged.outcome, profile: named } };
}

const mostShown = 100;

/** What would have been asked for, and what that meant. */
export function namesOf({ profiles, verdict }: ReportModel, cluster: string): { ask: Ask; pins: Pins } {
  const targets = verdict.judged.map(({ outcome }) => outcome.target);
  const named = profiles.map(profile => ({
    slug: nameOf(profile),
    version: profile.version ?? '',
    digest: profile.sha256,
  }));
  const slugs = [...new Set(named.map(({ slug }) => slug))];
  const namespaces = [...new Set(targets.map(({ namespace }) => namespace))].toSorted();
  const asked = [...new Set(targets.map(askedAs))].slice(0, mostShown);
  return {
    ask: { cluster, namespace: namespaces, targets: asked, profile: slugs },
    pins: { cluster, profiles: named, threshold: null },
  };
}

const askedAs = (target: Judged['outcome']['target']): string =>
  'pod' in target ? `${target.owner.kind.toLowerCase()}/${target.owner.name}` : targetName(target);
