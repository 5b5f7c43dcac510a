// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import type { Json } from '../objects/json.ts';

export interface FaultMatch {
  method?: string;
  /** Tried on the path with its query. */
  path?: RegExp;
  /** Only the nth request that matches, counted from 1; with `times`, that one and the ones after it. */
  nth?: number;
}

export type FaultAction =
  | { kind: 'status'; code: number; body?: Json | string; headers?: Record<string, string> }
  | { kind: 'delay'; ms: number }
  /** Never answers; the connection stays. With `served` the request is carried out all the same, as when an answer is lost. */
  | { kind: 'hold'; served: boolean }
  /** Ends the connection without a farewell once this many bytes have gone to the client. */
  | { kind: 'cut'; afterBytes: number }
  /** Resets the connection instead of answering. */
  | { kind: 'reset' };

export interface Fault {
  match: FaultMatch;
  action: FaultAction;
  /** How often it strikes; always if not given, once if `nth` is given. */
  times?: number;
}

/** A fault that was switched on; disposing switches it off. */
export interface ActiveFault extends Disposable {
  readonly hits: number;
  remove(): void;
}

type Armed = { fault: Fault; seen: number; hits: number };

export class Faults {
  readonly #armed = new Set<Armed>();

  add(fault: Fault): ActiveFault {
    const armed: Armed = { fault, seen: 0, hits: 0 };
    this.#armed.add(armed);
    const remove = (): void => void this.#armed.delete(armed);
    return {
      get hits() {
        return armed.hits;
      },
      remove,
      [Symbol.dispose]: remove,
    };
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The actions that strike this request, in the order in which they were added. */
  strike(method: string, path: string): FaultAction[] {
    return [...this.#armed].filter(armed => hits(armed, method, path)).map(armed => armed.fault.action);
  }
}

function hits(armed: Armed, method: string, path: string): boolean {
  const { match, times } = armed.fault;
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match.path !== undefined && path.search(match.path) < 0) return false;
  armed.seen += 1;
  if (match.nth !== undefined && armed.seen < match.nth) return false;
  const limit = times ?? (match.nth === undefined ? Number.POSITIVE_INFINITY : 1);
  if (armed.hits >= limit) return false;
  armed.hits += 1;
  return true;
}

/** Lets this many more bytes through to the client, then ends the TCP connection. */
export function cutAfter(socket: Socket, raw: Socket, afterBytes: number): void {
  let left = afterBytes;
  const write = socket.write.bind(socket);
  const end = (): void => void raw.destroy();
  if (left === 0) return end();
  const cutting = (chunk: Uint8Array | string, encoding?: unknown, done?: unknown): boolean => {
    const data = typeof chunk === 'string' ? Buffer.from(chunk, toEncoding(encoding)) : Buffer.from(chunk);
    const callback = [encoding, done].find(one => typeof one === 'function');
    const part = data.subarray(0, left);
    left -= part.length;
    const over = left === 0;
    return write(part, () => {
      if (typeof callback === 'function') Reflect.apply(callback, undefined, []);
      if (over) end();
    });
  };
  Object.defineProperty(socket, 'write', { configurable: true, writable: true, value: cutting });
}

function toEncoding(value: unknown): BufferEncoding {
  return typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8';
}
