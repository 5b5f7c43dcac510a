// SPDX-License-Identifier: Apache-2.0

/** The profile of one audit, fetched before anything was made in the cluster. */
export interface ProfileRef {
  name: string;
  version: string | undefined;
  /** As the user named it, without credentials. */
  source: string;
  /** SHA-256 of the profile's files, hex. */
  sha256: string;
}
