// SPDX-License-Identifier: Apache-2.0
export { type Role, roles, type Service, type ServiceSettings, startService } from './run-service.ts';
