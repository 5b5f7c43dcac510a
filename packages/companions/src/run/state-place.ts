// SPDX-License-Identifier: Apache-2.0
import { keepsConditions, type ObjectStore, type OpenedObject, ScanError } from '@cinc-scan/core';

/** Two runs may want to write the state of one scope at the same time; then one of them compares again. */
export type Kept = 'kept' | 'changed';

/** Where a state is kept between runs. What is written replaces only what was read. */
export class StatePlace {
  readonly address: string;
  readonly #store: ObjectStore;
  readonly #name: string;
  readonly #isUnguarded: boolean;
  #condition: Parameters<ObjectStore['put']>[2]['condition'] = { kind: 'new' };
  #isProven = false;

  /** `isUnguarded`: the user vouches for it that no two runs of the scope are ever at once. */
  constructor({ store, name }: Pick<OpenedObject, 'store' | 'name'>, isUnguarded: boolean) {
    this.address = `${store.address}/${name}`;
    this.#store = store;
    this.#name = name;
    this.#isUnguarded = isUnguarded;
  }

  /** The state as it is now; undefined where there is none yet. */
  async read(): Promise<Buffer | undefined> {
    const there = await this.#store.get(this.#name);
    this.#condition = there === undefined ? { kind: 'new' } : { kind: 'version', version: there.version };
    return there?.bytes;
  }

  /** After it a next `write` replaces what this one wrote. */
  async write(pieces: Iterable<string>): Promise<Kept> {
    await this.#prove();
    const put = await this.#store.put(this.#name, pieces, { condition: this.#condition });
    if (put.kind === 'conflict') return 'changed';
    this.#condition = { kind: 'version', version: put.version };
    if (this.#store.isTrusted) return 'kept';
    const there = await this.#store.get(this.#name);
    return there?.version === put.version ? 'kept' : 'changed';
  }

  async #prove(): Promise<void> {
    if (this.#isProven || this.#isUnguarded) return;
    if (!(await keepsConditions(this.#store, `${this.#name}.probe`)))
      throw new ScanError('STORE_FAILED', `${this.address}: the server ignores the conditions of a put`, {
        remedy:
          'Two runs at once would lose a state there without a word. Keep it elsewhere with --state, or pass --state-unguarded if no two runs of this scope are ever at once.',
      });
    this.#isProven = true;
  }
}
