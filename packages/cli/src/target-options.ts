// SPDX-License-Identifier: Apache-2.0
import { OptionSet } from './option-set.ts';

/** For `command.argument(…)`. */
export const targetsArgument = ['[targets...]', 'pod name, deployment/NAME, statefulset/NAME, daemonset/NAME'] as const;

/** Targets otherwise than by name. */
export const targetOptions = new OptionSet().option('-l, --labels <selector>', 'targets by label, such as app=web', {
  repeatable: true,
});
