// SPDX-License-Identifier: Apache-2.0
import {
  type FindingWaiver,
  keyText,
  parseMoment,
  parseWaiverKey,
  parseYaml,
  ScanError,
  toMessage,
} from '@cinc-scan/core';
import * as z from 'zod';

const key = z.string().transform((text, context) => {
  const parsed = parseWaiverKey(text);
  if (parsed !== undefined) return parsed;
  context.addIssue('expected a fingerprint, tool:rule, or tool:rule@scheme:target');
  return z.NEVER;
});

const moment = z.string().transform((text, context) => {
  const time = parseMoment(text);
  if (time !== undefined) return time;
  context.addIssue('expected YYYY-MM-DD');
  return z.NEVER;
});

const waiverSchema = z.strictObject({
  key,
  reason: z.string().trim().min(1, 'missing').max(1000),
  /** The day from which the finding counts again. */
  expires: moment.optional(),
});

const documentSchema = z.strictObject({ waivers: z.array(waiverSchema).max(10_000) });

/** Reads a file of waivers; whatever is odd about it is an error, since a waiver that is passed over is one that nobody misses. */
export function parseWaiverFile(text: string, name: string): FindingWaiver[] {
  const parsed = documentSchema.safeParse(parseDocument(text, name));
  if (!parsed.success) throw refuse(name, parsed.error.issues.map(issueText));
  const keys = parsed.data.waivers.map(waiver => keyText(waiver.key));
  const twice = keys.filter((each, index) => keys.indexOf(each) !== index);
  if (twice.length > 0)
    throw refuse(
      name,
      [...new Set(twice)].map(each => `${each} is waived twice`),
    );
  return parsed.data.waivers.map(({ key: of, reason, expires }) => ({ key: of, reason, origin: name, expires }));
}

const issueText = ({ path, message }: z.core.$ZodIssue): string =>
  [path.map(part => String(part)).join('.'), message].filter(Boolean).join(': ');

const refuse = (name: string, problems: string[]): ScanError =>
  new ScanError('WAIVER_INVALID', `${name}: ${problems.slice(0, 20).join('; ')}`, {
    remedy: 'Each waiver has a key and a reason, and a day on which it ends: docs/companions.md shows one.',
  });

function parseDocument(text: string, name: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw refuse(name, [`it is not YAML: ${toMessage(error)}`]);
  }
}
