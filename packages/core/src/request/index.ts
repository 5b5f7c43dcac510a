// SPDX-License-Identifier: Apache-2.0
export { onlyNamed, readUserConfig } from './config-file.ts';
export { asksForConsolidation, consolidationFolder, refuseScan } from './consolidation-inputs.ts';
export { decodeText } from './decode-text.ts';
export { cacheFolder, type Environment, readVariable } from './environment.ts';
export { type GithubInputName, type GithubValues, githubInputs, resolveGithubInputs } from './github-inputs.ts';
export { givenHere, type SourcesHere } from './given-here.ts';
export type { InputValues, PlainInput } from './interface.ts';
export {
  bucketSeverities,
  type CamelCase,
  camelCase,
  environmentName,
  type FlagName,
  flagName,
  type Input,
  type InputGroup,
  type InputName,
  inputNames,
  inputs,
  isEdge,
  isRunId,
  type JailStrength,
  jailStrengths,
  lensNames,
  longestRunId,
  registeredName,
  wholly,
} from './interface.ts';
export { parseJsonText, parseYaml, toYamlProblem, unquoted, YamlProblem } from './parse-yaml.ts';
export { type PerTarget, perTargetKey, type TargetOptions, type Values } from './per-target.ts';
export { publishedSchema } from './published-schema.ts';
export { mostResultBytes, readBounded } from './read-bounded.ts';
export {
  type Access,
  headerSecret,
  inlineThreshold,
  looksLikePath,
  makeRunId,
  readThresholdInput,
  resolveAccess,
  resolveToken,
  secretOrFile,
  type ThresholdText,
  toShownRequest,
} from './scan-request.ts';
export { Secret } from './secret.ts';
export { platformSecrets, platformVariables, withoutOwnSecrets, withoutSecrets } from './secret-variables.ts';
export { Secrets } from './secrets.ts';
export { type AskedInput, askedInputs, refuseBesideServer } from './server-inputs.ts';
export { issueTexts, matchConditions, matchText, type TargetMatch, targetMatch } from './target-match.ts';
export {
  nearestInput,
  parseChoice,
  parseDuration,
  type Raw,
  resolveInput,
  resolveValues,
  type Sources,
} from './values.ts';
