// SPDX-License-Identifier: Apache-2.0
// Resources of profiles, and profiles upon profiles.
import { shaped, type WorldProfile } from './world-profile.ts';

export const worldOverlays: WorldProfile[] = [
  shaped('libraries-of-all-kinds', 'resources with filters, inheritance, helpers, requires within and constants', {
    'libraries/base.rb': `module Helper
  LIMIT = 3
  def self.twice(value) = value * 2
end
class Lines < Inspec.resource(1)
  name 'lines'
  supports platform: 'unix'
  desc 'Lines of a file'
  example 'describe lines'
  attr_reader :rows
  filter = FilterTable.create
  filter.register_column(:names, field: 'name')
        .register_column(:uids, field: 'uid')
        .register_custom_matcher(:present?) { |table| !table.entries.empty? }
        .install_filter_methods_on_resource(self, :fetch)
  def initialize(path = '/etc/passwd')
    @path = path
    return skip_resource "no #{path}" unless inspec.file(path).exist?
  end
  def fetch
    inspec.file(@path).content.lines.map { |line| { 'name' => line.split(':')[0], 'uid' => line.split(':')[2] } }
  end
  def to_s = "Lines of #{@path}"
end
`,
    'libraries/derived.rb':
      "require 'base'\nrequire 'json'\nclass Few < Lines\n  name 'few'\n  def limit = Helper::LIMIT\nend\n",
    'controls/a.rb': `control 'custom' do
  describe lines.where(name: 'root') do
    it { should be_present }
    its('uids') { should cmp 0 }
    its('count') { should eq 1 }
  end
  describe lines.where { uid.to_i > 70_000 } do
    its('names') { should be_empty }
  end
  describe few do
    its('limit') { should eq Helper.twice(Helper::LIMIT) / 2 }
  end
  describe lines('/nope') do
    its('names') { should be_empty }
  end
end
`,
  }),
  shaped(
    'overlaid-base',
    'what the next one stands on',
    {
      'libraries/mine.rb': "class Mine < Inspec.resource(1)\n  name 'mine'\n  def value = 'mine'\nend\n",
      'controls/a.rb': `%w[one two three four].each do |id|
  control id do
    impact 0.9
    title "Title #{id}"
    tag nist: ['AC-1']
    describe(input('level', value: 'base')) { it { should_not be_empty } }
    describe(mine) { its('value') { should eq 'mine' } }
  end
end
`,
    },
    { metadata: 'inputs:\n  - {name: level, value: base}\n' },
  ),
  shaped(
    'overlay-of-all-kinds',
    'controls skipped, changed, taken alone, inputs from above, resources from below',
    {
      'controls/a.rb': `include_controls 'overlaid-base' do
  skip_control 'two'
  control 'one' do
    impact 0.1
    title 'Changed'
    tag more: 'x'
    desc 'rationale', 'y'
  end
  control 'three' do
    describe('replaced') { it { should eq 'replaced' } }
  end
end
control('own') { describe(mine) { its('value') { should eq 'mine' } } }
`,
    },
    {
      metadata: `depends:
  - name: overlaid-base
    path: ../overlaid-base
    version: ~> 1.0
inputs:
  - {name: level, profile: overlaid-base, value: above}
`,
    },
  ),
  shaped(
    'required-controls',
    'some controls of a dependency without a name, a resource under another name',
    {
      'controls/a.rb': `require_controls 'overlaid-base' do
  control 'one'
  control 'four' do
    impact 'low'
  end
end
require_resource(profile: 'overlaid-base', resource: 'mine', as: 'theirs')
control('renamed') { describe(theirs) { its('value') { should eq 'mine' } } }
`,
    },
    { metadata: 'depends:\n  - path: ../overlaid-base\n' },
  ),
  shaped(
    'overlay-of-an-overlay',
    'three profiles deep',
    { 'controls/a.rb': "include_controls 'overlay-of-all-kinds' do\n  control 'own' do\n    impact 1.0\n  end\nend\n" },
    { metadata: 'depends:\n  - {name: overlay-of-all-kinds, path: ../overlay-of-all-kinds}\n' },
  ),
  shaped('errors-in-controls', 'controls that raise are errors of their own', {
    'controls/a.rb': `control('raises') { raise 'oops' }
control('unknown') { describe(no_such_resource) { it { should exist } } }
control('impact') { impact 'enormous'; describe(1) { it { should eq 1 } } }
control('fine') { describe(1) { it { should eq 1 } } }
`,
  }),
];
