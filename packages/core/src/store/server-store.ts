// SPDX-License-Identifier: Apache-2.0
import {
  type Call,
  type CallAnswer,
  call,
  isSuccess,
  mayPass,
  problemOf,
  type RetrySettings,
  waitMs,
} from '../http/index.ts';
import {
  mostObjectBytes,
  type ObjectStore,
  type PutAnswer,
  type PutOptions,
  requireName,
  type StoredContents,
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
export class ServerStore implements ObjectStore {
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

  #urlOf(name: string): URL {
    return this.#server.urlOf(`${this.#prefix}${requireName(name, this.address)}`);
  }

  #versionOf(answer: Answered, name: string): string {
    const version = this.#server.versionOf(answer);
    if (version !== undefined) return version;
    throw storeFailed(`${this.address}/${name}`, 'the server does not tell the version of the object');
  }

  /** Asked again while nothing was said about the request: reading and putting under a condition may be repeated. */
  async #ask(wanted: Wanted): Promise<{ answer: CallAnswer; isRepeated: boolean }> {
    const { attempts, environment, timeoutMs, pause } = this.#settings;
    const most = timeoutMs + (wanted.body?.length ?? 0) / bytesPerMs;
    const settings = { timeoutMs: Math.ceil(most), mostBytes: mostObjectBytes, ...(environment && { environment }) };
    for (let attempt = 1; ; attempt++) {
      const signed: Call = await this.#server.sign(wanted); // a signature holds for minutes
      const answer = await call(signed, settings);
      if (isSuccess(answer) || !mayPass(answer) || attempt >= attempts) return { answer, isRepeated: attempt > 1 };
      await pause(waitMs(answer, attempt, this.#settings));
    }
  }

  #failure(answer: CallAnswer, name: string) {
    const code = answer.kind === 'answered' ? codeOf(answer) : '';
    const problem = `${problemOf(answer)}${code === '' ? '' : ` (${code})`}`;
    const remedy = remedyOf(answer, this.#server);
    return storeFailed(`${this.address}/${name}`, problem, remedy === undefined ? {} : { remedy });
  }
}

const isAbsent = (answer: CallAnswer, { absent }: Server): boolean =>
  answer.kind === 'answered' && answer.status === 404 && absent.includes(codeOf(answer));

const isConflict = (answer: CallAnswer): boolean =>
  answer.kind === 'answered' && (answer.status === 412 || answer.status === 409);

function remedyOf(answer: CallAnswer, { variables }: Server): string | undefined {
  if (answer.kind === 'failed') return undefined;
  const { status } = answer;
  if (status === 401 || status === 403)
    return `Check that the credentials (${variables}) may read, write and list below the prefix.`;
  if (status === 404) return 'Make the bucket first, and check its name.';
  return status >= 300 && status < 400 ? 'Name the region of the bucket.' : undefined;
}

const types: Readonly<Record<string, string>> = { json: 'application/json', html: 'text/html; charset=utf-8' };
const typeOf = (name: string): string => types[/\.([a-z]+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
