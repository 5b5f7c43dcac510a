// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { finish } from './process.ts';

/** Defines tests that hold shell texts against shellcheck. */
export function testShell(texts: [name: string, text: string][], shell: 'sh' | 'bash' = 'sh'): void {
  test.each(texts)('shellcheck has nothing against: %s', async (_name, text) => {
    const { code, text: said } = await finish('shellcheck', ['--shell', shell, '-'], { input: text });
    expect({ code, said }).toEqual({ code: 0, said: '' });
  });

  test('shellcheck is there, and finds an unquoted variable', async () => {
    const { code } = await finish('shellcheck', ['--shell', shell, '-'], { input: '#!/bin/sh\nrm $1\n' });
    expect(code).toBe(1);
  });
}

export const bash = (text: string, options: { cwd: string; env: Record<string, string> }) =>
  finish('bash', ['-eo', 'pipefail', '-c', text], options);
