// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  consolidationFile,
  type FindingsModel,
  insertBeforeExtension,
  type ObjectStore,
  type PutAnswer,
  renderConsolidatedRun,
  renderFindingsReport,
  ScanError,
  type StoredFile,
  toBytes,
  toNamePart,
} from '@cinc-scan/core';
import type { ConsolidatedSource, Given, GivenFile } from '../sources/consolidated.ts';

const mostOfOneName = 100;

/** A file of a run, by its path in the folder of the run. */
export interface NamedBytes {
  path: string;
  bytes: Uint8Array;
  isPrivate?: boolean;
}

/** The folder of one run in a store: SCOPE/2026/11/29/RUN-ID, by the time at which the run began, in UTC. */
export class RunFolder {
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #files = new Map<string, StoredFile & { version: string }>();

  private constructor(store: ObjectStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** A job may be run again under the name that it had: then its folder has a number. It is whose `first` file is there. */
  static async claim(
    store: ObjectStore,
    { run, scope }: Pick<FindingsModel, 'run' | 'scope'>,
    first: NamedBytes,
  ): Promise<RunFolder> {
    const base = [toNamePart(scope), ...run.at.slice(0, 10).split('-'), toNamePart(run.id)].join('/');
    for (let number = 1; number <= mostOfOneName; number++) {
      const folder = new RunFolder(store, number === 1 ? base : `${base}-${number}`);
      const isFree = (await store.list(`${folder.#folder}/`)).length === 0;
      if (isFree && (await folder.#put(first)).kind === 'stored') return folder;
    }
    throw new ScanError('STORE_FAILED', `${store.address}/${base}: there are ${mostOfOneName} runs of this name`);
  }

  get address(): string {
    return `${this.#store.address}/${this.#folder}`;
  }

  /** What scanners left, for nobody but those who may read everything. */
  async keepRaw(sources: readonly ConsolidatedSource[], given: readonly Given[]): Promise<void> {
    for (const each of given)
      if ('folder' in each) for (const file of each.members) await this.#keepFile(each.source, file, undefined);
      else {
        const source = sources.find(({ files }) => files.some(({ path }) => path === each.path));
        const facts = source?.files.find(({ path }) => path === each.path);
        if (source !== undefined) await this.#keepFile(source.source.id, each, facts?.sha256);
      }
  }

  async #keepFile(source: string, file: GivenFile, sha256: string | undefined): Promise<void> {
    const bytes = bytesOf(file, sha256);
    if (bytes !== undefined) await this.keep({ path: this.#rawName(source, file.path), bytes, isPrivate: true });
    if (file.envelope === undefined) return;
    const path = this.#rawName(source, `${file.path}.envelope.json`);
    await this.keep({ path, bytes: Buffer.from(file.envelope), isPrivate: true });
  }

  async keep(file: NamedBytes): Promise<void> {
    if ((await this.#put(file)).kind === 'conflict')
      throw new ScanError('STORE_FAILED', `${this.address}/${file.path}: somebody else has written it`);
  }

  /** Findings, page and, when all else is there, the manifest. Once more replaces them: a run that compared again. */
  async finish(model: FindingsModel): Promise<void> {
    for (const [kind, name] of [['json', 'findings.json'] as const, ['html', 'report.html'] as const])
      for (const [index, pieces] of renderFindingsReport(kind, model).entries())
        await this.keep({
          path: index === 0 ? name : insertBeforeExtension(name, `${index + 1}`),
          bytes: toBytes(pieces),
        });
    const listed = [...this.#files.values()].map(({ version: _, ...file }) => file);
    const files = listed.filter(({ path }) => path !== consolidationFile);
    await this.keep({ path: consolidationFile, bytes: toBytes([renderConsolidatedRun(model, files)]) });
  }

  #rawName(id: string, path: string): string {
    const parts = path
      .split('/')
      .filter(part => part !== '' && part !== '.')
      .map(toNamePart);
    const name = ['raw', toNamePart(id), ...parts].join('/');
    // Different paths may be one name.
    return this.#files.has(name) ? `${name}-${createHash('sha256').update(path).digest('hex').slice(0, 16)}` : name;
  }

  async #put({ path, bytes, isPrivate = false }: NamedBytes): Promise<PutAnswer> {
    const earlier = this.#files.get(path);
    const condition =
      earlier === undefined ? { kind: 'new' as const } : { kind: 'version' as const, version: earlier.version };
    const put = await this.#store.put(`${this.#folder}/${path}`, bytes, { condition, isPrivate });
    if (put.kind === 'conflict') return put;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.#files.set(path, { path, sha256, bytes: bytes.length, isPrivate, version: put.version });
    return put;
  }
}

/** As it was read: a file that has changed since is another result. One that could not be read is told already. */
function bytesOf(file: GivenFile, sha256: string | undefined): Uint8Array | undefined {
  const given = file.read();
  const bytes = given.kind === 'bytes' ? given.bytes : undefined;
  if (sha256 === undefined || (bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256))
    return bytes;
  throw new ScanError('STORE_FAILED', `${file.path} has changed since it was read, and was not kept`);
}
