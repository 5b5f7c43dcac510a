// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** The JSON Schema of a document, as docs/schemas/<name>.schema.json publishes it. */
export function publishedSchema(name: string, title: string, schema: z.ZodType): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, $id: `https://cinc-scan.dev/schemas/${name}.schema.json`, title, ...rest };
}
