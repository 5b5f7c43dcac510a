// SPDX-License-Identifier: Apache-2.0
export { auditAll } from './audit-all.ts';
