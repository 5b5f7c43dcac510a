// SPDX-License-Identifier: Apache-2.0
// What people write into metadata and controls, in every form that InSpec takes.
import { shaped, trivial, type WorldProfile } from './world-profile.ts';

export const worldShapes: WorldProfile[] = [
  shaped(
    'inputs-of-all-types',
    'inputs of each type, one from another, the old names for them',
    {
      'controls/a.rb': `level = attribute('level', value: 3)
control 'types' do
  impact input('impact')
  title "Level #{input('level')}"
  describe(input('text')) { it { should eq 'SHOW' } }
  describe(input('number')) { it { should eq 1.5 } }
  describe(input('switch')) { it { should be true } }
  describe(input('list')) { it { should include 2 } }
  describe(input('map')['inner']['deep']) { it { should eq 'x' } }
  describe(input('pattern')) { it { should match(/a+b/) } }
  describe('aab') { it { should match Regexp.new(input('pattern_text')) } }
  describe(input('late', value: 'given here')) { it { should eq 'given here' } }
  describe(level) { it { should eq 3 } }
end
`,
    },
    {
      metadata: `inputs:
  - {name: text, type: String, value: SHOW, description: Some, title: Text, required: true, priority: 40}
  - {name: number, type: Numeric, value: 1.5}
  - {name: switch, type: Boolean, value: true}
  - {name: list, type: Array, value: [1, 2]}
  - {name: map, type: Hash, value: {inner: {deep: x}}}
  - {name: pattern, type: Regexp, value: 'aab'}
  - {name: pattern_text, value: '^a+b$', sensitive: true}
  - {name: impact, type: Numeric, value: 0.7}
`,
    },
  ),
  shaped('attributes-by-their-old-name', 'attributes in the metadata', {
    'inspec.yml': `name: attributes-by-their-old-name
version: 1.0.0
attributes:
  - name: user
    type: string
    default: root
    description: Who
`,
    'controls/a.rb':
      "val_user = attribute('user', default: 'other', description: 'Who')\ncontrol('u') { describe(val_user) { it { should eq 'root' } } }\n",
  }),
  shaped(
    'metadata-by-a-template',
    'a template for its metadata, supports in all forms',
    { 'controls/a.rb': trivial },
    {
      metadata: `summary: <%= [1, 2].sum %>
inspec_version: ['>= 4', '< 7']
supports:
  - os-family: unix
  - os-name: debian
    release: 12
  - platform-name: deb*
  - platform: os
  - platform-family: linux
    release: "9.*"
`,
    },
  ),
  shaped(
    'supports-as-a-mapping',
    'supports that is no list',
    { 'controls/a.rb': trivial },
    { metadata: 'supports: {platform: linux}\n' },
  ),
  shaped(
    'supports-as-text',
    'supports that is a word',
    { 'controls/a.rb': trivial },
    { metadata: 'supports: linux\n' },
  ),
  shaped(
    'supports-as-words',
    'supports that is a list of words',
    { 'controls/a.rb': trivial },
    { metadata: 'supports: [linux, unix]\n' },
  ),
  shaped('ids-of-all-kinds', 'ids with blanks, slashes, quotes, letters of the world, very long, numbers and symbols', {
    'controls/a.rb': `ids = ['with blanks', 'a/b/c', 'xccdf_org.ssgproject.content_rule_x', 'Größe ✓ 日本', "it's", '"q"', '<b>', 'x' * 300, '1.1.1', '-', ' lead']
ids.each { |id| control(id) { describe(1) { it { should eq 1 } } } }
control(:symbol) { describe(1) { it { should eq 1 } } }
control 12 do
  describe(1) { it { should eq 1 } }
end
rule('by-its-old-name') { describe(1) { it { should eq 1 } } }
`,
  }),
  shaped('texts-of-all-kinds', 'titles, descriptions, tags and references in each form', {
    'controls/a.rb': `title 'A file'
control 'nothing' do
  title nil
  desc nil
  impact nil
  describe(1) { it { should eq 1 } }
end
control 'much' do
  impact 'critical'
  title <<~EOT
    Two
    lines
  EOT
  desc 'default words'
  desc 'check', 'how'
  desc :fix, 'so'
  descriptions more: 'words', 'and more': 'x'
  tag 'alone', :symbol
  tag nist: ['AC-1', 'AC-2 (1)']
  tag 'cci' => ['CCI-1'], 12 => nil, "severity": 'high', list: [1, { a: [nil, true] }], map: { deep: { er: 1.5 } }, 'empty': ''
  tag check: 'x', fix_id: 'F-1', satisfies: %w[a b], legacy: [], false_negatives: nil, mitigation: false
  ref 'Book', url: 'https://example.org', section: 1
  ref 'Only'
  ref url: 'https://example.org/x'
  ref({ url: 'https://example.org/y', ref: 'Y' })
  ref ['a', 'b']
  ref [{ url: 'x' }, { url: 'y' }]
  ref :symbol, uri: 'urn:x'
  describe(1) { it { should eq 1 } }
end
%w[none low medium high critical].each { |word| control("impact-#{word}") { impact word; describe(1) { it { should eq 1 } } } }
control('over') { impact 7.5; title :symbol; title 4711; describe(1) { it { should eq 1 } } }
`,
  }),
  shaped('conditions-of-all-kinds', 'conditions with and without a reason, in and outside of controls', {
    'controls/a.rb': `control 'reason' do
  only_if('not here') { false }
  describe(1) { it { should eq 2 } }
end
control 'no-reason' do
  only_if { file('/nope').exist? }
  describe(1) { it { should eq 2 } }
end
control 'impact' do
  only_if('not applicable', impact: 0.0) { false }
  describe(1) { it { should eq 2 } }
end
control 'applicable' do
  only_applicable_if('not so') { true }
  describe(1) { it { should eq 1 } }
end
control 'early' do
  next unless file('/nope').exist?
  describe(1) { it { should eq 2 } }
end
control 'skipped' do
  describe 'by hand' do
    skip 'look yourself'
  end
end
control 'either' do
  describe.one do
    describe(1) { it { should eq 2 } }
    describe(2) { it { should eq 2 } }
    describe file('/etc/passwd') do
      its('content') { should match(/root/) }
    end
  end
end
control 'expects' do
  expect(1).to eq 1
  describe 'subject' do
    subject { command('echo a').stdout.strip }
    it { should eq 'a' }
    it 'is named' do
      expect(subject).to cmp 'A'
    end
  end
end
describe file('/etc/passwd') do
  it { should exist }
end
`,
    'controls/never.rb':
      "only_if('none of these') { false }\ncontrol('never') { describe(1) { it { should eq 2 } } }\n",
  }),
  shaped(
    'files-of-all-kinds',
    'folders in folders, a byte order mark, line ends of Windows, another encoding, an empty file',
    {
      'controls/deep/er/a.rb': "control('deep') { describe(1) { it { should eq 1 } } }\n",
      'controls/bom.rb': "\uFEFFcontrol('bom') { describe('é') { it { should eq 'é' } } }\n",
      'controls/crlf.rb':
        "control 'crlf' do\r\n  title 'Windows'\r\n  desc \"two\r\nlines\"\r\n  describe(1) { it { should eq 1 } }\r\nend\r\n",
      'controls/magic.rb':
        "# encoding: utf-8\n# frozen_string_literal: true\ncontrol('magic') { title 'Grüße'; describe('ä') { it { should eq 'ä' } } }\n",
      'controls/empty.rb': '',
      'controls/comment.rb': '# nothing\n',
      'controls/end.rb': "control('end') { describe(1) { it { should eq 1 } } }\n__END__\ncontrol('not') {}\n",
      'controls/note.txt': 'no Ruby',
      'README.md': '# Words\n',
      'files/data.yml': 'a: [1, 2]\n',
      'files/sub/text.txt': 'inside\n',
      'controls/files.rb': `control 'files' do
  describe(YAML.safe_load(inspec.profile.file('data.yml'))['a']) { it { should eq [1, 2] } }
  describe(inspec.profile.file('sub/text.txt').strip) { it { should eq 'inside' } }
  describe(inspec.profile.files) { it { should include 'data.yml' } }
end
`,
    },
  ),
];
