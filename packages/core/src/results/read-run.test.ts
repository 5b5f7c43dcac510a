// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { compareWithBaseline, evaluate, gateDefaults } from '../gate/index.ts';
import type { ReportModel, Surface } from '../report/model.ts';
import { parseReportSpec, reportKindNames } from '../report/registry.ts';
import { hostileModel } from '../report/testing/hostile-model.ts';
import { hostileTexts } from '../report/testing/hostile-texts.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleNow,
  sampleTarget,
  sampleUnreached,
} from '../report/testing/sample-model.ts';
import { scenarios } from '../report/testing/scenarios.ts';
import { scanValidator } from '../report/testing/validators.ts';
import { modelOfResults } from './convert.ts';
import { readResult } from './read-results.ts';
import { readRun } from './read-run.ts';
import { writeReports } from './write-reports.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cinc-scan-read-run-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const validate = scanValidator();
const out = (workspace: string) => join(root, workspace, 'out');
const filesIn = (workspace: string) =>
  Object.fromEntries(readdirSync(out(workspace)).map(name => [name, readFileSync(join(out(workspace), name), 'utf8')]));

// A checklist is made of profiles from a STIG alone; every other kind is made of any.
const kinds = reportKindNames.filter(kind => kind !== 'ckl');

/** Writes every report of a run into the folder `out` of a workspace. */
async function write(workspace: string, model: ReportModel, surfaces: Surface[] = []): Promise<void> {
  mkdirSync(join(root, workspace), { recursive: true });
  const place = { outputDir: 'out', workspace: join(root, workspace), stdout: () => undefined, surfaces };
  await writeReports(model, kinds.map(parseReportSpec), place);
}

/** Where two runs' files differ first: a whole difference of pages is more than anyone reads. */
function differences(): string[] {
  const [one, other] = [filesIn('first'), filesIn('second')];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap(name => {
    const [was = '(no such file)', is = '(no such file)'] = [one[name], other[name]];
    if (was === is) return [];
    let at = 0;
    while (was[at] === is[at]) at += 1;
    return [
      `${name}: ${JSON.stringify(was.slice(at - 60, at + 60))} and ${JSON.stringify(is.slice(at - 60, at + 60))}`,
    ];
  });
}

async function writeAgain(): Promise<void> {
  const stored = readRun(out('first'));
  if (stored.kind !== 'run') throw new Error(JSON.stringify(stored));
  await write('second', stored.model, stored.surfaces);
}

const surfaces: Surface[] = [
  { name: 'summary', ok: true },
  { name: 'webhook https://hooks.example', ok: false, message: 'no answer' },
];

/** A run that a baseline was held against, beside bounds. */
function compared(): ReportModel {
  const before = sampleAudited({ text: readFixture('regression-base.json') });
  const outcome = sampleAudited({ text: readFixture('regression-now.json') });
  const options = { ...gateDefaults(sampleNow), unboundedErrors: 'compared' as const };
  const judgement = evaluate(outcome.hdf, { bounds: new Map([['passed.total.min', 99]]), notEnforced: [] }, options);
  const comparison = compareWithBaseline(before.hdf, outcome.hdf, options);
  const model = sampleModel([outcome]);
  const gate = { source: 'baseline', bounds: { 'passed.total.min': 99 }, strict: false };
  const judged = [{ outcome, judgement, comparison }];
  return { ...model, verdict: { verdict: 'fail', reason: 'regression', exit: 3, exitCode: 0, gate, judged } };
}

/** A run with everything that a model can hold. */
function full(): ReportModel {
  const texts = ['mix', 'waiver-expired', 'result-status'].map(name => readFixture(`${name}.json`));
  const audited = texts.map((text, index) => {
    const target = sampleTarget(`pod-${3 - index}`, { sidecar: 'cinc-scan', imageDigest: undefined });
    const outcome = sampleAudited({ text, target });
    const dependencies = [{ name: 'base', source: 'https://a.example/b.tgz', sha256: 'd'.repeat(64) }];
    return { ...outcome, profile: { ...outcome.profile, commit: 'c0ffee', dependencies } };
  });
  const lost = sampleUnreached('It went away', 'lost');
  const missing = { cluster: 'prod', namespace: 'shop', selector: 'deployment/none' };
  const model = sampleModel([...audited, lost, { ...lost, target: missing, profile: undefined }]);
  return {
    ...model,
    profiles: audited.map(({ profile }) => profile),
    passedOver: [{ namespace: 'shop', pod: 'web-1', container: 'proxy', reason: 'not named' }],
    warnings: ['threshold: old matches no target of this run', 'The certificate of the API server is not checked'],
    grant: { access: 'grant', objects: [], expiresAt: undefined, revoked: false },
  };
}

