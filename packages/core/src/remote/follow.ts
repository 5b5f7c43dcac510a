// SPDX-License-Identifier: Apache-2.0
// Waits for a scan at the service, and tells what happens in it.
import type { IncomingMessage } from 'node:http';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { isUntrusted, openRoute, receive, startRequest } from '../http/index.ts';
import { plural, shortLine } from '../report/index.ts';
import type { EventRecord } from '../run/index.ts';
import { type ServerScan, serverScan } from './answers.ts';
import { readEventStream, type StreamWord } from './event-stream.ts';
import type { ServiceCalls } from './service-calls.ts';
import { toTold } from './told-event.ts';

export type Tell = (record: EventRecord) => void;

/** The scan once it is over. Throws what the signal was aborted with, and what no waiting mends. */
export function follow(calls: ServiceCalls, id: string, tell: Tell): Promise<ServerScan> {
  return new Follower(calls, id, tell).wait();
}

const isOver = ({ state }: ServerScan): boolean => state !== 'queued' && state !== 'running';

/** More than any run tells: the service keeps 5,000 of each. */
const mostEvents = 50_000;

class Follower {
  private readonly calls: ServiceCalls;
  private readonly id: string;
  private readonly tell: Tell;
  /** Number of the last event that was told. */
  private last = 0;
  private position: number | null = null;

  constructor(calls: ServiceCalls, id: string, tell: Tell) {
    [this.calls, this.id, this.tell] = [calls, id, tell];
  }

  async wait(): Promise<ServerScan> {
    const { firstPauseMs, longestPauseMs } = this.calls.around.patience;
    await this.look();
    for (let idle = 0; ; idle++) {
      const before = this.last;
      const lost = await this.listen();
      const scan = await this.look();
      if (isOver(scan)) {
        if (lost !== undefined) await this.listen(); // what it told after the stream had broken off
        return scan;
      }
      if (this.last > before) idle = 0;
      if (lost !== undefined && idle === 0) this.notice(`The events of the scan broke off: ${lost}; listening again`);
      await this.calls.pause(Math.min(longestPauseMs, firstPauseMs * 2 ** idle));
    }
  }

  private notice(text: string): void {
    this.tell({ event: 'notice', text });
  }

  /** How the scan stands; where it waits, and for how many. */
  private async look(): Promise<ServerScan> {
    const scan = await readScan(this.calls, this.id);
    const { position } = scan;
    if (scan.state === 'queued' && position !== null && position !== this.position) this.notice(positionText(position));
    this.position = position;
    return scan;
  }

  /** Tells events until the service says that there are no more; why it did not, if it did not. */
  private async listen(): Promise<string | undefined> {
    const { calls } = this;
    const url = calls.urlOf(`/scans/${this.id}/events`);
    const { server, environment, signal, patience } = calls.around;
    const key = await calls.around.keys.current(calls);
    const headers = { ...calls.headers(key), accept: 'text/event-stream', 'last-event-id': String(this.last) };
    using route = await openRoute(url, { environment, ca: server.ca });
    const trust = server.ca === undefined ? {} : { ca: server.ca };
    const request = startRequest(url, { method: 'GET', headers, agent: route.agent, signal, ...trust });
    try {
      request.end();
      const response = await receive(request, patience.silenceMs);
      return await this.hear(response);
    } catch (error) {
      signal.throwIfAborted();
      if (isScanError(error)) throw error;
      if (error instanceof Error && isUntrusted(error))
        throw new ScanError('SERVICE_UNREACHABLE', `${calls.name}: ${toMessage(error)}`, { cause: error });
      return shortLine(toMessage(error), 200);
    } finally {
      request.destroy();
    }
  }

  private async hear(response: IncomingMessage): Promise<string | undefined> {
    const { statusCode: status, headers } = response;
    const { 'content-type': type = 'nothing' } = headers;
    // What else it is to mean, the next question to the service finds out.
    if (status !== 200) return `it answered ${status}`;
    if (!type.startsWith('text/event-stream'))
      throw this.calls.notOurs(`it answered with ${shortLine(type, 100)}, not with events`);
    for await (const word of readEventStream(response)) if (await this.take(word)) return undefined;
    return 'the connection ended';
  }

  /** Whether it was the last one. */
  private async take(word: StreamWord): Promise<boolean> {
    if (word === 'alive') {
      if (this.last === 0) await this.look();
      return false;
    }
    if (word.event === 'end') return true;
    if (word.event === 'progress') {
      if (this.last === 0) await this.look(); // of the moment, and without a number
      return false;
    }
    const n = Number(word.id);
    if (!Number.isSafeInteger(n) || n <= this.last)
      throw this.calls.notOurs(`its events are not in order: ${shortLine(word.id, 50)} after ${this.last}`);
    if (n > mostEvents) throw this.calls.notOurs(`it has more than ${mostEvents} events`);
    this.last = n;
    const record = toTold(word);
    if (record !== undefined) this.tell(record);
    return false;
  }
}

function positionText(before: number): string {
  if (before === 0) return 'The scan is the next one';
  return `${plural(before, 'scan')} ${before === 1 ? 'is' : 'are'} before this one`;
}

async function readScan(calls: ServiceCalls, id: string): Promise<ServerScan> {
  const scan = await calls.json({ method: 'GET', path: `/scans/${id}` }, serverScan);
  if (scan.id === id) return scan;
  throw calls.notOurs(`asked for scan ${id}, it answered with ${scan.id}`);
}
