// SPDX-License-Identifier: Apache-2.0
import { type Html, html } from './markup.ts';

// With the tables beside it this keeps the file of 20,000 results below 10 MB, which browsers open in a second.
const mostBytes = 6_000_000;

const note = html`<p class="note">Left out to keep this file small: the result file has it.</p>`;

/** Bounds what controls may say together. Worst controls are told first, so what is left out matters least. */
export class Budget {
  private left: number;
  private omitted = 0;

  constructor(bytes: number = mostBytes) {
    this.left = bytes;
  }

  /** The piece, or a note in its place. */
  take(make: () => Html): Html {
    return this.fit(make) ?? note;
  }

  /** The piece, if there is room for it; after the first that finds none, none is made any more. */
  fit(make: () => Html): Html | undefined {
    if (this.omitted === 0) {
      const piece = make();
      const bytes = Buffer.byteLength(piece.text);
      if (bytes <= this.left) {
        this.left -= bytes;
        return piece;
      }
    }
    this.omitted += 1;
    return undefined;
  }

  /** One of so many parts of what is left; what it does not need is there for those that follow. */
  share<T>(parts: number, use: (part: Budget) => T): T {
    const part = new Budget(Math.floor(this.left / parts));
    this.left -= part.left;
    const made = use(part);
    this.left += part.left;
    return made;
  }

  get leftOut(): number {
    return this.omitted;
  }
}
