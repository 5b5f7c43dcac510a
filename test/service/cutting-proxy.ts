// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server on this machine that can be cut, and closed for a while. */
export class CuttingProxy implements AsyncDisposable {
  private readonly server = createServer(socket => this.lead(socket));
  private readonly sockets = new Set<Socket>();
  private target: URL;
  isClosed = false;
  /** Connections that were let in. */
  count = 0;

  private constructor(target: string) {
    this.target = new URL(target);
  }

  static async open(target: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on it leads there. */
  leadTo(target: string): void {
    this.target = new URL(target);
  }

  /** Cuts what is open now, in the middle of whatever is said. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  private lead(socket: Socket): void {
    if (this.isClosed) return void socket.resetAndDestroy();
    this.count += 1;
    const onward = connect(Number(this.target.port), this.target.hostname);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
