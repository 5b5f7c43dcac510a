// SPDX-License-Identifier: Apache-2.0
// Asks a fake service for a scan, with little patience.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScanError } from '../../errors/index.ts';
import { parseReportSpec, type ReportModel } from '../../report/index.ts';
import { sampleModel } from '../../report/testing/sample-model.ts';
import { scenarios } from '../../report/testing/scenarios.ts';
import { Secret } from '../../request/index.ts';
import { writeReports } from '../../results/index.ts';
import type { EventRecord, Scan } from '../../run/index.ts';
import { scanAtServer } from '../scan-at-server.ts';
import type { ServerRequest } from '../server-request.ts';
import type { Patience } from '../service-calls.ts';
import type { RememberScan } from '../submission.ts';
import { FakeService } from './fake-service.ts';

export const patience: Patience = {
  answerMs: 2000,
  reportMs: 2000,
  doubtMs: 300,
  firstPauseMs: 10,
  longestPauseMs: 40,
  silenceMs: 300,
  graceMs: 0,
  cancelMs: 500,
};

export const askedKinds = ['hdf', 'markdown', 'junit', 'junit-gate', 'sarif', 'html', 'csv', 'codequality', 'console'];

const namesIn = (texts: string[], fallback: string) => (texts.length === 0 ? [fallback] : [...new Set(texts)]);

export const passed = (): ReportModel => scenarios[0]?.model() ?? sampleModel([]);

/** Why the first target was not judged. */
export const failureOf = ({ model }: Pick<Scan, 'model'>): ScanError | undefined => {
  const [first] = model.verdict.judged;
  return first?.judgement === undefined ? first?.outcome.error : undefined;
};

export class Asking implements AsyncDisposable {
  /** Reports are in `out`. */
  readonly root = mkdtempSync(join(tmpdir(), 'cst-remote-'));
  readonly told: EventRecord[] = [];
  service: FakeService;

  private constructor(service: FakeService) {
    this.service = service;
  }

  static async open(): Promise<Asking> {
    return new Asking(await FakeService.open());
  }

  get notices(): string[] {
    return this.told.flatMap(record => (record.event === 'notice' ? [record.text] : []));
  }

  /** Until something was told. */
  async said(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.notices.join('\n'))) await pause(10);
  }

  /** Until the service was asked. */
  async heard(part: string): Promise<void> {
    while (this.service.times(part) === 0) await pause(10);
  }

  /** Lets the service have a run, as it judged it. */
  async keep(model = passed()): Promise<void> {
    const workspace = join(this.root, 'there');
    mkdirSync(workspace, { recursive: true });
    const specs = ['hdf', 'scan', 'outputs'].map(parseReportSpec);
    await writeReports(model, specs, { outputDir: 'run', workspace, stdout: () => undefined });
    this.service.run = join(workspace, 'run');
    const { verdict, reason, exitCode } = model.verdict;
    const said =
      verdict === 'error' ? ({ state: 'failed', verdict: null } as const) : ({ state: 'done', verdict } as const);
    this.service.scan = { ...this.service.scan, ...said, reason, exitCode, runId: model.run.id };
  }

  /** Asks for what the model is the answer to. */
  ask(changes: Partial<ServerRequest> = {}, { model = passed(), ...more }: Asked = {}): Promise<Scan> {
    const address = changes.server?.address ?? this.service.url;
    const namespaces = model.verdict.judged.map(({ outcome }) => outcome.target.namespace);
    const request: ServerRequest = {
      server: { address, ca: undefined, signIn: { kind: 'key', key: new Secret('cs_aaaaaaaa_secret-of-the-test') } },
      ask: {
        namespace: namesIn(namespaces, 'shop'),
        targets: ['deployment/web'],
        profile: namesIn(
          model.profiles.map(({ source }) => source),
          'base',
        ),
      },
      runId: undefined,
      deadlineMs: 20_000,
      reports: askedKinds.map(parseReportSpec),
      outputDir: 'out',
      pushes: [],
      shown: { server: address },
      ...changes,
    };
    return scanAtServer(request, {
      tool: { name: 'cinc-scan', version: '1.2.3' },
      environment: {},
      temporary: this.root,
      workspace: this.root,
      stdout: () => undefined,
      console: { color: false, width: 100 },
      signal: undefined,
      ...more,
      tell: record => this.told.push(record),
      patience,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true, force: true });
  }
}

interface Asked {
  model?: ReportModel;
  signal?: AbortSignal;
  remember?: RememberScan;
}
