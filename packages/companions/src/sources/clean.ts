// SPDX-License-Identifier: Apache-2.0
import { boundFinding, boundRule, type Finding, shortLine } from '@cinc-scan/core';

/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** A finding without secrets, whose texts are bounded. */
export const cleanFinding = (finding: Finding, redact: Redact): Finding =>
  boundFinding(finding, (text, limit) => shortLine(redact(text), limit));

/** The name of a rule as findings carry it: a look that did not check it has to name it the same. */
export const cleanRule = (rule: string, redact: Redact): string => boundRule(redact(rule));

/** A sentence about a source, with what its file put into it. */
export const cleanText = (text: string, redact: Redact): string => shortLine(redact(text), 500);
