// SPDX-License-Identifier: Apache-2.0
export { Broker, type BrokerOptions, type EngineEvent } from './broker.ts';
