// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { inventory } from '../engine/index.ts';
import { ScanError, toMessage } from '../errors/index.ts';
import { parseJsonText, Secret } from '../request/index.ts';

const text = z.string().nullish();

/** What InSpec says of a profile that it read against no machine. Hostile where the profile is. */
const profileDescription = z.object({
  name: z.string(),
  version: z.string().nullish(),
  title: text,
  maintainer: text,
  copyright: text,
  license: text,
  summary: text,
  status: text,
  status_message: text,
  supports: z.array(z.record(z.string(), z.unknown())).nullish(),
  controls: z.array(
    z.object({
      id: z.string(),
      title: text,
      desc: text,
      impact: z.number().nullish(),
      tags: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  known_inputs: z.array(
    z.object({
      profile: z.string(),
      name: z.string(),
      type: z.string(),
      required: z.boolean(),
      sensitive: z.boolean(),
      has_value: z.boolean(),
      value: z.unknown(),
      description: text,
    }),
  ),
  missing_inputs: z.array(z.string()),
  unknown_inputs: z.array(z.string()),
  /** What was set for inputs that the profile, or one that it depends on, calls sensitive. */
  secrets: z.array(z.string().transform(value => new Secret(value))),
  ...inventory.shape,
  selected: z.array(z.string()),
  checks: z.record(z.string(), z.number()),
  /** Control files ask the target when they are loaded: it may give other controls than stand here. */
  depends_on_target: z.boolean(),
  /** Why the controls could not be read without a target. */
  unread: text,
  /** Dependencies that run on some platforms only. */
  conditional: z.array(z.object({ name: z.string(), supports: z.array(z.record(z.string(), z.unknown())) })),
});

export type ProfileDescription = z.infer<typeof profileDescription>;

/** What the profile made InSpec say, or why that cannot be taken. */
export function parseDescription(said: string, named: string): ProfileDescription {
  try {
    return profileDescription.parse(parseJsonText(said));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : toMessage(error);
    throw new ScanError('PROFILE_INVALID', `Profile ${named} cannot be read: ${why}`, { cause: error });
  }
}
