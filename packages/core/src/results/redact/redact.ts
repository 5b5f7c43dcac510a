// SPDX-License-Identifier: Apache-2.0
// What is taken out of every text before anything is made of it: reports, outputs, logs, pushes.

import { bareText } from '../../report/index.ts';
import type { Secret } from '../../request/index.ts';
import { formsOf } from './secret-forms.ts';
import { redactKeysAndHashes, redactPatterns } from './secret-patterns.ts';

export interface Redactor {
  /** Without the run's own secrets, in any form. */
  own: (text: string) => string;
  /** Also without private keys and password hashes, which no result file may hold either. */
  result: (text: string) => string;
  /** Also without all that looks like a secret: for text from containers and profiles. */
  all: (text: string) => string;
}

const mask = '***';

export function makeRedactor(secrets: readonly Secret[]): Redactor {
  const search = new Search(secrets.flatMap(secret => formsOf(secret.reveal())));
  const own = (text: string) => search.replaceIn(text);
  return {
    own: undisguised(own),
    result: undisguised(text => redactKeysAndHashes(own(text))),
    all: undisguised(text => redactPatterns(own(text))),
  };
}

/** A terminal sequence or an invisible character within a secret hides it from a search, not from a reader. */
function undisguised(redact: (text: string) => string): (text: string) => string {
  return text => {
    const bare = bareText(text);
    if (bare === text) return redact(text);
    const shown = redact(bare);
    return shown === bare ? redact(text) : shown;
  };
}

// No form is shorter.
const headLength = 6;

/** Finds many forms in one pass: a key of many lines has hundreds of them, a report millions of characters. */
class Search {
  readonly #byHead = new Map<string, string[]>();
  readonly #mayBegin = new Uint8Array(0x1_00_00);

  constructor(forms: string[]) {
    // Longest first, so that a form within another leaves no rest of it.
    for (const form of new Set(forms.toSorted((a, b) => b.length - a.length))) {
      const head = form.slice(0, headLength);
      this.#byHead.set(head, [...(this.#byHead.get(head) ?? []), form]);
      this.#mayBegin[hashAt(form, 0)] = 1;
    }
  }

  replaceIn(text: string): string {
    if (this.#byHead.size === 0) return text;
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at + headLength <= text.length; ) {
      const form = this.#mayBegin[hashAt(text, at)] === 1 ? this.#formAt(text, at) : undefined;
      if (form === undefined) {
        at += 1;
        continue;
      }
      parts.push(text.slice(from, at), mask);
      at += form.length;
      from = at;
    }
    return from === 0 ? text : [...parts, text.slice(from)].join('');
  }

  #formAt(text: string, at: number): string | undefined {
    const forms = this.#byHead.get(text.slice(at, at + headLength));
    return forms?.find(form => text.startsWith(form, at));
  }
}

function hashAt(text: string, at: number): number {
  const pair = (text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2);
  return (pair * 31 + text.charCodeAt(at + 3)) & 0xff_ff;
}
