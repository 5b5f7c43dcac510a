// SPDX-License-Identifier: Apache-2.0
export { type Anchor, type Anchors, findAnchors } from './anchor.ts';
export { renderCkl } from './ckl.ts';
export { renderCodeQuality } from './codequality.ts';
export type { ConsoleOptions } from './console.ts';
export { renderConsole } from './console.ts';
export { type ConvertOptions, type ResultFile, toReportModel } from './convert.ts';
export { renderCsv } from './csv.ts';
export { renderJunit } from './junit.ts';
export { renderJunitGate } from './junit-gate.ts';
export { fitMarkdown, renderMarkdown } from './markdown.ts';
export type { GrantObject, GrantRecord, ReportModel, Surface, WrittenReport } from './model.ts';
export { type Outputs, renderOutputs, type TargetOutput, toFailureOutputs, toOutputs } from './outputs.ts';
export { parseReportSpec, type ReportKind, type ReportSpec, reportKindNames, reportKinds } from './registry.ts';
export { noneCategory, renderSarif, type SarifFile } from './sarif.ts';
export { type RunningModel, renderRunningScan, renderScan } from './scan-json.ts';
export { cleanText, oneLine, safeLogLines } from './text.ts';
export { writeAtomic } from './write.ts';
export { checkOutputs, type WriteOptions, writeReports } from './write-reports.ts';
