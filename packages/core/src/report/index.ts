// SPDX-License-Identifier: Apache-2.0
export { type Anchor, type Anchors, anchorKey, noAnchors } from './anchor.ts';
export { type Annotation, toAnnotations } from './annotations.ts';
export { type ConsoleOptions, renderConsole } from './console.ts';
export { coverageOf, type FrameworkCoverage, renderCoverage } from './coverage.ts';
export { toAlert } from './findings/alert/alert.ts';
export { mailMessage, slackMessage, teamsMessage, webhookMessage } from './findings/alert/messages.ts';
export { boundFinding, boundRule } from './findings/bound.ts';
export {
  type ConsolidatedRun,
  consolidationFile,
  consolidationJsonSchema,
  parseConsolidatedRun,
  renderConsolidatedRun,
  type StoredFile,
} from './findings/manifest.ts';
export { fitFindingsMarkdown } from './findings/markdown.ts';
export type { FindingsModel, Pieces, ShownSource, ShownWaiver, SourceFile } from './findings/model.ts';
export { toFindingsOutputs } from './findings/outputs.ts';
export {
  type FindingsReportKind,
  type FindingsReportSpec,
  findingsReportFile,
  findingsReportKinds,
  findingsReportNames,
  parseFindingsReport,
  renderFindingsReport,
} from './findings/registry.ts';
export { findingsJsonSchema } from './findings/schema.ts';
export { statusCounts } from './findings/tally.ts';
export { renderGate, renderGateJson, renderRefusal, renderRefusalJson } from './gate-result.ts';
export { renderAnnotatedHdf } from './hdf-report.ts';
export { renderHtml, type TrendPoint } from './html/index.ts';
export { Html, html } from './html/markup.ts';
export { palette, variablesOf } from './html/palette.ts';
export { timeText } from './html/parts.ts';
export { script } from './html/script.ts';
export { jailText } from './jail-words.ts';
export { breakCommands, safeJsonText } from './log-commands.ts';
export { fitMarkdown } from './markdown.ts';
export { code as markdownCode } from './markdown-text.ts';
export type { GrantRecord, ReportModel, Surface, WrittenReport } from './model.ts';
export { fileStems, insertBeforeExtension } from './names.ts';
export { type Outputs, renderOutputs, toFailureOutputs, toOutputs } from './outputs.ts';
export {
  auditedOf,
  defaultFile,
  lastKinds,
  parseReportSpec,
  type RenderContext,
  type Rendered,
  type ReportSpec,
  renderReport,
  reportKinds,
} from './registry.ts';
export type { Row } from './rows.ts';
export { noneCategory } from './sarif.ts';
export { type ReadScan, readScan } from './scan-json/read.ts';
export { type FinishedScan, scanJsonSchema } from './scan-json/schema.ts';
export { toStoredModel } from './scan-json/to-model.ts';
export type { ToldScan } from './scan-json/version-1.ts';
export { renderScan } from './scan-json/write.ts';
export { bareText, boundText, oneLine, safeLogLines, shortLine } from './text.ts';
export { inOrder, toViews } from './views.ts';
export { renderWhy } from './why.ts';
export { byText, plural, verdictSentence, verdictWords } from './words.ts';
