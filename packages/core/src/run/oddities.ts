// SPDX-License-Identifier: Apache-2.0
import { unknownWaivers } from '../outcome/index.ts';
import type { PreparedProfile } from '../profile/index.ts';
import type { ScanRequest } from './scan-request.ts';

/** What is odd about a request and no reason to refuse it. */
export function oddities({ warnings, waivers }: ScanRequest, profiles: PreparedProfile[]): string[] {
  const known = profiles.flatMap(profile => profile.controlIds);
  const unknown = unknownWaivers(
    waivers.flatMap(file => file.waivers),
    known,
  ).map(({ controlId }) => JSON.stringify(controlId));
  const isOpen = profiles.some(profile => profile.known.depends_on_target);
  return unknown.length === 0 || isOpen
    ? warnings
    : [...warnings, `waivers: no profile has the controls ${unknown.join(', ')}`];
}
