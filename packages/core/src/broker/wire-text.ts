// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { escapeBytes } from '../lens/index.ts';

/** Commands and paths of the engine: text, or bytes that are not UTF-8 in Base64, since JSON carries no other. */
export const wireText = z.union([
  z.string(),
  z.object({ base64: z.string() }).transform(({ base64 }) => escapeBytes(Buffer.from(base64, 'base64'))),
]);
