// SPDX-License-Identifier: Apache-2.0
import { type Finding, type FindingSeverity, highestSeverity, type Place } from '@cinc-scan/core';
import { notLookedCodes } from '../reading.ts';
import type { ConsolidatedSource } from '../sources/consolidate.ts';

/** What a severity that nobody gave counts as. */
export type UnknownAs = Exclude<FindingSeverity, 'unknown'>;

export interface HdfOptions {
  /** When the run began, ISO 8601. */
  at: string;
  /** Why a finding does not count, by its fingerprint. */
  waived: ReadonlyMap<string, string>;
  unknownAs: UnknownAs;
}

// Of SAF's converters; 0 would mean that a control does not apply.
const impacts: Record<UnknownAs, number> = { critical: 0.9, high: 0.7, medium: 0.5, low: 0.3, none: 0.1 };

interface Control {
  id: string;
  title: string;
  severity: UnknownAs;
  nist: readonly string[];
  results: object[];
  /** Why nothing of it counts. */
  waiver?: string | undefined;
}

/**
 * The results of one source as HDF, so that thresholds and reports need to know nothing else: a control for each rule, a result
 * for each place. Thresholds count rules, then, and not findings.
 */
export function toHdf(consolidated: ConsolidatedSource, options: HdfOptions): object {
  const { source, findings, passes, look, files } = consolidated;
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  const failed = [...byRule].map(([rule, of]) => toControl(rule, of, options));
  const other = (rule: string) => !byRule.has(rule);
  const passed = [...Map.groupBy(passes, ({ rule }) => rule)]
    .filter(([rule]) => other(rule))
    .map(([id, all]) => ({
      ...plain(id, all[0]?.title ?? id),
      results: all.map(({ place }) => ok(place, options.at)),
    }));
  const isPassed = new Set(passed.map(({ id }) => id));
  const open = look.unchecked
    .filter(rule => other(rule) && !isPassed.has(rule))
    .map(id => ({ ...plain(id, id), results: [skipped('not evaluated by the tool', options.at)] }));
  const controls = [...failed, ...passed, ...open];
  const none = controls.length === 0 || consolidated.kind === 'not-looked' ? [lookOf(consolidated, options.at)] : [];
  return {
    platform: { name: source.tool, release: files[0]?.version ?? '', target_id: source.target },
    version: '1',
    statistics: {},
    profiles: [
      {
        name: source.id,
        title: `${source.tool}: ${source.target}`,
        version: files[0]?.version ?? '',
        sha256: files[0]?.sha256 ?? '',
        supports: [],
        attributes: [],
        groups: [],
        controls: [...controls, ...none].map(control => render(control)),
      },
    ],
  };
}

/** A source that reported nothing has looked all the same; one that did not look is an error, as a target that was not reached is. */
function lookOf({ source, kind, problems }: ConsolidatedSource, at: string): Control {
  if (kind === 'looked') {
    const title = `${source.tool} looked at ${source.target} and reported nothing`;
    return { ...plain(`${source.id}-looked`, title), results: [ok(source.target, at)] };
  }
  const message = problems.map(({ file, text }) => `${file}: ${text}`).join('\n');
  const code = notLookedCodes[problems[0]?.reason ?? 'not-looked'];
  const result = {
    status: 'failed',
    code_desc: source.target,
    message,
    exception: code,
    backtrace: [],
    start_time: at,
  };
  return { ...plain(`${source.id}-not-looked`, `${source.tool} did not look at ${source.target}`), results: [result] };
}

const plain = (id: string, title: string): Omit<Control, 'results'> => ({ id, title, severity: 'medium', nist: [] });

function toControl(rule: string, findings: readonly Finding[], { at, waived, unknownAs }: HdfOptions): Control {
  const counting = findings.filter(({ fingerprint }) => !waived.has(fingerprint));
  const rated = counting.length > 0 ? counting : findings;
  const severity = highestSeverity(
    rated.map(finding => (finding.severity === 'unknown' ? unknownAs : finding.severity)),
  );
  const [first] = findings;
  return {
    id: rule,
    title: first?.title ?? rule,
    severity: severity === 'unknown' ? unknownAs : severity,
    nist: [...new Set(findings.flatMap(({ nist }) => nist))],
    results: findings.map(finding => {
      const reason = waived.get(finding.fingerprint);
      return reason === undefined
        ? failure(finding, at)
        : skipped(`${placeText(finding.place)}: waived, ${reason}`, at);
    }),
    waiver: counting.length === 0 ? waived.get(first?.fingerprint ?? '') : undefined,
  };
}

const failure = (finding: Finding, at: string): object => ({
  status: 'failed',
  code_desc: `${finding.target} ${placeText(finding.place)}`.trim(),
  message: [finding.title, versions(finding), finding.evidence].filter(Boolean).join('\n'),
  start_time: at,
});

function versions({ installed, fixed }: Finding): string {
  if (installed === undefined) return '';
  return fixed === undefined
    ? `installed ${installed}, no fixed version is known`
    : `installed ${installed}, fixed in ${fixed}`;
}

const placeText = ({ path, resource, package: name, line }: Place): string =>
  [name, resource, path === undefined || line === undefined ? path : `${path}:${line}`].filter(Boolean).join(' ');

const ok = (place: string, at: string): object => ({ status: 'passed', code_desc: place, start_time: at });

const skipped = (reason: string, at: string): object => ({
  status: 'skipped',
  code_desc: '',
  skip_message: reason,
  start_time: at,
});

const render = ({ id, title, severity, nist, results, waiver }: Control): object => ({
  id,
  title,
  desc: '',
  impact: impacts[severity],
  refs: [],
  tags: { severity, nist },
  source_location: {},
  ...(waiver === undefined ? {} : { waiver_data: { skipped_due_to_waiver: true, justification: waiver } }),
  results,
});
