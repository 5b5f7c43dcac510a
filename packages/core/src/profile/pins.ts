// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CORE_SCHEMA, load } from 'js-yaml';
import { z } from 'zod';

/** What `inspec vendor` wrote beside a profile: inspec.lock, and a folder with what it fetched. */
export interface Pins {
  /** The digest of what an address held. */
  sha256(name: string, url: string): string | undefined;
  /** Where a dependency lies. */
  vendored(name: string): string | undefined;
}

const lock = z.object({
  depends: z.array(
    z.object({
      name: z.string(),
      resolved_source: z.object({
        url: z.string().nullish(),
        sha256: z.string().nullish(),
        git: z.string().nullish(),
        ref: z.string().nullish(),
        relative_path: z.string().nullish(),
      }),
    }),
  ),
});

/** Undefined without a lock file, or with one that says nothing of use. */
export async function pinsOf(folder: string): Promise<Pins | undefined> {
  const text = await readFile(join(folder, 'inspec.lock'), 'utf8').catch(() => undefined);
  const parsed = lock.safeParse(text === undefined ? undefined : parseYaml(text));
  if (!parsed.success) return undefined;
  const byName = new Map(parsed.data.depends.map(({ name, resolved_source: source }) => [name, source]));
  return {
    sha256: (name, url) => {
      const source = byName.get(name);
      return source?.url === url ? (source.sha256 ?? undefined) : undefined;
    },
    vendored: name => {
      const { sha256, ref, relative_path: part } = byName.get(name) ?? {};
      const key = ref && part ? createHash('sha256').update(`${ref}${part}`).digest('hex') : (ref ?? sha256);
      return key ? vendoredAt(join(folder, 'vendor'), key, sha256 ?? undefined) : undefined;
    },
  };
}

/** An archive that is not what the lock file says is no copy of it. */
function vendoredAt(vendor: string, key: string, sha256: string | undefined): string | undefined {
  if (!/^[0-9a-f]{40,64}$/.test(key)) return undefined;
  const [folder = '', ...archives] = ['', '.tar.gz', '.zip'].map(suffix => join(vendor, `${key}${suffix}`));
  if (existsSync(join(folder, 'inspec.yml'))) return folder;
  return archives.find(path => existsSync(path) && (sha256 === undefined || digestOf(path) === sha256));
}

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

function parseYaml(text: string): unknown {
  try {
    return load(text, { schema: CORE_SCHEMA });
  } catch {
    return undefined;
  }
}
