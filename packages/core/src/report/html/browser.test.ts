// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { hostileTexts } from '../testing/hostile-texts.ts';
import { largeModel, sampleModel, sampleTrend } from '../testing/page-sample.ts';
import { sampleModel as modelOf, sampleAudited, sampleHdf, sampleTarget } from '../testing/sample-model.ts';
import { scenarios } from '../testing/scenarios.ts';
import { oneLine } from '../text.ts';
import { renderHtml } from './index.ts';
import { launch, type Opened, openFile, openServed } from './testing/chromium.ts';

// What Jenkins sends with archived files: no script, no inline style.
const jenkins = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const showcase = () => renderHtml(sampleModel(), { trend: sampleTrend() });
const quiet = ({ url, requests, complaints, dialogs }: Opened) => {
  expect(requests).toEqual([url]);
  expect(complaints).toEqual([]);
  expect(dialogs).toEqual([]);
};
const visibleControls = ({ page }: Opened) => page.locator('details.control:visible').count();
const fragment = ({ page }: Opened) => page.evaluate<string>('location.hash');

describe('the HTML report in a browser', () => {
  test('asks for nothing and complains of nothing', async () => {
    for (const { model } of scenarios.filter(({ name }) => name !== '20,000 results')) {
      await using opened = await openFile(browser, renderHtml(model()));
      expect(await opened.page.locator('h1').innerText()).toMatch(/^(PASS|FAIL|ERROR) \(exit \d+\)/);
      quiet(opened);
    }
  });

  test('shows hostile text as text', async () => {
    const short = hostileTexts.filter(text => text.length < 1000 && oneLine(text) !== '');
    const controls = short.map(text => ({ id: text, title: text, message: text, status: 'failed' as const }));
    const target = sampleTarget('<img src=x onerror=alert(1)>', { image: '"onmouseover="alert(1)' });
    const model = {
      ...modelOf([sampleAudited({ text: sampleHdf(controls), target })]),
      warnings: ['<script>alert(1)</script>'],
    };
    await using opened = await openFile(browser, renderHtml(model));
    const { page } = opened;
    await page.locator('#unfold').click();
    const titles = await page.locator('.control .title').allTextContents();
    // The space that keeps a log from obeying a line says nothing here.
    expect(titles.map(title => title.trim()).toSorted()).toEqual(short.map(text => oneLine(text)).toSorted());
    const messages = await page.locator('.results pre').allTextContents();
    expect(messages.map(text => text.trim())).toContain('<script>alert(1)</script>');
    expect(await page.locator('main script, main img, main [onerror]').count()).toBe(0);
    quiet(opened);
  });

  test('reads well where a server blocks style and script', async () => {
    await using opened = await openServed(browser, showcase(), jenkins);
    const { page, requests, url } = opened;
    expect(await page.locator('h1').innerText()).toBe(
      'ERROR (exit 4): a target could not be reached, or access was refused',
    );
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('#matrix td.f').first().innerText()).toBe('Failed');
    const control = page.locator('#c-CB-09');
    expect(await control.locator('pre').first().isVisible()).toBe(false);
    await control.locator('summary').first().click();
    expect(await control.locator('pre').first().isVisible()).toBe(true);
    expect(requests).toEqual([url]);
  });

  test.each(['light', 'dark'] as const)(
    'has no accessibility violation in %s colours',
    async colorScheme => {
      await using opened = await openFile(browser, showcase(), { colorScheme });
      const { page } = opened;
      for (const prepare of ['0', 'document.querySelectorAll("details").forEach(each => { each.open = true })']) {
        await page.evaluate(
          `document.styleSheets[0].insertRule('#matrix{content-visibility:visible!important}', document.styleSheets[0].cssRules.length); ${prepare}`,
        );
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
        expect(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(node => node.html)])).toEqual([]);
      }
    },
    120_000,
  );

  test('filters by status, severity and target, and keeps the choice in the address', async () => {
    await using opened = await openFile(browser, showcase());
    const { page } = opened;
    await page.getByLabel('Status', { exact: true }).selectOption('Failed');
    expect(await visibleControls(opened)).toBe(5);
    expect(await page.locator('#shown').textContent()).toBe('5 of 20 controls');
    expect(await page.locator('#matrix tbody tr:visible').count()).toBe(5);
    await page.getByLabel('Severity', { exact: true }).selectOption('Medium');
    expect(await visibleControls(opened)).toBe(2);
    await page.getByLabel('Target', { exact: true }).selectOption({ label: 'shop/api-6b9c5d7f88-4tjwn/api' });
    expect(await page.locator('details.control:visible .id').allTextContents()).toEqual(['CB-10']);
    expect(await fragment(opened)).toBe('#status=f&severity=medium&target=shop%2Fapi-6b9c5d7f88-4tjwn%2Fapi');
    await page.reload();
    expect(await visibleControls(opened)).toBe(1);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await visibleControls(opened)).toBe(20);
    expect(opened.complaints).toEqual([]);
  });

  test('searches titles and evidence by keyboard alone', async () => {
    await using opened = await openFile(browser, showcase());
    const { page } = opened;
    await page.keyboard.press('/');
    await page.keyboard.type('SHADOW readable root');
    expect(await page.locator('details.control:visible .id').allTextContents()).toEqual(['CB-09']);
    expect(await fragment(opened)).toBe('#q=SHADOW+readable+root');
    for (let step = 0; step < 6; step++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('#c-CB-09').getAttribute('open')).toBe('');
    await page.locator('#q').focus();
    await page.keyboard.press('Escape');
    expect(await visibleControls(opened)).toBe(20);
  });

  test('opens the control that a link leads to, also when it is filtered out', async () => {
    await using opened = await openFile(browser, showcase());
    const { page } = opened;
    await page.getByLabel('Status', { exact: true }).selectOption('Not applicable');
    await page.locator('#why a', { hasText: 'CB-02' }).first().click();
    await page.locator('#c-CB-02[open]').waitFor({ state: 'visible' });
    expect(await visibleControls(opened)).toBe(20);
    expect(await fragment(opened)).toBe('#c-CB-02');
    const place = await page.locator('#c-CB-02 > summary').boundingBox();
    expect(place?.y).toBeGreaterThan(0);
    expect(place?.y).toBeLessThan(page.viewportSize()?.height ?? 0);
  });

  test('prints all but passed controls and code unfolded, on white, and folds again afterwards', async () => {
    await using opened = await openFile(browser, showcase(), { colorScheme: 'dark' });
    const { page } = opened;
    const closed = 'document.querySelectorAll("details:not([open])").length';
    const unfolds = 'document.querySelectorAll("details:not([open], .source, .brief *)").length';
    const before = await page.evaluate<number>(closed);
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('#filter').isVisible()).toBe(false);
    // Without the script too: the style sheet shows what is folded.
    expect(await page.locator('#c-CB-09 pre').first().isVisible()).toBe(true);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await page.evaluate<number>(unfolds)).toBe(0);
    expect(await page.evaluate<number>(closed)).toBeGreaterThan(0);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.evaluate<number>(closed)).toBe(before);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('fits a narrow screen without scrolling sideways', async () => {
    await using opened = await openFile(browser, showcase(), { viewport: { width: 400, height: 800 } });
    await opened.page.locator('#unfold').click();
    const [wide, seen] = await opened.page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]');
    expect(wide).toBeLessThanOrEqual(seen ?? 0);
  });

  test('opens 50 targets with 300 controls, and stays usable', async () => {
    await using opened = await openFile(browser, renderHtml(largeModel(50, 300)));
    const { page } = opened;
    // The side-by-side table alone has 15,600 cells; the rest of the page must not be a multiple of it.
    expect(await page.evaluate('document.querySelectorAll("*").length')).toBeLessThan(4 * 15_600);
    await page.locator('#q').fill('V-242017');
    expect(await page.locator('details.control:visible .id').allTextContents()).toEqual(['V-242017']);
    quiet(opened);
    await page.getByRole('button', { name: 'Clear' }).click();
    const ids = page.locator('#why td.ids', { hasText: 'V-242291' }).first();
    await ids.getByText(/^and \d+ more$/).click();
    await ids.getByText('V-242291').click();
    const summary = page.locator('#c-V-242291[open] > summary');
    await summary.waitFor({ state: 'visible' });
    const [place, bar] = [await summary.boundingBox(), await page.locator('#filter').boundingBox()];
    expect(place?.y).toBeGreaterThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
    expect(place?.y).toBeLessThan(300);
  });
});
