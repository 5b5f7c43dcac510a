// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '../../errors/index.ts';
import { type RetrySettings, retryDefaults } from '../../http/index.ts';
import {
  auditedOf,
  fileStems,
  type ReportModel,
  renderAnnotatedHdf,
  renderScan,
  type Surface,
  toOutputs,
  type WrittenReport,
} from '../../report/index.ts';
import type { Redactor } from '../redact/redact.ts';
import { type Evaluation, pushEvaluation } from './heimdall.ts';
import { postSigned } from './post.ts';
import type { Push } from './push-spec.ts';

export interface Pushed {
  /** Redacted already. */
  model: ReportModel;
  /** Written so far. */
  reports: WrittenReport[];
  redactor: Redactor;
}

/** Sends the run to every place. What fails is told as such, and changes nothing else. */
export function pushAll(pushes: readonly Push[], pushed: Pushed, settings = retryDefaults): Promise<Surface[]> {
  return Promise.all(
    pushes.map(async (push): Promise<Surface> => {
      const problem = await pushOne(push, pushed, settings).catch(toMessage);
      if (problem === undefined) return { name: push.name, ok: true };
      return { name: push.name, ok: false, message: pushed.redactor.all(problem) };
    }),
  );
}

function pushOne(push: Push, pushed: Pushed, settings: RetrySettings): Promise<string | undefined> {
  return push.kind === 'webhook'
    ? postSigned({ ...push, body: toBody(pushed), key: pushed.model.run.id }, settings)
    : pushEvaluations(push, pushed, settings);
}

function toBody({ model, reports }: Pushed): string {
  const scan: unknown = JSON.parse(renderScan(model, reports, []));
  return JSON.stringify({ event: 'scan.finished', scan, outputs: toOutputs(model, reports) });
}

// The limit of the server as it is installed; it would answer with an error after the whole upload.
const mostBytes = 50 * 1_048_576;

async function pushEvaluations(
  push: Push & { kind: 'heimdall' },
  { model }: Pushed,
  settings: RetrySettings,
): Promise<string | undefined> {
  const stems = fileStems(auditedOf(model));
  const problems: string[] = [];
  for (const [outcome, stem] of stems) {
    const evaluation: Evaluation = {
      filename: `${model.run.id}-${stem}.json`,
      text: renderAnnotatedHdf(model, outcome),
    };
    const problem =
      Buffer.byteLength(evaluation.text) > mostBytes
        ? 'larger than the 50 MiB that the server takes'
        : await pushEvaluation(push, evaluation, settings);
    if (problem !== undefined) problems.push(`${evaluation.filename}: ${problem}`);
  }
  return problems.length === 0 ? undefined : problems.join('; ');
}
