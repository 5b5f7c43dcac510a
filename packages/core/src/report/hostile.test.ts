// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { findingsReportNames } from './findings/registry.ts';
import { findingsFormats, textOf } from './testing/findings-formats.ts';
import { type Format, formats } from './testing/formats.ts';
import { hostileModel } from './testing/hostile-model.ts';
import { hostileTexts } from './testing/hostile-texts.ts';
import { findCommands } from './testing/platforms.ts';
import { hostileFindings } from './testing/sample-findings.ts';
import { oneLine } from './text.ts';

/** Formats may break a word to make it harmless; the reader still sees every letter. */
const letters = (text: string) => text.replaceAll(/[\s'(){}]/g, '');

const models = hostileTexts.map(text => hostileModel(text));
const findings = hostileTexts.map(text => hostileFindings(text));

type Sink = Omit<Format, 'render'> & { reports: () => string[] };
const sinks: [name: string, sink: Sink][] = [
  ...Object.entries(formats).map(([name, { render, ...format }]): [string, Sink] => [
    name,
    { ...format, reports: () => models.map(model => render(model)) },
  ]),
  ...findingsReportNames.map((kind): [string, Sink] => [
    `${kind} of findings`,
    { ...findingsFormats[kind], reports: () => findings.map(model => textOf(kind, model)) },
  ]),
];

describe.each(sinks)('%s', (_, { reports: render, decode, problems, problemsOfAll, limit = 1_500_000 }) => {
  const reports = render();

  test.each(hostileTexts.map((text, index) => [index, JSON.stringify(text.slice(0, 40)), text] as const))(
    'text %i (%s) stays readable, bounded, and without effect',
    (index, _shown, text) => {
      const report = reports[index] ?? '';
      expect(problems(report)).toEqual([]);
      expect(findCommands(report)).toEqual([]);
      expect(Buffer.byteLength(report)).toBeLessThan(limit);
      expect(letters(decode(report))).toContain(letters(oneLine(text.slice(0, 120)).slice(0, 60)));
    },
  );

  test('every report is valid', async () => {
    expect((await problemsOfAll?.(reports)) ?? []).toEqual([]);
  });
});
