// SPDX-License-Identifier: Apache-2.0
import { areas, parseDuration, parseYaml, publishedSchema, ScanError, stableTarget, toMessage } from '@cinc-scan/core';
import * as z from 'zod';
import { tools } from '../read.ts';
import { doubts } from '../reading.ts';

const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text, 'max-age');
  } catch {
    context.addIssue('expected a duration such as 26h');
    return z.NEVER;
  }
});

const sourceId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower case letters, digits and hyphens');

const fileSource = z.strictObject({
  id: sourceId,
  tool: z.enum(tools),
  area: z.enum(areas),
  target: z.string().regex(/^[a-z]+:\S{1,500}$/, 'expected scheme:name, such as image:shop/web'),
  /** A path, or several by `*` within a folder. */
  file: z.string().min(1),
  /** How many files there have to be at least. */
  count: z.int().min(1).max(10_000).optional(),
  /** What has to be in the result: classes, sections, linters, frameworks. */
  parts: z.array(z.string().min(1)).default([]),
  /** What the result has to say that it is about. */
  about: z.string().min(1).optional(),
  'max-age': duration.optional(),
  ratings: z.array(z.string().min(1)).default([]),
  accept: z.array(z.enum(doubts)).default([]),
});

const ownTool = 'cinc-scan';

/** A run of ours: it says itself what it is about. */
const folderSource = z.strictObject({
  id: sourceId,
  tool: z.literal(ownTool),
  area: z.enum(areas),
  /** The output folder of a scan. */
  folder: z
    .string()
    .min(1)
    .transform(folder => folder.replace(/(?<=.)\/+$/, '')),
  'max-age': duration.optional(),
});

const sourceSchema = z.discriminatedUnion('tool', [fileSource, folderSource], {
  error: `Invalid option: expected one of ${[ownTool, ...tools].join(', ')}`,
});

const documentSchema = z.strictObject({
  scope: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'expected letters, digits, dots, hyphens and underscores'),
  sources: z.array(sourceSchema).min(1, 'expected at least one source').max(1000),
});

/** One result that has to be there. */
export type Source = z.infer<typeof sourceSchema>;
export type FileSource = z.infer<typeof fileSource>;
export type FolderSource = z.infer<typeof folderSource>;

/** `cinc-scan.sources.yml`: what has to have looked; anything else that is given is an error. */
export type Sources = z.infer<typeof documentSchema>;

/** docs/schemas/sources.schema.json: the file as people write it. */
export const sourcesJsonSchema = (): object =>
  publishedSchema('sources', 'cinc-scan.sources.yml, which results have to be there', documentSchema);

/** Reads the file of sources; whatever is odd about it is an error, since what is not declared is not missed. */
export function parseSources(text: string, name: string): Sources {
  const parsed = documentSchema.safeParse(parseDocument(text, name));
  const problems = parsed.success
    ? repeated(parsed.data.sources)
    : parsed.error.issues.map(({ path, message }) =>
        [path.map(key => String(key)).join('.'), message].filter(Boolean).join(': '),
      );
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ScanError('SOURCES_INVALID', `${name}: ${problems.slice(0, 20).join('; ')}`);
}

function parseDocument(text: string, name: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new ScanError('SOURCES_INVALID', `${name} is not YAML: ${toMessage(error)}`);
  }
}

function repeated(sources: readonly Source[]): string[] {
  return [
    ...twice(sources.map(({ id }) => `id ${id}`)),
    ...twice(sources.map(source => ('folder' in source ? `folder ${source.folder}` : `file ${source.file}`))),
    ...twice(
      sources.flatMap(source => ('folder' in source ? [] : [`${source.tool} of ${stableTarget(source.target)}`])),
    ),
  ].map(what => `two sources have the same ${what}`);
}

const twice = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
