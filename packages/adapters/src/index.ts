// SPDX-License-Identifier: Apache-2.0
export { adapterInputs } from './ci/adapter-inputs.ts';
export { type GeneratedFile, renderDocs } from './docs.ts';
export { type ErrorEntry, renderErrors } from './errors-page.ts';
export { type ActionInterface, actionOutputs, renderAction } from './github/action-file.ts';
export {
  type Manifest,
  renderExitCodes,
  renderInputs,
  renderInterface,
  renderOutputs,
  renderReports,
} from './inputs-page.ts';
export { outputs } from './outputs.ts';
