// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { ControlStatus } from '../../outcome/control.ts';
import { hostileTexts } from '../testing/hostile-texts.ts';
import { largeModel, sampleModel, sampleTrend } from '../testing/page-sample.ts';
import { sampleModel as modelOf, sampleAudited, sampleHdf, sampleTarget } from '../testing/sample-model.ts';
import { manyResults, scenarios } from '../testing/scenarios.ts';
import { renderHtml, toTrendPoint } from './index.ts';

const megabytes = (text: string) => Buffer.byteLength(text) / 1_000_000;
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);
const count = (text: string, part: string) => text.split(part).length - 1;
const plainText = (text: string) => text.replaceAll(/<(style|script)>[^]*?<\/\1>/g, '').replaceAll(/<[^>]*>/g, '');

/** What every page has to be, whatever is in it. */
function problems(text: string): string[] {
  const markup = text.replaceAll(/<(style|script)>[^]*?<\/\1>/g, '');
  const ids = all(markup, / id="([^"]*)"/g);
  const targets = all(markup, / href="#([^"]*)"/g);
  return [
    ...all(markup, /<[^>]*\s(style|on[a-z]+)=/g).map(name => `attribute ${name}`),
    ...all(markup, /<(script|style|link|img|iframe|object|base)[\s>]/g).map(name => `element ${name}`),
    ...all(markup, /<[^>]*\s(src|srcset|data|action|formaction|xlink:href)=/g).map(name => `attribute ${name}`),
    ...all(markup, / href="([^"#][^"]*)"/g).filter(url => !url.startsWith('https://')),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map(id => `id ${id} twice`),
    ...targets.filter(id => id !== 'controls' && !ids.includes(id)).map(id => `link to nowhere: ${id}`),
    ...(count(markup, '<h1') === 1 ? [] : ['not one h1']),
  ];
}

