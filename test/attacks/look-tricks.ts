// SPDX-License-Identifier: Apache-2.0
// A look that a container makes hard. What it holds for them is made by `preparation`, as the user of its programs.
import { control, type Trick } from './trick.ts';

export const preparation = [
  'cd /tmp',
  'mkdir closed && echo secret >closed/secret && chmod 0 closed',
  'mkfifo fifo',
  'truncate -s 10G sparse',
  'ln -s loop loop',
  "printf 'PermitRootLogin yes\\n' >small",
  "{ head -c 100000 /dev/zero | tr '\\0' '#'; printf '\\nPermitRootLogin yes\\n'; } >large",
  "printf '##vso[task.prependpath]/tmp ##teamcity[buildStatus] ::error::x' >commands",
].join(' && ');

const look = (name: string, zero: Trick['zero'], ...bodies: string[]): Trick => ({
  name,
  files: { 'controls/all.rb': bodies.map((body, index) => control(`look-${index}`, body)).join('') },
  zero,
});
const lacks = (path: string, text: string) =>
  `describe(file('${path}')) { its('content') { should_not match(/${text}/) } }`;
const absent = (path: string) => `describe(file('${path}')) { it { should_not exist } }`;
const says = (command: string, check: string) =>
  `describe(command(${JSON.stringify(command)})) { its('stdout') { ${check} } }`;

export const lookTricks: Trick[] = [
  look('a file in a closed folder that is to be absent', 'never', absent('/tmp/closed/secret')),
  look('a file in a closed folder that is to lack a text', 'never', lacks('/tmp/closed/secret', 'public')),
  look('a small file with the text', 'never', lacks('/tmp/small', 'PermitRootLogin yes')),
  look('a large file with the text at its end', 'never', lacks('/tmp/large', 'PermitRootLogin yes')),
  look('a pipe that is to lack a text', 'never', lacks('/tmp/fifo', 'x')),
  look('a device without an end', 'never', lacks('/dev/zero', 'x')),
  look('a file of 10 GB', 'never', lacks('/tmp/sparse', 'x')),
  look('a command without an end', 'never', says('yes evil', 'should_not match(/good/)')),
  look('a command that never ends', 'never', says('while :; do printf x; sleep 1; done', 'should_not match(/y/)')),
  look('a command that kills the shell', 'never', says('kill -9 $$ $PPID; sleep 1', "should eq ''")),
  look(
    'a command that says what is not text',
    'under any gate',
    says("printf 'a\\\\0b\\\\377'", 'should_not match(/z/)'),
  ),
  look('words of CI systems in an exception', 'never', "raise file('/tmp/commands').content"),
];
