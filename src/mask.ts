// SPDX-License-Identifier: Apache-2.0

import { setSecret } from '@actions/core';
import {
  type Environment,
  formsOf,
  type GithubValues,
  githubInputs,
  type Input,
  inputs,
  platformSecrets,
  Secret,
  Secrets,
} from '@cinc-scan/core';

const secretInputs = Object.entries<Input>({ ...inputs, ...githubInputs }).flatMap(([name, { type }]) =>
  type === 'secret' ? [name] : [],
);

const variableOf = (name: string) => `INPUT_${name.toUpperCase()}`;

/** What was read is no business of the programs that are started later: plugins of kubeconfigs, git, Bundler. */
export function forgetSecretInputs(environment: Environment): void {
  for (const name of secretInputs) delete environment[variableOf(name)];
}

/** The secrets that are known before any input is understood. */
export function stepSecrets(environment: Environment, own: GithubValues): Secrets {
  const secrets = new Secrets();
  secrets.register(own['github-token']);
  secrets.register(...platformSecrets(environment));
  // Whatever else is wrong with an input, an error shall not show it.
  secrets.registerKubeconfig(new Secret(environment['INPUT_KUBECONFIG'] ?? ''));
  for (const name of secretInputs)
    if (name !== 'kubeconfig') secrets.register(new Secret(environment[variableOf(name)] ?? ''));
  return secrets;
}

const masked = new Set<string>();

/** The same before it is known whether anything is printed. */
export function maskNow(given: Secret[]): void {
  const secrets = new Secrets();
  secrets.register(...given);
  maskSecrets(secrets);
}

/** Keys and tokens come on the way: each is masked before anything that may hold it is said. */
export function masking<T>(secrets: Secrets, say: (said: T) => void): (said: T) => void {
  let known = 0;
  return said => {
    if (secrets.size !== known) maskSecrets(secrets);
    known = secrets.size;
    say(said);
  };
}

/** The runner replaces each of these wherever it stands in the log; encoded, a secret is another text to it. */
export function maskSecrets(secrets: Secrets): void {
  for (const form of secrets.all().flatMap(secret => formsOf(secret.reveal()))) {
    if (masked.has(form)) continue;
    masked.add(form);
    setSecret(form);
  }
}
