// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditInputs, type Engine, type Jail, strongerJail } from '../engine/index.ts';
import type { ProfileRef } from './profile-ref.ts';

/** What InSpec says of a profile, and the file that holds it. */
export interface Described {
  text: string;
  file: string;
}

/** What it depends on, beside the hour. */
interface Describing {
  ref: ProfileRef;
  called: string;
  inputs: AuditInputs;
}

interface Reading {
  engine: Pick<Engine, 'jail' | 'requiredJail' | 'noteJail'>;
  scratch: string;
  read: () => Promise<Described>;
}

interface Kept {
  text: string;
  /** What profile code ran in when it was read. */
  jail: Jail | undefined;
  until: number;
}

const most = 32;
/** A profile may look at the clock. */
const usualMs = 300_000;

/** What was read of profiles a moment ago, for other runs of the same process: to read one takes a process and its jail. */
export class Descriptions {
  private readonly kept = new Map<string, Kept>();
  private readonly keptMs: number;

  constructor(keptMs = usualMs) {
    this.keptMs = keptMs;
  }

  /** Under the jail that this run demands, whenever it was read. */
  async of(describing: Describing, { engine, scratch, read }: Reading): Promise<Described> {
    const key = await keyOf(describing);
    const known = this.kept.get(key);
    if (known !== undefined && known.until > Date.now() && isEnough(known.jail, engine)) {
      if (known.jail !== undefined) engine.noteJail(known.jail);
      return { text: known.text, file: await write(known.text, scratch) };
    }
    const described = await read();
    this.keep(key, { text: described.text, jail: engine.jail, until: Date.now() + this.keptMs });
    return described;
  }

  private keep(key: string, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > most && oldest !== undefined) this.kept.delete(oldest);
  }
}

const isEnough = (jail: Jail | undefined, { requiredJail }: Pick<Engine, 'requiredJail'>): boolean => {
  const strength = jail?.strength ?? 'none';
  return strongerJail(strength, requiredJail) === strength;
};

async function keyOf({ ref, called, inputs: { inputFiles, ...inputs } }: Describing): Promise<string> {
  const files = await Promise.all(inputFiles.map(file => readFile(file, 'utf8')));
  return createHash('sha256').update(JSON.stringify({ ref, called, inputs, files })).digest('hex');
}

async function write(text: string, scratch: string): Promise<string> {
  const file = join(await mkdtemp(join(scratch, 'd')), 'result.json');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}
