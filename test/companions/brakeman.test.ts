// SPDX-License-Identifier: Apache-2.0
// A real Brakeman on an application of one controller: its SARIF says nothing of a file that it could not parse.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '@cinc-scan/core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { command, temporaryFolder } from '../support/command.ts';

/** `./dev test` installs it there. */
const gems = join(cacheFolder(process.env), 'brakeman-7.1.1');
const brakeman = [join(gems, 'bin/brakeman'), '--quiet', '--no-pager', '-f', 'sarif', '-o', 'brakeman.sarif'];
const careful = '--no-exit-on-warn';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  const source = { id: 'shop', tool: 'sarif', area: 'source', target: 'repo:shop', file: 'brakeman.sarif' };
  write('cinc-scan.sources.yml', JSON.stringify({ scope: 'prod', sources: [source] }));
  write('shop/Gemfile', "gem 'rails', '8.0.2'\n");
  write('shop/config/environment.rb', '');
  controller('command', 'def show\n    system("ls #{params[:dir]}")\n  end');
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const environment = () => ({
  PATH: process.env['PATH'] ?? '',
  HOME: folder.path,
  GEM_HOME: gems,
  GEM_PATH: gems,
});

function write(name: string, text: string): void {
  mkdirSync(join(inside(name), '..'), { recursive: true });
  writeFileSync(inside(name), text);
}

function controller(name: string, body: string): void {
  const title = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
  write(
    `shop/app/controllers/${name}_controller.rb`,
    `class ${title}Controller < ApplicationController\n  ${body}\nend\n`,
  );
}

async function judge(...more: string[]) {
  const options = { cwd: folder.path, env: environment() };
  const call = [...brakeman, ...more, 'shop'];
  const kept = await command(['companion', '--tool', 'sarif', '-o', 'brakeman.sarif', '--', ...call], options);
  expect(kept.code).toBe(0);
  return command(['consolidate', '--fail-on', 'high'], options);
}

const injections = () => {
  const document = JSON.parse(readFileSync(inside('cinc-scan-findings/findings.json'), 'utf8')) as {
    findings: { title: string; fingerprint: string; place: { path?: string } }[];
  };
  return document.findings.filter(({ place }) => place.path?.endsWith('command_controller.rb') === true);
};

describe('a real Brakeman', () => {
  test('looked, and its warning is a finding that a moved line leaves as it is', async () => {
    expect((await judge(careful)).code).toBe(3);
    const [first, ...others] = injections();
    expect(first?.title).toMatch(/command injection/i);
    expect(others).toEqual([]);
    controller('command', '# one line more\n  def show\n    system("ls #{params[:dir]}")\n  end');
    expect((await judge(careful)).code).toBe(3);
    expect(injections().map(({ fingerprint }) => fingerprint)).toEqual([first?.fingerprint]);
  });

  test('did not look at a file that it cannot parse, of which its SARIF says nothing', async () => {
    write('shop/app/controllers/broken_controller.rb', 'class Broken');
    const ran = await judge(careful);
    expect(readFileSync(inside('brakeman.sarif'), 'utf8')).not.toContain('broken_controller');
    expect(ran.stderr).toContain('brakeman.sarif: the scanner ended with exit code 7');
    expect(ran.code).toBe(4);
  });

  test('is not believed where the exit code for a warning hides that of an error', async () => {
    write('shop/app/controllers/broken_controller.rb', 'class Broken');
    const ran = await judge();
    expect(ran.stderr).toContain('brakeman.sarif: the scanner ended with exit code 3');
    expect(ran.code).toBe(4);
  });
});
