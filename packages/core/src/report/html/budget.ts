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

  /** The piece, or a note in its place; after the first that finds no room none is made any more. */
  take(make: () => Html): Html {
    if (this.omitted === 0) {
      const piece = make();
      this.left -= Buffer.byteLength(piece.text);
      if (this.left >= 0) return piece;
    }
    this.omitted += 1;
    return note;
  }

  get leftOut(): number {
    return this.omitted;
  }
}
