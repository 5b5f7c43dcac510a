// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { factsScript, parseFacts } from './facts.ts';
import { lookAheadScript, lookScript, parseLook, parseLookAhead } from './look-script.ts';
import { execute, lookAt, nobody, readAt, shells, toAnswer } from './testing/asking.ts';

let folder = '';
let socket: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'questions-'));
  chmodSync(folder, 0o755);
  socket = createServer();
  await new Promise<void>(resolve => socket.listen(join(folder, 'socket'), resolve));
  spawnSync('mkfifo', [join(folder, 'fifo')]);
  mkdirSync(join(folder, 'directory'), { mode: 0o1777 });
  writeFileSync(join(folder, 'plain'), 'first\nsecond\n', { mode: 0o640 });
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'binary'), Buffer.from([0, 10, 13, 255, 0, 10]));
  writeFileSync(join(folder, 'large'), Buffer.alloc(65_537, 'x'));
  writeFileSync(join(folder, 'prefetched'), Buffer.alloc(65_536, '\n'));
  writeFileSync(join(folder, 'closed'), 'secret\n', { mode: 0o600 });
  linkSync(join(folder, 'plain'), join(folder, 'hard'));
  symlinkSync('plain', join(folder, 'link'));
  symlinkSync('link', join(folder, 'chain'));
  symlinkSync('directory/', join(folder, 'to-directory'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('closed', join(folder, 'to-closed'));
  chmodSync(join(folder, 'directory'), 0o1777);
});
afterAll(async () => {
  await new Promise(resolve => socket.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  size: number;
  mode: number;
  uid: number;
  mtime: number;
}

function seen(fields: string[] | null): Seen | null {
  if (fields === null) return null;
  const [size = '', mode = '', , uid = '', , , , mtime = ''] = fields;
  return { size: Number(size), mode: Number.parseInt(mode, 16), uid: Number(uid), mtime: Number(mtime) };
}

/** The same of the kernel, by way of Node. */
function known(read: typeof statSync, path: string): Seen | null {
  try {
    const { size, mode, uid, mtimeMs } = read(path);
    return { size, mode, uid, mtime: Math.floor(mtimeMs / 1000) };
  } catch {
    return null;
  }
}

const names = ['plain', 'empty', 'binary', 'large', 'prefetched', 'closed', 'hard', 'directory', 'fifo', 'socket'];
const links = ['link', 'chain', 'to-directory', 'dangling', 'loop', 'to-closed'];

describe.each(shells)('a look by %j', shell => {
  test.each([...names, ...links])('at %s sees what the kernel says', name => {
    const path = join(folder, name);
    const found = lookAt({ shell }, path);
    if (found.kind !== 'look') throw new Error(found.kind);
    expect(found.look.present).toBe(true);
    expect(seen(found.look.own)).toEqual(known(lstatSync, path));
    expect(seen(found.look.target)).toEqual(known(statSync, path));
    expect(found.look.own?.[2]).toBe('root');
  });

  const targets: [name: string, link: string, real: string | null][] = [
    ['link', 'plain', 'plain'],
    ['chain', 'link', 'plain'],
    ['to-directory', 'directory/', 'directory'],
    ['loop', 'loop', null],
  ];
  test.each(targets)('at %s tells where it leads', (name, link, real) => {
    const found = lookAt({ shell }, join(folder, name));
    const realpath = real === null ? null : join(realpathSync(folder), real);
    expect(found).toMatchObject({ look: { link, realpath } });
  });

  const contents: [name: string, isSent: boolean][] = [
    ['plain', true],
    ['binary', true],
    ['prefetched', true],
    ['chain', true],
    ['empty', false],
    ['large', false],
    ['directory', false],
    ['fifo', false],
    ['socket', false],
    ['dangling', false],
    ['loop', false],
  ];
  test.each(contents)('at %s brings its content: %s', (name, isSent) => {
    const found = lookAt({ shell }, join(folder, name));
    if (found.kind !== 'look') throw new Error(found.kind);
    expect(found.content).toEqual(isSent ? readFileSync(join(folder, name)) : undefined);
  });

  test('finds nothing where nothing is', () => {
    for (const path of ['nope', 'plain/below', '', 'loop/below'])
      expect(lookAt({ shell }, path === '' ? '' : join(folder, path))).toMatchObject({ look: { present: false } });
  });

  test.each(['closed', 'to-closed'])(
    'at %s by somebody who may not read it sees that it is there, and no content',
    name => {
      const found = lookAt({ shell, uid: nobody }, join(folder, name));
      expect(found).toMatchObject({ kind: 'look', look: { present: true }, content: undefined });
      if (found.kind === 'look') expect(seen(found.look.target)?.mode).toBe(0o100600);
    },
  );

  test('at any name sees the file of that name, and runs nothing of it', () => {
    const place = join(folder, `names-${shell.join('-')}`);
    mkdirSync(place);
    const odd = fc.constantFrom(
      "'",
      '"',
      '$(touch x)',
      '`touch x`',
      '\n',
      '\\',
      ' ',
      '-',
      '--',
      '*',
      '\r',
      'ä',
      '\u{1f600}',
      ';',
      '%s',
      '!',
    );
    const name = fc
      .array(fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 5 })), { minLength: 1, maxLength: 6 })
      .map(parts => parts.join('').replaceAll(/[/\0]/g, '').slice(0, 40))
      .filter(text => !['', '.', '..'].includes(text));
    fc.assert(
      fc.property(name, text => {
        const path = join(place, text);
        writeFileSync(path, text);
        const found = lookAt({ shell }, path);
        expect(found).toMatchObject({ kind: 'look', look: { present: true }, content: Buffer.from(text) });
        expect(readAt({ shell }, path)).toEqual({ kind: 'content', content: Buffer.from(text), truncated: false });
        rmSync(path);
      }),
      { numRuns: 60 },
    );
    expect(lookAt({ shell }, join(place, 'x'))).toMatchObject({ look: { present: false } });
  });

  test('at many paths sees of each what a look at it alone sees, and leaves links to that', () => {
    const paths = [...names, ...links, 'nope', "it's", '-x', 'plain/below'].map(name => join(folder, name));
    const script = lookAheadScript(paths);
    const looks = parseLookAhead(toAnswer(execute({ shell }, script.command)), script, paths.length);
    for (const [index, path] of paths.entries()) {
      if (links.includes(basename(path))) expect(looks[index]).toBeUndefined();
      else expect(lookAt({ shell }, path)).toMatchObject({ look: looks[index] });
    }
    expect(looks.filter(Boolean)).toHaveLength(names.length + 4);
  });

  test.each(['plain', 'nope'])('at many paths of which one goes meanwhile knows nothing of any (%s)', first => {
    const paths = [first, 'empty', 'binary'].map(name => join(folder, name));
    const script = lookAheadScript(paths);
    const answer = toAnswer(execute({ shell }, script.command));
    // Its nine lines are not there any more; GNU stat ends with 1 for that as for a label that the kernel does not have.
    const lines = answer.stdout.toString('latin1').split('\n');
    const stdout = Buffer.from([...lines.slice(0, -10), ''].join('\n'), 'latin1');
    const gone = parseLookAhead({ ...answer, status: 1, stdout }, script, 3);
    expect(gone).toEqual([undefined, undefined, undefined]);
  });

  test('at a link with a line end in it tells the whole of it', () => {
    const path = join(folder, `odd-${basename(shell[0] ?? '')}`);
    symlinkSync('a\nb\n', path);
    expect(lookAt({ shell }, path)).toMatchObject({ look: { link: 'a\nb\n', target: null } });
  });

  test('tells a relative name that begins with a dash from an option', () => {
    const script = lookScript('-rf');
    const inside = execute({ shell }, `cd '${folder}' && : >./-rf && ${script.command}`);
    expect(parseLook(toAnswer(inside), script)).toMatchObject({ kind: 'look', look: { present: true } });
  });

  test('without a stat that works says which tool is missing', () => {
    const script = lookScript(join(folder, 'plain'));
    const broken = execute({ shell }, `stat() { return 1; }; ${script.command}`);
    expect(parseLook(toAnswer(broken), script)).toEqual({ kind: 'tool-missing', tool: 'stat' });
  });
});

