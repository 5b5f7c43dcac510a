// SPDX-License-Identifier: Apache-2.0

/** To the engine: a line, and the bytes that it counts. */
export interface Reply {
  header: Record<string, unknown>;
  first?: Buffer;
  second?: Buffer;
}
