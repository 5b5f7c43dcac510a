// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** A control, and the profile that it stands in. */
const controlRef = z.object({ profile: z.string(), id: z.string() });
export type ControlRef = z.infer<typeof controlRef>;

const supported = z.array(z.record(z.string(), z.unknown()));

const inventoryProblem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('duplicate-id'), profile: z.string(), id: z.string(), places: z.array(z.string()) }),
  z.object({ kind: z.literal('dependency-unsupported'), profile: z.string(), by: z.string(), supports: supported }),
]);
export type InventoryProblem = z.infer<typeof inventoryProblem>;

/** What a profile has, as far as InSpec's results do not tell; the same when it is read and when it is run. */
export const inventory = z.object({
  /** The controls that the filters select, those of dependencies included. */
  has: z.array(controlRef).default([]),
  problems: z.array(inventoryProblem).default([]),
  /** Filters that nothing matches. */
  unmatched: z.object({ controls: z.array(z.string()), tags: z.array(z.string()) }).default({ controls: [], tags: [] }),
});
export type Inventory = z.infer<typeof inventory>;

export function showProblem(problem: InventoryProblem): string {
  if (problem.kind === 'dependency-unsupported')
    return `${problem.by} includes ${problem.profile}, which supports only ${showSupports(problem.supports)}`;
  const { id, profile, places } = problem;
  return `control ${JSON.stringify(id)} of ${profile} is defined twice, at ${places.join(' and ')}: InSpec drops the checks of the first`;
}

/** The platforms of a profile as its metadata has them. */
export function showSupports(supports: z.infer<typeof supported>): string {
  return supports
    .map(each =>
      Object.entries(each)
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(' '),
    )
    .join(', ');
}
