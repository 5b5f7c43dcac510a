// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { renderConsole } from './console.ts';
import { fitMarkdown, renderMarkdown } from './markdown.ts';
import { code, fence } from './markdown-text.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from './testing/sample-model.ts';
import { manyResults } from './testing/scenarios.ts';

const mixed = () =>
  sampleModel([
    sampleAudited({ text: readFixture('mix.json') }),
    sampleAudited({
      text: readFixture('clean.json'),
      target: sampleTarget('api-1', { owner: { kind: 'Deployment', name: 'api' } }),
    }),
    sampleUnreached(),
  ]);
const headings = (text: string) => [...text.matchAll(/^#+ .*$/gm)].map(([line]) => line);

describe('the Markdown summary', () => {
  test('tells the verdict first, then why, then the targets', () => {
    const text = renderMarkdown(mixed());
    expect(headings(text).slice(0, 4)).toEqual([
      '## cinc-scan: ERROR (exit 4): a target could not be reached, or access was refused',
      '### Why',
      '### Targets',
      '### Controls',
    ]);
    expect(text).toContain('| <code>shop/web-5d4f-abcde/app</code> | <code>failed.total.max</code> |');
    expect(text).toContain('List the pods&#58;');
  });

  test('of 100 targets with 500 controls each stays below 1 MiB and says what it leaves out', () => {
    const { text, truncated } = fitMarkdown(manyResults(100, 500));
    expect(Buffer.byteLength(text)).toBeLessThan(900 * 1024);
    expect(truncated).toBe(true);
    expect(text).toContain('> Left out to stay below 900 KiB: ');
    expect(text.match(/^\| <code>shop\/app-\d+\/app<\/code> \| \*\*not met/gm)).toHaveLength(100);
  });

  test('gives up evidence, then passed controls, then all controls, then targets, never the verdict', () => {
    const model = manyResults(30, 40);
    const full = fitMarkdown(model, 10_000_000);
    expect(full.truncated).toBe(false);
    let limit = Buffer.byteLength(full.text) - 1;
    const left: string[] = [];
    for (let text = ''; !text.includes(': all but the verdict'); limit = Buffer.byteLength(text) - 1) {
      ({ text } = fitMarkdown(model, limit));
      left.push(/Left out to stay below \d+ KiB: ([^.]*)\./.exec(text)?.[1] ?? '');
      expect(text).toMatch(/^## cinc-scan: FAIL \(exit 3\)/);
    }
    expect([...new Set(left)]).toEqual([
      'the messages of failed controls',
      'the messages of failed controls, and the controls that passed',
      'the tables of controls',
      'all but the verdict',
    ]);
  });

  test('lists waivers with owner, reason and end, and shouts about expired ones', () => {
    const text = sampleHdf([
      {
        id: 'w',
        status: 'failed',
        waiver: { skipped_due_to_waiver: true, justification: 'accepted, owner: ops', expiration_date: '2027-01-01' },
      },
      {
        id: 'x',
        status: 'failed',
        waiver: { skipped_due_to_waiver: false, justification: 'was fine', expiration_date: '2025-01-01' },
      },
    ]);
    const model = sampleModel([sampleAudited({ text })]);
    for (const report of [renderMarkdown(model), renderConsole(model)]) {
      expect(report).toContain('EXPIRED 2025-01-01, no longer waived');
      expect(report).toMatch(/waived until 2027-01-01/);
      expect(report).toContain('ops');
    }
  });

  test('is loud about a grant that was not revoked', () => {
    const model = mixed();
    const grant = model.grant === undefined ? undefined : { ...model.grant, revoked: false };
    for (const report of [renderMarkdown({ ...model, grant }), renderConsole({ ...model, grant })])
      expect(report).toMatch(/NOT REVOKED/);
  });

  test('says that report-only softened the exit code', () => {
    const model = sampleModel([sampleAudited({ text: readFixture('mix.json') })]);
    const text = renderMarkdown({ ...model, verdict: { ...model.verdict, exitCode: 0 } });
    expect(text.split('\n')[0]).toBe(
      '## cinc-scan: FAIL (exit 0): audited, and the gate is not met; report-only makes the exit code 0, not 3',
    );
  });
});

describe('text inside Markdown', () => {
  test('cannot become a link, a mention, a heading or HTML', () => {
    expect(code('[a](https://x) @all #1 <b> `c` www.x.y')).toBe(
      '<code>&#91;a&#93;&#40;https&#58;//x&#41; &#64;all &#35;1 &#60;b&#62; &#96;c&#96; www&#46;x.y</code>',
    );
  });

  test('cannot close its fence', () => {
    expect(fence('a\n````\nb')).toBe('`````text\na\n````\nb\n`````');
  });
});

describe('the console report', () => {
  test('has colours only when told, and the same text either way', () => {
    const model = mixed();
    const escape = String.fromCodePoint(0x1b);
    const plain = renderConsole(model, { color: false, width: 100 });
    const coloured = renderConsole(model, { color: true, width: 100 });
    expect(plain).not.toContain(escape);
    expect(coloured.replaceAll(new RegExp(`${escape}\\[\\d+m`, 'g'), '')).toBe(plain);
  });
});
