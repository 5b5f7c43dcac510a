// SPDX-License-Identifier: Apache-2.0
/** Parses an option that may be given several times. */
export const gather = (item: string, before: string[] | undefined): string[] => [...(before ?? []), item];
