// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer';
import { mostResultBytes } from '@cinc-scan/core';

export type Decoded = { kind: 'text'; text: string } | { kind: 'refused'; problem: string };

/** Strict UTF-8: results with characters that stand for none are not what the scanner wrote. */
export function decode(bytes: Uint8Array): Decoded {
  if (bytes.length > mostResultBytes) return refuse(`it is larger than ${mostResultBytes} bytes`);
  if (bytes.length === 0) return refuse('it is empty');
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return refuse('it is UTF-16, as `>` of PowerShell writes it; let the scanner write the file itself');
  if (!isUtf8(bytes)) return refuse('it is not UTF-8');
  const text = new TextDecoder('utf-8').decode(bytes);
  return text.trim() === '' ? refuse('it is empty') : { kind: 'text', text };
}

const refuse = (problem: string): Decoded => ({ kind: 'refused', problem });
