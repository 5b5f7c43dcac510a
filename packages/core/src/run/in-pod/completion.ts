// SPDX-License-Identifier: Apache-2.0
// What a scan inside a pod leaves beside its results, written last: until it is there the results are not complete.
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../cluster/index.ts';
import { ScanError } from '../../errors/index.ts';
import { writeAtomic } from '../../store/index.ts';

export const completionFile = 'complete.json';
export const completionMaxBytes = 1024 * 1024;

// Whoever can write into the results' folder can write anything: no name leads elsewhere, is hidden, or hides another.
const fileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/);

const completion = z.strictObject({
  version: z.literal(1),
  run: z.string().max(64),
  exitCode: z.union([z.literal(0), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  files: z
    .array(
      z.strictObject({
        name: fileName,
        bytes: z.number().int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(2000),
});

export type Completion = z.infer<typeof completion>;
export type CompletedFile = Completion['files'][number];

/** A run's results are incomplete from now on. */
export async function clearCompletion(folder: string): Promise<void> {
  await rm(join(folder, completionFile), { force: true });
}

/** Declares these files of the folder complete. */
export async function writeCompletion(
  folder: string,
  { run, exitCode, names }: { run: string; exitCode: number; names: string[] },
  workspace: string,
): Promise<Completion> {
  const files: CompletedFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const { size } = await stat(path);
    files.push({ name, bytes: size, sha256: digestOf(await readFile(path)) });
  }
  const complete = completion.parse({ version: 1, run, exitCode, files });
  await writeAtomic(join(folder, completionFile), `${JSON.stringify(complete, undefined, 2)}\n`, workspace);
  return complete;
}

export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Reads what another machine wrote. */
export function parseCompletion(text: string, where: string): Completion {
  const refuse = (problem: string) =>
    new ScanError('TARGET_CORRUPT', `${completionFile} of ${where} is not trustworthy: ${problem}`, {
      remedy: 'Something else writes into the folder of the results: find out what runs in the pod.',
    });
  const parsed = completion.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not the expected form'}`);
  }
  // Names that differ in case alone are one file on some systems.
  const names = parsed.data.files.map(({ name }) => name.toLowerCase());
  if (new Set([...names, completionFile]).size !== names.length + 1) throw refuse('it lists the same file twice');
  return parsed.data;
}
