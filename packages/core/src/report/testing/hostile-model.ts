// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../../errors/index.ts';
import type { ReportModel } from '../model.ts';
import { sampleAudited, sampleHdf, sampleModel, sampleTarget, sampleUnreached } from './sample-model.ts';

/** The text wherever text from outside can stand. */
export function hostileModel(text: string): ReportModel {
  const control = {
    title: text,
    message: text,
    tags: {
      nist: [text, 'AC-3'],
      cci: [text],
      gid: text,
      rid: text,
      stig_id: text,
      check: text,
      fix: text,
      severity: text,
    },
  };
  const waiver = { skipped_due_to_waiver: true, justification: `owner: ${text}; ${text}`, expiration_date: text };
  const results = sampleHdf(
    [
      { ...control, id: text, status: 'failed' },
      { ...control, id: `a ${text}`, status: 'error' },
      { ...control, id: `b ${text}`, status: 'skipped' },
      { ...control, id: `c ${text}`, waiver },
      { ...control, id: `d ${text}`, status: 'failed', waiver: { ...waiver, skipped_due_to_waiver: false } },
    ],
    text,
  );
  const target = sampleTarget(text, {
    namespace: text,
    cluster: text,
    container: text,
    image: text,
    imageDigest: undefined,
    owner: { kind: text, name: text },
  });
  const audited = sampleAudited({ text: results, target });
  const lost = sampleUnreached('', 'lost');
  const model = sampleModel([audited, { ...lost, error: new ScanError('ENGINE_FAILED', text, { remedy: text }) }]);
  return {
    ...model,
    warnings: [text],
    request: { targets: [text], [text]: text },
    verdict: { ...model.verdict, gate: { ...model.verdict.gate, source: text.slice(0, 1000) } },
  };
}