describe.each(shells)('the facts by %j', shell => {
  test('have no file twice where cat is killed in the middle', () => {
    const script = factsScript();
    const bare = `cat() { head -c 9 "$@"; return 137; }; ${script.command}`;
    const facts = parseFacts(toAnswer(execute({ shell }, bare)), script);
    expect(facts.files['/etc/os-release']).toBe(readFileSync('/etc/os-release', 'utf8'));
  });

  test('are those of the machine', () => {
    const script = factsScript();
    const facts = parseFacts(toAnswer(execute({ shell }, script.command)), script);
    const uname = (flag: string) => spawnSync('uname', [flag]).stdout.toString().trim();
    expect(facts).toMatchObject({ system: uname('-s'), machine: uname('-m'), release: uname('-r') });
    expect(facts.files['/etc/os-release']).toBe(readFileSync('/etc/os-release', 'utf8'));
  });

  test('are found without uname and cat too', () => {
    const script = factsScript();
    const bare = `uname() { return 127; }; cat() { return 127; }; ${script.command}`;
    const facts = parseFacts(toAnswer(execute({ shell }, bare)), script);
    expect(facts.system).toBe('Linux');
    expect(facts.release).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
    expect(facts.files['/etc/os-release']).toBe(readFileSync('/etc/os-release', 'utf8'));
  });
});

test('facts that were cut are refused', () => {
  const script = factsScript();
  const cut = { status: 0, stdout: Buffer.from('Linux'), stderr: Buffer.alloc(0), truncated: true };
  expect(() => parseFacts(cut, script)).toThrow(/larger than any real ones/);
});
