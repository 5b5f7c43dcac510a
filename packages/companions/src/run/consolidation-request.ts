// SPDX-License-Identifier: Apache-2.0
import { type GateRequest, parseFindingsReport, toAlertRequest, type Values } from '@cinc-scan/core';
import type { ConsolidationRequest } from './run-consolidation.ts';

/** What is not in the values: results that were named, the gate as it was read, where reports go. */
interface Beside {
  files: readonly string[];
  gate: GateRequest | undefined;
  outputDir: string;
}

const defaultSources = 'cinc-scan.sources.yml';

/** A consolidation as the inputs ask for it. */
export const toConsolidationRequest = (values: Values, { files, gate, outputDir }: Beside): ConsolidationRequest => ({
  sources: values.sources ?? defaultSources,
  files,
  waivers: values['findings-waivers'],
  state: values.state,
  store: values.store,
  storeEndpoint: values['store-endpoint'],
  storeInsecure: values['store-insecure'],
  stateUnguarded: values['state-unguarded'],
  omitRaw: values['omit-raw'],
  stateMissing: values['state-missing'],
  gate,
  failOnNew: values['fail-on-new'],
  unknownAs: values['unknown-as'],
  reportOnly: values['report-only'],
  reports: values['findings-reports'].map(parseFindingsReport),
  outputDir,
  runId: values['run-id'],
  alerts: toAlertRequest(values),
});
