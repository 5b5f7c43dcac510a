// SPDX-License-Identifier: Apache-2.0
import { flagName, inputNames } from '@cinc-scan/core';

const inputOf = new Map<string, string>(inputNames.map(name => [`--${flagName(name)}`, name]));

/** A remedy names inputs as flags; a step has no flags. What is in backticks is typed into a shell, and stays. */
export function inStepWords(remedy: string): string {
  const parts = remedy.split(/(`[^`]*`)/);
  return parts.map(part => (part.startsWith('`') ? part : part.replaceAll(/--[a-z-]+/g, toInput))).join('');
}

const toInput = (flag: string) => inputOf.get(flag) ?? flag;
