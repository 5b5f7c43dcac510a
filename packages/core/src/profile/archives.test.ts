// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digestTree } from './digest.ts';
import { limits } from './entries.ts';
import { type TarMember, tarOf, zipOf } from './testing/archives.ts';
import { readArchive, writeEntries } from './unpack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'archives-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks into a new folder, beside which nothing may appear. */
async function unpack(bytes: Buffer): Promise<string> {
  const place = mkdtempSync(join(folder, 'u-'));
  const inside = join(place, 'inside');
  mkdirSync(inside);
  try {
    await writeEntries(await readArchive(bytes), inside);
  } finally {
    expect(readdirSync(place)).toEqual(['inside']);
  }
  return inside;
}

function zipped(source: string): Buffer {
  const file = join(folder, 'packed.zip');
  execFileSync('zip', ['-q', '-r', '--symlinks', file, '.'], { cwd: source });
  return readFileSync(file);
}

describe('archives that tools make', () => {
  const long = `files/${'long-name-'.repeat(12)}/${'x'.repeat(120)}.txt`;
  let source = '';
  beforeAll(() => {
    source = join(folder, 'source');
    for (const [path, text] of Object.entries({
      'inspec.yml': 'name: p\n',
      'controls/a.rb': '# ä\n',
      [long]: 'far\n',
      'files/big.txt': 'big '.repeat(100_000),
    })) {
      mkdirSync(join(source, path, '..'), { recursive: true });
      writeFileSync(join(source, path), text);
    }
    mkdirSync(join(source, 'empty'));
    symlinkSync('a.rb', join(source, 'controls', 'b.rb'));
    symlinkSync('../files', join(source, 'controls', 'more'));
  });

  const tools: [name: string, make: () => Buffer][] = [
    ['tar in pax format', () => execFileSync('tar', ['--format=pax', '-C', source, '-c', '.'])],
    ['tar in GNU format', () => execFileSync('tar', ['--format=gnu', '-C', source, '-c', '.'])],
    ['tar.gz', () => gzipSync(execFileSync('tar', ['-C', source, '-c', '.']))],
    ['zip', () => zipped(source)],
  ];
  test.each(tools)('are unpacked as they were packed: %s', async (_name, make) => {
    const inside = await unpack(make());
    expect(readFileSync(join(inside, 'controls/a.rb'), 'utf8')).toBe('# ä\n');
    expect(readFileSync(join(inside, long), 'utf8')).toBe('far\n');
    expect(readFileSync(join(inside, 'files/big.txt'), 'utf8')).toHaveLength(400_000);
    // Links inside become what they lead to: nothing on the disk leads anywhere.
    expect(lstatSync(join(inside, 'controls/b.rb')).isFile()).toBe(true);
    expect(readFileSync(join(inside, 'controls/more/big.txt'), 'utf8')).toHaveLength(400_000);
    if (!_name.startsWith('zip')) expect(existsSync(join(inside, 'empty'))).toBe(true);
  });

  test('of git have a comment of their own, which is no file', async () => {
    const repository = join(folder, 'repository');
    mkdirSync(repository);
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: repository });
    git('init', '-q');
    writeFileSync(join(repository, 'inspec.yml'), 'name: p\n');
    git('add', '.');
    git('commit', '-qm', 'one');
    expect(readdirSync(await unpack(git('archive', '--format=tar', 'HEAD')))).toEqual(['inspec.yml']);
  });
});

/** The same zip file, its first member said to have this checksum. */
function withChecksum(zip: Buffer, checksum: number): Buffer {
  const changed = Buffer.from(zip);
  changed.writeUInt32LE(checksum, changed.indexOf('PK\u0001\u0002', 0, 'latin1') + 16);
  return changed;
}

