// SPDX-License-Identifier: Apache-2.0
// What others make of the samples: Heimdall's converters were run, DefectDojo's readers were read.
import { plural } from '@cinc-scan/core';
import { declared, read } from './samples.ts';

/** What the converters make of a sample. */
export interface Converted {
  /** What they take it for; empty if they do not know it. */
  kind: string;
  /** How many results failed; null if they gave up, undefined if they did not begin. */
  failed?: number | null;
}

// From its source (dojo/tools/*/parser.py), some of it of earlier versions: it needs a database, and was not run.
const ofDefectDojo: Readonly<Record<string, string>> = {
  trivy: 'schema 2 and lists; its key of a finding has the severity and the description, so a reworded advisory is new',
  clair: 'clair-scanner and klar; not `clairctl` 4',
  'kube-bench': 'failed and automated ones that warn; neither checks that failed to run nor totals',
  'linux-bench': 'no reader',
  kubescape:
    'failed controls; neither what could not be read nor what was not evaluated; a score of 7 is medium, one of 9 high',
  kubesec: 'by bucket: high and low; `valid: false` is nothing found',
  'kube-hunter': 'vulnerabilities; no node and no service is nothing found',
  sonobuoy: 'no reader',
  'golangci-lint': 'of gosec and bidichk; code that does not compile is nothing found',
  fossa: 'issues as its service exports them; not the status and count of `fossa test`',
  vuls: 'CVEs by highest score; `errors` are not looked at, and a host without CVEs is nothing found',
  clamav: 'lines that end in FOUND, all of them high; errors and the summary are dropped',
  sarif: 'results that fail; not what the tool says of its own errors',
  cyclonedx: 'vulnerabilities',
  'cyclonedx-vex': 'as CycloneDX',
  gitlab: 'a reader for each kind of report; `scan.status` is not looked at',
  openvex: 'statements as findings of their own',
};

/** The table of docs/companions.md. */
export function comparisonTable(converted: ReadonlyMap<string, Converted>): string {
  const tools = [...new Set(declared.map(([, tool]) => tool))].toSorted();
  const lines = tools.map(tool => {
    const names = declared.filter(([, each]) => each === tool).map(([name]) => name);
    const cells = [`\`${tool}\``, ownText(names), theirText(names, converted), ofDefectDojo[tool] ?? ''];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| Tool | cinc-scan | heimdall2 | DefectDojo |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function ownText(names: readonly string[]): string {
  const readings = names.map(name => read(name));
  const looked = readings.filter(({ kind }) => kind === 'looked').length;
  const found = readings.reduce((sum, { findings }) => sum + findings.length, 0);
  const lost = names.length - looked;
  return [
    `${looked} of ${names.length} looked`,
    lost === 0 ? '' : `${lost} did not, and say why`,
    plural(found, 'finding'),
  ]
    .filter(Boolean)
    .join('; ');
}

function theirText(names: readonly string[], converted: ReadonlyMap<string, Converted>): string {
  const all = names.map(name => ({ name, ...(converted.get(name) ?? { kind: '' }) }));
  const known = all.filter(({ kind }) => kind !== '');
  if (known.length === 0) return 'not known';
  const made = known.filter(({ failed }) => failed !== null && failed !== undefined);
  const silent = made.filter(({ name, failed }) => failed === 0 && read(name).kind === 'not-looked').length;
  const missed = made.filter(({ name, failed }) => failed === 0 && read(name).findings.length > 0).length;
  const kinds = [...new Set(known.map(({ kind }) => kind))].toSorted().join(', ');
  return [
    `${known.length} of ${all.length}, as ${kinds}`,
    known.length === made.length ? '' : `${known.length - made.length} not to its end`,
    plural(
      made.reduce((sum, { failed }) => sum + (failed ?? 0), 0),
      'failure',
    ),
    silent === 0 ? '' : `**${silent} that did not look: nothing found**`,
    missed === 0 ? '' : `**${missed} with findings: nothing found**`,
  ]
    .filter(Boolean)
    .join('; ');
}
