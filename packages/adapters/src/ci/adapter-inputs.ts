// SPDX-License-Identifier: Apache-2.0
// The inputs as adapters offer them. Every adapter ends in the same CINC_SCAN_… variables, of which an empty one counts
// as not set; so what an adapter was not given never outranks the user's cinc-scan.yml.
import { environmentName, type Input, type InputName, inputNames, inputs } from '@cinc-scan/core';

export interface AdapterInput {
  name: string;
  /** The variable it arrives in. */
  variable: string;
  /** Without a full stop. */
  description: string;
  /** Closed values; the empty one is among them. */
  choices?: readonly string[];
  /** One item a line. */
  multiline: boolean;
  default: string;
  example: string;
}

/** Inputs that no adapter takes as such, with the reason that its README gives. */
const fromSecrets = (variable: string) => `a secret: set the variable ${variable} from the secrets of the CI system`;

export const omitted: Partial<Record<InputName, string>> = {
  kubeconfig: 'a secret, see above',
  token: 'a secret, see above',
  'heimdall-api-key': 'a secret, see above',
  'profile-credentials': fromSecrets('CINC_SCAN_PROFILE_CREDENTIALS'),
  'webhook-secret': 'a secret, see above',
  'server-token': fromSecrets('CINC_SCAN_SERVER_TOKEN'),
  'id-token': 'a secret: the variable CINC_SCAN_ID_TOKEN, see docs/service.md',
  'alert-webhook': fromSecrets('CINC_SCAN_ALERT_WEBHOOK'),
  'alert-slack': fromSecrets('CINC_SCAN_ALERT_SLACK'),
  'alert-teams': fromSecrets('CINC_SCAN_ALERT_TEAMS'),
  'alert-mail': fromSecrets('CINC_SCAN_ALERT_MAIL'),
  'run-id': 'derived from the build number, so that the sweep after it finds the same run',
  'dry-run': 'ends without a verdict that a pipeline could act on; run it by hand',
};

const own: AdapterInput[] = [
  {
    name: 'config',
    variable: 'CINC_SCAN_CONFIG',
    description: 'Configuration file (empty: cinc-scan.yml if there is one)',
    example: 'ci/cinc-scan.yml',
  },
  {
    name: 'version',
    variable: 'CINC_SCAN_VERSION',
    description: 'Version to install with npm (empty: the one on the PATH)',
    example: '0.1.0',
  },
  {
    name: 'package',
    variable: 'CINC_SCAN_PACKAGE',
    description: "Package to install in place of the registry's: path or URL of a tarball",
    example: './cinc-scan-0.1.0.tgz',
  },
  {
    name: 'integrity',
    variable: 'CINC_SCAN_INTEGRITY',
    description: 'Expected hash of the installed tarball (sha512-…)',
    example: 'sha512-…',
  },
].map(input => ({ ...input, multiline: false, default: '' }));

/** All inputs for one platform; `defaults` are for what its surfaces need. */
export function adapterInputs(defaults: Partial<Record<InputName, string>>): AdapterInput[] {
  return [
    ...inputNames.filter(name => omitted[name] === undefined).map(name => toAdapterInput(name, defaults[name] ?? '')),
    ...own,
  ];
}

function toAdapterInput(name: InputName, fallback: string): AdapterInput {
  const input: Input = inputs[name];
  const choices = choicesOf(input);
  return {
    name,
    variable: environmentName(name),
    description: input.description,
    multiline: input.type === 'list' && input.separator === 'line',
    default: fallback,
    example: input.example,
    ...(choices && { choices }),
  };
}

// A platform's own booleans know no "not given", and a `false` that nobody wrote would undo a `true` in the file.
function choicesOf(input: Input): readonly string[] | undefined {
  if (input.type === 'flag') return ['', 'true', 'false'];
  return input.type === 'choice' ? ['', ...input.choices] : undefined;
}

/** What only a consolidation has. */
export const findingsInputs: InputName[] = inputNames.filter(name => inputs[name].group === 'findings');

/** Folder that every platform collects reports from unless told otherwise. */
export const outputFolder = inputs['output-dir'].default;
