// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { type GateRequest, gateDefaults } from '../gate/index.ts';
import { parseHdf } from '../outcome/hdf.ts';
import { renderAnnotatedHdf, renderHdf } from '../report/hdf-report.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderSarif } from '../report/sarif.ts';
import { renderScan } from '../report/scan-json/write.ts';
import {
  readFixture,
  sampleAudited,
  sampleModel,
  sampleNow,
  sampleTarget,
  sampleThreshold,
} from '../report/testing/sample-model.ts';
import { scanValidator } from '../report/testing/validators.ts';
import { toReportModel } from './convert.ts';

const mix = readFixture('mix.json');
const outcome = () => sampleAudited({ text: mix, target: sampleTarget('web-1', { imageDigest: undefined }) });

describe('HDF', () => {
  test('is what the engine wrote, byte for byte, with a byte-order mark and unknown keys too', () => {
    for (const name of ['mix.json', 'bom.json', 'control-status.json']) {
      const text = readFixture(name);
      expect(renderHdf(sampleAudited({ text }))).toBe(text);
    }
  });

  test('annotated keeps every byte but the addition, and stays HDF', () => {
    const text = renderAnnotatedHdf(sampleModel([outcome()]), outcome());
    expect(text.replace(/,"passthrough":\{"cincScan":.*\}\}(?=\}\s*$)/s, '')).toBe(mix);
    expect(parseHdf(text).kind).toBe('hdf');
    expect(JSON.parse(text)).toMatchObject({ passthrough: { cincScan: { target: { pod: 'web-1' }, lens: 'exec' } } });
  });

  test('annotated keeps what another tool put beside it', () => {
    const text = JSON.stringify({ ...(JSON.parse(mix) as object), passthrough: { other: 1 } });
    const annotated: unknown = JSON.parse(renderAnnotatedHdf(sampleModel([outcome()]), sampleAudited({ text })));
    expect(annotated).toMatchObject({ passthrough: { other: 1, cincScan: { schemaVersion: 1 } } });
  });
});

describe('converting result files', () => {
  test('an annotated file has the target, and so the fingerprints, of the scan that wrote it', () => {
    const model = sampleModel([outcome()]);
    const text = renderAnnotatedHdf(model, outcome());
    const converted = toReportModel([{ name: 'x.json', text }], sampleNow);
    expect(converted.verdict.judged[0]?.outcome.target).toMatchObject({
      pod: 'web-1',
      owner: { kind: 'Deployment', name: 'web' },
    });
    const prints = (sarif: string) => sarif.match(/"cincScan\/v1": "[0-9a-f]+"/g);
    expect(prints(renderSarif(converted)[0]?.text ?? '')).toEqual(prints(renderSarif(model)[0]?.text ?? ''));
  });

  test('a file from elsewhere is named after itself, judged by the strictest gate, and that is said', () => {
    const model = toReportModel([{ name: 'runs/nightly.json', text: mix }], sampleNow);
    expect(model.verdict).toMatchObject({ verdict: 'fail', reason: 'below-threshold', exit: 3, exitCode: 0 });
    const text = renderMarkdown(model);
    expect(text).toContain('<code>results/nightly/fixture</code>');
    expect(text).toContain('no threshold was given');
  });

  test('nothing is said of how a file from elsewhere was looked at', () => {
    const scan: unknown = JSON.parse(renderScan(toReportModel([{ name: 'a.json', text: mix }], sampleNow)));
    expect(scan).toMatchObject({ targets: [{ observation: null }], grant: null });
    expect(scanValidator()(scan)).toBe(true);
  });

  test('a threshold is applied, and several files are merged', () => {
    const files = ['mix.json', 'clean.json'].map(name => ({ name, text: readFixture(name) }));
    const gate: GateRequest = {
      threshold: sampleThreshold('compliance: {min: 50}\n'),
      source: 'half',
      failOn: undefined,
      baseline: undefined,
      options: gateDefaults(sampleNow),
      reportOnly: false,
    };
    const model = toReportModel(files, sampleNow, { gate });
    expect(model.verdict).toMatchObject({ verdict: 'pass', exit: 0, gate: { source: 'half' } });
    expect(model.verdict.judged).toHaveLength(2);
  });

  test('results without a control are an error, never a pass', () => {
    const model = toReportModel([{ name: 'a.json', text: readFixture('no-controls.json') }], sampleNow);
    expect(model.verdict).toMatchObject({ verdict: 'error', reason: 'nothing-checked', exit: 2 });
  });

  test('what is no result file is refused with its name', () => {
    expect(() => toReportModel([{ name: 'b.json', text: '{}' }], sampleNow)).toThrow(/^b\.json: /);
  });

  test('a forged passthrough of the wrong shape is not believed', () => {
    const text = JSON.stringify({ ...(JSON.parse(mix) as object), passthrough: { cincScan: { target: { pod: 1 } } } });
    expect(toReportModel([{ name: 'f.json', text }], sampleNow).verdict.judged[0]?.outcome.target).toMatchObject({
      pod: 'f',
    });
  });
});
