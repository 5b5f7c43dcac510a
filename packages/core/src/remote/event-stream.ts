// SPDX-License-Identifier: Apache-2.0
// Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
import { ScanError } from '../errors/index.ts';

export interface StreamEvent {
  /** The last that was given: an event need not have one of its own. */
  id: string;
  event: string;
  data: string;
}

/** What a stream says: an event, or by a comment that it is still there. */
export type StreamWord = StreamEvent | 'alive';

/** Of one event; the service's own are a few thousand bytes. */
const mostCharacters = 1_048_576;

/** The words of a stream, as they come; an event that is cut off by its end is none. */
export async function* readEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamWord> {
  const parser = new Parser();
  const decoder = new TextDecoder('utf-8');
  for await (const chunk of chunks) yield* parser.take(decoder.decode(chunk, { stream: true }));
}

class Parser {
  private rest = '';
  private data: string[] = [];
  private size = 0;
  private event = '';
  private id = '';

  *take(text: string): Generator<StreamWord> {
    this.rest += text;
    for (;;) {
      // A carriage return at the end may be half of a line's end.
      const [end] = /\r\n|\n|\r(?!$)/.exec(this.rest) ?? [];
      if (end === undefined) break;
      const at = this.rest.indexOf(end);
      const line = this.rest.slice(0, at);
      this.rest = this.rest.slice(at + end.length);
      const word = this.line(line);
      if (word !== undefined) yield word;
    }
    if (this.size + this.rest.length > mostCharacters)
      throw new ScanError('SERVICE_ANSWER', `An event of the scan service is longer than ${mostCharacters} characters`);
  }

  private line(line: string): StreamWord | undefined {
    if (line === '') return this.dispatch();
    if (line.startsWith(':')) return 'alive';
    const [, field = line, value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (field === 'data') {
      this.data.push(value);
      this.size += value.length;
    } else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    return undefined;
  }

  private dispatch(): StreamEvent | undefined {
    const { data, event, id } = this;
    [this.data, this.event, this.size] = [[], '', 0];
    return data.length === 0 ? undefined : { id, event: event === '' ? 'message' : event, data: data.join('\n') };
  }
}
