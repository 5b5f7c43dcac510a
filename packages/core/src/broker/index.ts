// SPDX-License-Identifier: Apache-2.0
export { Broker, type EngineEvent } from './broker.ts';
export type { ContainerMarker } from './look.ts';
