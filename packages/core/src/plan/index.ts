// SPDX-License-Identifier: Apache-2.0
export { injectedCommands, sidecarAnnotation, sidecarName, targetMarker, toolPaths } from './injected.ts';
export { matches } from './matches.ts';
export { type PassedOver, passedOverText } from './passed-over.ts';
export {
  getPod,
  isPodThere,
  type Plan,
  type PlanRequest,
  plan,
  toTarget,
} from './plan.ts';
export { containerStatusOf, type Pod, podShape } from './pod.ts';
export { parseSelector, type Selector, workloadKinds } from './selector.ts';
export { isSamePlace, type MissingTarget, type Owner, stableIdentity, type Target, targetName } from './target.ts';
export { byPlace, listWorkloads, type Workload, type WorkloadPlace } from './workloads.ts';
