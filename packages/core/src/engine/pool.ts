// SPDX-License-Identifier: Apache-2.0
// Engines that are loaded already. Ruby takes most of a second to load InSpec; whoever runs again does not wait again.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { ScanError } from '../errors/index.ts';
import type { JailStrength } from '../request/index.ts';
import { Engine } from './engine.ts';
import { type EngineInstall, type EngineSettings, findEngine } from './install.ts';
import { makeScratch } from './scratch.ts';

export interface PoolSettings {
  engine: EngineSettings;
  /** Where each engine gets a home, which goes with it. */
  temporary: string;
  limits?: Partial<PoolLimits>;
}

/** When an engine that comes back is not kept. */
export interface PoolLimits {
  /** Engines that wait for the next run. */
  idle: number;
  /** How long more than one of them wait, milliseconds. */
  spareMs: number;
  /** Runs. */
  uses: number;
  /** Since it was started, milliseconds. */
  ageMs: number;
  /** Of the process that holds InSpec, resident. */
  bytes: number;
}

const poolLimits: PoolLimits = { idle: 1, spareMs: 60_000, uses: 200, ageMs: 3_600_000, bytes: 512 * 1_048_576 };

export interface Leasing {
  /** Nothing may be installed: the engine is there, or it is an error. */
  offline: boolean;
  /** No profile runs in less. */
  requireJail?: JailStrength;
  /** Ends an installation. */
  signal?: AbortSignal | undefined;
  /** What the engine and profiles print while it is leased. Hostile. */
  onOutput: (text: string) => void;
}

/** An engine for one run; it goes back at the end of its scope. */
export interface EngineLease extends AsyncDisposable {
  readonly install: EngineInstall;
  readonly engine: Engine;
}

interface Pooled {
  engine: Engine;
  install: EngineInstall;
  home: string;
  started: number;
  /** When it came back from its last run. */
  back: number;
  uses: number;
  onOutput: (text: string) => void;
}

/** Leases engines, each to one run at a time; takes them back, and ends those that are old, large or broken. */
export class EnginePool implements AsyncDisposable {
  private readonly settings: PoolSettings;
  private readonly limits: PoolLimits;
  private readonly waiting: Pooled[] = [];
  private readonly leased = new Set<Pooled>();
  private closed = false;
  private trimming: NodeJS.Timeout | undefined;
  private trimmed: Promise<unknown> = Promise.resolve();

  constructor(settings: PoolSettings) {
    this.settings = settings;
    this.limits = { ...poolLimits, ...settings.limits };
  }

  /** Errors: POOL_CLOSED, ENGINE_MISSING and the others of finding an engine, SCRATCH_UNUSABLE. */
  async lease({ onOutput, requireJail = 'none', ...how }: Leasing): Promise<EngineLease> {
    this.refuseClosed();
    const pooled = (await this.takeWaiting()) ?? (await this.start(how));
    if (this.closed) {
      await end(pooled);
      this.refuseClosed();
    }
    pooled.onOutput = onOutput;
    pooled.uses += 1;
    pooled.engine.begin(requireJail);
    this.leased.add(pooled);
    const { install, engine } = pooled;
    return { install, engine, [Symbol.asyncDispose]: () => this.takeBack(pooled) };
  }

  /** Ends every engine, those that are leased too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    clearTimeout(this.trimming);
    const all = [...this.waiting.splice(0), ...this.leased];
    this.leased.clear();
    await Promise.all([...all.map(end), this.trimmed]);
  }

  private refuseClosed(): void {
    if (this.closed) throw new ScanError('POOL_CLOSED', 'An engine was asked for after the pool of engines was closed');
  }

  private async takeWaiting(): Promise<Pooled | undefined> {
    for (let pooled = this.waiting.pop(); pooled !== undefined; pooled = this.waiting.pop()) {
      if (this.isFit(pooled)) return pooled;
      await end(pooled);
    }
    return undefined;
  }

  private async start({ offline, signal }: Pick<Leasing, 'offline' | 'signal'>): Promise<Pooled> {
    const { engine: settings, temporary } = this.settings;
    const install = await findEngine({ ...settings, offline, signal });
    const home = await makeScratch(temporary);
    const engine = Engine.start({ install, home, path: settings.path, onOutput: text => pooled.onOutput(text) });
    const pooled: Pooled = { engine, install, home, started: Date.now(), back: 0, uses: 0, onOutput: () => undefined };
    return pooled;
  }

  /** A broken engine, or one that is still at work for a run that is over, is nothing for the next. */
  private async takeBack(pooled: Pooled): Promise<void> {
    if (!this.leased.delete(pooled)) return;
    pooled.onOutput = () => undefined;
    const isKept = !this.closed && this.waiting.length < this.limits.idle && this.isFit(pooled);
    if (!isKept) return end(pooled);
    pooled.back = Date.now();
    this.waiting.push(pooled);
    this.trimLater();
  }

  /** What many runs at once needed is not kept for ever. The one that came back last stays. */
  private trimLater(): void {
    clearTimeout(this.trimming);
    if (this.waiting.length < 2) return;
    const { spareMs } = this.limits;
    this.trimming = setTimeout(() => {
      const now = Date.now();
      const spare = this.waiting.slice(0, -1).filter(({ back }) => now - back >= spareMs);
      for (const pooled of spare) this.waiting.splice(this.waiting.indexOf(pooled), 1);
      this.trimmed = Promise.all([this.trimmed, ...spare.map(end)]);
      this.trimLater();
    }, spareMs).unref();
  }

  private isFit({ engine, started, uses }: Pooled): boolean {
    const { ageMs, uses: mostUses, bytes } = this.limits;
    return engine.isIdle && uses < mostUses && Date.now() - started < ageMs && residentBytes(engine.pid) < bytes;
  }
}

async function end({ engine, home }: Pooled): Promise<void> {
  await engine[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
}

/** Of a process, by proc_pid_status(5); 0 where there is no such file (macOS). */
function residentBytes(pid: number | undefined): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    return 0;
  }
}
