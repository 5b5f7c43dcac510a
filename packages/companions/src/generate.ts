// SPDX-License-Identifier: Apache-2.0
// `npm run generate`: the published schema of cinc-scan.sources.yml.
import { writeFileSync } from 'node:fs';
import { sourcesJsonSchema } from './sources/schema.ts';

const path = new URL('../../../docs/schemas/sources.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(sourcesJsonSchema(), undefined, 2)}\n`);