/** What is needed of a run in the pod: no grant, no version of a cluster. */
function inPod(): ReportModel {
  const model = sampleModel([sampleAudited({ text: readFixture('waivers.json') })]);
  return { ...model, grant: undefined, cluster: { alias: 'in-pod', server: 'in-pod', version: undefined } };
}

function converted(): ReportModel {
  const path = join(root, 'mix.json');
  writeFileSync(path, readFixture('mix.json'));
  const read = readResult(path);
  return modelOfResults(read.kind === 'result' ? [read] : [], sampleNow);
}

const models: [string, () => ReportModel][] = [
  // Many results take long to write, and are read as few are.
  ...scenarios
    .filter(({ name }) => name !== '20,000 results')
    .map(({ name, model }): [string, () => ReportModel] => [name, model]),
  ['compared with a baseline, and report-only', compared],
  ['with everything that a run can hold', full],
  ['in the pod', inPod],
  ['converted', converted],
];

describe('a run that is read back', () => {
  test.each(models)('%s: gives every report byte for byte', async (_, model) => {
    await write('first', model(), surfaces);
    await writeAgain();
    expect(differences()).toEqual([]);
    expect([validate(JSON.parse(readFileSync(join(out('first'), 'scan.json'), 'utf8'))), validate.errors]).toEqual([
      true,
      null,
    ]);
  });

  // One that is longer than a manifest holds is as hostile as one of megabytes, and ten times faster.
  const short = [...hostileTexts.filter(text => text.length < 10_000), 'b'.repeat(40_000)].map(
    (text): [string, string] => [JSON.stringify(text).slice(0, 60), text],
  );
  test.each(short)('gives the same reports of hostile texts, too: %s', async (_, text) => {
    await write('first', hostileModel(text), surfaces);
    await writeAgain();
    expect(differences()).toEqual([]);
  });

  test('gives the same where secrets of the run and of others were taken out of it', async () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const controls = ['x', 'y'].map(id => ({ id: `${id} ${token}`, status: 'failed' as const, message: token }));
    const text = sampleHdf([...controls, { id: `x ${token}`, status: 'passed' }]);
    await write('first', sampleModel([sampleAudited({ text, target: sampleTarget(token) })]));
    await writeAgain();
    expect(differences()).toEqual([]);
    expect(readFileSync(join(out('first'), 'scan.json'), 'utf8')).not.toContain(token);
  });
});

