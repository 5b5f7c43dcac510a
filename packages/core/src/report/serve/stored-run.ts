// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { catalogue, type ErrorCode, ScanError } from '../../errors/index.ts';
import { type Reason, reasons } from '../../gate/index.ts';
import type { ExitCode } from '../../gate/verdict.ts';
import type { Unreached } from '../../outcome/outcome.ts';
import { readBounded } from '../../outcome/read-bounded.ts';

// What scan.json of a run says, as far as it is shown again. Anyone can have written it.
const place = z.object({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  podUid: z.string(),
  container: z.string(),
  image: z.string(),
  restartCount: z.number(),
  owner: z.object({ kind: z.string(), name: z.string() }),
});
const errorCodes = new Set<string>(Object.keys(catalogue));
const isErrorCode = (text: string): text is ErrorCode => errorCodes.has(text);
const reasonCodes = new Set<string>(Object.keys(reasons));
const isReason = (text: string): text is Reason => reasonCodes.has(text);
const exits: readonly ExitCode[] = [0, 2, 3, 4, 5, 130, 143];

const manifest = z.object({
  state: z.literal('finished'),
  run: z.object({ id: z.string(), finished: z.iso.datetime({ offset: true }) }),
  cluster: z.object({ alias: z.string() }),
  exitCode: z.literal(exits),
  gate: z.object({
    source: z.string(),
    bounds: z.record(z.string(), z.union([z.number(), z.array(z.string())])),
    strict: z.boolean(),
    verdict: z.enum(['pass', 'fail', 'error']),
    exit: z.literal(exits),
    reason: z.string(),
  }),
  compliance: z.object({ percent: z.number().nullable() }),
  warnings: z.array(z.string()),
  targets: z.array(
    z.object({
      name: z.string(),
      outcome: z.enum(['audited', 'unreached']),
      target: place.nullable(),
      profile: z.string().nullable(),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    }),
  ),
});

export type StoredRun = z.infer<typeof manifest>;

const mostBytes = 100 * 1_048_576;

/** The manifest of a run that has ended; undefined where there is none that can be read. */
export function readStoredRun(folder: string): StoredRun | undefined {
  const path = join(folder, 'scan.json');
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const read = readBounded(path, mostBytes);
  if (read.kind === 'unreadable') return undefined;
  try {
    const parsed = manifest.safeParse(JSON.parse(read.bytes.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The verdict's reason, as far as it is one of ours. */
export const reasonOf = ({ gate }: StoredRun): Reason | ErrorCode =>
  isReason(gate.reason) || isErrorCode(gate.reason) ? gate.reason : 'ENGINE_FAILED';

/** The targets of the run that no result file can tell of. */
export function unreachedOf({ targets, cluster }: StoredRun): Unreached[] {
  return targets
    .filter(({ outcome }) => outcome === 'unreached')
    .map(({ name, target, error }): Unreached => {
      const code = error !== null && isErrorCode(error.code) ? error.code : 'ENGINE_FAILED';
      const missing = { cluster: cluster.alias, namespace: '', selector: name };
      return {
        kind: 'unreached',
        target:
          target === null
            ? missing
            : { ...target, containerId: '', imageDigest: undefined, node: undefined, labels: {}, annotations: {} },
        profile: undefined,
        observation: undefined,
        error: new ScanError(code, error?.message ?? 'The manifest does not say why'),
      };
    });
}
