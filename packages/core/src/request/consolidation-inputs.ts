// SPDX-License-Identifier: Apache-2.0
// A step of a CI system scans, or it consolidates what other scanners left; its inputs say which.
import { ScanError } from '../errors/index.ts';
import { givenHere, type SourcesHere } from './given-here.ts';
import { type InputName, inputNames, inputs, isEdge } from './interface.ts';
import { resolveInput } from './values.ts';

/** Whether a step is to consolidate. A file of the repository says where the sources are, and not what a step does. */
export const asksForConsolidation = (sources: SourcesHere): boolean => givenHere(['sources'], sources) !== undefined;

// What asks for work that a consolidation does not do. Credentials, which a job may have for its other steps, do not.
const ofScans: readonly InputName[] = [
  ...inputNames.filter(name => !isEdge(name) && inputs[name].group !== 'gate'),
  'baseline',
  'baseline-missing',
  'push',
  'dry-run',
];

/** One step has one verdict: what asks for a scan beside a file of sources is refused by its name. */
export function refuseScan(sources: SourcesHere): void {
  const other = givenHere(ofScans, sources);
  if (other === undefined) return;
  throw new ScanError('USAGE', `${other} cannot be combined with sources, which consolidates and does not scan`, {
    remedy: 'Scan in a step of its own. Its results are a source, too: tool hdf.',
  });
}

/** The output folder of a consolidation: never that of the scans of the repository, whose files have the same names. */
export const consolidationFolder = (sources: SourcesHere): string =>
  givenHere(['output-dir'], sources) === undefined
    ? 'cinc-scan-findings'
    : resolveInput('output-dir', { ...sources, file: undefined });
