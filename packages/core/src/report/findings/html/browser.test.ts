// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { launch, type Opened, openFile, openServed } from '../../html/testing/chromium.ts';
import { overflow, squeezed, unfold } from '../../html/testing/layout.ts';
import { findingsPageSample, manyFindings } from '../../testing/findings-page-sample.ts';
import { hostileTexts } from '../../testing/hostile-texts.ts';
import { hostileFindings, sampleFindings, samplePoint } from '../../testing/sample-findings.ts';
import { renderFindingsHtml } from './index.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const showcase = () => renderFindingsHtml(findingsPageSample());
const quiet = ({ url, requests, complaints, dialogs }: Opened) => {
  expect(requests).toEqual([url]);
  expect(complaints).toEqual([]);
  expect(dialogs).toEqual([]);
};
/** Every hostile text in every place, on one page. */
function hostilePage(): string {
  const models = hostileTexts.map(text => hostileFindings(text));
  const all = <Item>(pick: (model: (typeof models)[number]) => readonly Item[]) => models.flatMap(pick);
  return renderFindingsHtml({
    ...(models[0] ?? sampleFindings()),
    reasons: all(({ reasons }) => reasons),
    sources: all(({ sources }) => sources),
    waivers: all(({ waivers }) => waivers),
    rows: all(({ rows }) => rows),
  });
}

