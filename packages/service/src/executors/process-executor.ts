// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type JailStrength, ScanError, strongerJail, toMessage } from '@cinc-scan/core';
import type { QuestionAnswer } from '../domain/question.ts';
import type { RunEvent } from '../queue/attempts.ts';
import { type Ending, type Lease, toFailure } from '../queue/leases.ts';
import type { TakenQuestion } from '../queue/questions.ts';
import { credentialPath } from './credential-path.ts';
import type { Executor, Watch } from './executor.ts';
import { mayPass } from './may-pass.ts';
import { type FromProcess, fromProcess, type ToProcess } from './protocol.ts';
import { keepReports } from './run-reports.ts';

export interface ProcessSettings {
  /** What starts a process that scans. */
  command: [program: string, ...args: string[]];
  /** Where kubeconfigs lie, by name. */
  credentials: string;
  /** Where engines and profiles are kept from run to run. */
  cache: string;
  /** Profile code runs in no less. */
  requireJail: JailStrength;
  path: string;
  onLog: (text: string) => void;
}

type OwnWatch = Pick<Watch, 'onEvent' | 'signal' | 'keep'>;

/** Runs scans in processes of their own, one for each team, which stay for the next scan of that team. */
export class ProcessExecutor implements Executor {
  private readonly settings: ProcessSettings;
  private readonly processes = new Map<string, ScanProcess>();

  constructor(settings: ProcessSettings) {
    this.settings = settings;
  }

  /** Never rejects: what keeps a scan from its verdict is an ending too. */
  async run(lease: Lease, watch: OwnWatch): Promise<Ending> {
    let folder: string | undefined;
    try {
      folder = await mkdtemp(join(tmpdir(), 'cinc-scan-run-'));
      return await this.perform(lease, folder, watch);
    } catch (error) {
      const failure = toFailure(error);
      return { kind: 'refused', failure, mayPass: mayPass(failure.code) };
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  }

  private async perform(lease: Lease, folder: string, { onEvent, signal, keep }: OwnWatch): Promise<Ending> {
    const { runId, before, clean, namespaces, names, request, cluster } = lease;
    const kubeconfig =
      cluster.credential === undefined ? undefined : credentialPath(this.settings.credentials, cluster.credential);
    const requireJail = strongerJail(this.settings.requireJail, lease.requireJail);
    const answer = await this.processOf(lease.team).ask(
      {
        kind: 'scan',
        runId,
        ...(clean !== undefined && { clean }),
        before,
        namespaces,
        names,
        request,
        folder,
        requireJail,
        isDemanded: requireJail !== this.settings.requireJail,
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(cluster.context !== undefined && { context: cluster.context }),
      },
      { onEvent, signal },
    );
    if (signal.aborted || clean === 'cancelled') return { kind: 'cancelled' };
    if (answer.kind === 'answered')
      throw new ScanError('ENGINE_CRASHED', 'The process that scans took a scan for a question');
    const { job: _, ...ending } = answer; // the number is between that process and us: a service elsewhere refuses what it does not know
    if (ending.kind === 'refused') return { ...ending, mayPass: mayPass(ending.failure.code) };
    const reports = await keepReports(folder, ending.reports, { keep });
    return {
      ...ending,
      failure: ending.failure,
      isolation: ending.isolation,
      reports,
      mayPass: ending.verdict === 'error' && mayPass(ending.reason),
    };
  }

  /** Never rejects: that the cluster could not be asked is an answer too. */
  async answer({ ask, cluster, milliseconds }: TakenQuestion, signal: AbortSignal): Promise<QuestionAnswer> {
    try {
      const kubeconfig =
        cluster.credential === undefined ? undefined : credentialPath(this.settings.credentials, cluster.credential);
      const place = {
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(cluster.context !== undefined && { context: cluster.context }),
      };
      const order = { kind: 'question' as const, ask, milliseconds: Math.round(milliseconds), ...place };
      const said = await this.processOf(asker).ask(order, { onEvent: () => undefined, signal });
      if (said.kind === 'answered') return said.answer;
      if (said.kind === 'refused') return { kind: 'failed', failure: said.failure };
      throw new ScanError('ENGINE_CRASHED', 'The process that asks took a question for a scan');
    } catch (error) {
      return { kind: 'failed', failure: toFailure(error) };
    }
  }

  private processOf(team: string): ScanProcess {
    const known = this.processes.get(team);
    if (known?.isAlive === true) return known;
    const started = new ScanProcess(this.settings);
    this.processes.set(team, started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.processes.values()].map(each => each[Symbol.asyncDispose]()));
  }
}

/** Asks for all teams: no profile runs there. */
const asker = 'questions';

type Answer = Exclude<FromProcess, { kind: 'event' }>;
type Order = Omit<Extract<ToProcess, { kind: 'scan' }>, 'job'> | Omit<Extract<ToProcess, { kind: 'question' }>, 'job'>;

interface Waiting extends PromiseWithResolvers<Answer> {
  onEvent: (event: RunEvent) => void;
}

const patienceMs = 15_000;

/** Where the API of the cluster is that this runs in: for clusters that are registered without a credential. */
const ownCluster = (given: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'].flatMap(name => {
      const value = given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

class ScanProcess implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private jobs = 0;
  isAlive = true;

  constructor({ command: [program, ...args], cache, path, onLog }: ProcessSettings) {
    this.child = spawn(program, args, {
      // Nothing of the service's own environment: it may hold the address of the database.
      env: {
        PATH: path,
        HOME: tmpdir(),
        TMPDIR: tmpdir(),
        LANG: 'C.UTF-8',
        CINC_SCAN_CACHE: cache,
        ...ownCluster(process.env),
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => undefined); // its end tells more
    this.child.stderr?.setEncoding('utf8').on('data', onLog);
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on('line', line => this.take(line));
    this.exited = new Promise(done => {
      const end = (how: string) => {
        this.lose(how);
        done();
      };
      this.child.once('exit', (code, signal) => end(signal ?? `status ${code}`));
      this.child.once('error', error => end(error.message));
    });
  }

  async ask(given: Order, { onEvent, signal }: Pick<Watch, 'onEvent' | 'signal'>): Promise<Answer> {
    this.jobs += 1;
    const job = this.jobs;
    const waiting: Waiting = { ...Promise.withResolvers<Answer>(), onEvent };
    this.waiting.set(job, waiting);
    const cancel = () => this.tell({ kind: 'cancel', job });
    signal.addEventListener('abort', cancel, { once: true });
    this.tell({ ...given, job });
    if (signal.aborted) cancel();
    try {
      return await waiting.promise;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.waiting.delete(job);
    }
  }

  private tell(order: ToProcess): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  private take(line: string): void {
    let said: FromProcess;
    try {
      said = fromProcess.parse(JSON.parse(line));
    } catch (error) {
      this.lose(`it said what nobody understands: ${toMessage(error)}`);
      this.child.kill('SIGKILL');
      return;
    }
    const waiting = this.waiting.get(said.job);
    if (said.kind === 'event') waiting?.onEvent({ kind: said.event, data: said.data });
    else waiting?.resolve(said);
  }

  private lose(how: string): void {
    this.isAlive = false;
    const error = new ScanError('ENGINE_CRASHED', `The process that scans ended before its answer: ${how}`);
    for (const { reject } of this.waiting.values()) reject(error);
  }

  /** Its runs end themselves, and take their grants back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin?.end();
    const kill = setTimeout(() => this.child.kill('SIGKILL'), patienceMs);
    await this.exited;
    clearTimeout(kill);
  }
}
