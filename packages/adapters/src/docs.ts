// SPDX-License-Identifier: Apache-2.0
import {
  catalogue,
  consolidationJsonSchema,
  exitCodes,
  findingsJsonSchema,
  githubInputs,
  inputs,
  reportKinds,
  requestJsonSchema,
  scanJsonSchema,
} from '@cinc-scan/core';
import { renderErrors } from './errors-page.ts';
import { renderAction } from './github/action-file.ts';
import { renderActionPage } from './github/action-page.ts';
import { renderInterface } from './inputs-page.ts';
import { outputs } from './outputs.ts';

/** A generated file of this repository. */
export interface GeneratedFile {
  /** From the root of the repository, with `/`. */
  path: string;
  text: string;
}

/** The files that are generated. */
export function renderDocs(): GeneratedFile[] {
  return [
    { path: 'docs/errors.md', text: renderErrors(catalogue) },
    { path: 'docs/inputs.md', text: renderInterface({ inputs, outputs, exitCodes, reports: reportKinds }) },
    { path: 'docs/github-action-inputs.md', text: renderActionPage({ inputs, own: githubInputs, outputs }) },
    {
      path: 'docs/schemas/consolidation.schema.json',
      text: `${JSON.stringify(consolidationJsonSchema(), undefined, 2)}\n`,
    },
    { path: 'docs/schemas/findings.schema.json', text: `${JSON.stringify(findingsJsonSchema(), undefined, 2)}\n` },
    { path: 'docs/schemas/request.schema.json', text: `${JSON.stringify(requestJsonSchema(), undefined, 2)}\n` },
    { path: 'docs/schemas/scan.schema.json', text: `${JSON.stringify(scanJsonSchema(), undefined, 2)}\n` },
    { path: 'action.yml', text: renderAction({ inputs, own: githubInputs, outputs }) },
  ];
}
