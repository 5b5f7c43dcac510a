// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

const text = z.string().nullish();

/** What InSpec says of a profile that it read against no machine. Hostile where the profile is. */
export const profileDescription = z.object({
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
  unmatched: z.object({ controls: z.array(z.string()), tags: z.array(z.string()) }),
  selected: z.array(z.string()),
  checks: z.record(z.string(), z.number()),
});

export type ProfileDescription = z.infer<typeof profileDescription>;
