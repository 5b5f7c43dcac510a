// SPDX-License-Identifier: Apache-2.0
// A real ClamAV with two signatures of our own: what it says where it did not look is its own words.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { command, temporaryFolder } from '../support/command.ts';

const marker = 'CINC-SCAN-TEST-MARKER-ONE';
const scan = ['clamscan', '-r', '--stdout', '-z', '--database=signatures'];
const careful = '--alert-exceeds-max=yes';
// The tests are root, from whom no file is hidden.
const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  mkdirSync(inside('signatures'));
  cpSync(join(root, 'packages/companions/fixtures/clamav/test.ndb'), inside('signatures/test.ndb'));
  const source = { id: 'uploads', tool: 'clamav', area: 'os', target: 'host:files', file: 'scan.txt' };
  write('cinc-scan.sources.yml', JSON.stringify({ scope: 'prod', sources: [source] }));
  write('files/clean.txt', 'nothing to see');
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const options = () => ({ cwd: folder.path, env: { PATH: process.env['PATH'] ?? '', HOME: folder.path } });

function write(name: string, text: string | Buffer): void {
  mkdirSync(join(inside(name), '..'), { recursive: true });
  writeFileSync(inside(name), text);
}

/** Lets ClamAV scan `files`, and consolidates what it left. */
async function judge(...call: string[]) {
  const kept = await command(
    ['companion', '--tool', 'clamav', '-o', 'scan.txt', '--capture', '--', ...call],
    options(),
  );
  expect(kept.code).toBe(0);
  return command(['consolidate', '--fail-on', 'high'], options());
}

const rules = () => {
  const document = JSON.parse(readFileSync(inside('cinc-scan-findings/findings.json'), 'utf8')) as {
    findings: { rule: string }[];
  };
  return document.findings.map(({ rule }) => rule);
};

function archive(): void {
  write('inner/hit.txt', marker);
  execFileSync('tar', ['-czf', inside('files/a.tar.gz'), '-C', inside('inner'), 'hit.txt']);
}

describe('a real ClamAV', () => {
  test('looked where it looked, with its versions', async () => {
    const ran = await judge(...scan, careful, 'files');
    expect(ran.stdout).toContain('✓ uploads (clamav, host:files) looked: 0 findings');
    expect(ran.code).toBe(0);
    const envelope = JSON.parse(readFileSync(inside('scan.txt.envelope.json'), 'utf8')) as Record<string, unknown>;
    expect(envelope).toMatchObject({ databaseVersion: '2 signatures', toolVersion: expect.stringMatching(/^1\./) });
  });

  test('finds what is hidden in an archive', async () => {
    archive();
    expect((await judge(...scan, careful, 'files')).code).toBe(3);
    expect(rules()).toEqual(['Cinc.Test.Marker.UNOFFICIAL']);
  });

  test('did not look into an archive when its temporary folder is missing, though it says OK and ends with 0', async () => {
    archive();
    const ran = await judge(...scan, careful, '--tempdir=none', 'files');
    expect(readFileSync(inside('scan.txt'), 'utf8')).toContain('a.tar.gz: OK');
    expect(ran.stderr).toContain('scan.txt: ClamAV told of an error on standard error');
    expect(ran.code).toBe(4);
  });

  test('did not look at a file above its limit', async () => {
    write('files/big.bin', Buffer.concat([Buffer.alloc(2_000_000, 'x'), Buffer.from(marker)]));
    const ran = await judge(...scan, careful, '--max-filesize=1M', 'files');
    expect(ran.stderr).toContain(
      'scan.txt: ClamAV could not look at everything: a file is beyond its limit MaxFileSize',
    );
    expect(ran.code).toBe(4);
  });

  test('is not believed where it would not say that a file is above its limit', async () => {
    write('files/big.bin', Buffer.concat([Buffer.alloc(2_000_000, 'x'), Buffer.from(marker)]));
    const ran = await judge(...scan, '--max-filesize=1M', 'files');
    expect(readFileSync(inside('scan.txt'), 'utf8')).toContain('big.bin: OK');
    expect(ran.stderr).toContain('clamscan says OK of files beyond its limits');
    expect(ran.code).toBe(4);
  });

  test('did not look at a file that it may not read, though it ends as for a hit; the hit is told', async () => {
    write('files/hit.txt', marker);
    write('files/closed.txt', marker);
    chmodSync(inside('files/closed.txt'), 0o600);
    const ran = await judge(...asNobody, ...scan, careful, 'files');
    expect(ran.stderr).toMatch(/scan\.txt: ClamAV could not look at everything: (?:Access denied|Can't open file)/);
    expect(ran.code).toBe(4);
    expect(rules()).toEqual(['Cinc.Test.Marker.UNOFFICIAL']);
  });
});
