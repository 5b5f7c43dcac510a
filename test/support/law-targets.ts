// SPDX-License-Identifier: Apache-2.0
// What holds for some targets alone, as the law reads it: from the user's own files, with a matcher of its own.
import { existsSync, readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { load } from 'js-yaml';

/** Where a target is, as the manifest has it. */
export interface Place {
  namespace: string;
  pod: string;
  container: string;
  owner: { kind: string; name: string };
}

type Match = string | Conditions;
type Conditions = Partial<Record<'selector' | 'namespace' | 'container' | 'profile', string>>;

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);

const isLike = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(`^${escaped(pattern).replaceAll('\\*', '[^]*')}$`).test(text);

const shortKinds: Record<string, string> = { deploy: 'deployment', sts: 'statefulset', ds: 'daemonset' };

/** Whether a selector means the target; labels are not in the manifest, so they are taken to match. */
function holds(match: Match, place: Place, profile: string | null): boolean {
  const wanted: Conditions = typeof match === 'string' ? { selector: match } : match;
  return (
    isSelected(wanted.selector, place) &&
    isLike(wanted.namespace, place.namespace) &&
    isLike(wanted.container, place.container) &&
    isLike(wanted.profile, profile ?? '')
  );
}

function isSelected(selector: string | undefined, { pod, owner }: Place): boolean {
  if (selector === undefined) return true;
  const [kind = '', name = ''] = selector.toLowerCase().split('/');
  const wanted = shortKinds[kind] ?? kind;
  return wanted === 'pod' ? isLike(name, pod) : wanted === owner.kind.toLowerCase() && isLike(name, owner.name);
}

interface Entry {
  id: string;
  target: Match[] | undefined;
}

/** Every entry of a waiver file, for whichever targets. */
function entriesOf(path: string): Entry[] {
  const toList = (target: unknown) => (target === undefined ? undefined : ([target].flat() as Match[]));
  if (extname(path).toLowerCase() !== '.csv') {
    const found = (load(readFileSync(path, 'utf8')) ?? {}) as Record<string, { target?: unknown }>;
    return Object.entries(found).map(([id, { target }]) => ({ id, target: toList(target) }));
  }
  const rows: Record<string, string>[] = parseCsv(readFileSync(path, 'utf8'), {
    columns: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  return rows.map(({ control_id: id = '', target = '' }) => ({
    id,
    target: target === '' ? undefined : toList(load(target)),
  }));
}

/** Controls that were waived for a target for which no entry of the user's files waives them. */
export function unwaived(paths: string[], ids: string[], of: { place: Place; profile: string | null }): string[] {
  const entries = paths.filter(existsSync).flatMap(path => entriesOf(resolve(path)));
  const holdsHere = ({ target }: Entry) =>
    target === undefined || target.some(match => holds(match, of.place, of.profile));
  const allowed = new Set(entries.filter(holdsHere).map(({ id }) => id));
  return ids.filter(id => !allowed.has(id));
}

interface Options {
  match: Match & { labels?: unknown };
  profile?: string[];
}

/** Sources of the profiles that a target has to be audited with; undefined where the manifest cannot tell. */
export function demanded(request: Record<string, unknown>, place: Place): string[] | undefined {
  const entries = (request['per-target'] ?? []) as Options[];
  const isUnclear = ['annotated-profiles', 'controls', 'tags'].some(key => request[key] !== undefined);
  if (isUnclear || entries.some(({ match }) => match.labels !== undefined)) return undefined;
  const own = entries.find(({ match, profile }) => profile !== undefined && holds(match, place, null));
  return own?.profile ?? (request['profile'] as string[] | undefined);
}
