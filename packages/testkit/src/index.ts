// SPDX-License-Identifier: Apache-2.0

export { type Api, type Body, openApi, type Reply } from './client.ts';
export type { ActiveFault, Fault, FaultAction, FaultMatch, Faults } from './cluster/api/faults.ts';
export type { RequestLog, ServedRequest } from './cluster/api/request-log.ts';
export type { ClusterOptions, EmbeddedCluster } from './cluster/cluster.ts';
export type { StaticUser } from './cluster/rbac/authentication.ts';
export { type ImageStore, openImageStore } from './images/store.ts';
export {
  createNamespace,
  createPod,
  type PodOptions,
  podBody,
  postPod,
  testImage,
  until,
  untilRunning,
} from './pods.ts';
export { createRuncRuntime } from './runtime/runc.ts';
export { CannotStart, type ContainerSpec, ImageMissing, type Mount, type Runtime } from './runtime/runtime.ts';
export { filesOf, ServiceClient, type StartedService, startShippedService } from './service-process.ts';
export { type StartOptions, startCluster } from './start-cluster.ts';
