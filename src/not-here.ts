// SPDX-License-Identifier: Apache-2.0

/** Thrown by a place that this run, server or token does not have: nothing is wrong with the scan. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}
