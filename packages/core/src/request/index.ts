// SPDX-License-Identifier: Apache-2.0

export { defaultConfigFile, readConfigFile } from './config-file.ts';
export { type GithubInputName, type GithubValues, githubInputs, resolveGithubInputs } from './github-inputs.ts';
export {
  environmentName,
  exitCodes,
  type Group,
  type Input,
  type InputName,
  inputNames,
  inputs,
  type Values,
} from './interface.ts';
export {
  type Access,
  makeRunId,
  readThresholdInput,
  resolveAccess,
  resolveToken,
  toShownRequest,
} from './scan-request.ts';
export { Secret } from './secret.ts';
export { Secrets } from './secrets.ts';
export { nearestInput, parseDuration, type Raw, resolveValues, type Sources } from './values.ts';
