// SPDX-License-Identifier: Apache-2.0
import { catalogue, exitCodes, inputs, reportKinds } from '@cinc-scan/core';
import { renderErrors } from './errors-page.ts';
import { renderInterface } from './inputs-page.ts';
import { outputs } from './outputs.ts';

/** A generated file of this repository. */
export interface GeneratedFile {
  /** From the root of the repository, with `/`. */
  path: string;
  text: string;
}

/** The pages that are generated. */
export function renderDocs(): GeneratedFile[] {
  return [
    { path: 'docs/errors.md', text: renderErrors(catalogue) },
    { path: 'docs/inputs.md', text: renderInterface({ inputs, outputs, exitCodes, reports: reportKinds }) },
  ];
}
