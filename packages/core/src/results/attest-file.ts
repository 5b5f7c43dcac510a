// SPDX-License-Identifier: Apache-2.0
import { type Attested, applyAttestations, type GivenResult, parseAttestations } from '../outcome/index.ts';
import { readBounded } from '../request/index.ts';
import { readResult } from './read-results.ts';

export type AttestedFile =
  | { kind: 'attested'; text: string; warnings: Attested['warnings'] }
  | {
      kind: 'refused';
      reason: 'attestation-invalid' | (GivenResult & { kind: 'refused' })['reason'];
      problems: string[];
    };

const mostBytes = 2_097_152;

/** The text of new results in which attested controls have the attested status. */
export function attestFile(results: string, attestations: string, now: Date): AttestedFile {
  const spec = readAttestations(attestations, now);
  const given = readResult(results);
  const problems = [
    ...(spec.kind === 'refused' ? spec.problems.map(problem => `${attestations}: ${problem}`) : []),
    ...(given.kind === 'refused' ? [`${results}: ${given.problem}`] : []),
  ];
  if (spec.kind === 'refused') return { kind: 'refused', reason: 'attestation-invalid', problems };
  if (given.kind === 'refused') return { kind: 'refused', reason: given.reason, problems };
  const { hdf, warnings } = applyAttestations(given.outcome.hdf, spec.attestations, now);
  return { kind: 'attested', text: `${JSON.stringify(hdf)}\n`, warnings };
}

function readAttestations(path: string, now: Date): ReturnType<typeof parseAttestations> {
  const read = readBounded(path, mostBytes);
  if (read.kind === 'unreadable') return { kind: 'refused', reason: 'attestation-invalid', problems: [read.problem] };
  try {
    return parseAttestations(new TextDecoder('utf-8', { fatal: true }).decode(read.bytes), now);
  } catch {
    return { kind: 'refused', reason: 'attestation-invalid', problems: ['not UTF-8'] };
  }
}
