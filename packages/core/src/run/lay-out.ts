// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AuditInputs } from '../engine/index.ts';
import type { WaiverFile } from '../outcome/index.ts';
import type { NamedText } from './request/contents.ts';
import type { GivenInputs, GivenWaivers } from './scan-request.ts';

/** Writes input files where the engine finds them: in the private folder of the run, each under its own name. */
export async function layOutInputs({ files, ...inputs }: GivenInputs, scratch: string): Promise<AuditInputs> {
  return { ...inputs, inputFiles: await layOut(files, join(scratch, 'inputs')) };
}

/** The same for waiver files. */
export async function layOutWaivers(given: readonly GivenWaivers[], scratch: string): Promise<WaiverFile[]> {
  const texts = given.map(({ path, content }) => ({ name: path, content }));
  const files = await layOut(texts, join(scratch, 'waivers'));
  return given.map(({ path, waivers }, index) => ({ path, file: files[index] ?? '', waivers }));
}

/** Each in a folder of its own: two may have one name. */
function layOut(texts: readonly NamedText[], folder: string): Promise<string[]> {
  return Promise.all(
    texts.map(async ({ name, content }, index) => {
      const place = join(folder, String(index));
      await mkdir(place, { recursive: true, mode: 0o700 });
      const path = join(place, basename(name));
      await writeFile(path, content, { flag: 'wx', mode: 0o600 });
      return path;
    }),
  );
}
