// SPDX-License-Identifier: Apache-2.0
import type { RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, textAt } from '../values.ts';

// https://github.com/aquasecurity/kube-hunter: the exit code is always 0.
export const kubeHunter: Reader = {
  tool: 'kube-hunter',
  title: 'kube-hunter',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => has(document, 'nodes', 'services', 'vulnerabilities'),
  read: ({ document }, journal) => {
    const nodes = journal.needed(at(document, 'nodes'), 'nodes');
    const services = journal.needed(at(document, 'services'), 'services');
    if (nodes.length === 0 && services.length === 0) journal.problem('not-looked', 'it reached no node and no service');
    const names = new Map(services.map(service => [textAt(service, 'location'), textAt(service, 'service')]));
    for (const item of journal.needed(at(document, 'vulnerabilities'), 'vulnerabilities'))
      journal.findings.push(toFinding(item, journal, names));
    return { tool: 'kube-hunter', version: undefined, target: undefined, checkedAt: undefined, ruleset: 'kube-hunter' };
  },
};

function toFinding(item: Fields, journal: Journal, services: ReadonlyMap<string, string>): RawFinding {
  const name = textAt(item, 'vulnerability');
  const vid = textAt(item, 'vid');
  const location = textAt(item, 'location');
  const reference = textAt(item, 'avd_reference');
  return {
    kind: 'misconfiguration',
    rule: vid === '' || vid === 'None' ? name || 'unidentified' : vid,
    aliases: [],
    title: name,
    rating: journal.rating(textAt(item, 'severity'), 'kube-hunter'),
    place: { resource: services.get(location) || placeOf(location) },
    evidence: textAt(item, 'evidence'),
    refs: reference.startsWith('http') ? [reference] : [],
  };
}

const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f]*:[0-9a-f:]*\]?)(?::(\d+))?$/i;

/** Without what is new with each pod: its address, and its name in `Local to Pod (kube-hunter-5pmjs)`. */
function placeOf(location: string): string {
  if (!address.test(location)) return location.replace(/ \(.*\)$/, '');
  const port = /:(\d{1,5})$/.exec(location)?.[1];
  return port === undefined ? 'host' : `port ${port}`;
}
