// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';

/** There may be a scan to run, or a question to answer. */
export const workSignal = 'work';

/**
 * What happened, told at once to those who wait for it; what happened to a scan goes by the scan's id. Nothing rests on it:
 * whoever waits looks now and then without having heard anything.
 */
export class Signals {
  private readonly heard = new EventEmitter().setMaxListeners(0);
  private readonly tellOthers: (name: string) => void;

  /** The function tells other processes of the service. */
  constructor(tellOthers: (name: string) => void = () => undefined) {
    this.tellOthers = tellOthers;
  }

  /** To be said once what happened is committed. */
  say(name: string): void {
    this.hear(name);
    this.tellOthers(name);
  }

  /** Another process said it. */
  hear(name: string): void {
    this.heard.emit(name);
  }

  on(name: string, listener: () => void): Disposable {
    this.heard.on(name, listener);
    return { [Symbol.dispose]: () => this.heard.off(name, listener) };
  }
}
