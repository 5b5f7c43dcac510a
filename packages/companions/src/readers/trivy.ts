// SPDX-License-Identifier: Apache-2.0
import type { Input } from '../input/input.ts';
import type { Journal } from '../journal.ts';
import type { Reader, Wanted } from '../reader.ts';
import type { About } from '../reading.ts';
import { at, has, majorOf, momentOf, numberAt, someText } from '../values.ts';
import { readK8s } from './trivy-k8s.ts';
import { readResults } from './trivy-results.ts';

const k8sLists = ['Resources', 'Findings', 'Vulnerabilities', 'Misconfigurations'];

const isV2 = (document: unknown): boolean => has(document, 'SchemaVersion', 'ArtifactName');
const isK8s = (document: unknown): boolean => has(document, 'ClusterName') && k8sLists.some(key => has(document, key));
const isV1 = (document: unknown): boolean =>
  Array.isArray(document) && document.length > 0 && document.every(item => has(item, 'Target'));

// https://trivy.dev/latest/docs/configuration/reporting/#json
export const trivy: Reader = {
  tool: 'trivy',
  title: 'Trivy',
  framing: 'one',
  exits: [0],
  fits: ({ json, document }: Input) =>
    isV2(document) || isK8s(document) || isV1(document) || (json.kind === 'json' && document === null),
  read: ({ document }, journal, wanted) => {
    if (isK8s(document)) return readCluster(document, journal, wanted);
    if (isV2(document)) return readArtifact(document, journal, wanted);
    return readList(document, journal, wanted);
  },
};

function readArtifact(document: unknown, journal: Journal, { parts }: Wanted): About {
  const version = someText(document, 'Trivy', 'Version');
  if (numberAt(document, 'SchemaVersion') !== 2) journal.problem('unreadable', 'its SchemaVersion is not 2');
  if (!isFilled(at(document, 'Results'))) journal.problem('not-looked', 'it has no Results: Trivy recognized nothing');
  const classes = readResults(at(document, 'Results'), journal, '');
  requireClasses(classes, parts, journal);
  if (at(document, 'Metadata', 'OS', 'EOSL') === true)
    journal.warn('the operating system is out of support: advisories for it are no longer written');
  return {
    tool: 'trivy',
    version,
    target: someText(document, 'ArtifactName'),
    checkedAt: momentOf(someText(document, 'CreatedAt') ?? ''),
    ruleset: rulesetOf(version),
  };
}

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

/** Before 0.19: a bare list, and `null` where nothing was recognized. */
function readList(document: unknown, journal: Journal, { parts }: Wanted): About {
  if (document === null) journal.problem('not-looked', 'it is `null`: Trivy recognized nothing');
  else requireClasses(readResults(document, journal, ''), parts, journal);
  return { tool: 'trivy', version: undefined, target: undefined, checkedAt: undefined, ruleset: rulesetOf(undefined) };
}

function readCluster(document: unknown, journal: Journal, { parts }: Wanted): About {
  const lists = k8sLists.filter(key => has(document, key));
  const classes = lists.flatMap(key => [...readK8s(at(document, key), key, journal)]);
  requireClasses(new Set(classes), parts, journal);
  return {
    tool: 'trivy',
    version: undefined,
    target: someText(document, 'ClusterName'),
    checkedAt: undefined,
    ruleset: rulesetOf(undefined),
  };
}

const rulesetOf = (version: string | undefined): string => `trivy ${majorOf(version)}`.trim();

function requireClasses(found: ReadonlySet<string>, wanted: readonly string[], journal: Journal): void {
  for (const name of wanted.filter(each => !found.has(each))) {
    const why = name === 'secret' ? ', which leaves no trace where it finds nothing' : '';
    journal.problem('incomplete', `there is no result of class ${name}${why}`);
  }
}
