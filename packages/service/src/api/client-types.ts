// SPDX-License-Identifier: Apache-2.0
// The types of what the client of this API (packages/core/src/remote) sends and reads, made of the API's own description.
import { compile, type JSONSchema } from 'json-schema-to-typescript';

/** Of the description, as it is served. */
export interface DescribedApi {
  components: { schemas: Record<string, object> };
}

const used = [
  'TokenExchange',
  'ExchangedKey',
  'ScanByNames',
  'SubmittedScan',
  'CancelledScan',
  'Scan',
  'ReportList',
  'Problem',
];

const banner = `// SPDX-License-Identifier: Apache-2.0
// Generated from the description of the scan service's API: edit packages/service/src/api, then run \`npm run generate\`.
`;

/** The text of packages/core/src/remote/service-api.ts. */
export async function renderClientTypes({ components }: DescribedApi): Promise<string> {
  const missing = used.find(name => !(name in components.schemas));
  if (missing !== undefined) throw new Error(`The description of the API has no ${missing}`);
  const properties = Object.fromEntries(used.map(name => [name, { $ref: `#/components/schemas/${name}` }]));
  const all: JSONSchema = { type: 'object', required: used, properties, additionalProperties: false, components };
  const types = await compile(all, 'ServiceApi', {
    bannerComment: banner,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 120 },
  });
  return types.replaceAll(/^export (?=interface (?!ServiceApi ))/gm, '');
}
