// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { commandHere, gateFixtures, temporaryFolder } from '../../../test/support/command.ts';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());
const fixture = (name: string) => join(gateFixtures, name);
const inside = (name: string) => join(folder.path, name);
const read = (name: string) => readFileSync(inside(name), 'utf8');
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;
const here = (args: string[]) => commandHere(args, { cwd: folder.path });

describe('report', () => {
  const scan = (name: string, file: string, ...more: string[]) =>
    here(['report', '-i', fixture(file), '--report', 'hdf,junit,scan', '-o', name, ...more]);

  test('of a run is what the run itself wrote, with its verdict and its exit code', async () => {
    expect((await scan('run', 'mix.json', '-I', '99')).code).toBe(3);
    for (const [path, name] of Object.entries({ run: 'one', 'run/scan.json': 'two' })) {
      const again = await here(['report', '-i', inside(path), '--report', 'junit,hdf', '-o', name]);
      expect(again.code).toBe(3);
      expect(again.stderr).toMatch(/FAIL \(exit 3\)/);
      for (const file of readdirSync(inside(name))) expect(read(`${name}/${file}`)).toBe(read(`run/${file}`));
    }
  });

  test('of several runs has the verdict of the worst, and every target as its own run judged it', async () => {
    await scan('good', 'clean.json', '-I', '50');
    await scan('bad', 'mix.json', '-I', '99');
    await scan('soft', 'two-thirds.json', '-I', '99', '--report-only');
    const args = ['report', '--report', 'scan', '-o', 'all', '-i'];
    expect((await here([...args, inside('good'), inside('soft')])).code).toBe(0);
    expect(parse(read('all/scan.json'))).toMatchObject({ exitCode: 0, gate: { verdict: 'fail' } });
    expect((await here([...args, inside('good'), inside('bad'), inside('soft')])).code).toBe(3);
    const merged = parse(read('all/scan.json'));
    expect(merged['targets']).toMatchObject([{ result: 'pass' }, { result: 'fail' }, { result: 'fail' }]);
    expect(merged['targets']).toMatchObject([
      { judgement: { bounds: { 'compliance.min': 50 } } },
      { judgement: { bounds: { 'compliance.min': 99 } } },
      { judgement: { bounds: { 'compliance.min': 99 } } },
    ]);
  });

  test('of a run is judged again where a gate is asked for, and what was not reached stays an error', async () => {
    await scan('run', 'mix.json', '-I', '99');
    expect((await here(['report', '-i', inside('run'), '--report', 'junit:x.xml', '-I', '50'])).code).toBe(0);
    const whole = parse(read('run/scan.json'));
    const nothing = {
      profile: null,
      profileRef: null,
      observation: null,
      judgement: null,
      comparison: null,
      hdf: null,
    };
    const lost = {
      ...nothing,
      identity: 'a/b/c',
      name: 'b/c',
      outcome: 'unreached',
      result: 'error',
      counts: null,
      compliance: null,
      target: { cluster: 'a', namespace: 'b', selector: 'c' },
      error: { code: 'TARGET_LOST', message: 'It went away', hint: '' },
    };
    const gate = { ...(whole['gate'] as object), verdict: 'error', exit: 4, reason: 'TARGET_LOST' };
    const targets = [...(whole['targets'] as object[]), lost];
    writeFileSync(inside('run/scan.json'), JSON.stringify({ ...whole, targets, gate, exitCode: 4 }));
    expect((await here(['report', '-i', inside('run'), '--report', 'junit:x.xml'])).code).toBe(4);
    expect((await here(['report', '-i', inside('run'), '--report', 'junit:x.xml', '-I', '50'])).code).toBe(4);
  });

  test('refuses a run that is not whole, or not one of this version, and runs among files', async () => {
    await scan('run', 'mix.json', '-I', '99');
    copyFileSync(fixture('mix.json'), inside('alone.json'));
    const mixed = await here(['report', '-i', inside('run'), inside('alone.json')]);
    expect([mixed.code, mixed.stderr]).toEqual([2, expect.stringMatching(/give runs or result files, not both/)]);
    const [name = ''] = readdirSync(inside('run')).filter(each => each.endsWith('.json') && each !== 'scan.json');
    writeFileSync(inside(`run/${name}`), '{}');
    const changed = await here(['report', '-i', inside('run')]);
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringMatching(/RUN_INVALID.*lacks the result files of 1/),
    ]);
    copyFileSync(join(gateFixtures, '../scan/version-1.json'), inside('run/scan.json'));
    const early = await here(['report', '-i', inside('run/scan.json')]);
    expect([early.code, early.stderr]).toEqual([2, expect.stringMatching(/RUN_VERSION.*layout 1/)]);
    mkdirSync(inside('empty'));
    const empty = await here(['report', '-i', inside('empty')]);
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringMatching(/RUN_INVALID.*no scan\.json/)]);
  });

  test('shows runs of the first layout as a trend', async () => {
    mkdirSync(inside('runs/early'), { recursive: true });
    copyFileSync(join(gateFixtures, '../scan/version-1.json'), inside('runs/early/scan.json'));
    const args = ['report', '-i', fixture('clean.json'), '--trend', inside('runs'), '--report', 'html:p.html'];
    expect(await here(args)).toMatchObject({ code: 0, stderr: expect.not.stringContaining('left out') });
    expect(read('p.html')).toContain('Compliance over 2 runs');
  });
});
