// SPDX-License-Identifier: Apache-2.0
// Names and commands in a container are bytes. Those that are not UTF-8 travel through text as lone surrogates, which no
// UTF-8 can hold: U+DC80 to U+DCFF for the bytes 80 to FF (as in Python's PEP 383).

const escapes = /[\udc80-\udcff]/;
const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text, from which `toBytes` makes the same bytes. */
export function escapeBytes(bytes: Buffer): string {
  try {
    return whole.decode(bytes);
  } catch {
    return Array.from(bytes, byte => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
  }
}

export function toBytes(text: string): Buffer {
  if (!escapes.test(text)) return Buffer.from(text);
  // A pair of surrogates is one character of its own; only lone ones are bytes.
  const parts = Array.from(text, char => {
    const code = char.length === 1 ? char.charCodeAt(0) : 0;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char);
  });
  return Buffer.concat(parts);
}
