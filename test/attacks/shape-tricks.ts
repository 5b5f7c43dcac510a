// SPDX-License-Identifier: Apache-2.0
// Profiles whose shape may hide a check that fails: what no control holds, what is skipped, named twice, or never run.
import { bad, control, good, right, type Trick, wrong } from './trick.ts';

type Zero = Trick['zero'];
const lenient = 'under a lenient gate';
const any = 'under any gate';

const one = (name: string, text: string, zero: Zero = 'never'): Trick => ({
  name,
  files: { 'controls/all.rb': text },
  zero,
});
const two = (name: string, second: string, zero: Zero = 'never'): Trick => one(name, good + second, zero);
const more = (name: string, files: Record<string, string>, zero: Zero = 'never'): Trick => ({
  name,
  files: { 'controls/all.rb': good, ...files },
  zero,
});
const about = (metadata: string, trick: Trick): Trick => ({ ...trick, metadata });
const dependsOn = (name: string) => `depends:\n- name: ${name}\n  path: ../${name}\n`;

/** Profiles beside the trick's own, which it may depend on. */
export const dependencies: Record<string, { files: Record<string, string>; metadata?: string }> = {
  below: { files: { 'controls/all.rb': control('below-bad', wrong) + control('below-good', right) } },
  elsewhere: {
    files: { 'controls/all.rb': control('elsewhere', wrong) },
    metadata: 'supports:\n- platform: windows\n',
  },
};

const nothingToJudge: Trick[] = [
  one('a file without controls', ''),
  { name: 'no file', files: {}, zero: 'never' },
  one('a control without checks', control('x', '')),
  two('a control without checks after another', control('x', ''), lenient),
  one('a describe without checks', control('x', 'describe(1) { }')),
  two('a describe without checks after another control', control('x', 'describe(1) { }'), lenient),
  one('one of none', control('x', 'describe.one { }')),
  one('a check without a body', control('x', "describe(1) { it 'waits' }")),
  one('a property without a body', control('x', "describe('a') { its('size') }")),
  one('a loop over nothing', control('x', `[].each { |each| describe(each) { it { should eq 2 } } }`)),
  two(
    'a loop over what no program said',
    control('x', "command('no-such-program').stdout.split.each { |each| describe(each) { it { should eq 2 } } }"),
    lenient,
  ),
];

const skipped: Trick[] = [
  one('a pending check', control('x', "describe(1) { it { pending 'later'; should eq 2 } }")),
  one('a check crossed out', control('x', 'describe(1) { xit { should eq 2 } }')),
  one('a skip before', control('x', "describe(1) { before { skip 'later' }\n it { should eq 2 } }")),
  one('an exit before', control('x', 'describe(1) { before { exit 0 }\n it { should eq 2 } }')),
  one('a file for nobody', `only_if { false }\n${bad}`),
  one('a control for nobody', control('x', `only_if { false }\n  ${wrong}`)),
  one('a condition that raises', control('x', `only_if { raise 'no' }\n  ${wrong}`)),
  one('a condition that takes the impact', control('x', `only_if('not here', impact: 0.0) { false }\n  ${wrong}`)),
  two('a control for nobody after another', control('x', `only_if { false }\n  ${wrong}`), lenient),
  one('a resource that skips', control('x', "describe(etc_hosts('/none')) { its('primary_name') { should eq 'x' } }")),
  about('supports:\n- platform: windows\n', one('a profile for another platform', good)),
  about('supports:\n- platform-family: no-such-family\n', one('a profile for no family', good)),
  about("inspec_version: '>= 99'\n", one('a profile for a later InSpec', good)),
];

// What has no impact does not apply, whatever its checks say (docs/gate.md).
const impacts: Trick[] = [
  one('a failure without impact', control('x', wrong, '0.0'), any),
  one('an impact in words', control('x', wrong, "'none'"), any),
  one('an impact that is not a number', control('x', wrong, 'Float::NAN')),
  one('an impact below nothing', control('x', wrong, '(-0.0)'), any),
  one('an impact that asks the target', control('x', wrong, "(command('false').exit_status.zero? ? 1.0 : 0.0)"), any),
  two('a failure without impact after another', control('x', wrong, '0.0'), any),
];

const ids: Trick[] = [
  more('an id in two files', { 'controls/all.rb': control('same', wrong), 'controls/b.rb': control('same', right) }),
  one('an id twice in a file', control('same', wrong) + control('same', right)),
  two('no id', `control nil do\n  impact 1.0\n  ${wrong}\nend\n`),
  two('an empty id', control('', wrong)),
  two('an id of 300,000 letters', `control('x' * 300_000) do\n  impact 1.0\n  ${wrong}\nend\n`),
  two('an id that JavaScript knows', control('__proto__', wrong)),
  two('an id that objects have', control('constructor', wrong)),
  two('a check outside of controls', `${wrong}\n`),
];

const files: Trick[] = [
  one('a control that passes', good, any),
  one('a control that fails', bad),
  more('a file in a folder below', { 'controls/sub/b.rb': bad }),
  more('a folder of tests', { 'test/b.rb': bad }, any),
  more('an ending in capitals', { 'controls/b.RB': bad }, any),
  more('a file that does not parse', { 'controls/b.rb': "control 'x' do\n  describe(" }),
  // Where Ruby takes the file to end.
  more('a file that begins with NUL', { 'controls/b.rb': `\0\u0001${bad}` }, any),
  more('a file with a byte order mark', { 'controls/b.rb': `\uFEFF${bad}` }),
  more('a library that requires what is not there', { 'libraries/l.rb': "require 'no_such_gem'" }),
  more('a library that raises', { 'libraries/l.rb': "raise 'no'" }),
  two('what comes after the end', `__END__\n${bad}`, any),
  two('what a comment holds', `=begin\n${bad}=end\n`, any),
];

const overlays: Trick[] = [
  ['a required control that is not there', "require_controls 'below' do\n  control 'none'\nend\n", 'never'],
  ['an included control that is not there', "include_controls 'below' do\n  control 'none' do\n  end\nend\n", 'never'],
  ['a control that is left out', "include_controls 'below' do\n  skip_control 'below-bad'\nend\n", any],
  ['a control to leave out that is not there', "include_controls 'below' do\n  skip_control 'none'\nend\n", 'never'],
  ['a whole profile', "include_controls 'below'\n", 'never'],
  ['a dependency that is not used', '', any],
].map(([name = '', text = '', zero]) => about(dependsOn('below'), two(name, text, zero as Zero)));

const odd: Trick[] = [
  about(dependsOn('elsewhere'), two('a dependency for another platform', "include_controls 'elsewhere'\n")),
  one('tags that JavaScript knows', control('x', `tag '__proto__': 'x'\n  tag severity: 'none'\n  ${wrong}`), lenient),
  one('tags 3,000 deep', control('x', `deep = []\n  3000.times { deep = [deep] }\n  tag deep: deep\n  ${wrong}`)),
  one('text that is not UTF-8', control('x', 'describe("\\xff\\xfe") { it { should eq \'x\' } }')),
];

export const shapeTricks: Trick[] = [...nothingToJudge, ...skipped, ...impacts, ...ids, ...files, ...overlays, ...odd];
