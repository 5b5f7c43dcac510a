// SPDX-License-Identifier: Apache-2.0
export type { ConsoleOptions } from './console.ts';
export { renderConsole } from './console.ts';
export { fitMarkdown, renderMarkdown } from './markdown.ts';
export type { GrantObject, GrantRecord, ReportModel, Surface, WrittenReport } from './model.ts';
export { type Outputs, renderOutputs, type TargetOutput, toFailureOutputs, toOutputs } from './outputs.ts';
export { parseReportSpec, type ReportKind, type ReportSpec, reportKindNames, reportKinds } from './registry.ts';
export { type RunningModel, renderRunningScan, renderScan } from './scan-json.ts';
export { cleanText, oneLine, safeLogLines } from './text.ts';
export { writeAtomic } from './write.ts';
export { type WriteOptions, writeReports } from './write-reports.ts';
