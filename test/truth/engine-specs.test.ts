// SPDX-License-Identifier: Apache-2.0
// The specs of the Ruby half, counted with the others: each file runs once, each of its examples is a test here.

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineInstall } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { findLockedEngine } from '../support/engine.ts';

const folder = join(root, 'packages/engine/test');

interface Example {
  full_description: string;
  status: string;
  exception?: { message: string };
}

const engine = await findLockedEngine();

function run({ command, options: ofRuby, env }: EngineInstall, file: string): Promise<Example[]> {
  const script = 'require "rspec/core"; exit RSpec::Core::Runner.run(ARGV, $stderr, $stdout)';
  const args = [...ofRuby, '-e', script, '--', '--format', 'json', join(folder, file)];
  const options = {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', RUBYOPT: ofRuby.join(' '), ...env },
    maxBuffer: 1 << 26,
  };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (_error, stdout, stderr) => {
      const examples = parseExamples(stdout);
      if (examples.length > 0) resolve(examples);
      else reject(new Error(`${file}: ${stderr}${stdout}`));
    });
  });
}

function parseExamples(stdout: string): Example[] {
  const at = stdout.indexOf('{"version"');
  return at < 0 ? [] : (JSON.parse(stdout.slice(at)) as { examples: Example[] }).examples;
}

const files = readdirSync(folder).filter(name => name.endsWith('_spec.rb'));
const results = await Promise.all(files.map(async file => ({ file, examples: await run(engine, file) })));

describe.each(results)('$file', ({ examples }) => {
  for (const { full_description: title, status, exception } of examples)
    test(title, () => {
      expect({ status, message: exception?.message }).toEqual({ status: 'passed', message: undefined });
    });
});
