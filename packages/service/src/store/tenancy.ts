// SPDX-License-Identifier: Apache-2.0

/** The role that queries of a team run under; of the whole server, so its name is a long one. */
export const tenantRole = 'cinc_scan_tenant';

/** Every table whose rows belong to a team. Each has row-level security; a test asks the database whether that is so. */
export const teamTables = [
  'membership',
  'api_key',
  'cluster_access',
  'profile',
  'threshold',
  'scan',
  'submission',
  'scan_event',
  'scan_report',
] as const;
