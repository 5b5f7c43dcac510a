// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { Alert } from '../../../findings/index.ts';
import { findingsPageSample, manyFindings } from '../../testing/findings-page-sample.ts';
import { hostileTexts } from '../../testing/hostile-texts.ts';
import { hostileFindings, sampleFindings, sampleRow } from '../../testing/sample-findings.ts';
import { type AlertOptions, toAlert } from './alert.ts';
import { mailMessage, slackMessage, teamsMessage, webhookMessage } from './messages.ts';

const options: AlertOptions = { least: 'high', unknownAs: 'medium', toldLost: [], link: 'https://ci.example/1' };

describe('an alert', () => {
  test('names what is not looked at first, then what is new, worst first', () => {
    const alert = toAlert(findingsPageSample(), options);
    expect(alert?.title).toBe('cinc-scan: 3 new findings, 1 returned finding, 2 sources not looked at in prod');
    expect(alert?.lines).toEqual([
      'not looked at: uploads (clamav of host:files): SOURCE_INCOMPLETE: 3 files were larger than the limit of the scanner and were not read',
      'not looked at: conformance (sonobuoy of cluster:prod): SOURCE_MISSING: there is no such file',
      expect.stringMatching(/^new, critical: CVE-2026-31012 in image:shop\/web openssl 5\.0-4 → 5\.0-5: openssl: a /),
      expect.stringMatching(/^new, high: Win\.Test\.EICAR_HDB-1 in host:files \/srv\/uploads/),
      expect.stringMatching(/^new, high: gosec in repo:shop internal\/pay\/client\.go:17: G402/),
      expect.stringMatching(/^returned, high: CVE-2025-40011 /),
    ]);
  });

  test('has ten lines, and says how much there is no line for', () => {
    const alert = toAlert(manyFindings(5000), { ...options, toldLost: ['uploads', 'conformance'], least: 'none' });
    expect(alert?.lines).toHaveLength(10);
    expect(alert?.more).toBe(90);
    expect(mailMessage(alert ?? never()).text).toContain('\nand 90 more\n');
  });

  test('is none where nothing is new, or only what is less severe', () => {
    const rows = [
      sampleRow({}, { status: 'known' }),
      sampleRow({ severity: 'unknown' }),
      sampleRow({}, { status: 'unsure' }),
    ];
    expect(toAlert(sampleFindings({ rows }), options)).toBeUndefined();
    expect(toAlert(sampleFindings({ rows }), { ...options, unknownAs: 'high' })?.lines).toHaveLength(1);
    expect(toAlert(findingsPageSample({ rows }), { ...options, toldLost: ['uploads', 'conformance'] })).toBeUndefined();
  });
});

function never(): never {
  throw new Error('there is no alert');
}

// What hides, changes the direction of writing or breaks a line; what is followed by a click.
const alive = /[\p{Cc}\p{Cf}\u2028\u2029]|:\/\/|www\./iu;

describe.each(hostileTexts.map((text, index) => [index, text] as const))(
  'a message with hostile text %i',
  (_, text) => {
    const alert: Alert = toAlert(hostileFindings(text), { ...options, least: 'none' }) ?? never();

    test('has bounded lines without anything that a reader would obey', () => {
      expect(alert.lines.length).toBeLessThanOrEqual(10);
      for (const line of [alert.title, ...alert.lines]) {
        expect(line).not.toMatch(alive);
        expect(line.length).toBeLessThan(300);
      }
      expect(JSON.parse(webhookMessage(alert))).toMatchObject({ alert });
    });

    test('is plain text in Slack, with no markup but our own link', () => {
      const { text: told, blocks } = JSON.parse(slackMessage(alert)) as {
        text: string;
        blocks: { type: string; text: { type: string; text: string } }[];
      };
      expect(told).not.toMatch(/[<>]/);
      expect(blocks.map(({ type, text: { type: kind } }) => [type, kind])).toEqual([
        ['header', 'plain_text'],
        ['section', 'plain_text'],
        ['section', 'mrkdwn'],
      ]);
      expect(blocks[0]?.text.text.length).toBeLessThanOrEqual(150);
      expect(blocks[1]?.text.text.length).toBeLessThanOrEqual(3000);
      expect(blocks[2]?.text.text).toBe('<https://ci.example/1|All of it>');
    });

    test('is text runs in Teams, below the limit of a card', () => {
      const message = teamsMessage(alert);
      expect(Buffer.byteLength(message)).toBeLessThan(28_000);
      const [{ content } = never()] = (
        JSON.parse(message) as {
          attachments: { content: { body: { type: string; inlines: { type: string }[] }[]; actions: object[] } }[];
        }
      ).attachments;
      expect(new Set(content.body.flatMap(({ type, inlines }) => [type, ...inlines.map(each => each.type)]))).toEqual(
        new Set(['RichTextBlock', 'TextRun']),
      );
      expect(content.actions).toEqual([{ type: 'Action.OpenUrl', title: 'All of it', url: 'https://ci.example/1' }]);
    });

    test('is a subject of one line and plain text in a mail', () => {
      const { subject, text: body } = mailMessage(alert);
      expect(subject).not.toMatch(alive);
      expect(body.split('\n').filter(line => alive.test(line))).toEqual(['All of it: https://ci.example/1']);
    });
  },
);
