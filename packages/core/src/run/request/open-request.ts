// SPDX-License-Identifier: Apache-2.0
// The way back: what a request document holds, as a scan takes it. Nothing is opened, and nothing is written.
import { type ArchiveEntry, safePath } from '../../profile/index.ts';
import { inlineThreshold, perTargetKey, type Raw } from '../../request/index.ts';
import { type GivenBaseline, toGivenResult } from '../../results/index.ts';
import type { Contents } from './contents.ts';
import {
  type BaselineContent,
  type PinnedProfile,
  plainInputs,
  type RequestDocument,
  type ResultContent,
} from './document.ts';

/** A request document, as the values and contents of a scan. */
export interface OpenedRequest {
  /** As a configuration file would have them; what would be a path is the name of a content. */
  values: Raw;
  contents: Contents;
}

export function openRequest(document: RequestDocument): OpenedRequest {
  const profiles = new EmbeddedProfiles();
  const values = { ...plainValues(document), ...namedValues(document), ...profileValues(document, profiles) };
  const { waivers = [], threshold, baseline, 'input-file': inputFiles = [] } = document;
  const contents: Contents = {
    threshold: toThreshold(threshold),
    waivers,
    inputFiles,
    baseline: baseline && toBaseline(baseline),
    profiles: profiles.files,
  };
  return { values, contents };
}

const plainValues = (document: RequestDocument): Raw =>
  Object.fromEntries(plainInputs.flatMap(name => (document[name] === undefined ? [] : [[name, document[name]]])));

/** Names in the place of paths. */
function namedValues({ waivers, threshold, baseline, 'input-file': inputFiles }: RequestDocument): Raw {
  return {
    ...(waivers && { waivers: waivers.map(({ name }) => name) }),
    ...(inputFiles && { 'input-file': inputFiles.map(({ name }) => name) }),
    ...(threshold !== undefined && { threshold: typeof threshold === 'object' ? threshold.name : String(threshold) }),
    ...(baseline && { baseline: 'result' in baseline ? baseline.result.name : 'baseline' }),
    ...(baseline && 'missing' in baseline && { 'baseline-missing': 'all-new' }),
  };
}

function profileValues({ profile, [perTargetKey]: perTarget }: RequestDocument, profiles: EmbeddedProfiles): Raw {
  const own = perTarget?.map(({ profile: named, ...entry }) => ({
    ...entry,
    ...(named && { profile: profiles.names(named) }),
  }));
  return { ...(profile && { profile: profiles.names(profile) }), ...(own && { [perTargetKey]: own }) };
}

function toThreshold(given: RequestDocument['threshold']): Contents['threshold'] {
  if (given === undefined) return undefined;
  if (typeof given === 'object') return { text: given.content, source: given.name, inline: false };
  return inlineThreshold(String(given));
}

/** One result for every target, or one for each of them. */
function toBaseline(given: BaselineContent): GivenBaseline {
  if ('missing' in given)
    return {
      kind: 'file',
      given: { kind: 'refused', name: 'baseline', reason: 'hdf-unreadable', problem: 'none', isMissing: true },
    };
  if ('result' in given) return { kind: 'file', given: toGiven(given.result) };
  const all = given.results.map(toGiven);
  const refused = all.find(each => each.kind === 'refused');
  if (refused !== undefined) return { kind: 'refused', problem: `${refused.name}: ${refused.problem}` };
  return { kind: 'folder', name: 'baseline', results: all.filter(each => each.kind === 'result') };
}

const toGiven = ({ name, content, facts }: ResultContent) => toGivenResult({ name, text: content, facts });

type Embedded = Extract<PinnedProfile, { files: unknown }>;

/** The profiles of a document by name; two may have the same. */
class EmbeddedProfiles {
  readonly files = new Map<string, ArchiveEntry[]>();
  private readonly known = new Map<string, string>();

  names(all: PinnedProfile[]): string[] {
    return all.map(each => ('source' in each ? each.source : this.name(each)));
  }

  /** The same profile twice, for all targets and for some, stays one. */
  private name(embedded: Embedded): string {
    const key = JSON.stringify(embedded);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = this.freeName(embedded.name);
    this.known.set(key, name);
    this.files.set(name, embedded.files.map(toEntry));
    return name;
  }

  private freeName(name: string, count = 1): string {
    const wanted = count === 1 ? name : `${name} (${count})`;
    return this.files.has(wanted) ? this.freeName(name, count + 1) : wanted;
  }
}

function toEntry(file: Embedded['files'][number]): ArchiveEntry {
  const bytes = 'content' in file ? Buffer.from(file.content) : Buffer.from(file.base64, 'base64');
  return { kind: 'file', path: safePath(file.path), bytes };
}
