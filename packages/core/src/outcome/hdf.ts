// SPDX-License-Identifier: Apache-2.0
import { hdfProblem } from './hdf-shape.ts';
import { neighbourProblem, otherProblem } from './neighbours.ts';

export type ResultStatus = 'passed' | 'failed' | 'skipped' | 'error';

export interface HdfResult {
  code_desc: string;
  start_time: string;
  status?: ResultStatus | null;
  exception?: string | null;
  message?: string | null;
  skip_message?: string | null;
  resource?: string | null;
  run_time?: number | null;
  backtrace?: string[] | null;
}

export interface HdfWaiver {
  expiration_date?: string | null;
  justification?: string | null;
  message?: string | null;
  run?: boolean | null;
  skipped_due_to_waiver?: boolean | string | null;
}

export interface HdfControl {
  id: string;
  title?: string | null;
  desc?: string | null;
  descriptions?: { label: string; data: string }[] | null;
  impact: number;
  refs: { ref?: string | object[]; url?: string; uri?: string }[];
  tags: Record<string, unknown>;
  code?: string | null;
  source_location: { line?: number | null; ref?: string | null };
  waiver_data?: HdfWaiver | null;
  attestation_data?: Record<string, unknown> | null;
  results: HdfResult[];
}

export interface HdfProfile {
  name: string;
  sha256: string;
  version?: string | null;
  title?: string | null;
  summary?: string | null;
  status?: string | null;
  status_message?: string | null;
  skip_message?: string | null;
  parent_profile?: string | null;
  depends?: { name?: string | null; status?: string | null }[] | null;
  attributes: object[];
  controls: HdfControl[];
}

/** A result file as CINC Auditor writes it (exec-JSON). Extra keys are kept and ignored. */
export interface Hdf {
  platform: { name: string; release: string; target_id?: string | null };
  profiles: HdfProfile[];
  statistics: { duration?: number | null };
  version: string;
}

/** A control and the profile it stands in. */
export interface LocatedControl {
  profile: HdfProfile;
  control: HdfControl;
}

/** Every control of the file, through all its profiles: its place here is its number. */
export const controlsOf = ({ profiles }: Hdf): LocatedControl[] =>
  profiles.flatMap(profile => profile.controls.map(control => ({ profile, control })));

export type ParsedHdf = { kind: 'hdf'; hdf: Hdf } | { kind: 'refused'; problem: string };

/** Reads exec-JSON; accepts exactly what inspecjs 2.12 accepts as such. */
export function parseHdf(text: string): ParsedHdf {
  let document: unknown;
  try {
    document = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    return { kind: 'refused', problem: otherProblem(text) };
  }
  if (isHdf(document)) return { kind: 'hdf', hdf: document };
  return { kind: 'refused', problem: neighbourProblem(document) ?? hdfProblem(document) ?? 'not exec-JSON' };
}

/** The same from the bytes of a file: what is not UTF-8 is refused, not mended. */
export function parseHdfBytes(bytes: Uint8Array): ParsedHdf {
  try {
    return parseHdf(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { kind: 'refused', problem: 'not UTF-8' };
  }
}

const isHdf = (document: unknown): document is Hdf => hdfProblem(document) === undefined;
