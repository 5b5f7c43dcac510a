// SPDX-License-Identifier: Apache-2.0
import { type Consolidation, consolidate, type GivenFile } from '../sources/consolidate.ts';
import type { Envelope } from '../sources/envelope.ts';
import { parseSources } from '../sources/schema.ts';
import { sampleText } from './samples.ts';

export const now = new Date('2026-11-29T12:00:00Z');

export const given = (path: string, content: string | Buffer, envelope?: Envelope): GivenFile => ({
  path,
  read: () => ({ kind: 'bytes', bytes: Buffer.from(content) }),
  envelope: envelope === undefined ? undefined : JSON.stringify(envelope),
});

export const sourcesOf = (...sources: object[]) =>
  parseSources(JSON.stringify({ scope: 'prod', sources }), 'sources.yml');

export const image = { id: 'web', tool: 'trivy', area: 'images', target: 'image:shop/web', file: 'web.json' };
export const web = (content: string | Buffer, more: object = {}, envelope?: Envelope) =>
  consolidate(sourcesOf({ ...image, ...more }), [given('web.json', content, envelope)], now);

export const problems = ({ sources }: Consolidation) =>
  sources.flatMap(source => source.problems.map(({ reason, text, file }) => `${reason} ${file}: ${text}`));

export const trivy = sampleText('trivy/image-clean.json').replaceAll('trivy-unittest', 'registry.example.com/shop/web');
export const dated = (createdAt: string): string => trivy.replace(/^\{/, `{"CreatedAt": ${JSON.stringify(createdAt)},`);
