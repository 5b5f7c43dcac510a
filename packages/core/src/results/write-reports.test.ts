// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileStems } from '../report/names.ts';
import { parseReportSpec, reportKindNames } from '../report/registry.ts';
import { findCommands } from '../report/testing/platforms.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from '../report/testing/sample-model.ts';
import { scenarios } from '../report/testing/scenarios.ts';
import { scanValidator } from '../report/testing/validators.ts';
import { writeAtomic } from '../store/index.ts';
import { checkOutputs, writeReports } from './write-reports.ts';

let workspace = '';
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'cinc-scan-report-'));
});
afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

const mix = (pod = 'web-1') => sampleAudited({ text: readFixture('mix.json'), target: sampleTarget(pod) });
const printed: string[] = [];
const options = (outputDir = 'out') => ({ outputDir, workspace, stdout: (text: string) => printed.push(text) });
const specs = (...texts: string[]) => texts.map(text => parseReportSpec(text));
const everything = reportKindNames.filter(kind => kind !== 'ckl');

describe('parseReportSpec', () => {
  test('reads a kind with and without a path', () => {
    expect(specs('sarif', 'csv:a/b:c.csv', 'console:-')).toEqual([
      { kind: 'sarif', path: undefined },
      { kind: 'csv', path: 'a/b:c.csv' },
      { kind: 'console', path: '-' },
    ]);
  });

  test.each(['pdf', '', 'sarif:', '__proto__', 'toString:x', 'csv:\u0000'])(
    'refuses %j and names what is valid',
    text => {
      expect(() => parseReportSpec(text)).toThrow(/^reports: /);
    },
  );
});

describe('writeReports', () => {
  test('writes each file under its default name and tells its digest and size', async () => {
    const written = await writeReports(sampleModel([mix()]), specs(...everything), options());
    const names = written.map(({ path }) => path);
    expect(names.toSorted()).toEqual([
      'out/codequality.json',
      'out/console.txt',
      'out/junit-gate.xml',
      'out/junit.xml',
      'out/outputs.json',
      'out/report.html',
      'out/results.csv',
      'out/results.sarif',
      'out/scan.json',
      'out/shop_web-1_app.annotated.json',
      'out/shop_web-1_app.json',
      'out/summary.md',
    ]);
    for (const { path, sha256, bytes } of written) {
      const content = await readFile(join(workspace, path));
      expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes]);
    }
    expect(names.slice(-2)).toEqual(['out/outputs.json', 'out/scan.json']);
  });

  test.each(scenarios.filter(({ name }) => name !== '20,000 results').map(one => [one.name, one.model] as const))(
    'after a run of the kind "%s" every requested file exists, and the manifest lists it',
    async (_, model) => {
      const written = await writeReports(model(), specs(...everything), options());
      const files = (await readdir(join(workspace, 'out'))).map(name => `out/${name}`);
      expect(files.toSorted()).toEqual(written.map(({ path }) => path).toSorted());
      const scan: unknown = JSON.parse(await readFile(join(workspace, 'out/scan.json'), 'utf8'));
      const validate = scanValidator();
      expect([validate(scan), validate.errors]).toEqual([true, null]);
      expect(scan).toMatchObject({ reports: written.filter(({ format }) => format !== 'scan') });
    },
  );

  test('the manifest and the outputs name the files of the others', async () => {
    const written = await writeReports(sampleModel([mix()]), specs('scan', 'outputs', 'hdf', 'csv:x.csv'), options());
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(workspace, 'out', name), 'utf8'));
    const hdf = written.find(({ format }) => format === 'hdf');
    expect(await read('scan.json')).toMatchObject({ targets: [{ hdf: { path: hdf?.path, sha256: hdf?.sha256 } }] });
    expect(await read('outputs.json')).toMatchObject({
      'report-csv': 'x.csv',
      'report-hdf': 'out/shop_web-1_app.json',
    });
  });

  test('several files of one kind keep apart under a path of the user', async () => {
    const model = sampleModel([mix('web-1'), mix('web-2')]);
    const written = await writeReports(model, specs('hdf:r/all.json', 'hdf:dir/'), options());
    expect(written.map(({ path }) => path)).toEqual([
      'r/all-shop_web-1_app.json',
      'r/all-shop_web-2_app.json',
      'dir/shop_web-1_app.json',
      'dir/shop_web-2_app.json',
    ]);
  });

  test('standard output gets JSON that means the same and holds no command', async () => {
    const mark = String.fromCodePoint(0xfeff);
    const text = mark + sampleHdf([{ id: 'x', status: 'failed', message: '##vso[task.complete] ##[error]x' }]);
    printed.length = 0;
    const written = await writeReports(sampleModel([sampleAudited({ text })]), specs('hdf:-'), options());
    expect(findCommands(text)).not.toEqual([]);
    expect(findCommands(printed.join(''))).toEqual([]);
    expect(JSON.parse(printed.join('').slice(1))).toEqual(JSON.parse(text.slice(1)));
    expect(written[0]?.path).toBe('-');
  });

  test('one report that fails does not keep the others from being written, and its older file stays', async () => {
    await mkdir(join(workspace, 'out'));
    await writeFile(join(workspace, 'out/shop_web-1_app.ckl'), 'older');
    const failing = writeReports(sampleModel([mix()]), specs('ckl', 'csv', 'scan'), options());
    await expect(failing).rejects.toMatchObject({ code: 'USAGE' });
    expect((await readdir(join(workspace, 'out'))).toSorted()).toEqual([
      'results.csv',
      'scan.json',
      'shop_web-1_app.ckl',
    ]);
    expect(await readFile(join(workspace, 'out/shop_web-1_app.ckl'), 'utf8')).toBe('older');
  });

  test('controls are anchored to files of the workspace, never to one outside', async () => {
    await mkdir(join(workspace, 'profiles/baseline/controls'), { recursive: true });
    await writeFile(join(workspace, 'profiles/baseline/controls/a.rb'), '');
    await writeFile(join(workspace, 'threshold.yml'), '');
    await writeReports(sampleModel([mix()]), specs('codequality'), options());
    expect(await readFile(join(workspace, 'out/codequality.json'), 'utf8')).toContain(
      '"path": "profiles/baseline/controls/a.rb"',
    );
    const text = readFixture('mix.json').replaceAll('controls/a.rb', '../../../../../../../etc/passwd');
    await writeReports(sampleModel([sampleAudited({ text })]), specs('codequality'), options());
    const outside = await readFile(join(workspace, 'out/codequality.json'), 'utf8');
    expect(outside).not.toContain('etc/passwd');
    expect(outside).toContain('"path": "threshold.yml"');
  });
});

