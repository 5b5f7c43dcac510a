// SPDX-License-Identifier: Apache-2.0
// What sources said in one run: whether they looked, and what they found. Made next to the results, read by the service.
import { type Finding, findingSchema, type Look, ScanError } from '@cinc-scan/core';
import * as z from 'zod';

/** As a kind of report. */
export const findingsKind = 'findings';

const text = z.string().max(5000);
const name = z.string().min(1).max(600);

const look = z.strictObject({
  source: name,
  kind: z.enum(['looked', 'not-looked']),
  target: text,
  scope: text,
  ruleset: text,
  unchecked: z.array(text).max(100_000),
});

/** One container of a workload, whatever its pods are called. */
const place = z.strictObject({ namespace: text, workload: text, container: text });
export type WorkloadPlace = z.infer<typeof place>;

const source = z.strictObject({
  /** When it looked, or should have. */
  at: z.iso.datetime(),
  /** The same from run to run. */
  name,
  tool: z.string().min(1).max(100),
  area: findingSchema.shape.area,
  target: text,
  /** Of what our own auditor looked into. */
  place: place.nullable(),
  profile: z.string().max(100).nullable(),
  /** Why it did not look. */
  problem: text.nullable(),
  look,
  findings: z.array(findingSchema).max(100_000),
});

const document = z.strictObject({
  version: z.literal(1),
  /** When the run began. */
  at: z.iso.datetime(),
  sources: z.array(source).max(20_000),
});

export interface SourceFindings {
  at: string;
  name: string;
  tool: string;
  area: Finding['area'];
  target: string;
  place: WorkloadPlace | null;
  profile: string | null;
  problem: string | null;
  look: Look;
  findings: Finding[];
}

export interface RunFindings {
  at: string;
  sources: SourceFindings[];
}

export const renderRunFindings = (run: RunFindings): string => JSON.stringify({ version: 1, ...run });

/** Throws SERVICE_DATA for what no runner of this version writes. */
export function parseRunFindings(given: string): RunFindings {
  const read = document.safeParse(parseJson(given));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new ScanError('SERVICE_DATA', `The findings of the run are not some: ${issue?.path.join('.') ?? ''}`, {
      cause: read.error,
    });
  }
  const { at, sources } = read.data;
  return { at, sources: sources.map(each => ({ ...each, findings: each.findings.map(toFinding) })) };
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch (cause) {
    throw new ScanError('SERVICE_DATA', 'The findings of the run are not JSON', { cause });
  }
}

type ReadFinding = z.infer<typeof findingSchema>;
const toFinding = (read: ReadFinding): Finding => ({ ...read, installed: read.installed, fixed: read.fixed });
