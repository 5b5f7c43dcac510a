// SPDX-License-Identifier: Apache-2.0
// The law: a scan ends with 0 only if something was looked at and nothing speaks against it. This judge shares no code with
// the product: it reads what a run left (manifest, results, the profile's own sources) and says what is against the 0.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demanded, type Place, unwaived } from './law-targets.ts';

interface Result {
  status?: string | null;
  backtrace?: unknown;
  exception?: string | null;
}
interface Control {
  id: string;
  impact: number;
  tags: Record<string, unknown>;
  waiver_data?: { skipped_due_to_waiver?: unknown };
  results?: Result[];
}
interface Results {
  profiles: { name: string; parent_profile?: string | null; controls: Control[] }[];
}
interface Manifest {
  state: string;
  exitCode: number;
  request: Record<string, unknown>;
  profiles: { name: string; source: string; dependencies: unknown[] }[];
  targets: {
    name: string;
    target: Place | null;
    profile: string | null;
    outcome: string;
    result: string;
    error: unknown;
    hdf: { path: string | null; sha256: string } | null;
  }[];
  gate: { bounds: Record<string, number | string[]>; source: string; verdict: string };
}

const parse = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const lists = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** What speaks against exit code 0 of the scan whose files lie in a folder; empty where it was deserved. */
export function objections(cwd: string, folder: string): string[] {
  const path = join(resolve(cwd, folder), 'scan.json');
  if (!existsSync(path)) return [`there is no ${path}`];
  const manifest = parse(path) as Manifest;
  const { request, targets, gate } = manifest;
  if (request['report-only'] === true) return []; // the user asked for 0 whatever was found
  const found = [
    ...(manifest.state === 'finished' && manifest.exitCode === 0 ? [] : ['the manifest does not say 0']),
    ...(gate.verdict === 'pass' ? [] : [`the verdict is ${gate.verdict}`]),
    ...(targets.length > 0 || request['allow-empty'] === true ? [] : ['no target was looked at']),
  ];
  const each = targets.flatMap(target => againstTarget({ cwd, folder, manifest }, target));
  return [...found, ...each, ...againstProfiles(manifest)];
}

/** Each target is audited with the profiles that were asked for it, and with no others. */
function againstProfiles({ request, targets, profiles }: Manifest): string[] {
  // A scan service says which version it took where none was named.
  const isMeant = (asked: string, source: string) =>
    source === asked || (request['server'] !== undefined && source.startsWith(`${asked}@`));
  const sourcesOf = (of: string) =>
    targets.filter(({ name }) => name === of).flatMap(({ profile }) => sourcesNamed(profile, profiles));
  return targets.flatMap(({ name, target }) => {
    const wanted = target === null ? undefined : demanded(request, target);
    if (wanted === undefined) return [];
    const had = sourcesOf(name);
    const missed = wanted.filter(source => !had.some(each => isMeant(source, each)));
    const strange = had.filter(source => !wanted.some(each => isMeant(each, source)));
    return [
      ...missed.map(source => `${name}: it was not audited with ${source}`),
      ...strange.map(source => `${name}: ${source} is not a profile for it`),
    ];
  });
}

/** Profiles may share a name. */
function sourcesNamed(profile: string | null, profiles: Manifest['profiles']): string[] {
  return profiles.filter(({ name }) => name === profile).map(({ source }) => source);
}

/** Throws where a command was a scan that ended with 0 and did not deserve it. */
export function expectDeserved(args: readonly string[], cwd: string): void {
  if (
    args[0] !== 'scan' ||
    ['--dry-run', '--print-request', '--help', '-h', 'scan:-'].some(flag => args.includes(flag))
  )
    return;
  const at = args.findIndex(arg => arg === '-o' || arg === '--output-dir');
  const against = objections(cwd, at === -1 ? 'cinc-scan-results' : (args[at + 1] ?? ''));
  if (against.length > 0) throw new Error(`A scan ended with 0 and did not deserve it:\n  ${against.join('\n  ')}`);
}

interface Case {
  cwd: string;
  folder: string;
  manifest: Manifest;
}

function againstTarget(of: Case, target: Manifest['targets'][number]): string[] {
  const about = (text: string) => `${target.name}: ${text}`;
  if (target.outcome !== 'audited' || target.error !== null || target.hdf === null)
    return [about('it was not audited')];
  const results = resultsOf(of, target.hdf);
  if (results === undefined) return []; // results were not asked for as a report: the manifest alone speaks
  const controls = results.profiles
    .filter(profile => (profile.parent_profile ?? null) === null)
    .flatMap(({ controls: own }) => own)
    .map(control => withResults(control, results));
  return [
    ...(controls.some(isEvaluated) || controls.every(isWaived) ? [] : ['no control was evaluated']),
    ...againstCounts(controls, of.manifest),
    ...againstWaivers(of, target, controls),
    ...missing(of, target.profile, results),
  ].map(about);
}

