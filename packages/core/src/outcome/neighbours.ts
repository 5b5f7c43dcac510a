// SPDX-License-Identifier: Apache-2.0
// Formats that stand beside exec-JSON and are taken for it, each with the way to what is wanted.

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wanted = 'expected exec-JSON, as the reporter `json` of the auditor writes it';

interface Neighbour {
  is: (document: Record<string, unknown>) => boolean;
  what: string;
}

const neighbours: Neighbour[] = [
  {
    is: ({ version, runs }) => typeof version === 'string' && Array.isArray(runs),
    what: 'this is SARIF, which holds findings alone',
  },
  {
    is: ({ baselines, requirements }) => Array.isArray(baselines) || Array.isArray(requirements),
    what: 'this is HDF v3 (baselines and requirements)',
  },
  {
    is: ({ controls, profiles, statistics }) =>
      Array.isArray(controls) && profiles === undefined && statistics !== undefined,
    what: 'this is the reporter `json-min` of the auditor, which leaves the profiles out',
  },
  {
    is: ({ controls, name, profiles }) => Array.isArray(controls) && typeof name === 'string' && profiles === undefined,
    what: 'this is a profile (`inspec json`, `cinc-auditor json`), not the result of running one',
  },
  {
    is: ({ reportVersion, targets }) => Boolean(reportVersion) && Boolean(targets),
    what: 'this is a report of inspec-parallel',
  },
  {
    is: ({ schemaVersion, targets, run }) => schemaVersion !== undefined && targets !== undefined && run !== undefined,
    what: 'this is a scan.json; the result files are next to it',
  },
  {
    is: ({ verdict, 'exit-code': code }) => verdict !== undefined && code !== undefined,
    what: 'this is an outputs.json; the result files are next to it',
  },
  {
    is: ({ SchemaVersion, Results, ArtifactName }) =>
      SchemaVersion !== undefined && (Results ?? ArtifactName) !== undefined,
    what: 'this is a report of Trivy; convert it with `saf convert trivy2hdf`',
  },
  {
    is: ({ Findings }) => Array.isArray(Findings),
    what: 'these are findings of AWS (ASFF); convert them with `saf convert asff2hdf`',
  },
  { is: ({ bomFormat }) => bomFormat === 'CycloneDX', what: 'this is a bill of materials (CycloneDX)' },
  { is: ({ spdxVersion }) => typeof spdxVersion === 'string', what: 'this is a bill of materials (SPDX)' },
  {
    is: ({ kind, apiVersion }) => typeof kind === 'string' && typeof apiVersion === 'string',
    what: 'this is an object of Kubernetes',
  },
];

/** What a JSON document is that is not exec-JSON, if it is known. */
export function neighbourProblem(document: unknown): string | undefined {
  if (Array.isArray(document)) return `this is a list of ${document.length} documents; ${wanted}, one a file`;
  if (!isObject(document) || 'profiles' in document) return undefined;
  const found = neighbours.find(({ is }) => is(document));
  return found === undefined ? undefined : `${found.what}; ${wanted}`;
}

/** The same of a text that is not JSON. */
export function otherProblem(text: string): string {
  const start = text.slice(0, 2000).trimStart();
  const what = start.startsWith('<') ? xmlKind(start) : start === '' ? 'the file is empty' : undefined;
  return what === undefined ? 'not JSON' : `not JSON: ${what}; ${wanted}`;
}

function xmlKind(start: string): string {
  if (/<testsuites?[\s>]/.test(start)) return 'this is JUnit';
  if (/<CHECKLIST[\s>]/.test(start)) return 'this is a checklist (CKL); convert it with `saf convert ckl2hdf`';
  if (/<(?:\w+:)?(?:Benchmark|TestResult|asset-report-collection)[\s>]/.test(start))
    return 'this is XCCDF; convert it with `saf convert xccdf_results2hdf`';
  return /<html[\s>]|<!doctype html/i.test(start) ? 'this is a web page' : 'this is XML';
}
