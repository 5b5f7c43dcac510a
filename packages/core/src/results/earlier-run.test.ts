// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toFailureOutputs } from '../report/outputs.ts';
import { parseReportSpec } from '../report/registry.ts';
import {
  readFixture,
  sampleAudited,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from '../report/testing/sample-model.ts';
import { removeEarlierRun } from './earlier-run.ts';
import { readResult } from './read-results.ts';
import { writeFailureOutputs, writeReports } from './write-reports.ts';

let workspace = '';
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'cinc-scan-earlier-'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

const place = () => ({ outputDir: 'out', workspace });
const inside = (name: string) => join(workspace, 'out', name);
const left = async () => (await readdir(join(workspace, 'out'))).toSorted();
const passed = () => sampleAudited({ text: readFixture('clean.json'), target: sampleTarget('web-1') });

/** A run that passed, with its reports in the output folder. */
async function runBefore(...kinds: string[]): Promise<void> {
  const specs = ['hdf', 'scan', 'outputs', ...kinds].map(parseReportSpec);
  await writeReports(sampleModel([passed()]), specs, { ...place(), stdout: () => undefined });
}

describe('the files of an earlier run', () => {
  test('are removed: what this run does not say is not there', async () => {
    await runBefore('junit', 'html');
    await removeEarlierRun(place());
    expect(await left()).toEqual([]);
  });

  test('are removed by a run that ends before it looks, too', async () => {
    await runBefore();
    await writeFailureOutputs(toFailureOutputs('KUBECONFIG_INVALID', 2, ''), 'out', workspace);
    expect(await left()).toEqual(['outputs.json']);
  });

  test('that were changed since stay, and so does whatever else is there', async () => {
    await runBefore('junit');
    await writeFile(inside('junit.xml'), 'mine now');
    await writeFile(inside('notes.txt'), 'mine');
    await removeEarlierRun(place());
    expect(await left()).toEqual(['junit.xml', 'notes.txt']);
  });

  test('outside the folder stay, however a manifest from a checkout names them', async () => {
    await mkdir(join(workspace, 'src'));
    await writeFile(join(workspace, 'src/main.c'), 'x');
    await mkdir(join(workspace, 'out'));
    await symlink(join(workspace, 'src'), inside('src'));
    const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'; // of "x"
    const reports = ['src/main.c', 'out/../src/main.c'].map(path => ({ path, sha256 }));
    await writeFile(
      inside('scan.json'),
      JSON.stringify({ schemaVersion: 99, state: 'finished', reports, targets: [] }),
    );
    await removeEarlierRun(place());
    expect(await readdir(join(workspace, 'src'))).toEqual(['main.c']);
  });

  test('are left alone where the manifest is not one of ours', async () => {
    await mkdir(join(workspace, 'out'));
    await writeFile(inside('scan.json'), '{"matches": []}');
    await removeEarlierRun(place());
    expect(await left()).toEqual(['scan.json']);
  });
});

describe('a result file beside a manifest', () => {
  test('is read where the manifest lists these bytes', async () => {
    await runBefore();
    expect(readResult(inside('shop_web-1_app.json'))).toMatchObject({ kind: 'result' });
  });

  test.each([
    ['of another run', 'low-impact.json', 'shop_api-1_app.json'],
    ['that was replaced', 'mix.json', 'shop_web-1_app.json'],
  ])('%s is refused', async (_, fixture, name) => {
    await runBefore();
    await writeFile(inside(name), readFixture(fixture));
    expect(readResult(inside(name))).toMatchObject({ kind: 'refused', reason: 'hdf-unlisted' });
  });

  test('is refused where its run did not reach the target', async () => {
    const specs = ['scan'].map(parseReportSpec);
    await writeReports(sampleModel([sampleUnreached()]), specs, { ...place(), stdout: () => undefined });
    await writeFile(inside('old.json'), readFixture('clean.json'));
    expect(readResult(inside('old.json'))).toMatchObject({ kind: 'refused', reason: 'hdf-unlisted' });
  });
});
