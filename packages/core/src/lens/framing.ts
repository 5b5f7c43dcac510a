// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

/** What one command gave. Bytes, never text: decoding is for whoever shows them. */
export interface CommandAnswer {
  status: number;
  stdout: Buffer;
  stderr: Buffer;
  /** More came than the limit allowed; the rest was thrown away. */
  truncated: boolean;
}

/** A fresh mark for each request: nothing that ran before it can have printed it. */
export function makeNonce(): string {
  return randomBytes(16).toString('hex');
}

export const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** In a part of the session's shell: scripts of ours, which cost no shell of their own that way. */
export const inSession = (script: string) => `( eval ${quote(script)} )`;

/** Names the variable that holds what a shell of the session has to know first. */
export const preludeVariable = 'cinc_scan_prelude';

/**
 * In a shell process of its own, as an auditor within the container has it: `$$` and line numbers are its own, and it
 * may end itself; what a shell says of one that was killed goes nowhere. What the session's shell was told first, the new
 * one is told as an argument.
 */
export const inOwnShell = (shell: readonly string[], hasPrelude: boolean) => (command: string) => {
  const script = hasPrelude ? `eval "$1"; shift; ${command}` : command;
  const told = hasPrelude ? ` sh "$${preludeVariable}"` : '';
  return `{ ( exec ${shell.map(quote).join(' ')} -c ${quote(script)}${told} 2>&3 3>&- ) ; } 3>&2 2>/dev/null`;
};

export interface Framed {
  /** A compound command that keeps to itself what runs in it: by `inSession` or `inOwnShell`. */
  body: string;
  nonce: string;
}

/**
 * One line for a POSIX shell that reads its script from standard input. Each body runs without input, between marks on both
 * channels, in the one subshell it brings: a syntax error, `exit`, `exec` or `cd` in it ends with that. Where one body ends the next
 * begins, in one write to each channel: every write is a message of its own on the way back.
 */
export function requestLine(...requests: [Framed, ...Framed[]]): string {
  const [first] = requests;
  const parts = requests.map(({ body, nonce }, index) => {
    const next = requests[index + 1];
    const start = next ? `${next.nonce}<` : '';
    return `${body} </dev/null ; printf '\\n${nonce}:%s\\n${start}' $? ; printf '\\n${nonce}\\n${start}' >&2`;
  });
  return `printf '${first.nonce}<' ; printf '${first.nonce}<' >&2 ; ${parts.join(' ; ')}\n`;
}

/** Bytes of one channel between a start and an end mark, wherever the network split them. */
class MarkedChannel {
  readonly chunks: Buffer[] = [];
  truncated = false;
  complete = false;
  private started = false;
  private carry: Buffer = Buffer.alloc(0);
  private kept = 0;
  private readonly start: Buffer;
  private readonly end: Buffer;
  private readonly limit: number;

  constructor(start: string, end: string, limit: number) {
    this.start = Buffer.from(start);
    this.end = Buffer.from(end);
    this.limit = limit;
  }

  /** Takes bytes; returns those after the end mark once it has come. */
  feed(bytes: Buffer): Buffer | undefined {
    let data = this.carry.length === 0 ? bytes : Buffer.concat([this.carry, bytes]);
    if (!this.started) {
      const at = data.indexOf(this.start);
      if (at < 0) return this.wait(data, this.start.length); // strays of a background process: discarded
      this.started = true;
      data = data.subarray(at + this.start.length);
    }
    const at = data.indexOf(this.end);
    if (at < 0) {
      this.wait(data, this.end.length, true);
      return undefined;
    }
    this.keep(data.subarray(0, at));
    this.complete = true;
    return data.subarray(at + this.end.length);
  }

  private wait(data: Buffer, markLength: number, keep = false): undefined {
    const safe = Math.max(0, data.length - (markLength - 1));
    if (keep) this.keep(data.subarray(0, safe));
    this.carry = Buffer.from(data.subarray(safe));
    return undefined;
  }

  private keep(bytes: Buffer): void {
    const room = this.limit - this.kept;
    if (bytes.length > room) this.truncated = true;
    const taken = bytes.subarray(0, Math.max(0, room));
    if (taken.length > 0) this.chunks.push(Buffer.from(taken));
    this.kept += taken.length;
  }
}

/** Thrown when a container answers what no shell of ours would. */
export class FrameMismatch extends Error {
  override name = 'FrameMismatch';
}

const longestStatus = 16;

/** Puts one answer together from two channels whose order against each other is not defined. */
export class AnswerReader {
  private readonly stdout: MarkedChannel;
  private readonly stderr: MarkedChannel;
  private statusText: Buffer = Buffer.alloc(0);
  private status: number | undefined;

  constructor(nonce: string, limit: number) {
    this.stdout = new MarkedChannel(`${nonce}<`, `\n${nonce}:`, limit);
    this.stderr = new MarkedChannel(`${nonce}<`, `\n${nonce}\n`, limit);
  }

  takeStdout(bytes: Buffer): void {
    if (this.status !== undefined) return;
    const rest = this.stdout.complete ? bytes : this.stdout.feed(bytes);
    if (rest === undefined) return;
    this.statusText = Buffer.concat([this.statusText, rest.subarray(0, longestStatus)]);
    const end = this.statusText.indexOf('\n');
    const text = this.statusText.subarray(0, end < 0 ? undefined : end).toString('latin1');
    // An empty one would be read as 0, which means success.
    if (!/^\d*$/.test(text) || text.length > 3 || (end >= 0 && text === ''))
      throw new FrameMismatch(`a status that is not a number: ${JSON.stringify(text)}`);
    if (end >= 0) this.status = Number(text);
  }

  takeStderr(bytes: Buffer): void {
    if (!this.stderr.complete) this.stderr.feed(bytes);
  }

  /** The answer once both end marks have come. */
  answer(): CommandAnswer | undefined {
    if (this.status === undefined || !this.stderr.complete) return undefined;
    return {
      status: this.status,
      stdout: Buffer.concat(this.stdout.chunks),
      stderr: Buffer.concat(this.stderr.chunks),
      truncated: this.stdout.truncated || this.stderr.truncated,
    };
  }
}
