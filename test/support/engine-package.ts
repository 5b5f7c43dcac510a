// SPDX-License-Identifier: Apache-2.0
// A package laid out as CINC's own are, with a real Ruby and the real gems in it: those of this machine.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findLockedEngine } from './engine.ts';

/** Makes `cinc-auditor_5.24.24-1_amd64.deb` in the folder; gives its path. */
export async function makeEnginePackage(folder: string): Promise<string> {
  const content = join(folder, 'package');
  const embedded = join(content, 'opt/cinc-auditor/embedded');
  await copyRuby(embedded);
  mkdirSync(join(content, 'DEBIAN'));
  const control = [
    'Package: cinc-auditor',
    'Version: 5.24.24-1',
    'Architecture: all',
    'Maintainer: nobody',
    'Description: a',
  ];
  writeFileSync(join(content, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const path = join(folder, 'cinc-auditor_5.24.24-1_amd64.deb');
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', content, path], { stdio: 'ignore' });
  return path;
}

interface Ruby {
  program: string;
  library: string;
  standard: string;
  native: string;
  abi: string;
  /** Where RubyGems lies: Debian keeps it apart. */
  rubygems: string;
}

function thisRuby(): Ruby {
  const script = `
    c = RbConfig::CONFIG
    puts File.join(c["bindir"], c["ruby_install_name"]), File.join(c["archlibdir"], c["LIBRUBY_SONAME"])
    puts c["rubylibdir"], c["rubyarchdir"], c["ruby_version"], File.dirname($".grep(/rubygems[.]rb$/).first)`;
  const lines = execFileSync('ruby', ['-rrbconfig', '-e', script]).toString().trim().split('\n');
  const [program, library, standard, native, abi, rubygems] = lines as [string, string, string, string, string, string];
  return { program, library, standard, native, abi, rubygems };
}

async function copyRuby(embedded: string): Promise<void> {
  const ruby = thisRuby();
  const standard = join(embedded, 'lib/ruby', ruby.abi);
  const whole = { recursive: true, dereference: true };
  cpSync(ruby.program, join(embedded, 'bin/ruby'), whole);
  cpSync(ruby.library, join(embedded, 'lib', basename(ruby.library)), whole);
  cpSync(ruby.standard, standard, whole);
  cpSync(ruby.native, join(standard, 'native'), whole);
  for (const part of readdirSync(ruby.rubygems).filter(each => each.startsWith('rubygems')))
    cpSync(join(ruby.rubygems, part), join(standard, part), whole);
  const { env } = await findLockedEngine();
  cpSync(env['GEM_HOME'] ?? '', join(embedded, 'lib/ruby/gems', ruby.abi), whole);
}
