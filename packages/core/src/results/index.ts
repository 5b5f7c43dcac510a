// SPDX-License-Identifier: Apache-2.0
export { type AlertRequest, alertSecrets, toAlertRequest } from './alerts/channels.ts';
export { dueAlerts } from './alerts/due-alerts.ts';
export { sendAlerts } from './alerts/send-alerts.ts';
export { type AttestedFile, attestFile } from './attest-file.ts';
export { modelOfResults } from './convert.ts';
export { findAnchors } from './find-anchors.ts';
export { judgeAgain, mergeRuns } from './merge-runs.ts';
export { type Push, pushSecrets, toPushes } from './push/push-spec.ts';
export { type GivenBaseline, openBaseline, toBaseline } from './read-baseline.ts';
export { readResult, readResultFolder, toGivenResult } from './read-results.ts';
export { isRunPath, readRun, requireRun } from './read-run.ts';
export { makeRedactor, type Redactor } from './redact/redact.ts';
export { redactModel } from './redact/redact-model.ts';
export { redactTexts } from './redact/redact-texts.ts';
export { formsOf } from './redact/secret-forms.ts';
export { makeRunServer } from './serve/serve.ts';
export { type FoundTrend, readTrend } from './trend-files.ts';
export { checkOutputs, prepareOutputs, writeFailureOutputs, writeReports } from './write-reports.ts';
