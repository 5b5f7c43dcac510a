// SPDX-License-Identifier: Apache-2.0
// Profiles made for a test, and places they are fetched from.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheHome } from './caches.ts';

export function writeFiles(folder: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

export interface MadeProfile {
  name: string;
  /** Lines of inspec.yml beside name, title and version. */
  metadata?: string;
  /** Text of the control file; one control that passes everywhere unless told. */
  controls?: string;
}

/** The files of a small profile. */
export function profileFiles({ name, metadata = '', controls }: MadeProfile): Record<string, string> {
  return {
    'inspec.yml': `name: ${name}\ntitle: Profile ${name}\nversion: 1.2.3\n${metadata}`,
    'controls/all.rb': controls ?? controlText(`${name}-1`),
  };
}

export const controlText = (id: string, check = "describe file('/') do\n    it { should exist }\n  end"): string =>
  `control '${id}' do\n  impact 0.5\n  title 'Control ${id}'\n  tag nist: ['CM-6']\n  ${check}\nend\n`;

/** A repository with these files in one commit, tagged v1; gives the commit. */
export function makeRepository(folder: string, files: Record<string, string>): string {
  writeFiles(folder, files);
  git(folder, 'init', '-q', '-b', 'main');
  return commitAll(folder, 'v1');
}

/** Commits what lies there, as a tag. */
export function commitAll(folder: string, tag: string): string {
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', tag);
  git(folder, 'tag', '-a', '-m', tag, tag);
  return git(folder, 'rev-parse', 'HEAD').trim();
}

function git(folder: string, ...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  return execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' });
}

/** A cache with the engine's gems and no profile. */
export function emptyCache(folder: string): string {
  const cache = mkdtempSync(join(folder, 'cache-'));
  const known = join(cacheHome, 'cinc-scan');
  for (const name of readdirSync(known))
    if (name.startsWith('gems-')) symlinkSync(join(known, name), join(cache, name));
  return cache;
}

/** What a cache holds of profiles: trees, and whatever a fetch may have left behind. */
export function cacheContents(cache: string): { trees: string[]; left: string[] } {
  const list = (name: string) => readdirSync(join(cache, 'profiles', name));
  return { trees: list('trees'), left: [...list('drafts'), ...list('locks')] };
}

export const tarOfFolder = (folder: string): Buffer => execFileSync('tar', ['-C', folder, '-cz', '.']);