describe('the HTML report', () => {
  test.each(scenarios.filter(({ name }) => name !== '20,000 results'))(
    'is one clean, self-contained page: $name',
    ({ model }) => {
      const text = renderHtml(model());
      expect(text.startsWith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')).toBe(true);
      expect(text.endsWith('</html>\n')).toBe(true);
      expect(problems(text)).toEqual([]);
    },
  );

  test('would be found out if it were not clean', () => {
    const text = renderHtml(sampleModel());
    const found = [
      '<img src=x>',
      '<p onclick="x">',
      '<p style="x">',
      '<a href="javascript:x">',
      '<script >',
      '<h1 id="run">',
    ].map(piece => problems(text.replace('</main>', `${piece}</main>`)).length);
    expect(found.filter(number => number === 0)).toEqual([]);
  });

  test('is clean when every text in it is hostile', () => {
    const control = hostileTexts.map(text => ({
      id: text,
      title: text,
      message: text,
      status: 'failed' as const,
      tags: { nist: [text], 'nist-800-190': text },
    }));
    const text = renderHtml(modelOf([sampleAudited({ text: sampleHdf(control), target: sampleTarget('"><script>') })]));
    expect(problems(text)).toEqual([]);
    expect(megabytes(text)).toBeLessThan(2);
  });

  test('has the same bytes for the same model', () => {
    const options = { trend: sampleTrend() };
    expect(renderHtml(sampleModel(), options)).toBe(renderHtml(sampleModel(), { trend: options.trend.toReversed() }));
  });

  test('allows its own style and script by hash and nothing else', () => {
    const text = renderHtml(sampleModel());
    const [style = '', script = ''] = ['style', 'script'].map(name => {
      const [, inner = ''] = new RegExp(`<${name}>([^]*?)</${name}>`).exec(text) ?? [];
      return createHash('sha256').update(inner).digest('base64');
    });
    const [policy] = all(text, /Content-Security-Policy" content="([^"]*)"/g);
    expect(policy?.replaceAll('&#39;', "'")).toBe(
      `default-src 'none'; style-src 'sha256-${style}'; script-src 'sha256-${script}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
  });

  test('says the verdict, what was not met and what could not be judged before anything else', () => {
    const text = plainText(renderHtml(sampleModel()));
    const places = [
      'ERROR (exit 4): a target could not be reached',
      'TARGET_LOST',
      'failed.critical.max',
      'Results by severity',
    ].map(part => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('shows the counts of the gate', () => {
    const model = sampleModel();
    const counts = model.verdict.judged.map(({ judgement }) => judgement?.counts);
    const sum = (status: ControlStatus) => counts.reduce((total, each) => total + (each?.[status].total ?? 0), 0);
    const expected = [sum('failed'), sum('error'), sum('skipped'), sum('passed'), sum('no_impact')];
    const [row = ''] = all(renderHtml(model), /<tr class="sum">(.*)/g);
    const numbers = all(row, /<td class="num[^"]*">(\d+)<\/td>/g).map(Number);
    expect(numbers).toEqual([...expected, 100]);
  });

  test('invents nothing for a target that was not reached', () => {
    const text = renderHtml(sampleModel());
    const row = all(text, /<tr><th scope="row">shop\/cart-[^]*?<\/th>([^]*?)<\/tr>/g);
    expect(row).toHaveLength(1);
    expect(plainText(row[0] ?? '')).toBe('Not judged–TARGET_LOST');
    expect(count(text, '<td class="x">Unknown</td>')).toBe(20);
  });

  test('groups controls by family of NIST SP 800-53 and section of SP 800-190', () => {
    const text = plainText(renderHtml(sampleModel()));
    expect(text).toContain('AC Access Control80 %302200');
    expect(text).toContain('4.4.3 Insecure container runtime configurations72 %403180');
  });

  test('shows waivers with owner, reason and end, the expired ones marked', () => {
    const text = plainText(renderHtml(sampleModel()));
    expect(text).toContain('EXPIRED 2026-06-30');
    expect(text).toContain('waived until 2027-01-31Vendor image, update announced; owner: web teamweb team');
  });

  test('tells a control once, however many targets it was seen in', () => {
    const text = renderHtml(sampleModel());
    expect(count(text, 'The process does not run as root</span>')).toBe(1);
    expect(plainText(text)).toContain('Failed in 3 of 5');
    expect(plainText(text)).toContain('Passed in payments/ledger-5d8f7c9b44-x2mvl/ledger');
  });

  test('draws a trend only over earlier runs, this one once', () => {
    const model = sampleModel();
    expect(renderHtml(model, { trend: [toTrendPoint(model)] })).not.toContain('id="trend"');
    const text = renderHtml(model, { trend: [...sampleTrend(), toTrendPoint(model)] });
    expect(count(text, '<b>this run</b>')).toBe(1);
    expect(all(text, /<polyline class="line" points="([^"]*)"/g)[0]?.split(' ')).toHaveLength(9);
  });

  test('keeps the run out of the style sheet unless it is plain', () => {
    const model = sampleModel();
    const text = renderHtml({ ...model, run: { ...model.run, id: '";}</style><script>alert(1)</script>*{color:red' } });
    expect(problems(text)).toEqual([]);
    expect(count(text, '</style>')).toBe(1);
    expect(all(text, /@bottom-left\{content:"([^"]*)"/g)).toEqual([
      'cinc-scan run stylescriptalert1scriptcolor:red, 2026-11-21T09:01:47Z',
    ]);
  });

  test('stays below 10 MB with 20,000 results, and says what it left out', () => {
    expect(megabytes(renderHtml(manyResults()))).toBeLessThan(10);
    const long = (name: string) => `${name} `.repeat(600);
    const noisy = Array.from({ length: 50 }, (_, pod) =>
      sampleAudited({
        text: sampleHdf(
          Array.from({ length: 400 }, (_each, index) => ({
            id: `C-${index}`,
            status: 'failed' as const,
            message: long(`${pod}<${index}>`),
          })),
        ),
        target: sampleTarget(`pod-${pod}`),
      }),
    );
    const text = renderHtml(modelOf(noisy));
    expect(megabytes(text)).toBeLessThan(10);
    expect(text).toMatch(/The details of \d+ controls were left out/);
    expect(problems(renderHtml(largeModel(3, 30)))).toEqual([]);
  });
});

describe('replicas of one workload', () => {
  const owner = { kind: 'Deployment', name: 'web' };
  const pod = (name: string, status: 'failed' | 'passed', changes: Partial<ReturnType<typeof sampleTarget>> = {}) =>
    sampleAudited({
      text: sampleHdf([
        { id: 'a', status },
        { id: 'b', status: status === 'failed' ? 'passed' : 'failed' },
        { id: 'c' },
      ]),
      target: sampleTarget(name, { owner, ...changes }),
    });
  const rowsOf = (text: string, id: string) =>
    all(
      all(text, new RegExp(`<section id="${id}"([^]*?)</section>`, 'g'))[0] ?? '',
      /<tr><th scope="row">([^]*?)<\/th>/g,
    ).map(plainText);
  const names = Array.from({ length: 12 }, (_, index) => `web-${index}`);

  test('with equal results are one row that names each pod, in every table', () => {
    const text = renderHtml(modelOf(names.map(name => pod(name, 'failed'))));
    for (const id of ['why', 'targets']) {
      const [row = '', ...others] = rowsOf(text, id).filter(name => name.includes('/web/'));
      expect(row).toMatch(/^shop\/Deployment\/web\/[^/]*12 pods with equal results: /);
      for (const name of names) expect(row).toContain(name);
      expect(others.filter(other => id === 'targets' && other !== '')).toEqual([]);
    }
    expect(all(text, /<th scope="col" class="turned">(.*?)<\/th>/g).map(plainText)).toEqual([
      expect.stringMatching(/^shop\/Deployment\/web\/.* \(12 pods\)$/),
    ]);
    expect(plainText(text)).toContain('Targets (12)');
    expect(plainText(text)).toContain('Failed in 12 of 12');
  });

  test.each<[string, ReturnType<typeof pod>]>([
    ['fail in another control, though as many', pod('web-b', 'passed')],
    ['are of another workload', pod('web-b', 'failed', { owner: { kind: 'Deployment', name: 'other' } })],
    ['are another container', pod('web-b', 'failed', { container: 'sidecar' })],
    ['run another image', pod('web-b', 'failed', { image: 'registry.example/web:2' })],
    ['are the same pod, looked at twice', pod('web-a', 'failed')],
  ])('stay apart where they %s', (_, other) => {
    const text = renderHtml(modelOf([pod('web-a', 'failed'), other]));
    expect(rowsOf(text, 'targets')).toHaveLength(2);
    expect(text).not.toContain('pods with equal results');
  });
});

describe('names that are as long as a file likes', () => {
  const long = 'n'.repeat(1_000_000);
  const target = (pod: string) =>
    sampleTarget(pod, { cluster: long, container: long, owner: { kind: 'Deployment', name: long } });
  const textOf = (status: 'failed' | 'passed') => sampleHdf([{ id: 'a' }, { id: 'b', status }]);
  const model = modelOf([
    sampleAudited({ text: textOf('failed'), target: target('one') }),
    sampleAudited({ text: textOf('passed'), target: target('two') }),
  ]);
  const gate = { ...model.verdict.gate, source: long };
  const page = renderHtml({
    ...model,
    cluster: { ...model.cluster, alias: long },
    verdict: { ...model.verdict, gate },
  });

  test('do not make a page long', () => {
    expect(megabytes(page)).toBeLessThan(0.2);
    expect(problems(page)).toEqual([]);
  });

  test('are cut in the middle where targets stand side by side, and told whole in the title', () => {
    const headings = all(page, /<th scope="col" class="turned">(.*?)<\/th>/g);
    expect(headings).toHaveLength(2);
    expect(headings[0]).toMatch(/^<span title="shop\/one\/n+… \(\d+ more characters\)">shop\/one\/n+….*<\/span>$/);
    expect(headings[0]?.replace(/ title="[^"]*"/, '').length).toBeLessThan(90);
  });
});
