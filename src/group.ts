// SPDX-License-Identifier: Apache-2.0
// The log of a step has one group open at most, and closing none shows as a line of its own.
import { endGroup, startGroup } from '@actions/core';

let isOpen = false;

/** Begins a group in the log; the one before it ends. */
export function openGroup(title: string): void {
  closeGroup();
  startGroup(title);
  isOpen = true;
}

/** Ends the group that is open, if one is. */
export function closeGroup(): void {
  if (isOpen) endGroup();
  isOpen = false;
}