describe('a manifest that anyone can have written', () => {
  type Scan = Record<string, unknown> & {
    gate: object;
    targets: (Record<string, unknown> & { judgement: Judgement })[];
  };
  type Judgement = Record<string, unknown> & { controls: Record<string, unknown>[] };
  const path = () => join(out('first'), 'scan.json');
  const parseScan = (): Scan => JSON.parse(readFileSync(path(), 'utf8')) as Scan;

  async function edited(change: (scan: Scan) => unknown) {
    await write('first', sampleModel([sampleAudited({ text: readFixture('mix.json') })]));
    writeFileSync(path(), JSON.stringify(change(parseScan())));
    return readRun(out('first'));
  }
  const withJudgement = (scan: Scan, change: (judgement: Judgement) => object) => ({
    ...scan,
    targets: scan.targets.map(target => ({
      ...target,
      judgement: { ...target.judgement, ...change(target.judgement) },
    })),
  });
  const withControl = (scan: Scan, changes: object) =>
    withJudgement(scan, ({ controls: [first, ...rest] }) => ({ controls: [{ ...first, ...changes }, ...rest] }));
  const nested = (depth: number): unknown => (depth === 0 ? 'x' : [nested(depth - 1)]);

  const refused: [string, (scan: Scan) => unknown, string, RegExp][] = [
    ['of a later layout', scan => ({ ...scan, schemaVersion: 4 }), 'RUN_VERSION', /layout 4 is of a later version/],
    ['of layout 2 that speaks of a jail', scan => ({ ...scan, schemaVersion: 2 }), 'RUN_INVALID', /schemaVersion/],
    ['of a run that has not ended', scan => ({ ...scan, state: 'running' }), 'RUN_UNFINISHED', /has not finished/],
    ['with a key that no version has', scan => ({ ...scan, surprise: 1 }), 'RUN_INVALID', /surprise/],
    ['without its judgements', scan => withJudgement(scan, () => ({ controls: undefined })), 'RUN_INVALID', /controls/],
    ['with an unknown code', scan => ({ ...scan, gate: { ...scan.gate, reason: 'luck' } }), 'RUN_INVALID', /reason/],
    ['with a path for a name', scan => ({ ...scan, run: { id: '../x' } }), 'RUN_INVALID', /run: id/],
    ['nested without end', scan => ({ ...scan, request: { a: nested(100) } }), 'RUN_INVALID', /nested deeper/],
    [
      'with a better verdict than its targets have',
      scan => ({ ...scan, gate: { ...scan.gate, verdict: 'pass', exit: 0, reason: 'pass' }, exitCode: 0 }),
      'RUN_INVALID',
      /the verdict pass does not fit the target/,
    ],
    ['with another exit code', scan => ({ ...scan, exitCode: 4 }), 'RUN_INVALID', /exit code 4 does not fit exit 3/],
    [
      'with a verdict in other words than its exit',
      scan => ({ ...scan, gate: { ...scan.gate, verdict: 'pass' } }),
      'RUN_INVALID',
      /the verdict pass does not fit exit 3/,
    ],
    ['that counted what is not there', scan => withControl(scan, { at: 999 }), 'RUN_INVALID', /is not number 999/],
    ['that counted for a base that is not there', scan => withControl(scan, { base: 999 }), 'RUN_INVALID', /judgement/],
    ['that counted another control', scan => withControl(scan, { id: 'other' }), 'RUN_INVALID', /control other of/],
  ];
  test.each(refused)('is refused by name %s', async (...[, change, code, problem]) => {
    expect(await edited(change)).toEqual({ kind: 'refused', code, problem: expect.stringMatching(problem) });
  });

  test('is read in layout 2, as one of whose jail nothing is known', async () => {
    const stored = await edited(({ jail: _, ...scan }) => ({ ...scan, schemaVersion: 2 }));
    expect(stored).toMatchObject({ kind: 'run', model: { jail: undefined, verdict: { exit: 3 } } });
  });

  test('is refused by name in the first layout, which did not keep what was counted', () => {
    mkdirSync(out('first'), { recursive: true });
    copyFileSync(new URL('../../fixtures/scan/version-1.json', import.meta.url), path());
    expect(readRun(path())).toMatchObject({ kind: 'refused', code: 'RUN_VERSION' });
  });

  test('is no run where something else has its name', () => {
    mkdirSync(path(), { recursive: true });
    expect(readRun(out('first'))).toEqual({ kind: 'none' });
    mkdirSync(out('second'), { recursive: true });
    writeFileSync(join(out('second'), 'scan.json'), readFixture('mix.json'));
    expect(readRun(out('second'))).toEqual({ kind: 'none' });
  });

  test('shows no secret that was written into it', async () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const stored = await edited(scan => withJudgement({ ...scan, warnings: [token] }, () => ({ problem: token })));
    expect(stored.kind).toBe('run');
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  test('tells of no results whose file is gone or was changed, and keeps the verdict', async () => {
    await write('first', sampleModel([sampleAudited({ text: readFixture('mix.json') })]));
    writeFileSync(join(out('first'), 'shop_web-5d4f-abcde_app.json'), readFixture('clean.json'));
    const stored = readRun(out('first'));
    expect(stored).toMatchObject({
      missing: ['shop/web-5d4f-abcde/app'],
      model: {
        verdict: {
          verdict: 'fail',
          exit: 3,
          judged: [{ outcome: { kind: 'unreached', error: { code: 'RESULT_INVALID' } } }],
        },
        warnings: ['Not in the folder of this run: 1 result file'],
      },
    });
  });
});
