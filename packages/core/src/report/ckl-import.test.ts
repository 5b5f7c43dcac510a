// SPDX-License-Identifier: Apache-2.0
// What STIG Manager imports with is asked: packages/oracles, which `./dev test` installs.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parseHdf } from '../outcome/hdf.ts';
import { renderCkl } from './ckl.ts';
import { readFixture, sampleAudited, sampleHdf, sampleModel } from './testing/sample-model.ts';

const oracle = fileURLToPath(new URL('../../../oracles/src/oracle.ts', import.meta.url));

interface Imported {
  target: { name: string };
  checklists: { benchmarkId: string; revisionStr: string | null; reviews: unknown[]; stats: Record<string, number> }[];
  errors: string[];
}

function importAll(checklists: string[]): Imported[] {
  const input = checklists.map(hdf => JSON.stringify({ ask: 'checklist', hdf })).join('\n');
  const { stdout } = spawnSync(process.execPath, [oracle], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  const answers = stdout.split('\n').filter(line => line !== '');
  if (answers.length < checklists.length) throw new Error('No answer: run `npm ci --prefix packages/oracles` first');
  return answers.map(line => {
    const { result, printed } = JSON.parse(line) as { result?: Imported; printed: string };
    if (result === undefined) throw new Error(printed);
    return result;
  });
}

/** The same results, of controls that are of a STIG. */
function ofStig(text: string): string {
  const hdf = JSON.parse(text.replace(/^\uFEFF/, '')) as { profiles: { controls: { id: string; tags: object }[] }[] };
  for (const { controls } of hdf.profiles)
    for (const control of controls)
      control.tags = { ...control.tags, gid: `V-${control.id}`, rid: `SV-${control.id}r1_rule`, stig_id: control.id };
  return JSON.stringify(hdf);
}

const folder = new URL('../../fixtures/gate/', import.meta.url);
const results = readdirSync(folder)
  .filter(name => name.endsWith('.json') && !['cases.json', 'regression.json'].includes(name))
  .filter(name => parseHdf(readFixture(name).replace(/^\uFEFF/, '')).kind === 'hdf')
  .map(name => ({ name, model: sampleModel([sampleAudited({ text: ofStig(readFixture(name)) })]) }));

test('STIG Manager imports the checklist of every result, and counts as the gate does', () => {
  const written = results.flatMap(({ name, model }) => renderCkl(model).map(({ text }) => ({ name, model, text })));
  const imported = importAll(written.map(({ text }) => text));
  const theirs = imported.map(({ checklists, errors }, index) => {
    const sum = (key: string) => checklists.reduce((total, { stats }) => total + (stats[key] ?? 0), 0);
    const counts = [sum('pass'), sum('fail'), sum('notchecked'), sum('notapplicable')];
    return { name: written[index]?.name, counts, errors };
  });
  const ours = written.map(({ name, model }) => {
    const counts = model.verdict.judged[0]?.judgement?.counts;
    const of = (key: 'passed' | 'failed' | 'skipped' | 'error' | 'no_impact') => counts?.[key].total ?? 0;
    return { name, counts: [of('passed'), of('failed'), of('skipped') + of('error'), of('no_impact')], errors: [] };
  });
  expect(theirs).toEqual(ours);
  expect(written.length).toBeGreaterThan(20);
});

test('it finds the benchmark, its revision and the workload', () => {
  const tags = { gid: 'V-1', rid: 'SV-1r1_rule', stig_id: 'UBTU-1', stigid: 'CAN_Ubuntu_22-04_STIG' };
  const releaseinfo = 'Release: 3 Benchmark Date: 24 Oct 2026';
  const text = sampleHdf([{ id: 'V-1', status: 'failed', message: 'a < b & "c"', tags: { ...tags, releaseinfo } }]);
  const [imported] = importAll(renderCkl(sampleModel([sampleAudited({ text })])).map(each => each.text));
  expect(imported).toMatchObject({
    target: { name: 'prod.shop.deployment-web.app' },
    checklists: [{ benchmarkId: 'CAN_Ubuntu_22-04_STIG', revisionStr: 'V1R3', stats: { fail: 1 } }],
    errors: [],
  });
  expect(imported?.checklists[0]?.reviews).toEqual([
    expect.objectContaining({ ruleId: 'SV-1r1_rule', result: 'fail', detail: 'failed: Check of V-1 a < b & "c"' }),
  ]);
});
