// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseYaml } from '../request/index.ts';

/** A dependency as inspec.yml names it. */
interface NamedDependency {
  name?: string | null | undefined;
  url?: string | null | undefined;
  git?: string | null | undefined;
}

/** What `inspec vendor` wrote beside a profile: inspec.lock, and a folder with what it fetched. */
export interface Pins {
  /** The digest of what an address held. */
  sha256(of: NamedDependency, url: string): string | undefined;
  /** Where a dependency lies. */
  vendored(of: NamedDependency): string | undefined;
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
  const parsed = lock.safeParse(text === undefined ? undefined : parseLock(text));
  if (!parsed.success) return undefined;
  const { depends } = parsed.data;
  // The lock file has a name for all; inspec.yml may tell a dependency by its source alone.
  const sourceOf = ({ name, url, git }: NamedDependency) =>
    depends.find(each =>
      name ? each.name === name : isSame(each.resolved_source.url ?? each.resolved_source.git, url ?? git),
    )?.resolved_source;
  return {
    sha256: (of, url) => {
      const source = sourceOf(of);
      return source?.url === url ? (source.sha256 ?? undefined) : undefined;
    },
    vendored: of => {
      const { sha256, ref, relative_path: part } = sourceOf(of) ?? {};
      const key = ref && part ? createHash('sha256').update(`${ref}${part}`).digest('hex') : (ref ?? sha256);
      return key ? vendoredAt(join(folder, 'vendor'), key, sha256 ?? undefined) : undefined;
    },
  };
}

const isSame = (one: string | null | undefined, other: string | null | undefined) => one != null && one === other;

/** An archive that is not what the lock file says is no copy of it. */
function vendoredAt(vendor: string, key: string, sha256: string | undefined): string | undefined {
  if (!/^[0-9a-f]{40,64}$/.test(key)) return undefined;
  const [folder = '', ...archives] = ['', '.tar.gz', '.zip'].map(suffix => join(vendor, `${key}${suffix}`));
  if (existsSync(join(folder, 'inspec.yml'))) return folder;
  return archives.find(path => existsSync(path) && (sha256 === undefined || digestOf(path) === sha256));
}

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

function parseLock(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return undefined;
  }
}
