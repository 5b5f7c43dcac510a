// SPDX-License-Identifier: Apache-2.0

/** Why a scan is not run any more, and only what earlier attempts left is taken back: they are used up, or it was cancelled. */
export const cleans = ['lost', 'cancelled'] as const;
export type Clean = (typeof cleans)[number];