describe('the page of findings in a browser', () => {
  test('asks for nothing and complains of nothing', async () => {
    const models = [
      findingsPageSample(),
      sampleFindings({ rows: [], exitCode: 0, reasons: ['Every source looked.'], isCompared: false, trend: [] }),
      sampleFindings({ sources: [], waivers: [], trend: [samplePoint('no time')] }),
    ];
    for (const model of models) {
      await using opened = await openFile(browser, renderFindingsHtml(model));
      expect(await opened.page.locator('h1').innerText()).toMatch(/^(PASS|FAIL|ERROR) \(exit \d\)$/);
      quiet(opened);
    }
  });

  test('says first what was not looked at, and marks the source whose look is old', async () => {
    await using opened = await openFile(browser, showcase());
    const { page } = opened;
    expect(await page.locator('main > section').first().locator('h2').innerText()).toBe('Not looked at: 2 sources');
    const area = (name: string) => page.locator('#areas tr', { hasText: name }).locator('td').allInnerTexts();
    expect((await area('Operating system')).slice(0, 2)).toEqual(['0 of 1 looked', '7 h']);
    expect((await area('Cloud service')).slice(0, 2)).toEqual(['no source', '–']);
    expect(await page.locator('#areas tr', { hasText: 'Images' }).locator('.st.s').innerText()).toBe('8 days');
    expect(await page.locator('#changes tbody th', { hasText: 'CVE-' }).allInnerTexts()).toEqual([
      expect.stringContaining('CVE-2026-31012'),
      expect.stringContaining('CVE-2025-40011'),
    ]);
    expect(await page.locator('#first tbody th').allInnerTexts()).toEqual([
      'openssl',
      'zlib',
      'bash',
      'curl',
      'util-linux',
    ]);
  });

  test('leads from area to target to rule to place without a script', async () => {
    await using opened = await openFile(browser, showcase(), { javaScriptEnabled: false });
    const { page } = opened;
    await page.locator('#areas a', { hasText: 'Kubernetes resources' }).click();
    expect(page.url()).toMatch(/#area-resources$/);
    const target = page.locator('#area-resources + ul > li > details');
    const place = target.getByText('kube-system/DaemonSet/fluentd');
    expect(await place.isVisible()).toBe(false);
    await target.locator('> summary').click();
    const rule = target.locator('details', { hasText: 'C-0057' });
    await rule.locator('> summary').click();
    expect(await place.isVisible()).toBe(true);
    expect(await rule.locator('> summary .where').innerText()).toBe('2 places');
  });

  test('is read by keyboard alone', async () => {
    await using opened = await openFile(browser, showcase());
    const { page } = opened;
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(page.url()).toMatch(/#areas$/);
    const focused = page.locator('#area-images + ul > li:first-child > details > summary:focus');
    for (let step = 0; step < 60 && (await focused.count()) === 0; step++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('#area-images + ul details details[open] > summary .id').innerText()).toBe(
      'CVE-2026-31012',
    );
  });

  test.each(['light', 'dark'] as const)('has no accessibility violation in %s colours', async colorScheme => {
    await using opened = await openFile(browser, showcase(), { colorScheme });
    for (const what of ['nothing', 'details']) {
      await unfold(opened, what);
      await opened.page.evaluate(axe.source);
      const { violations } = await opened.page.evaluate<axe.AxeResults>('axe.run()');
      expect(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(node => node.html)])).toEqual([]);
    }
  });

  test.each([390, 768, 1440])('fits %i pixels without scrolling sideways', async width => {
    for (const text of [showcase(), hostilePage()]) {
      await using opened = await openFile(browser, text, { viewport: { width, height: 900 } });
      expect(await overflow(opened)).toBe(0);
      await unfold(opened);
      expect(await overflow(opened)).toBe(0);
      if (text === showcase()) expect(await squeezed(opened)).toEqual([]);
    }
  });

  test('shows hostile text as text', async () => {
    await using opened = await openFile(browser, hostilePage());
    await unfold(opened);
    const { page } = opened;
    const alive =
      'main :is(script, img, iframe, object, style, [onerror], [onmouseover], a:not([href^="#"], [href^="https:"]))';
    expect(await page.locator(alive).count()).toBe(0);
    const shown = await page.evaluate<string>('document.body.innerText');
    expect(shown).toContain('<script>alert(1)</script>');
    // What changes the direction of writing, hides itself or speaks to a terminal.
    expect(shown).not.toMatch(/[\p{Bidi_Control}\p{Cf}]|(?![\n\t])\p{Cc}/u);
    quiet(opened);
  });

  test('runs no script, whoever adds one', async () => {
    await using opened = await openFile(browser, showcase());
    await opened.page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { textContent: 'document.title = 1' }))",
    );
    expect(await opened.page.title()).toMatch(/^ERROR: findings of prod/);
    expect(opened.complaints.join()).toMatch(/Content Security Policy/);
  });

  test('reads well where a server blocks style and script', async () => {
    const jenkins = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'";
    await using opened = await openServed(browser, showcase(), jenkins);
    const { page, requests, url } = opened;
    expect(await page.locator('h1').innerText()).toBe('ERROR (exit 4)');
    const details = page.locator('#area-images + ul > li > details').first();
    await details.locator('> summary').click();
    expect(await details.getByText('CVE-2026-31012').first().isVisible()).toBe(true);
    expect(requests).toEqual([url]);
  });

  test('prints everything unfolded, on white', async () => {
    await using opened = await openFile(browser, showcase(), { colorScheme: 'dark' });
    const { page } = opened;
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.getByText('kube-system/DaemonSet/fluentd').isVisible()).toBe(true);
    expect(await page.locator('nav').isVisible()).toBe(false);
    const pdf = await page.pdf({ format: 'A4' });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? [];
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.length).toBeLessThanOrEqual(8);
  });

  test('opens 100,000 findings, shows some of each target, and says what is left out', async () => {
    const text = renderFindingsHtml(manyFindings(100_000));
    expect(Buffer.byteLength(text)).toBeLessThan(8_000_000);
    await using opened = await openFile(browser, text);
    const { page } = opened;
    const targets = page.locator('#area-images + ul > li > details');
    expect(await targets.count()).toBe(40);
    for (const target of [targets.first(), targets.last()]) {
      await target.locator('> summary').click();
      expect(await target.locator('details').count()).toBeGreaterThan(50);
      expect(await target.locator('.body > .note').innerText()).toMatch(
        /^[\d,]+ more rules with [\d,]+ findings left out .*: findings\.json has them all\.$/,
      );
    }
    expect(await page.locator('#changes .note').innerText()).toBe('1,900 more are new: findings.json has them all.');
    quiet(opened);
  });
});
