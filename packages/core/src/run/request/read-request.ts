// SPDX-License-Identifier: Apache-2.0
// A request as its user gave it, made a document: with what its files hold, and with profiles that are pinned.
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import { ScanError } from '../../errors/index.ts';
import type { Result } from '../../outcome/index.ts';
import { type Fetching, fetchNamed, parseSource, readTree, resolveCommit, withRef } from '../../profile/index.ts';
import { inputs, perTargetKey, type TargetOptions, type ThresholdText, type Values } from '../../request/index.ts';
import type { GivenBaseline } from '../../results/index.ts';
import type { Contents, NamedText } from './contents.ts';
import {
  type BaselineContent,
  type PinnedProfile,
  plainInputs,
  type RequestDocument,
  type ResultContent,
  requestVersion,
} from './document.ts';

/** The request of these values, whole. Errors are those of a scan with the same values, and REQUEST_INVALID. */
export async function readRequest(
  values: Values,
  { threshold, baseline, waivers, inputFiles }: Contents,
  fetching: Fetching,
): Promise<RequestDocument> {
  const profile: PinnedProfile[] = [];
  for (const named of values.profile) profile.push(await pin(named, fetching));
  return {
    apiVersion: requestVersion,
    kind: 'ScanRequest',
    ...plainValues(values),
    ...(profile.length > 0 && { profile }),
    ...withTexts('input-file', inputFiles),
    ...withTexts('waivers', waivers),
    ...(threshold !== undefined && { threshold: toThreshold(threshold) }),
    ...(baseline !== undefined && { baseline: toBaseline(baseline, values) }),
    ...(await withTargets(values[perTargetKey].entries, fetching)),
  };
}

/** Those that say something; a duration as it is written. */
function plainValues(values: Values): Partial<RequestDocument> {
  const given = plainInputs.flatMap(name => {
    const value = values[name];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return [];
    return [[name, inputs[name].type === 'duration' ? `${String(value)}s` : value] as const];
  });
  return Object.fromEntries(given);
}

function withTexts(name: 'input-file' | 'waivers', texts: NamedText[]): Partial<RequestDocument> {
  return texts.length === 0
    ? {}
    : { [name]: texts.map(({ name: path, content }) => ({ name: basename(path), content })) };
}

const toThreshold = ({ text, source, inline }: ThresholdText): string | NamedText =>
  inline ? text : { name: basename(source), content: text };

function toBaseline(given: GivenBaseline, { baseline, 'baseline-missing': missing }: Values): BaselineContent {
  if (given.kind === 'folder') return { results: given.results.map(toContent) };
  const one = given.kind === 'file' ? given.given : { ...given, isMissing: false };
  if (one.kind === 'result') return { result: toContent(one) };
  if (one.isMissing && missing === 'all-new') return { missing: true };
  throw new ScanError('BASELINE_INVALID', `baseline ${String(baseline)}: ${one.problem}`);
}

const toContent = ({ name, outcome, facts }: Result & { name: string }): ResultContent => ({
  name: basename(name),
  content: outcome.hdfText,
  ...(facts !== undefined && { facts }),
});

async function withTargets(entries: TargetOptions[], fetching: Fetching): Promise<Partial<RequestDocument>> {
  if (entries.length === 0) return {};
  const all: NonNullable<RequestDocument[typeof perTargetKey]> = [];
  for (const { match, container, profile } of entries) {
    const own: PinnedProfile[] = [];
    for (const named of profile ?? []) own.push(await pin(named, fetching));
    all.push({ match, ...(container !== undefined && { container }), ...(profile && { profile: own }) });
  }
  return { [perTargetKey]: all };
}

/** A source that always gives the same, or the profile itself. */
async function pin(named: string, fetching: Fetching): Promise<PinnedProfile> {
  if (fetching.embedded.has(named)) return embed(named, fetching);
  const source = parseSource(named);
  switch (source.kind) {
    case 'url':
      return { source: named };
    case 'git':
      return { source: withRef(source, await resolveCommit(source, fetching)) };
    case 'config-map':
      throw new ScanError('REQUEST_INVALID', `Profile ${named}: a request cannot pin what a ConfigMap holds`, {
        remedy: 'Name a folder or an archive with the profile, or an address with its digest.',
      });
    case 'path':
      return embed(named, fetching);
  }
}

async function embed(named: string, fetching: Fetching): Promise<PinnedProfile> {
  const { folder, called } = await fetchNamed(named, fetching);
  const files = (await readTree(folder)).flatMap(entry => {
    if (entry.kind !== 'file') return [];
    const { path, bytes } = entry;
    return [isUtf8(bytes) ? { path, content: bytes.toString('utf8') } : { path, base64: bytes.toString('base64') }];
  });
  return { name: called, files };
}
