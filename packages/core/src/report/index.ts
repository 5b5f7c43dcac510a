// SPDX-License-Identifier: Apache-2.0

export { type Anchor, type Anchors, findAnchors } from './anchor.ts';
export { renderCkl } from './ckl.ts';
export { renderCodeQuality } from './codequality.ts';
export type { ConsoleOptions } from './console.ts';
export { renderConsole } from './console.ts';
export { type ConvertOptions, modelOfResults, toReportModel } from './convert.ts';
export { type CoveringControl, coverageOf, type FrameworkCoverage, renderCoverage } from './coverage.ts';
export { renderCsv } from './csv.ts';
export { renderGate, renderGateJson, renderRefusal, renderRefusalJson } from './gate-result.ts';
export type { TrendPoint } from './html/index.ts';
export { renderJunit } from './junit.ts';
export { renderJunitGate } from './junit-gate.ts';
export { fitMarkdown, renderMarkdown } from './markdown.ts';
export type { GrantObject, GrantRecord, ReportModel, Surface, WrittenReport } from './model.ts';
export { type Outputs, renderOutputs, type TargetOutput, toFailureOutputs, toOutputs } from './outputs.ts';
export { type Push, toPushes } from './push/push-spec.ts';
export { makeRedactor, type Redactor } from './redact.ts';
export { redactModel } from './redact-model.ts';
export { parseReportSpec, type ReportKind, type ReportSpec, reportKindNames, reportKinds } from './registry.ts';
export { noneCategory, renderSarif, type SarifFile } from './sarif.ts';
export { type RunningModel, renderRunningScan, renderScan } from './scan-json.ts';
export { makeRunServer } from './serve/serve.ts';
export { cleanText, oneLine, safeLogLines, shortLine } from './text.ts';
export { type FoundTrend, readTrend } from './trend-files.ts';
export { checkFolder, writeAtomic } from './write.ts';
export { checkOutputs, type WriteOptions, writeReports } from './write-reports.ts';
