// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type Engine, readWaiverFiles } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import { isForSome, renderWaivers, type WaiverFile } from '../outcome/index.ts';

interface WaiverCheck {
  engine: Engine;
  scratch: string;
}

/** What the auditor says of waiver files; it would end each audit where it does not like one. */
export async function checkWaivers(files: readonly WaiverFile[], { engine, scratch }: WaiverCheck): Promise<string[]> {
  if (files.length === 0) return [];
  const folder = await mkdtemp(join(scratch, 'w'));
  try {
    const paths = await Promise.all(files.map((each, index) => asAuditorReads(each, join(folder, String(index)))));
    const read = await readWaiverFiles(engine, scratch, paths);
    return files.flatMap(({ path, file }, index) => {
      // Its own words name the file that it read.
      const inUserWords = (text: string) => text.replaceAll(paths[index] ?? file, path);
      const { problem = null, warnings = [] } = read[index] ?? {};
      if (problem !== null) throw new ScanError('WAIVER_INVALID', `waivers ${path}: ${inUserWords(problem)}`);
      return warnings.map(text => `waivers ${path}: ${inUserWords(text)}`);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What some targets alone are given is written as it will be for them; the ending stays, which it may not take. */
async function asAuditorReads(each: WaiverFile, draft: string): Promise<string> {
  if (!isForSome(each)) return each.file;
  const ending = extname(basename(each.file));
  // JSON is YAML as well.
  const path = `${draft}${ending.toLowerCase() === '.csv' ? '.json' : ending}`;
  await writeFile(path, renderWaivers(each.waivers));
  return path;
}
