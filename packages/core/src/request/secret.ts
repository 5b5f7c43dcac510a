// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';

const shown = '***';

/** A value that prints, serializes and inspects as `***`. `reveal` stands where a socket or file is written, nowhere else. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
