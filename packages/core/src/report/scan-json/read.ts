// SPDX-License-Identifier: Apache-2.0
// The one reader of scan.json. Anyone can have written it: nothing of it is taken on trust.
import * as z from 'zod';
import { toMessage } from '../../errors/index.ts';
import { parseJsonText } from '../../request/index.ts';
import { oneLine } from '../text.ts';
import { type FinishedScan, scanSchema, scanSchemaVersion } from './schema.ts';
import { type ToldScan, version1 } from './version-1.ts';

/** The files that a run wrote, as its manifest lists them. */
interface ScanListing {
  reports: { path: string; sha256: string }[];
  /** SHA-256 of each of these and of each result of the auditor. */
  digests: ReadonlySet<string>;
}

export type ReadScan =
  /** `scan` is there if the layout keeps the judgement; version 1 tells less. */
  | { kind: 'finished'; told: ToldScan; scan: FinishedScan | undefined; listing: ScanListing }
  /** A manifest that is of no use, and the files that it lists all the same. */
  | {
      kind: 'refused';
      code: 'RUN_INVALID' | 'RUN_VERSION' | 'RUN_UNFINISHED';
      problem: string;
      listing: ScanListing | undefined;
    }
  /** Something else under that name. */
  | { kind: 'stranger'; problem: string };

/** Deeper than anything that we write: what walks through it afterwards calls itself. */
const mostDepth = 64;

export function readScan(text: string): ReadScan {
  let document: unknown;
  try {
    document = parseJsonText(text);
  } catch (error) {
    return { kind: 'stranger', problem: `not JSON: ${oneLine(toMessage(error))}` };
  }
  const claim = claimed.safeParse(document);
  if (!claim.success) return { kind: 'stranger', problem: 'not a run manifest' };
  const { schemaVersion, state } = claim.data;
  const listing = listingOf(document);
  const refuse = (code: 'RUN_INVALID' | 'RUN_VERSION' | 'RUN_UNFINISHED', problem: string): ReadScan => ({
    kind: 'refused',
    code,
    problem,
    listing,
  });
  if (schemaVersion > scanSchemaVersion)
    return refuse('RUN_VERSION', `layout ${schemaVersion} is of a later version; this one knows ${scanSchemaVersion}`);
  if (isTooDeep(document)) return refuse('RUN_INVALID', `nested deeper than ${mostDepth}`);
  if (state === 'running') return refuse('RUN_UNFINISHED', 'the run has not finished');
  if (schemaVersion === 1) return readVersion1(document, refuse);
  return readCurrent(schemaVersion === 2 ? fromVersion2(document) : document, refuse);
}

/** It knew of no jail. One that speaks of it is none of that version, and is refused for it. */
const fromVersion2 = (document: unknown): unknown =>
  typeof document === 'object' && document !== null && !('jail' in document)
    ? { ...document, schemaVersion: scanSchemaVersion, jail: null }
    : document;

type Refuse = (code: 'RUN_INVALID', problem: string) => ReadScan;

function readVersion1(document: unknown, refuse: Refuse): ReadScan {
  const parsed = version1.safeParse(document);
  if (!parsed.success) return refuse('RUN_INVALID', problemOf(parsed.error));
  return { kind: 'finished', told: parsed.data, scan: undefined, listing: listingOf(document) ?? nothingListed };
}

function readCurrent(document: unknown, refuse: Refuse): ReadScan {
  const parsed = scanSchema.safeParse(document);
  if (!parsed.success) return refuse('RUN_INVALID', problemOf(parsed.error));
  const { data: scan } = parsed;
  if (scan.state === 'running') return refuse('RUN_INVALID', 'the run has not finished');
  // The parser leaves out a key named __proto__.
  const whole = { ...scan, request: { ...withRequest.parse(document).request } };
  return { kind: 'finished', told: toldBy(whole), scan: whole, listing: listingOf(document) ?? nothingListed };
}

/** A selector that matched nothing has no place. */
const toldBy = (scan: FinishedScan): ToldScan => ({
  ...scan,
  targets: scan.targets.map(each => ({ ...each, target: 'pod' in each.target ? each.target : null })),
});

const withRequest = z.object({ request: z.custom<Record<string, unknown>>(value => typeof value === 'object') });

const claimed = z.object({ schemaVersion: z.int().min(1).default(1), state: z.enum(['running', 'finished']) });

// The same in every version, so that files of a run are known by it whoever wrote it.
const listed = z.object({
  reports: z.array(z.object({ path: z.string(), sha256: z.string() })),
  targets: z.array(z.object({ hdf: z.object({ sha256: z.string() }).nullable() })),
});
const nothingListed: ScanListing = { reports: [], digests: new Set() };

function listingOf(document: unknown): ScanListing | undefined {
  const parsed = listed.safeParse(document);
  if (!parsed.success) return undefined;
  const { reports, targets } = parsed.data;
  const results = targets.flatMap(({ hdf }) => (hdf === null ? [] : [hdf.sha256]));
  return { reports, digests: new Set([...reports.map(({ sha256 }) => sha256), ...results]) };
}

function problemOf({ issues: [issue] }: z.ZodError): string {
  return oneLine([...(issue?.path ?? []).map(String), issue?.message ?? ''].join(': ')).slice(0, 500);
}

function isTooDeep(document: unknown): boolean {
  let level: unknown[] = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > mostDepth) return true;
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}
