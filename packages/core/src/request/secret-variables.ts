// SPDX-License-Identifier: Apache-2.0
import type { Environment } from './environment.ts';
import { Secret } from './secret.ts';

/** What CI systems put into the environment of a step: not ours, and for nobody to read in a report or a log. */
export const platformVariables: readonly string[] = [
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'BITBUCKET_STEP_OIDC_TOKEN',
  'BUILDKITE_AGENT_ACCESS_TOKEN',
  'CIRCLE_OIDC_TOKEN',
  'CIRCLE_OIDC_TOKEN_V2',
  'CI_BUILD_TOKEN',
  'CI_DEPENDENCY_PROXY_PASSWORD',
  'CI_DEPLOY_PASSWORD',
  'CI_JOB_JWT',
  'CI_JOB_JWT_V1',
  'CI_JOB_JWT_V2',
  'CI_JOB_TOKEN',
  'CI_REGISTRY_PASSWORD',
  'CI_REPOSITORY_URL',
  'DRONE_NETRC_PASSWORD',
  'ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'HARNESS_API_KEY',
  'NPM_TOKEN',
  'NODE_AUTH_TOKEN',
  'SYSTEM_ACCESSTOKEN',
  'SYSTEM_OIDCREQUESTTOKEN',
  'TRAVIS_API_TOKEN',
];

/** The secrets among them, to be kept out of everything that is written. */
export function platformSecrets(environment: Environment): Secret[] {
  return platformVariables.flatMap(name => {
    const value = environment[name];
    return value === undefined ? [] : [new Secret(value)];
  });
}

const own = /^(?:CINC_SCAN|INPUT|STATE)_/i;

/** For credential plugins, which have secrets of their own there: without ours, and without the CI system's. */
export function withoutOwnSecrets(environment: Environment): Record<string, string> {
  return keep(environment, name => !own.test(name) && !platformVariables.includes(name));
}

const secretive = /^(?:ACTIONS|GITHUB|RUNNER)_|TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL/i;

/** For what installs and unpacks: proxies, certificates and mirrors, and nothing that looks like a secret. */
export function withoutSecrets(environment: Environment): Record<string, string> {
  return keep(withoutOwnSecrets(environment), name => !secretive.test(name));
}

function keep(environment: Environment, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value !== undefined && wanted(name) ? [[name, value]] : [],
    ),
  );
}
