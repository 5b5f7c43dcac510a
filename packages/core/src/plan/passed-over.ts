// SPDX-License-Identifier: Apache-2.0
import { injectedContainer } from './injected.ts';
import { containerNames, type Pod } from './pod.ts';

/** A container of a planned pod that is not looked at. */
export interface PassedOver {
  namespace: string;
  pod: string;
  container: string;
  reason: string;
}

/** Each container of a pod that was not chosen, with the reason; those that have ended hold nothing to look at. */
export function passedOver(pod: Pod, chosen: readonly string[], why: string): PassedOver[] {
  const { namespace, name } = pod.metadata;
  const injected = injectedContainer(pod);
  const left = containerNames(pod)
    .filter(each => !chosen.includes(each))
    .map(container => ({ container, reason: why }));
  const debug = (pod.status.ephemeralContainerStatuses ?? [])
    .filter(({ state }) => state.running !== undefined)
    .map(each => ({ container: each.name, reason: 'it is a debug container, which is not part of the workload' }));
  const own =
    injected === undefined ? [] : [{ container: injected, reason: 'cinc-scan injected it to look at the others' }];
  return [...left, ...own, ...debug].map(each => ({ namespace, pod: name, ...each }));
}

const mostNamed = 10;

/** One line for people; undefined where everything is looked at. */
export function passedOverText(found: readonly PassedOver[]): string | undefined {
  if (found.length === 0) return undefined;
  const named = found
    .slice(0, mostNamed)
    .map(({ namespace, pod, container, reason }) => `${namespace}/${pod}/${container} (${reason})`);
  const rest = found.length > mostNamed ? `, and ${found.length - mostNamed} more, which scan.json lists` : '';
  return `Not looked at: ${named.join(', ')}${rest}`;
}