describe('an archive is refused', () => {
  const good: TarMember = { name: 'inspec.yml', text: 'name: p\n' };
  const tars: [name: string, members: TarMember[], message: RegExp][] = [
    ['with a way up', [{ name: '../outside', text: 'x' }], /leads out of it: "\.\.\/outside"/],
    ['with a way up in the middle', [{ name: 'a/../../outside', text: 'x' }], /leads out of it/],
    ['with an absolute name', [{ name: '/etc/cron.d/x', text: 'x' }], /is called "\/etc/],
    ['with a name of Windows', [{ name: 'a\\..\\b', text: 'x' }], /is called/],
    ['with a drive', [{ name: 'C:/x', text: 'x' }], /is called/],
    [
      'with a link to an absolute path',
      [good, { name: 'l', type: '2', linkName: '/etc/passwd' }],
      /link "l" leads out/,
    ],
    ['with a link out of it', [good, { name: 'a/l', type: '2', linkName: '../../x' }], /link "a\/l" leads out/],
    ['with a link to nothing', [good, { name: 'l', type: '2', linkName: 'nope' }], /leads to nothing/],
    [
      'with a file through a link',
      [
        { name: 'd', type: '2', linkName: '.' },
        { name: 'd/x', text: 'x' },
      ],
      /file and a folder/,
    ],
    ['with a hard link', [good, { name: 'l', type: '1', linkName: 'inspec.yml' }], /hard link/],
    ['with a device', [{ name: 'null', type: '3' }], /neither file nor folder/],
    ['with a pipe', [{ name: 'pipe', type: '6' }], /neither file nor folder/],
    ['with one name twice', [good, good], /is in it twice/],
    ['that says more than it has', [{ name: 'a', text: 'x', size: 1_000_000 }], /cut off/],
    ['with too deep a name', [{ name: `${'a/'.repeat(40)}b`, text: 'x' }], /too long/],
    ['with a long name that leads out', [{ name: 'x', type: 'L', text: '../evil\0' }, good], /leads out of it/],
    [
      'with an extended name that leads out',
      [{ name: 'x', type: 'x', text: '16 path=../evil\n' }, good],
      /leads out of it/,
    ],
    ['with a size in an extension', [{ name: 'x', type: 'x', text: '10 size=1\n' }, good], /too large/],
    ['with a sparse file', [{ name: 'a', type: 'S', text: 'x' }], /neither file nor folder/],
    ['with damaged extensions', [{ name: 'x', type: 'x', text: '99 path=a\n' }, good], /damaged/],
  ];
  test.each(tars)('%s', async (_name, members, message) => {
    await expect(unpack(tarOf(members))).rejects.toMatchObject({
      code: 'PROFILE_REFUSED',
      message: expect.stringMatching(message),
    });
    await expect(unpack(gzipSync(tarOf(members)))).rejects.toMatchObject({ code: 'PROFILE_REFUSED' });
  });

  const zips: [name: string, bytes: () => Buffer, message: RegExp][] = [
    ['with a way up', () => zipOf([{ name: '../outside', text: 'x' }]), /leads out of it/],
    ['with a link out of it', () => zipOf([{ name: 'l', text: '/etc/passwd', mode: 0o120_777 }]), /leads out of it/],
    ['with a device', () => zipOf([{ name: 'd', text: '', mode: 0o020_666 }]), /neither file nor folder/],
    ['that is encrypted', () => zipOf([{ name: 'a', text: 'x', encrypted: true }]), /encrypted/],
    [
      'that unpacks to more than it says',
      () => zipOf([{ name: 'a', text: 'x'.repeat(10_000), size: 10 }]),
      /more than it says/,
    ],
    [
      'with another content than its checksum',
      () => withChecksum(zipOf([{ name: 'a', text: 'x' }]), 1),
      /"a" is damaged/,
    ],
    ['that unpacks to less than it says', () => zipOf([{ name: 'a', text: 'x', size: 10 }]), /damaged/],
    ['that is cut off', () => zipOf([{ name: 'a', text: 'x' }]).subarray(0, -10), /cut off/],
    ['whose directory lies elsewhere', () => zipOf([{ name: 'a', text: 'x' }]).subarray(8), /damaged|not a zip/],
  ];
  test.each(zips)('as zip %s', async (_name, bytes, message) => {
    const given = bytes();
    const archive =
      given.subarray(0, 2).toString('latin1') === 'PK' ? given : Buffer.concat([Buffer.from('PK'), given]);
    await expect(unpack(archive)).rejects.toMatchObject({
      code: 'PROFILE_REFUSED',
      message: expect.stringMatching(message),
    });
  });

  test('that is no end of its own', async () => {
    await expect(unpack(tarOf([{ name: 'a', text: 'x' }], { end: false }))).rejects.toThrow(/no end/);
  });

  test('that unpacks to a hundred times its size', async () => {
    const bomb = gzipSync(tarOf([{ name: 'zeros', text: Buffer.alloc(64 * 1_048_576) }]));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(unpack(bomb)).rejects.toThrow(/unpacks to more than 8388608 bytes/);
    const zip = zipOf([{ name: 'zeros', text: Buffer.alloc(64 * 1_048_576) }]);
    await expect(unpack(zip)).rejects.toThrow(/unpacks to more than 8388608 bytes/);
  });

  test('that is many bombs in one', async () => {
    const text = Buffer.alloc(4 * 1_048_576);
    const zip = zipOf(Array.from({ length: 40 }, (_, index) => ({ name: `z${index}`, text })));
    await expect(unpack(zip)).rejects.toThrow(/unpacks to more than/);
  });

  test('with more members than any profile', async () => {
    const many = Array.from({ length: limits.entries + 1 }, (_, index) => ({ name: `f${index}`, text: '' }));
    await expect(unpack(tarOf(many))).rejects.toThrow(/more than 20000 members/);
  });

  test('whose links copy a file over and over', async () => {
    const text = Buffer.from(Array.from({ length: 4 * 1_048_576 }, (_, index) => index % 251));
    const links = Array.from({ length: 40 }, (_, index) => ({ name: `l${index}`, type: '2', linkName: 'file' }));
    await expect(unpack(tarOf([{ name: 'file', text }, ...links]))).rejects.toThrow(/links make it too large/);
  });

  test('that is none', async () => {
    await expect(unpack(Buffer.from('<html>404</html>'))).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
    await expect(unpack(Buffer.alloc(0))).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
    await expect(unpack(Buffer.from([0x1f, 0x8b, 1, 2, 3]))).rejects.toMatchObject({ code: 'PROFILE_REFUSED' });
  });
});

describe('the digest of a folder', () => {
  test('is of names and contents, and refuses links that lead out', async () => {
    const [one, two] = [mkdtempSync(join(folder, 'd-')), mkdtempSync(join(folder, 'd-'))];
    for (const each of [one, two]) writeFileSync(join(each, 'a'), 'text');
    expect(await digestTree(one)).toBe(await digestTree(two));
    symlinkSync('a', join(one, 'b'));
    expect(await digestTree(one)).not.toBe(await digestTree(two));
    symlinkSync('/etc/passwd', join(one, 'c'));
    await expect(digestTree(one)).rejects.toMatchObject({
      code: 'PROFILE_REFUSED',
      message: expect.stringMatching(/leads out/),
    });
  });
});
