// SPDX-License-Identifier: Apache-2.0
// Every program that a test or the test kit starts is one that `./dev` installs, or that every Debian has.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

/** What programs of npm packages start in their turn, which no source of ours names. */
const behind: Record<string, string> = {
  rsync: 'gitlab-ci-local copies the working tree with it',
};

/** Programs of this project and of npm, the kubectl of the test kit, and what is meant not to be there. */
const ours = /^(cinc-scan|node|npm|npx|kubectl|no-such-tool)$/;

const starts = /\b(?:spawn|spawnSync|execFile|execFileSync|execFileAsync|finish|runTool)\(\s*'([a-z][\w./-]*)'/g;

/** Programs by the files that start them. */
function startedIn(files: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of files)
    for (const [, program = ''] of readFileSync(join(root, file), 'utf8').matchAll(starts)) found.set(program, file);
  return found;
}

const listed = new Set(
  [...readFileSync(join(root, 'dev'), 'utf8').matchAll(/^ +debian_packages ([a-z][\w +.-]*)$/gm)].flatMap(
    ([, names = '']) => names.split(' '),
  ),
);

const ask = (...args: string[]): string =>
  execFileSync('dpkg-query', args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: 'pipe' });

// A file that several packages would have comes with a line about that, too.
const owners = (lines: string): string | undefined =>
  lines
    .split('\n')
    .find(line => !line.startsWith('diversion by'))
    ?.split(/[:,]/)[0];

/** The package that a program belongs to; an alternative stands for what it leads to. */
function packageOf(program: string): string | undefined {
  const folder = (process.env['PATH'] ?? '').split(':').find(each => existsSync(join(each, program)));
  if (folder === undefined) return undefined;
  const at = join(folder, program);
  // Debian's /bin is a link to /usr/bin, and packages name either.
  const names = [at, realpathSync(at)].flatMap(each => [
    each,
    each.replace(/^\/usr\//, '/'),
    each.replace(/^\/bin\//, '/usr/bin/'),
  ]);
  for (const name of names)
    try {
      return owners(ask('-S', name));
    } catch {
      // another name
    }
  return at;
}

interface Package {
  priority: string;
  depends: string[];
}

/** All that is installed here. */
const installed = new Map<string, Package>(
  ask('-W', '-f', '${Package}\t${Priority}\t${Depends},${Pre-Depends}\n')
    .split('\n')
    .map(line => line.split('\t'))
    .map(([name = '', priority = '', depends = '']) => [
      name,
      { priority, depends: depends.split(/[,|]/).map(each => each.trim().split(/[ (:]/)[0] ?? '') },
    ]),
);

/** What comes with a package that is listed. */
function addDepends(name: string, seen: Set<string>): void {
  if (seen.has(name)) return;
  seen.add(name);
  for (const each of installed.get(name)?.depends ?? []) addDepends(each, seen);
}

/** Programs that neither a list of `./dev` nor every Debian has. */
function missing(programs: Iterable<string>): string[] {
  const known = new Set<string>();
  for (const name of listed) addDepends(name, known);
  for (const [name, { priority }] of installed) if (/^(required|important)$/.test(priority)) addDepends(name, known);
  return [...programs].flatMap(program => {
    if (ours.test(program) || existsSync(join(root, 'node_modules/.bin', program))) return [];
    const owner = packageOf(program);
    return owner !== undefined && known.has(owner) ? [] : [`${program} (${owner})`];
  });
}

const sources = globSync(['test/**/*.ts', 'packages/*/{src,test}/**/*.ts', 'src/*.ts', 'scripts/*.ts'], { cwd: root });

test('is installed by ./dev, or there on every Debian', () => {
  const started = startedIn(sources);
  expect(started.size).toBeGreaterThan(15);
  expect(missing([...started.keys(), ...Object.keys(behind)])).toEqual([]);
});

test('is missed where no list names it', () => {
  listed.delete('rsync');
  expect(missing(['rsync'])).toEqual(['rsync (rsync)']);
  expect(missing(['program-that-nobody-has'])).toEqual(['program-that-nobody-has (undefined)']);
});
