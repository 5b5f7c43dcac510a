// SPDX-License-Identifier: Apache-2.0

/** A process, and when it started: numbers are used again. */
export interface ProcessRef {
  pid: number;
  startTime: string;
  /** Whether it gave up the root directory of its container: then its mount table is not the container's. */
  jailed?: boolean;
}
