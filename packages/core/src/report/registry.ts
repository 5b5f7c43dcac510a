// SPDX-License-Identifier: Apache-2.0
import { nearest, ScanError } from '../errors/index.ts';
import type { Audited } from '../outcome/index.ts';
import type { Anchors } from './anchor.ts';
import { renderCkl } from './ckl.ts';
import { renderCodeQuality } from './codequality.ts';
import { type ConsoleOptions, renderConsole } from './console.ts';
import { renderCsv } from './csv.ts';
import { renderAnnotatedHdf, renderHdf } from './hdf-report.ts';
import { renderHtml, type TrendPoint } from './html/index.ts';
import { fitJunit } from './junit.ts';
import { toGateSuites } from './junit-gate.ts';
import { toSuites } from './junit-suites.ts';
import { fitMarkdown } from './markdown.ts';
import type { ReportModel, Surface, WrittenReport } from './model.ts';
import { renderOutputs, toOutputs } from './outputs.ts';
import { renderSarif } from './sarif.ts';
import { renderScan } from './scan-json/write.ts';
import { inOrder } from './views.ts';
import { byText } from './words.ts';

/** One file of a report; the stem stands for `<target>`. */
export interface Rendered {
  text: string;
  truncated: boolean;
  /** Distinguishes the files of a report that has several. */
  stem?: string;
}

/** What renderers may use beside the model. */
export interface RenderContext {
  console: ConsoleOptions;
  stems: Map<Audited, string>;
  reports: WrittenReport[];
  surfaces: Surface[];
  anchors: Anchors;
  /** Earlier runs, for the page. */
  trend: TrendPoint[];
}

interface KindEntry {
  /** `<target>` is replaced for each audited outcome. */
  file: string;
  /** For `cinc-scan scan --help` and the docs. */
  about: string;
  render: (model: ReportModel, context: RenderContext) => Rendered[];
}

const whole = (text: string): Rendered[] => [{ text, truncated: false }];

/** Every report there is, with its file in the output folder. */
export const reportKinds = {
  console: {
    file: 'console.txt',
    about: 'a table for terminals and logs',
    render: (model, context) => whole(renderConsole(model, context.console)),
  },
  markdown: { file: 'summary.md', about: 'a summary for people', render: model => [fitMarkdown(model)] },
  hdf: {
    file: '<target>.json',
    about: 'the results as the auditor wrote them, one file per target (HDF, exec-JSON)',
    render: (model, context) => perTarget(model, context, outcome => renderHdf(outcome)),
  },
  'hdf-annotated': {
    file: '<target>.annotated.json',
    about: 'the same with the facts of the scan under passthrough.cincScan',
    render: (model, context) => perTarget(model, context, outcome => renderAnnotatedHdf(model, outcome)),
  },
  junit: { file: 'junit.xml', about: 'one test case per control', render: model => [fitJunit(toSuites(model))] },
  'junit-gate': {
    file: 'junit-gate.xml',
    about: 'the same, but only violations of the gate fail',
    render: model => [fitJunit(toGateSuites(model))],
  },
  sarif: {
    file: 'results.sarif',
    about: 'SARIF 2.1.0 for code scanning',
    render: (model, { anchors }) => renderSarif(model, { anchors }),
  },
  html: {
    file: 'report.html',
    about: 'one self-contained page',
    render: (model, { trend }) => whole(renderHtml(model, { trend })),
  },
  csv: {
    file: 'results.csv',
    about: 'one line per control, for spreadsheets',
    render: model => whole(renderCsv(model)),
  },
  codequality: {
    file: 'codequality.json',
    about: 'GitLab Code Quality',
    render: (model, { anchors }) => whole(renderCodeQuality(model, anchors)),
  },
  ckl: {
    file: '<target>.ckl',
    about: 'DISA checklist, one file per target; only for profiles made from a STIG',
    render: (model, { stems }) =>
      renderCkl(model).map(({ outcome, text }) => ({ text, truncated: false, stem: stems.get(outcome) ?? 'target' })),
  },
  scan: {
    file: 'scan.json',
    about: 'the run manifest: everything that is known about the run',
    render: (model, { reports, surfaces }) => whole(renderScan(model, reports, surfaces)),
  },
  outputs: {
    file: 'outputs.json',
    about: 'verdict, counts and paths for the next step of a pipeline',
    render: (model, { reports }) => whole(renderOutputs(toOutputs(model, reports))),
  },
} as const satisfies Record<string, KindEntry>;

export type ReportKind = keyof typeof reportKinds;

/** These tell of the other reports and are written after them. */
export const lastKinds: readonly ReportKind[] = ['scan', 'outputs'];

const kindOf: Record<ReportKind, KindEntry> = reportKinds;

export interface ReportSpec {
  kind: ReportKind;
  /** As the user wrote it; `-` is standard output, undefined the default file of the output folder. */
  path: string | undefined;
}

/** Reads `kind[:path]`. */
export function parseReportSpec(text: string): ReportSpec {
  const [, name = '', path] = /^([^:]*)(?::(.*))?$/su.exec(text) ?? [];
  const kind = reportKindNames.find(known => known === name.trim());
  if (kind === undefined)
    throw new ScanError(
      'INPUT_INVALID',
      `reports: unknown report ${JSON.stringify(name.trim())}; did you mean ${nearest(name.trim(), reportKindNames)}? Valid: ${reportKindNames.join(', ')}`,
    );
  if (path?.trim() === '')
    throw new ScanError('INPUT_INVALID', `reports: ${JSON.stringify(text)} names no path after the colon`);
  if (path?.includes('\u0000') === true) throw new ScanError('INPUT_INVALID', 'reports: a path holds a NUL character');
  return { kind, path: path?.trim() };
}

export const reportKindNames: readonly ReportKind[] = parseKinds(Object.keys(reportKinds)).toSorted(byText);

function parseKinds(names: string[]): ReportKind[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the constant above
  return names as ReportKind[];
}

export function renderReport(kind: ReportKind, model: ReportModel, context: RenderContext): Rendered[] {
  return kindOf[kind].render(model, context);
}

export const defaultFile = (kind: ReportKind): string => kindOf[kind].file;

export function auditedOf(model: ReportModel): Audited[] {
  return inOrder(model).flatMap(({ outcome }) => (outcome.kind === 'audited' ? [outcome] : []));
}

type RenderOne = (outcome: Audited) => string;

function perTarget(model: ReportModel, { stems }: RenderContext, render: RenderOne): Rendered[] {
  return auditedOf(model).map(outcome => ({
    text: render(outcome),
    truncated: false,
    stem: stems.get(outcome) ?? outcome.target.container,
  }));
}
