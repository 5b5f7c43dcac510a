// SPDX-License-Identifier: Apache-2.0
// A scan that a service does takes some of the inputs of a scan; whatever else is given would be given in vain.
import { ScanError } from '../errors/index.ts';
import { type InputName, inputNames, inputs, type PlainInput } from './interface.ts';
import { perTargetKey } from './per-target.ts';
import { givenAs, type Sources } from './values.ts';

/** A request holds them as they are; how strong the jail has to be is a matter of whoever runs it, and so is asked of the service. */
export type AskedInput = PlainInput | 'require-jail';

/** Inputs that a scan service takes as they are. */
export const askedInputs = [
  'container',
  'all-containers',
  'lens',
  'require-view',
  'allow-empty',
  'input',
  'controls',
  'tags',
  'fail-on',
  'strict',
  'all-profiles',
  'rounding',
  'report-only',
  'require-jail',
  'duration',
  'timeout',
  'deadline',
] as const satisfies AskedInput[];

const others: readonly InputName[] = ['targets', 'namespace', 'profile', 'threshold', 'run-id'];
const groups = new Set<string>(['server', 'report', 'findings']);

const isOfUse = (name: InputName): boolean =>
  groups.has(inputs[name].group) || others.includes(name) || askedInputs.some(each => each === name);

const ofNoUse = inputNames.filter(name => !isOfUse(name));

const ofOperators: readonly InputName[] = ['kubeconfig', 'context', 'token'];

/** Refuses by its name, wherever it comes from, what a scan service would not take. */
export function refuseBesideServer(sources: Sources): void {
  for (const name of ofNoUse) {
    const where = givenAs(name, sources);
    if (where !== undefined) throw notBeside(where, ofOperators.includes(name));
  }
  const { file } = sources;
  if (file?.values[perTargetKey] !== undefined) throw notBeside(`${perTargetKey} in ${file.path}`, false);
}

function notBeside(where: string, isCredential: boolean): ScanError {
  const why = isCredential ? 'has the credentials of the clusters itself' : 'takes no such input';
  return new ScanError('USAGE', `${where} cannot be combined with server: the scan service ${why}`, {
    remedy: 'Leave it out, or scan without a service.',
  });
}
