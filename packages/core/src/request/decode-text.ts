// SPDX-License-Identifier: Apache-2.0

/** Text of a file as people save it: UTF-8, or UTF-16 as PowerShell's `>` writes it, which begins with a mark of its order. */
export function decodeText(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}
