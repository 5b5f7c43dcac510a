// SPDX-License-Identifier: Apache-2.0
import { type Framed, parseFrames } from './frames.ts';
import { type Parsed, parseJson } from './json.ts';

/** The text of a result and what can be made of it; parsed once, however many readers ask. */
export class Input {
  readonly text: string;
  #json: Parsed | undefined;
  #frames: Framed | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get json(): Parsed {
    this.#json ??= parseJson(this.text);
    return this.#json;
  }

  /** The one document; undefined if the text is not one. */
  get document(): unknown {
    return this.json.kind === 'json' ? this.json.value : undefined;
  }

  get frames(): Framed {
    this.#frames ??=
      this.json.kind === 'json' ? { kind: 'framed', documents: [this.json.value], lines: [] } : parseFrames(this.text);
    return this.#frames;
  }

  get documents(): unknown[] {
    return this.frames.kind === 'framed' ? this.frames.documents : [];
  }
}
