// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import stringWidth from 'fast-string-width';
import { renderConsole } from './console.ts';
import { renderMarkdown } from './markdown.ts';
import { sampleAudited, sampleHdf, sampleModel, sampleTarget, sampleUnreached } from './testing/sample-model.ts';

type Target = ReturnType<typeof sampleTarget>;
const results = (...failed: string[]) =>
  sampleHdf(['a', 'b', 'c'].map(id => ({ id, status: failed.includes(id) ? 'failed' : 'passed' })));
const audited = (target: Target, profile = 'baseline', text = results('b')) => {
  const outcome = sampleAudited({ text, target });
  return { ...outcome, profile: { ...outcome.profile, name: profile } };
};

/** The lines of the table of targets, above the first empty line. */
function tableOf(targets: Target[], width: number): string[] {
  // Each with results of its own: what is equal is told as one.
  const model = sampleModel(targets.map((target, index) => audited(target, 'baseline', results('abc'.charAt(index)))));
  return (renderConsole(model, { color: false, width }).split('\n\n')[0] ?? '').split('\n');
}

const replicas = (owner: string, changes: Partial<Target> = {}) =>
  ['4tjwn', 'x2mvl'].map(end => sampleTarget(`${owner}-bae86010f4-${end}`, changes));

describe('the table of targets in a terminal', () => {
  test.each<[string, Target[]]>([
    ['ordinary names', replicas('web', { namespace: 'shop', container: 'nginx' })],
    ['a long workload', replicas('a-workload-with-a-name-that-is-as-long-as-names-can-be')],
    ['a long container', replicas('web', { container: 'c'.repeat(63), namespace: 'n'.repeat(63) })],
  ])('tells replicas apart in 80 columns and wraps nothing: %s', (_, targets) => {
    const lines = tableOf(targets, 80);
    expect(lines.filter(line => stringWidth(line) > 80)).toEqual([]);
    for (const { pod } of targets) expect(lines.filter(line => line.includes(pod.slice(-11)))).toHaveLength(1);
    expect(lines.join('\n')).toMatch(/^ +Not +Not$/m);
    expect(lines.join('\n')).toMatch(/^ +Gate +Compliance +Failed +Error +reviewed +Passed +applicable +Lens$/m);
  });

  test('stays on one line each where the terminal is wide enough', () => {
    const targets = replicas('web');
    expect(tableOf(targets, 160)).toHaveLength(1 + targets.length);
  });

  test('counts cells, not characters: a wide name does not push the columns aside', () => {
    const names = ['基準基準基準', 'baseline'];
    const model = sampleModel(names.map(name => audited(sampleTarget('web'), name)));
    const [head = '', ...rows] = (renderConsole(model, { color: false, width: 160 }).split('\n\n')[0] ?? '').split(
      '\n',
    );
    const column = (line: string, word: string) => stringWidth(line.slice(0, line.indexOf(word)));
    expect(rows.map(line => column(line, 'not met'))).toEqual([column(head, 'Gate'), column(head, 'Gate')]);
  });

  test('names no profile where the only other row is a target that was not reached', () => {
    const model = sampleModel([audited(sampleTarget('web'), 'only-one'), { ...sampleUnreached(), profile: undefined }]);
    expect(renderConsole(model, { color: false, width: 160 }).split('\n\n')[0]).not.toContain('only-one');
  });
});

describe('replicas of a workload', () => {
  const shown = (models: ReturnType<typeof audited>[]) => {
    const model = sampleModel(models);
    return { text: renderConsole(model, { color: false, width: 160 }), page: renderMarkdown(model) };
  };
  const names = Array.from({ length: 12 }, (_, index) => `web-5d4f-${10 + index}`);

  test('with equal results are told as one, pods named, and counted as many', () => {
    const { text, page } = shown(names.map(name => audited(sampleTarget(name))));
    expect(text.match(/^ {2}shop\/Deployment\/web\/app \(12 pods\) +not met /gm)).toHaveLength(1);
    expect(text).toContain(`  shop/Deployment/web/app (12 pods) with equal results: ${names.join(', ')}\n`);
    expect(text).toMatch(/^ {2}Failed +12 /m);
    expect(text).toMatch(/failed.*\n( .*\n)* {4}in shop\/Deployment\/web\/app \(12 pods\)\n/i);
    expect(text.match(/: failed\.total/g)).toHaveLength(1);
    expect(page.match(/^\| <code>shop\/Deployment\/web\/app &#40;12 pods&#41;<\/code> \| \*\*not met/gm)).toHaveLength(
      1,
    );
    expect(page).toContain(`equal results: ${names.map(name => `<code>${name}</code>`).join(', ')}`);
    expect(page).toMatch(/^\| Failed \| 12 /m);
    expect(page.match(/<details>/g)).toHaveLength(2);
  });

  test('with other results, or of another workload, stay apart', () => {
    const other = { owner: { kind: 'Deployment', name: 'other' } };
    for (const { text, page } of [
      shown([audited(sampleTarget('web-1')), audited(sampleTarget('web-2'), 'baseline', results('c'))]),
      shown([audited(sampleTarget('web-1')), audited(sampleTarget('web-2', other))]),
    ]) {
      expect(text.match(/^ {2}shop\/web-\d\/app +not met /gm)).toHaveLength(2);
      expect(page.match(/^\| <code>shop\/web-\d\/app<\/code> \| \*\*not met/gm)).toHaveLength(2);
      expect(text + page).not.toContain('equal results');
    }
  });
});
