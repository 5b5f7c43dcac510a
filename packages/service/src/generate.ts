// SPDX-License-Identifier: Apache-2.0
// `npm run generate`: what the client of the API is made of.
import { writeFileSync } from 'node:fs';
import { renderClientTypes } from './api/client-types.ts';
import { describeApi } from './api/server.ts';

const path = new URL('../../core/src/remote/service-api.ts', import.meta.url);
writeFileSync(path, await renderClientTypes(await describeApi()));
