// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { isOpen } from '../../findings/index.ts';
import { severityWords } from '../severity-words.ts';
import { shortLine } from '../text.ts';
import { jsonList } from './json-pieces.ts';
import type { FindingsModel, Pieces } from './model.ts';
import { sentence } from './tally.ts';

/** GitLab's Code Quality: what is open, and sources that did not look. */
export const renderFindingsCodeQuality = (model: FindingsModel): Pieces => jsonList(issues(model));

function* issues({ sources, sourcesFile, rows }: FindingsModel): Iterable<object> {
  for (const { id, tool, target, problems } of sources)
    for (const { code, text, file } of problems)
      yield {
        description: shortLine(`${id} (${tool}, ${target}) did not look: ${file}: ${text}`, 2000),
        check_name: code,
        fingerprint: createHash('sha256')
          .update(JSON.stringify([id, code, file, text]))
          .digest('hex'),
        severity: 'blocker',
        location: { path: sourcesFile, lines: { begin: 1 } },
      };
  for (const row of rows) {
    const { finding } = row;
    if (isOpen(row))
      yield {
        description: sentence(row),
        check_name: finding.rule,
        fingerprint: finding.fingerprint,
        severity: severityWords[finding.severity === 'unknown' ? 'medium' : finding.severity].codequality,
        location: { path: finding.place.path ?? sourcesFile, lines: { begin: finding.place.line ?? 1 } },
      };
  }
}
