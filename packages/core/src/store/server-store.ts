// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '../errors/index.ts';
import {
  type AnswerHead,
  type Call,
  type CallAnswer,
  call,
  isSuccess,
  mayPass,
  problemOf,
  type RetrySettings,
  type StreamAnswer,
  streamCall,
  waitMs,
} from '../http/index.ts';
import {
  type ContentStore,
  mostObjectBytes,
  type ObjectStore,
  type PutAnswer,
  type PutOptions,
  requireName,
  type StoredContents,
  type StoredFile,
  type StoredObject,
  storeFailed,
  toBytes,
} from './object-store.ts';
import { codeOf, type Server, type Wanted } from './server.ts';

type Answered = CallAnswer & { kind: 'answered' };

const mostPages = 1000;
// Of a link at its slowest: a large result may take longer than one request is given otherwise.
const bytesPerMs = 256;

/** Objects in a bucket, by plain HTTPS. */
export class ServerStore implements ObjectStore, ContentStore {
  readonly address: string;
  readonly isTrusted: boolean;
  readonly #server: Server;
  readonly #prefix: string;
  readonly #settings: RetrySettings;

  constructor(server: Server, prefix: string, settings: RetrySettings) {
    this.address = server.address;
    this.isTrusted = server.isTrusted;
    this.#server = server;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#settings = settings;
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const url = this.#urlOf(name);
    const { answer } = await this.#ask({ method: 'GET', url, headers: {} });
    if (isAbsent(answer, this.#server)) return undefined;
    if (!isSuccess(answer)) throw this.#failure(answer, name);
    return { bytes: answer.bytes, version: this.#versionOf(answer, name) };
  }

  async put(name: string, contents: StoredContents, { condition }: PutOptions): Promise<PutAnswer> {
    const body = toBytes(contents);
    const headers = { 'content-type': typeOf(name), ...this.#server.putHeaders(condition) };
    const wanted: Wanted = { method: 'PUT', url: this.#urlOf(name), headers, body };
    const { answer, isRepeated } = await this.#ask(wanted);
    if (isSuccess(answer)) return { kind: 'stored', version: this.#versionOf(answer, name) };
    const isRefused = isConflict(answer) || (condition.kind === 'version' && isAbsent(answer, this.#server));
    if (!isRefused) throw this.#failure(answer, name);
    // An earlier try may have arrived although nothing was heard of it: then it is our own that stands there.
    const there = isRepeated ? await this.get(name) : undefined;
    return there?.bytes.equals(body) === true ? { kind: 'stored', version: there.version } : { kind: 'conflict' };
  }

  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    let marker: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const url = this.#server.listUrl(`${this.#prefix}${prefix}`, marker);
      const { answer } = await this.#ask({ method: 'GET', url, headers: {} });
      if (!isSuccess(answer)) throw this.#failure(answer, prefix);
      const listed = this.#server.parseList(answer.body);
      names.push(...listed.names.filter(each => each.startsWith(this.#prefix)));
      if (listed.next === undefined) return names.map(each => each.slice(this.#prefix.length)).toSorted();
      marker = listed.next;
    }
    throw storeFailed(`${this.address}/${prefix}`, `there are more than ${mostPages} pages of objects`);
  }

  async getPieces(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const answer = await this.#stream({ method: 'GET', url: this.#urlOf(name), headers: {} });
    if ('pieces' in answer) return this.#readable(answer.pieces, name);
    if (isAbsent(answer, this.#server)) return undefined;
    throw this.#failure(answer, name);
  }

  async *#readable(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces;
    } catch (error) {
      throw storeFailed(`${this.address}/${name}`, toMessage(error), { cause: error });
    }
  }

  async putFile(name: string, { path, bytes, sha256 }: StoredFile): Promise<void> {
    const headers = { 'content-type': typeOf(name), ...this.#server.putHeaders({ kind: 'any' }) };
    const url = this.#urlOf(name);
    const answer = await this.#stream({ method: 'PUT', url, headers, payload: sha256 }, { path, bytes });
    if (!('pieces' in answer)) throw this.#failure(answer, name);
    for await (const _ of this.#readable(answer.pieces, name)); // it has arrived when the server has said all
  }

  async dateOf(name: string): Promise<Date | undefined> {
    const { answer } = await this.#ask({ method: 'HEAD', url: this.#urlOf(name), headers: {} });
    // Without a body nobody says why: what else is not there shows when something is put.
    if (answer.kind === 'answered' && answer.status === 404) return undefined;
    if (!isSuccess(answer)) throw this.#failure(answer, name);
    const date = new Date(String(answer.headers['last-modified']));
    if (!Number.isNaN(date.getTime())) return date;
    throw storeFailed(`${this.address}/${name}`, 'the server does not tell when the object was put');
  }

  async delete(name: string): Promise<void> {
    const { answer } = await this.#ask({ method: 'DELETE', url: this.#urlOf(name), headers: {} });
    if (!isSuccess(answer) && !isAbsent(answer, this.#server)) throw this.#failure(answer, name);
  }

  #urlOf(name: string): URL {
    return this.#server.urlOf(`${this.#prefix}${requireName(name, this.address)}`);
  }

  #versionOf(answer: Answered, name: string): string {
    const version = this.#server.versionOf(answer);
    if (version !== undefined) return version;
    throw storeFailed(`${this.address}/${name}`, 'the server does not tell the version of the object');
  }

  #ask(wanted: Wanted): Promise<{ answer: CallAnswer; isRepeated: boolean }> {
    const settings = { ...this.#callSettings(wanted.body?.length ?? 0), mostBytes: mostObjectBytes };
    return this.#repeated(wanted, signed => call(signed, settings));
  }

  /** The pieces of what went well, and the whole of what did not. */
  async #stream(wanted: Wanted, file?: { path: string; bytes: number }): Promise<Streamed | WholeAnswer> {
    const settings = { ...this.#callSettings(file?.bytes ?? 0), ...(file && { file }) };
    const { answer } = await this.#repeated(wanted, async (signed): Promise<Streamed | WholeAnswer> => {
      const streamed = await streamCall(signed, settings);
      return isSuccess(streamed) ? streamed : toWhole(streamed);
    });
    return answer;
  }

  #callSettings(bytes: number) {
    const { environment, timeoutMs } = this.#settings;
    return { timeoutMs: Math.ceil(timeoutMs + bytes / bytesPerMs), ...(environment && { environment }) };
  }

  /** Asked again while nothing was said about the request: reading, deleting and putting under a condition may be repeated. */
  async #repeated<Answer extends AnswerHead>(
    wanted: Wanted,
    ask: (signed: Call) => Promise<Answer>,
  ): Promise<{ answer: Answer; isRepeated: boolean }> {
    const { attempts, pause } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      const signed = await this.#server.sign(wanted); // a signature holds for minutes
      const answer = await ask(signed);
      if (isSuccess(answer) || !mayPass(answer) || attempt >= attempts) return { answer, isRepeated: attempt > 1 };
      await pause(waitMs(answer, attempt, this.#settings));
    }
  }

  #failure(answer: WholeAnswer, name: string) {
    const code = answer.kind === 'answered' ? codeOf(answer) : '';
    const problem = `${problemOf(answer)}${code === '' ? '' : ` (${code})`}`;
    const remedy = remedyOf(answer, this.#server);
    return storeFailed(`${this.address}/${name}`, problem, remedy === undefined ? {} : { remedy });
  }
}

type Streamed = StreamAnswer & { kind: 'answered' };
type WholeAnswer = Pick<Answered, 'kind' | 'status' | 'headers' | 'body'> | Extract<AnswerHead, { kind: 'failed' }>;

const mostErrorBytes = 65_536;

/** An answer whose body says how it went. */
async function toWhole(answer: StreamAnswer): Promise<WholeAnswer> {
  if (answer.kind === 'failed') return answer;
  const { kind, status, headers } = answer;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer.pieces) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > mostErrorBytes) break;
    }
  } catch (error) {
    return { kind: 'failed', problem: toMessage(error), untrusted: false };
  }
  return { kind, status, headers, body: Buffer.concat(pieces).toString() };
}

const isAbsent = (answer: WholeAnswer, { absent }: Server): boolean =>
  answer.kind === 'answered' && answer.status === 404 && absent.includes(codeOf(answer));

const isConflict = (answer: CallAnswer): boolean =>
  answer.kind === 'answered' && (answer.status === 412 || answer.status === 409);

function remedyOf(answer: AnswerHead, { variables }: Server): string | undefined {
  if (answer.kind === 'failed') return undefined;
  const { status } = answer;
  if (status === 401 || status === 403)
    return `Check that the credentials (${variables}) may read, write and list below the prefix.`;
  if (status === 404) return 'Make the bucket first, and check its name.';
  return status >= 300 && status < 400 ? 'Name the region of the bucket.' : undefined;
}

const types: Readonly<Record<string, string>> = { json: 'application/json', html: 'text/html; charset=utf-8' };
const typeOf = (name: string): string => types[/\.([a-z]+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
