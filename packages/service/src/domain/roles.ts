// SPDX-License-Identifier: Apache-2.0

/** From the least to the most: each may do what those before it may. */
export const teamRoles = ['viewer', 'scanner', 'approver', 'admin'] as const;
export type TeamRole = (typeof teamRoles)[number];

/** An auditor reads everything, an operator looks after clusters and teams. */
export const platformRoles = ['auditor', 'operator'] as const;
export type OverseerRole = (typeof platformRoles)[number];

/** A runner takes scans of its regions and says how they ended; nothing else. */
export type PlatformRole = OverseerRole | 'runner';

export const allRoles = [...teamRoles, ...platformRoles, 'runner'] as const;

export const allows = (held: TeamRole, wanted: TeamRole): boolean =>
  teamRoles.indexOf(held) >= teamRoles.indexOf(wanted);

/** What an auditor may an operator may, too. */
export const allowsOnPlatform = (held: OverseerRole, wanted: OverseerRole): boolean =>
  platformRoles.indexOf(held) >= platformRoles.indexOf(wanted);

export const least = (one: TeamRole, other: TeamRole): TeamRole => (allows(one, other) ? other : one);

export const isTeamRole = (role: TeamRole | PlatformRole): role is TeamRole => teamRoles.some(each => each === role);
