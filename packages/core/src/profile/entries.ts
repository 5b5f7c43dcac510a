// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';

/** One member of an archive, before anything was written. */
export type ArchiveEntry =
  | { kind: 'file'; path: string; bytes: Buffer }
  | { kind: 'folder'; path: string }
  /** As it stands in the archive; where it leads is checked when it is written. */
  | { kind: 'link'; path: string; to: string };

/** What a profile may be at most; the largest public ones have some 20 MB and 2,000 files. */
export const limits = {
  /** Of an archive as it is fetched. */
  packedBytes: 64 * 1_048_576,
  /** Of all its files. */
  bytes: 128 * 1_048_576,
  entries: 20_000,
  /** Unpacked to packed; what is smaller than a floor may be as repetitive as it likes. */
  ratio: 100,
  ratioFloor: 8 * 1_048_576,
  pathBytes: 1000,
  depth: 30,
} as const;

/** How many bytes an archive of this size may unpack to. */
export function mostUnpacked(packed: number): number {
  return Math.min(limits.bytes, Math.max(limits.ratioFloor, packed * limits.ratio));
}

export const refuseArchive = (why: string, cause?: unknown) =>
  new ScanError('PROFILE_REFUSED', `the archive is refused: ${why}`, { cause });

/** Counts what was read of an archive, and ends it where it is too much. */
export class Allowance {
  private entries = 0;
  private bytes = 0;
  private readonly mostBytes: number;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  take(bytes: number): void {
    this.entries += 1;
    this.bytes += bytes;
    if (this.entries > limits.entries) throw refuseArchive(`it has more than ${limits.entries} members`);
    if (this.bytes > this.mostBytes) throw refuseArchive(`it unpacks to more than ${this.mostBytes} bytes`);
  }

  get left(): number {
    return this.mostBytes - this.bytes;
  }
}

/** The path of a member below the folder it is unpacked to; one that leads elsewhere is refused. */
export function safePath(name: string): string {
  const show = JSON.stringify(name.slice(0, 200));
  if (name === '' || /[\0\\]/.test(name) || name.startsWith('/') || /^[A-Za-z]:/.test(name))
    throw refuseArchive(`a member is called ${show}`);
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw refuseArchive(`a member leads out of it: ${show}`);
  if (Buffer.byteLength(name) > limits.pathBytes || parts.length > limits.depth)
    throw refuseArchive(`the name of a member is too long: ${show}`);
  return parts.join('/');
}