describe('writeAtomic', () => {
  const path = () => join(workspace, 'out', 'a.txt');
  const outside = () => mkdtemp(join(tmpdir(), 'cinc-scan-outside-'));

  test('replaces a link planted under the name instead of following it', async () => {
    const elsewhere = await outside();
    await writeFile(join(elsewhere, 'victim'), 'safe');
    await mkdir(join(workspace, 'out'));
    await symlink(join(elsewhere, 'victim'), path());
    await writeAtomic(path(), 'new', workspace);
    expect(await readFile(join(elsewhere, 'victim'), 'utf8')).toBe('safe');
    expect(await readFile(path(), 'utf8')).toBe('new');
    await expect(readlink(path())).rejects.toThrow(/EINVAL/);
    await rm(elsewhere, { recursive: true });
  });

  test.each([['out'], ['out/deeper/still']])(
    'refuses a folder %s that leaves the workspace through a link',
    async folder => {
      const elsewhere = await outside();
      await symlink(elsewhere, join(workspace, 'out'));
      const writing = writeAtomic(join(workspace, folder, 'a.txt'), 'x', workspace);
      await expect(writing).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
      expect(await readdir(elsewhere)).toEqual([]);
      await rm(elsewhere, { recursive: true });
    },
  );

  test('refuses a link that leads nowhere', async () => {
    await symlink(join(workspace, 'nowhere'), join(workspace, 'out'));
    await expect(writeAtomic(path(), 'x', workspace)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  });

  test('makes folders and files that others may read, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await writeAtomic(join(workspace, 'p/q/a.txt'), 'x', workspace);
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(['p', 'p/q', 'p/q/a.txt'].map(name => stat(join(workspace, name))));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['755', '755', '644']);
  });

  test('leaves no temporary file and the older content when the name is taken by a folder', async () => {
    await mkdir(join(workspace, 'out', 'a.txt'), { recursive: true });
    await expect(writeAtomic(path(), 'x', workspace)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect(await readdir(join(workspace, 'out'))).toEqual(['a.txt']);
  });

  test('a process killed in the middle of writing leaves a whole file, old or new', async () => {
    const size = 8_000_000;
    const script = `
      import { writeAtomic } from ${JSON.stringify(new URL('../store/write-atomic.ts', import.meta.url).href)};
      for (let n = 0; ; n++) {
        await writeAtomic(${JSON.stringify(path())}, 'ab'[n % 2].repeat(${size}), ${JSON.stringify(workspace)});
        process.stdout.write('.');
      }`;
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const content = await readFile(path(), 'utf8');
    expect(content.length).toBe(size);
    expect(new Set(content).size).toBe(1);
  });

  test('a device and a pipe are written into, and stay what they are', async () => {
    const pipe = join(workspace, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('sh', ['-c', 'exec 3<>"$0"; echo ready; head -n 1 <&3', pipe], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(reader, 'close');
    let read = '';
    reader.stdout.on('data', (data: Buffer) => (read += data.toString()));
    await once(reader.stdout, 'data');
    await writeReports(sampleModel([mix()]), specs('csv:/dev/null', 'csv:pipe'), options());
    await closed;
    expect(read).toContain('"cluster","namespace"');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  test.each(['folder', 'socket'])('a %s is refused before anything is done, and stays', async kind => {
    const taken = join(workspace, 'taken');
    const server = kind === 'socket' ? createServer().listen(taken) : undefined;
    if (server === undefined) await mkdir(taken);
    else await once(server, 'listening');
    const place = { outputDir: 'out', workspace };
    await expect(checkOutputs(specs('junit:taken'), place)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    await expect(writeAtomic(taken, 'x', workspace)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect((await stat(taken)).isFile()).toBe(false);
    server?.close();
  });

  test('a pipe that nobody reads is an error, and no reason to wait', async () => {
    const pipe = join(workspace, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(writeAtomic(pipe, 'x', workspace)).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  test('a path through a file is a named error', async () => {
    await mkdir(join(workspace, 'file'));
    await writeFile(join(workspace, 'file/out'), '');
    await expect(writeAtomic(join(workspace, 'file/out/a.txt'), 'x', workspace)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
  });
});

describe('file names', () => {
  const stemOf = (pod: string, changes = {}) => {
    const outcome = sampleAudited({ text: readFixture('clean.json'), target: sampleTarget(pod, changes) });
    return fileStems([outcome]).get(outcome) ?? '';
  };

  test('are made of namespace, pod and container', () => {
    expect(stemOf('web-1')).toBe('shop_web-1_app');
  });

  test('name the profile when several ran, in lower case and unambiguously', () => {
    const outcomes = ['CIS Docker', 'cis-docker'].map(profile =>
      sampleAudited({ text: readFixture('clean.json'), target: sampleTarget('web-1'), profile }),
    );
    const stems = [...fileStems(outcomes).values()];
    expect(stems[0]).toMatch(/^shop_web-1_app_cis-docker-[0-9a-f]{8}$/);
    expect(stems[1]).toBe('shop_web-1_app_cis-docker');
  });

  test.each(['../../x', '/etc/passwd', '..', 'a\u0000b', 'x'.repeat(300), 'WEB', '.hidden', 'a_b', '𝒳'])(
    'never leave the folder or grow too long: %j',
    pod => {
      for (const stem of [stemOf(pod), stemOf('p', { namespace: pod }), stemOf('p', { container: pod })]) {
        expect(stem).toMatch(/^[a-z0-9-][a-z0-9._-]*-[0-9a-f]{8}$/);
        expect(stem.length).toBeLessThanOrEqual(120);
      }
    },
  );

  test('of outcomes that would share one are different', () => {
    const outcomes = [mix(), mix()];
    expect(new Set(fileStems(outcomes).values()).size).toBe(2);
  });
});

test('a run without any result still writes what was asked for', async () => {
  const written = await writeReports(sampleModel([sampleUnreached()]), specs('hdf', 'junit', 'scan'), options());
  expect(written.map(({ format }) => format)).toEqual(['junit', 'scan']);
});
