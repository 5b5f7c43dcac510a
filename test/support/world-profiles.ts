// SPDX-License-Identifier: Apache-2.0
// The shapes that profiles of the world have, one in each, written for the tests.
import { worldOverlays } from './world-overlays.ts';
import { trivial, type WorldProfile } from './world-profile.ts';
import { worldShapes } from './world-shapes.ts';

/** Each by the name that it is required by. */
const bundled =
  `abbrev base64 benchmark bigdecimal csv drb getoptlong matrix minitest mutex_m net/ftp net/imap net/pop net/smtp
  net/telnet nkf observer ostruct power_assert prime pstore racc/parser rake resolv-replace rexml/document rinda/tuplespace rss
  syslog test/unit/assertions webrick xmlrpc/client`.replaceAll(/\s+/g, ' ');

/** One control, and this in its metadata. */
const withMetadata = (name: string, what: string, metadata: string): WorldProfile => ({
  name,
  what,
  files: { 'inspec.yml': `name: ${name}\nversion: 0.1.0\n${metadata}`, 'controls/a.rb': trivial },
});

/** Control files that ask the target when they are loaded. */
const askingTarget = (name: string, what: string, controls: string): WorldProfile => ({
  name,
  what,
  files: { 'inspec.yml': `name: ${name}\ntitle: T\nversion: 0.1.0\n`, 'controls/a.rb': controls },
});

export const worldProfiles: WorldProfile[] = [
  ...worldShapes,
  ...worldOverlays,
  withMetadata('copyright-is-a-year', 'a number for a text', 'title: T\ncopyright: 2024\n'),
  withMetadata('maintainers-are-many', 'a list for a text', 'maintainer: [Ada, Grace]\nsummary: [1, two]\n'),
  withMetadata('license-is-a-mapping', 'a mapping for a text', 'license: {name: MIT}\ntitle: {en: Title}\n'),
  withMetadata(
    'text-is-a-switch',
    'yes and no for texts',
    'title: yes\nsummary: no\nmaintainer:\ncopyright_email: 1.5\n',
  ),
  withMetadata('version-is-a-number', 'a number for a version', 'title: 2024\nversion: 2\ninspec_version: ">= 4"\n'),
  askingTarget(
    'controls-of-the-users',
    'a control for each line of an answer',
    `command('cut -d: -f1 /etc/passwd').stdout.lines.map(&:strip).each do |name|
  control "user-#{name}" do
    describe(user(name)) { it { should exist } }
  end
end
`,
  ),
  askingTarget(
    'controls-of-the-machine',
    'controls for one kind of machine alone',
    `if os.arch == 'x86_64' || os.family == 'debian'
  control 'here' do
    describe(file('/etc/passwd')) { it { should exist } }
  end
end
control('elsewhere') { describe(1) { it { should eq 2 } } } if os.name == 'plan9'
`,
  ),
  askingTarget(
    'command-at-load',
    'an answer that is needed to load it',
    `version = command('uname -r').stdout.match(/(\\d+)/)[1]
control 'kernel' do
  describe(version.to_i) { it { should be > 3 } }
end
`,
  ),
  askingTarget(
    'file-at-load',
    'a file that is needed to load it',
    `first = file('/etc/passwd').content.lines.first.split(':').first
control 'first' do
  describe(first) { it { should eq 'root' } }
end
`,
  ),
  {
    name: 'xml-of-inspec',
    what: "InSpec's own xml resource, which takes a gem that comes with Ruby",
    files: {
      'inspec.yml': 'name: xml-of-inspec\ntitle: T\nversion: 0.1.0\n',
      'controls/a.rb': `control 'c-1' do
  describe xml(command: "echo '<a><b>1</b></a>'") do
    its('a/b') { should eq ['1'] }
  end
  describe xml(content: '<root><a>1</a></root>') do
    its('root/a') { should eq ['1'] }
  end
end
`,
    },
  },
  {
    name: 'needs-rexml',
    what: 'a library that requires a gem that comes with Ruby',
    files: {
      'inspec.yml': 'name: needs-rexml\ntitle: T\nversion: 0.1.0\n',
      'libraries/tree.rb': `require 'rexml/document'
class Tree < Inspec.resource(1)
  name 'tree'
  def initialize(text)
    @root = REXML::Document.new(text).root
  end
  def top
    @root.name
  end
end
`,
      'controls/a.rb': "control 'c-1' do\n  describe(tree('<a/>')) { its('top') { should eq 'a' } }\nend\n",
    },
  },
  {
    name: 'libraries-of-ruby',
    what: 'each of the gems that come with Ruby, required by a control',
    files: {
      'inspec.yml': 'name: libraries-of-ruby\ntitle: T\nversion: 0.1.0\n',
      'controls/a.rb': `%w[${bundled}].each do |name|
  control name do
    describe(begin; require name; 'there'; rescue LoadError => e; e.message; end) { it { should eq 'there' } }
  end
end
`,
    },
  },
];
