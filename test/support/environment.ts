// SPDX-License-Identifier: Apache-2.0
// Where all tests of a file are named as `todo`, nothing fails with its beforeAll: jest would print PASS.
import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';

const isHook = ({ type }: Circus.Hook) => type === 'beforeAll' || type === 'afterAll';

const hasRunnable = ({ children }: Circus.DescribeBlock): boolean =>
  children.some(child => (child.type === 'test' ? child.mode !== 'todo' && child.mode !== 'skip' : hasRunnable(child)));

// oxlint-disable-next-line import/no-default-export -- jest asks for it
export default class Environment extends TestEnvironment {
  handleTestEvent(event: Circus.Event, state: Circus.State): void {
    if (event.name !== 'hook_failure' || !isHook(event.hook) || hasRunnable(event.hook.parent)) return;
    state.unhandledErrors.push(event.error);
  }
}
