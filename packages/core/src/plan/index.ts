// SPDX-License-Identifier: Apache-2.0
export { getPod, type Plan, type PlanRequest, plan, toTarget, type Unplanned } from './plan.ts';
export { containerStatusOf, type Pod, sidecarAnnotation } from './pod.ts';
export { parseLabels, parseSelector, type Selector, type WorkloadKind, workloadKinds } from './selector.ts';
export { isSamePlace, type MissingTarget, type Owner, stableIdentity, type Target, targetName } from './target.ts';
