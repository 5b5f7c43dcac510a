// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { largeModel, sampleModel, sampleTrend } from '../testing/page-sample.ts';
import { sampleModel as modelOf, sampleAudited, sampleHdf, sampleTarget } from '../testing/sample-model.ts';
import { renderHtml } from './index.ts';
import { launch, type Opened, openFile } from './testing/chromium.ts';
import { overflow, squeezed, unfold } from './testing/layout.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const at = (text: string, width: number) => openFile(browser, text, { viewport: { width, height: 900 } });
const height = ({ page }: Opened, place: string) =>
  page.evaluate<number>(`document.querySelector(${JSON.stringify(place)}).scrollHeight`);

/** Two targets and a baseline that both got worse by many controls with long ids. */
function comparedModel() {
  const ids = Array.from({ length: 60 }, (_, index) => `account-files-protected-${index}`);
  const text = sampleHdf(ids.map(id => ({ id, status: 'failed' as const })));
  const model = modelOf(
    ['web-bae86010f4-4tjwn', 'api-7c4b9d6f5-q9kzt'].map((pod, index) =>
      sampleAudited({ text, target: sampleTarget(pod, { owner: { kind: 'Deployment', name: `app-${index}` } }) }),
    ),
  );
  const comparison = {
    exit: 3 as const,
    reason: 'regression' as const,
    new: ids,
    lost: ids,
    fixed: ids,
    known: ids,
    unchanged: [],
    warnings: [],
  };
  const judged = model.verdict.judged.map(each => (each.judgement === undefined ? each : { ...each, comparison }));
  return { ...model, verdict: { ...model.verdict, judged } };
}

describe('the size of the HTML report', () => {
  test('stays within reach with 20 targets of 300 controls, on a desk and on a telephone', async () => {
    const text = renderHtml(largeModel(20, 300));
    await using wide = await at(text, 1440);
    // Of it 300 rows side by side and 300 controls take 21,000.
    expect(await height(wide, 'html')).toBeLessThan(30_000);
    await using narrow = await at(text, 390);
    expect(await height(narrow, '#why')).toBeLessThan(3_000);
    expect(await overflow(narrow)).toBe(0);
  });

  test('squeezes no cell, folded or not', async () => {
    for (const model of [sampleModel(), comparedModel(), largeModel(20, 300)])
      for (const width of [1440, 1024, 390]) {
        await using opened = await at(renderHtml(model, { trend: sampleTrend() }), width);
        expect(await squeezed(opened)).toEqual([]);
        await unfold(opened, '.more, .rest');
        expect(await squeezed(opened)).toEqual([]);
        expect(await overflow(opened)).toBe(0);
      }
  });

  test('unfolds a cut list of ids without a script', async () => {
    await using opened = await openFile(browser, renderHtml(comparedModel()), { javaScriptEnabled: false });
    const cell = opened.page.locator('#changes td.ids').first();
    const last = cell.locator('a', { hasText: 'account-files-protected-59' });
    expect(await last.isVisible()).toBe(false);
    await cell.getByText('and 54 more').click();
    expect(await last.isVisible()).toBe(true);
  });

  test('prints three targets of 74 controls on 20 pages: failures whole, passed controls as a list', async () => {
    await using opened = await openFile(browser, renderHtml(largeModel(3, 74)));
    const pdf = await opened.page.pdf({ format: 'A4' });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? [];
    expect(pages.length).toBeGreaterThan(3);
    expect(pages.length).toBeLessThanOrEqual(20);
    await opened.page.emulateMedia({ media: 'print' });
    const shown = (word: string) => opened.page.locator(`.group:has(> h3 .st.${word}) .body:visible`).count();
    expect([await shown('f'), await shown('p')]).toEqual([24, 0]);
    expect(await opened.page.locator('.group.brief .control > summary:visible').count()).toBe(50);
  });

  test('keeps the percentage clear of its ring', async () => {
    await using opened = await openFile(browser, renderHtml(sampleModel()));
    const far = await opened.page.evaluate<number[]>(`[...document.querySelectorAll('.ring text')].map(text => {
      const { x, y, width, height } = text.getBBox();
      return Math.max(...[x, x + width].flatMap(h => [y, y + height].map(v => Math.hypot(h - 50, v - 50))));
    })`);
    // The ring's inner edge is at 37.5.
    expect(Math.max(...far)).toBeLessThan(35);
  });

  test('has no accessibility violation where lists and replicas are unfolded', async () => {
    await using opened = await openFile(browser, renderHtml(comparedModel()));
    await unfold(opened, '.more, .rest');
    await opened.page.evaluate(axe.source);
    const { violations } = await opened.page.evaluate<axe.AxeResults>('axe.run()');
    expect(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(node => node.html)])).toEqual([]);
  });
});
