// SPDX-License-Identifier: Apache-2.0
export interface ServedRequest {
  method: string;
  path: string;
  query: string;
  user: string;
  /** 101 for an exec stream; 0 if the connection ended before there was an answer. */
  status: number;
  at: Date;
}

/** The last requests served. */
export class RequestLog {
  readonly #kept: ServedRequest[] = [];
  readonly #limit: number;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  add(request: ServedRequest): void {
    this.#kept.push(request);
    if (this.#kept.length > this.#limit) this.#kept.shift();
  }

  all(): ServedRequest[] {
    return [...this.#kept];
  }

  clear(): void {
    this.#kept.length = 0;
  }

  [Symbol.iterator](): Iterator<ServedRequest> {
    return this.all()[Symbol.iterator]();
  }
}
