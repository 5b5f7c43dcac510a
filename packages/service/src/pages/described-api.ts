// SPDX-License-Identifier: Apache-2.0
// What a page shows of an OpenAPI document. It is our own, and is held against its shape all the same.
import * as z from 'zod';

const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({ schema: schema.optional() })).optional();

const operation = z.object({
  summary: z.string(),
  tags: z.array(z.string()).min(1),
  'x-role': z.string().optional(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema }))
    .default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content })),
});

const described = z.object({
  info: z.object({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

export type Schema = z.infer<typeof schema>;

export interface Parameter {
  name: string;
  place: string;
  required: boolean;
  schema: Schema;
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  /** Who may, as a sentence. */
  role: string;
  parameters: Parameter[];
  body: Schema | undefined;
  answers: { status: string; type: string | undefined; schema: Schema | undefined }[];
}

interface DescribedGroup {
  name: string;
  operations: Operation[];
}

export interface ShownApi {
  title: string;
  version: string;
  groups: DescribedGroup[];
  types: { name: string; schema: Schema }[];
}

export function describedApi(document: unknown): ShownApi {
  const { info, paths, components } = described.parse(document);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({
      group: each.tags[0] ?? '',
      shown: toOperation(path, method, each),
    })),
  );
  const groups = Map.groupBy(operations, ({ group }) => group);
  return {
    ...info,
    groups: [...groups].map(([name, each]) => ({ name, operations: each.map(({ shown }) => shown) })),
    types: Object.entries(components.schemas)
      .map(([name, each]) => ({ name, schema: each }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function toOperation(path: string, method: string, given: z.infer<typeof operation>): Operation {
  return {
    id: `${method}-${path.replaceAll(/[^a-z]+/gi, '-').replaceAll(/^-|-$/g, '')}`,
    method: method.toUpperCase(),
    path,
    summary: given.summary,
    role: roleText(given['x-role']),
    parameters: given.parameters.map(({ in: place, required = false, ...each }) => ({ ...each, place, required })),
    body: Object.values(given.requestBody?.content ?? {})[0]?.schema,
    answers: Object.entries(given.responses)
      .filter(([status]) => status !== 'default') // of each the same: a Problem
      .map(([status, { content: kinds }]) => {
        const [type, kind] = Object.entries(kinds ?? {})[0] ?? [];
        return { status, type, schema: kind?.schema };
      }),
  };
}

function roleText(role: string | undefined): string {
  const [kind = '', name = ''] = role?.split('/') ?? [];
  if (name === '') return 'For everybody, as far as it is theirs.';
  return kind === 'team' ? `For a ${name} of the team, or more.` : `For a ${name} of the platform, or more.`;
}
