// SPDX-License-Identifier: Apache-2.0
import type { Place, Suppression } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import { at, type Fields, listAt, numberAt, textAt } from '../values.ts';

/** Where a result is: its first location. */
export function placeIn(result: Fields, run: Fields): Place {
  const [location] = listAt(result, 'locations');
  const physical = at(location, 'physicalLocation');
  const [logical] = listAt(location, 'logicalLocations');
  return {
    path: pathOf(at(physical, 'artifactLocation'), run) || undefined,
    resource: textAt(logical, 'fullyQualifiedName') || textAt(logical, 'name') || undefined,
    line: numberAt(physical, 'region', 'startLine'),
  };
}

/** Relative to the folder that the run names, so that it is the same on another machine. */
function pathOf(artifact: unknown, run: Fields): string {
  const listed = at(listAt(run, 'artifacts')[numberAt(artifact, 'index') ?? -1], 'location');
  const uri = textAt(artifact, 'uri') || textAt(listed, 'uri');
  const base = textAt(run, 'originalUriBaseIds', textAt(artifact, 'uriBaseId') || '%SRCROOT%', 'uri');
  const relative = base !== '' && uri.startsWith(base) ? uri.slice(base.length) : uri;
  try {
    return decodeURIComponent(relative);
  } catch {
    return relative;
  }
}

/** Suppressed if there is a suppression and none that is rejected or under review (SARIF 2.1.0, 3.27.23). */
export function suppressionIn(result: Fields, journal: Journal): Suppression | undefined {
  const suppressions = journal.objects(result['suppressions'], 'suppressions');
  const [first] = suppressions;
  // Some writers call it `state`.
  const states = suppressions.map(each => textAt(each, 'status') || textAt(each, 'state') || 'accepted');
  if (first === undefined || states.some(state => state !== 'accepted')) return undefined;
  return {
    origin: `SARIF, ${textAt(first, 'kind') || 'suppressed'}`,
    reason: textAt(first, 'justification') || 'without a reason',
  };
}
