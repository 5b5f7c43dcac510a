// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cinc-scan.ts';

/** All that a bundle is made of. */
const sources = [
  'package-lock.json',
  'scripts/build-action.ts',
  'src',
  'packages/core/src',
  'packages/companions/src',
  'packages/engine/bin',
  'packages/engine/lib',
  'packages/engine/Gemfile',
  'packages/engine/Gemfile.lock',
];

/** A folder with dist/ as the sources of this checkout make it; made once for all suites. */
export function builtDist(): string {
  const builds = join(root, 'build/action-builds');
  const built = join(builds, digestOfSources());
  if (existsSync(built)) return built;
  mkdirSync(builds, { recursive: true });
  const lock = join(root, 'build/action.lock');
  // Suites run side by side: whoever comes second finds it made.
  const script = '[ -d "$1" ] || exec "$2" "$3" "$1"';
  const build = ['-c', script, 'sh', built, process.execPath, join(root, 'scripts/build-action.ts')];
  execFileSync('flock', [lock, 'sh', ...build], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const old of readdirSync(builds)) if (isOld(join(builds, old))) rmSync(join(builds, old), { recursive: true });
  return built;
}

/** The action as the runner downloads it: a folder of its own, without anything else of this checkout. */
export function installAction(folder: string): string {
  const place = join(folder, '_actions/example/cinc-scan/v1');
  cpSync(builtDist(), join(place, 'dist'), { recursive: true });
  for (const name of ['action.yml', 'package.json']) cpSync(join(root, name), join(place, name));
  return place;
}

function digestOfSources(): string {
  const digest = createHash('sha256');
  for (const path of sources.flatMap(source => filesOf(source)))
    digest.update(`${path}\0`).update(readFileSync(join(root, path)));
  return digest.digest('hex').slice(0, 16);
}

/** All files at or below a path, by name. */
export function filesOf(path: string, base: string = root): string[] {
  if (statSync(join(base, path)).isFile()) return /\.test\.ts$|\/testing\//.test(path) ? [] : [path];
  return readdirSync(join(base, path))
    .toSorted()
    .flatMap(name => filesOf(join(path, name), base));
}

const dayMs = 86_400_000;

const isOld = (path: string) => Date.now() - statSync(path).mtimeMs > dayMs;
