// SPDX-License-Identifier: Apache-2.0
// The runs of an export, ready to be sent to another service.
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { readExport } from '../export/read-export.ts';
import type { RunToSend } from './run-folders.ts';

const scanLine = z.looseObject({
  id: z.uuid(),
  pins: z.looseObject({ cluster: z.string() }),
  reports: z.array(z.looseObject({ kind: z.string(), content: z.string() })),
});

interface ExportedRun {
  id: string;
  cluster: string;
  manifest: string;
  results: string[];
}

export const isExport = (path: string): boolean => path.endsWith('.tar.zst');

/** Once all of it was read and is whole. Throws EXPORT_INVALID. A scan that left no run, or none any more, has none here. */
export async function* runsOfExport(path: string): AsyncGenerator<RunToSend> {
  const folder = await mkdtemp(join(tmpdir(), 'cinc-scan-exported-'));
  try {
    for (const { id, cluster, manifest, results } of await unpack(path, folder)) {
      const read = (digest: string) => readFile(join(folder, digest), 'utf8');
      const files = [{ path: 'scan.json', content: await read(manifest) }];
      for (const digest of results) files.push({ path: `${digest}.json`, content: await read(digest) });
      yield { name: `${path}/${id}`, cluster, files };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(path: string, folder: string): Promise<ExportedRun[]> {
  const runs: ExportedRun[] = [];
  const wanted = new Set<string>();
  await readExport(createReadStream(path), {
    onItem(list, line) {
      const run = list === 'scans' ? toRun(line) : undefined;
      if (run === undefined) return;
      runs.push(run);
      for (const digest of [run.manifest, ...run.results]) wanted.add(digest);
    },
    // A digest is the name, so nothing else is written than files of this folder.
    contentFor: digest =>
      wanted.delete(digest) ? pieces => writeFile(join(folder, digest), pieces, { mode: 0o600 }) : undefined,
  });
  return runs.filter(({ manifest, results }) => ![manifest, ...results].some(digest => wanted.has(digest)));
}

function toRun(line: string): ExportedRun | undefined {
  const { id, pins, reports } = scanLine.parse(JSON.parse(line));
  const of = (kind: string) => reports.filter(each => each.kind === kind).map(({ content }) => content);
  const [manifest] = of('scan');
  return manifest === undefined ? undefined : { id, cluster: pins.cluster, manifest, results: [...new Set(of('hdf'))] };
}