/** A waiver for one target excuses no other. */
function againstWaivers(
  { cwd, manifest: { request } }: Case,
  { target, profile }: Manifest['targets'][number],
  controls: Control[],
): string[] {
  const paths = lists(request['waivers']).map(path => resolve(cwd, String(path)));
  if (paths.length === 0 || target === null) return [];
  const waived = controls.filter(isWaived).map(({ id }) => id);
  return unwaived(paths, waived, { place: target, profile }).map(id => `${id} is waived, and no waiver holds for it`);
}

/** An overlay's copy has no results of its own: those of the copy below count. */
function withResults(control: Control, { profiles }: Results): Control {
  if ((control.results ?? []).length > 0) return control;
  const copies = profiles.flatMap(({ controls }) => controls.filter(({ id }) => id === control.id));
  return copies.find(({ results = [] }) => results.length > 0) ?? control;
}

function resultsOf({ cwd, folder }: Case, { sha256 }: { sha256: string }): Results | undefined {
  const place = resolve(cwd, folder);
  const files = readdirSync(place).filter(name => name.endsWith('.json'));
  const file = files.find(
    name =>
      createHash('sha256')
        .update(readFileSync(join(place, name)))
        .digest('hex') === sha256,
  );
  return file === undefined ? undefined : (parse(join(place, file)) as Results);
}

const hasBroken = ({ results = [] }: Control) =>
  results.some(({ backtrace, status }) => Array.isArray(backtrace) || status === 'error');
const isEvaluated = ({ results = [] }: Control) =>
  results.some(({ status, backtrace }) => (status === 'passed' || status === 'failed') && !Array.isArray(backtrace));

const isWaived = ({ waiver_data: data }: Control) => Boolean(data?.skipped_due_to_waiver);

type Kind = 'passed' | 'failed' | 'skipped' | 'error' | 'no_impact';

function kindOf(control: Control): Kind {
  const statuses = new Set((control.results ?? []).map(({ status }) => status));
  if (hasBroken(control)) return 'error';
  if (isWaived(control) || control.impact === 0) return 'no_impact';
  for (const kind of ['failed', 'passed', 'skipped'] as const) if (statuses.has(kind)) return kind;
  return 'error';
}

function severityOf({ impact, tags }: Control): string {
  const words = ['none', 'low', 'medium', 'high', 'critical'];
  for (const name of ['severityoverride', 'severity']) {
    const tag = tags[name];
    if (typeof tag === 'string' && words.includes(tag.toLowerCase())) return tag;
  }
  return words[[0.1, 0.4, 0.7, 0.9].filter(least => impact >= least).length] ?? 'critical';
}

/** Failures and errors that the bounds do not allow, and errors that they do not speak of. */
function againstCounts(controls: Control[], { gate: { bounds }, request }: Manifest): string[] {
  if (request['baseline'] !== undefined) return []; // compared with earlier results, which are not here
  const counted = controls.map(control => ({ id: control.id, kind: kindOf(control), severity: severityOf(control) }));
  const count = (kind: string, severity?: string) =>
    counted.filter(each => each.kind === kind && (severity === undefined || each.severity === severity)).length;
  const found = Object.entries(bounds).flatMap(([key, bound]) => {
    const [kind = '', severity = 'total', end = 'exact'] = key.split('.');
    if (kind === 'compliance' || Array.isArray(bound)) return [];
    const actual = count(kind, severity === 'total' ? undefined : severity);
    const holds = end === 'min' ? actual >= bound : end === 'max' ? actual <= bound : actual === bound;
    return holds ? [] : [`${key} is ${bound}, and there are ${actual}`];
  });
  const speaksOf = (kind: string, severity: string) =>
    Number(bounds['compliance.min'] ?? 0) > 0 ||
    ['total', 'total.max', `${severity}.max`, `${severity}.controls`].some(end => `${kind}.${end}` in bounds);
  const silent = counted.filter(({ kind, severity }) => kind === 'error' && !speaksOf(kind, severity));
  return [...found, ...silent.map(({ id }) => `${id} errored, and no bound speaks of errors`)];
}

/**
 * Controls that the profile's files define plainly and the results lack. Only profiles of this machine without conditions,
 * filters, overlays and block comments are read: of the others no list can be had without running them.
 */
function missing({ cwd, manifest: { profiles, request } }: Case, name: string | null, results: Results): string[] {
  const profile = profiles.find(each => each.name === name);
  const isFiltered = ['controls', 'tags'].some(key => lists(request[key]).length > 0);
  const place = resolve(cwd, profile?.source ?? '');
  const folder = join(place, 'controls');
  if (profile === undefined || isFiltered || !existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const texts = readdirSync(folder)
    .filter(file => file.endsWith('.rb'))
    .map(file => readFileSync(join(folder, file), 'utf8'));
  if (
    texts.some(text =>
      /^\s*(if|unless|case|skip_control|include_controls|require_controls|return)\b|__END__|^=begin/m.test(text),
    )
  )
    return [];
  const known = new Set(results.profiles.flatMap(({ controls }) => controls.map(({ id }) => id)));
  const defined = texts.flatMap(text =>
    [...text.matchAll(/^control\s*\(?\s*(['"])([^'"#]+)\1/gm)].map(([, , id = '']) => id),
  );
  return defined.filter(id => !known.has(id)).map(id => `the profile has ${id}, and the results do not`);
}
