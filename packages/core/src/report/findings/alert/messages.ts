// SPDX-License-Identifier: Apache-2.0
import { type Alert, alertId } from '../../../findings/index.ts';
import { grouped } from '../../html/parts.ts';

/** The lines of an alert, the last of which says how much there is no line for. */
function textLines({ lines, more }: Alert): string[] {
  return more > 0 ? [...lines, `and ${grouped(more)} more`] : lines;
}

/** JSON for programs: everything as it is kept. */
export const webhookMessage = (alert: Alert): string =>
  JSON.stringify({ event: 'findings.changed', id: alertId(alert.run, 'webhook'), alert });

/**
 * Slack's blocks (https://docs.slack.dev/reference/block-kit/blocks). `plain_text` knows no markup and no mentions; `text` is
 * what notifications show, and does.
 */
export function slackMessage(alert: Alert): string {
  const blocks = [
    { type: 'header', text: plain(alert.title.slice(0, 150)) },
    { type: 'section', text: plain(textLines(alert).join('\n').slice(0, 3000)) },
    ...(alert.link === undefined ? [] : [{ type: 'section', text: slackLink(alert.link) }]),
  ];
  const escaped = alert.title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return JSON.stringify({ text: escaped, mrkdwn: false, unfurl_links: false, unfurl_media: false, blocks });
}

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });

// The address is ours; of what it may hold, only `|` would end it.
const slackLink = (link: string) => ({ type: 'mrkdwn', text: `<${link.replaceAll('|', '%7C')}|All of it>` });

/**
 * An adaptive card, as workflows of Teams take it. Text runs are shown as they are; text blocks would be read as Markdown
 * (https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features).
 */
export function teamsMessage(alert: Alert): string {
  const paragraph = (text: string, isTitle = false) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...(isTitle ? { weight: 'Bolder', size: 'Medium' } : {}) }],
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [paragraph(alert.title, true), ...textLines(alert).map(line => paragraph(line))],
    actions: alert.link === undefined ? [] : [{ type: 'Action.OpenUrl', title: 'All of it', url: alert.link }],
  };
  return JSON.stringify({
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  });
}

/** A mail without HTML. */
export function mailMessage(alert: Alert): { subject: string; text: string } {
  const link = alert.link === undefined ? [] : ['', `All of it: ${alert.link}`];
  const about = ['', `Run ${alert.run}, ${alert.at}.`];
  return { subject: alert.title, text: `${[alert.title, '', ...textLines(alert), ...link, ...about].join('\n')}\n` };
}
