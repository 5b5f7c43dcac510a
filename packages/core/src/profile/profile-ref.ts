// SPDX-License-Identifier: Apache-2.0

/** The profile of one audit, fetched before anything was made in the cluster. */
export interface ProfileRef {
  name: string;
  version: string | undefined;
  /** As the user named it, without credentials. */
  source: string;
  /** SHA-256 of the profile's files, hex. */
  sha256: string;
  /** Of a git source: what its branch or tag was when it was fetched. */
  commit?: string | undefined;
  /** What it depends on, directly and through others. */
  dependencies?: DependencyRef[] | undefined;
}

/** A profile that another one depends on, as it was when it was fetched. */
export interface DependencyRef {
  name: string;
  source: string;
  sha256: string;
  commit?: string | undefined;
}
