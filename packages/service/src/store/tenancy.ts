// SPDX-License-Identifier: Apache-2.0

/** The role that queries of a team run under; of the whole server, so its name is a long one. */
export const tenantRole = 'cinc_scan_tenant';
