// SPDX-License-Identifier: Apache-2.0
// Profiles as the community writes them, made at hand: overlays, resources of their own, conditions, loops, hundreds of
// controls.
import { join } from 'node:path';
import { writeFiles } from './profiles.ts';

export interface CommunityProfiles {
  /** What is scanned. */
  scanned: string[];
  /** All of them, which refer to each other by path, those first that others depend on. */
  all: string[];
}

export function writeCommunityProfiles(folder: string): CommunityProfiles {
  writeFiles(join(folder, 'hardening-base'), hardeningBase());
  writeFiles(join(folder, 'shared-resources'), sharedResources());
  writeFiles(join(folder, 'hardening-overlay'), hardeningOverlay());
  writeFiles(join(folder, 'stig-like'), stigLike());
  const scanned = ['hardening-base', 'hardening-overlay', 'stig-like'].map(name => join(folder, name));
  return { scanned, all: [join(folder, 'shared-resources'), ...scanned] };
}

/** A baseline with a condition for the whole file, waits on the platform, and an attribute by its old name. */
function hardeningBase(): Record<string, string> {
  return {
    'inspec.yml': `name: hardening-base
title: Hardening baseline
maintainer: Nobody
license: Apache-2.0
version: 2.4.0
inspec_version: '>= 4.6.3'
supports:
  - os-family: unix
depends:
  - name: shared-resources
    path: ../shared-resources
inputs:
  - name: login_umask
    type: String
    value: '022'
`,
    'controls/files.rb': `
title 'Files'
mode = input('login_umask')
only_if('there is a /etc') { file('/etc').directory? }

control 'base-01' do
  impact 'high'
  title 'Passwords are for root'
  desc 'rationale', 'Because.'
  tag cis: '6.1.2'
  ref 'CIS', url: 'https://example.org/cis'
  describe file('/etc/shadow') do
    it { should_not be_readable.by('other') }
  end if file('/etc/shadow').exist?
  describe key_values('/etc/os-release') do
    its(['ID']) { should_not be_nil }
  end
end

%w[passwd group hosts nope].each_with_index do |name, index|
  control format('base-%02d', index + 10) do
    impact 0.3
    title "File #{name}"
    only_if("there is no #{name}") { file("/etc/#{name}").exist? }
    describe.one do
      describe file("/etc/#{name}") do
        it { should be_owned_by 'root' }
      end
      describe file("/etc/#{name}") do
        its('size') { should eq 0 }
      end
    end
  end
end

control 'base-20' do
  impact 1.0
  title "Umask is #{mode}"
  describe login_shells do
    its('count') { should be >= 0 }
    its('names') { should include 'root' }
  end
end
`,
    'controls/never.rb': `
only_if { command('definitely-not-here').exist? }
control 'base-30' do
  impact 0.5
  describe command('definitely-not-here --version') do
    its('exit_status') { should eq 0 }
  end
end
`,
  };
}

/** Resources in a profile of their own, one built upon another and one upon FilterTable. */
function sharedResources(): Record<string, string> {
  return {
    'inspec.yml': 'name: shared-resources\ntitle: Resources\nversion: 0.3.1\n',
    'libraries/key_values.rb': `
class KeyValues < Inspec.resource(1)
  name 'key_values'
  desc 'Reads KEY=VALUE files.'
  def initialize(path)
    @path = path
    @values = inspec.file(path).content.to_s.lines.map { |line| line.strip.split('=', 2) }.select { |pair| pair.length == 2 }.to_h
  end
  def method_missing(*keys)
    keys.shift if keys.is_a?(Array) && keys[0] == :[]
    @values[keys.first.to_s]
  end
  def respond_to_missing?(*) = true
  def to_s = "KEY=VALUE file #{@path}"
end
`,
    'libraries/login_shells.rb': `
class LoginShells < Inspec.resource(1)
  name 'login_shells'
  attr_reader :table
  FilterTable.create.register_column(:names, field: 'name').register_column(:shells, field: 'shell').install_filter_methods_on_resource(self, :table)
  def initialize
    lines = inspec.file('/etc/passwd').content.to_s.lines.map { |line| line.chomp.split(':') }
    @table = lines.reject { |fields| fields.last =~ /nologin|false/ }.map { |fields| { 'name' => fields.first, 'shell' => fields.last } }
  end
  def to_s = 'Login shells'
end
`,
  };
}

/** An overlay as teams write them: takes all but some, changes impact and title, sets inputs of what it depends on. */
function hardeningOverlay(): Record<string, string> {
  return {
    'inspec.yml': `name: hardening-overlay
title: Our hardening
version: 1.0.0
depends:
  - name: hardening-base
    path: ../hardening-base
    version: '~> 2.0'
inputs:
  - name: login_umask
    value: '027'
    profile: hardening-base
`,
    'controls/overlay.rb': `
include_controls 'hardening-base' do
  skip_control 'base-12'
  control 'base-11' do
    impact 0.9
    title 'Groups, as we see them'
  end
end

control 'own-01' do
  impact 0.7
  title 'Our own'
  describe os.family do
    it { should_not be_empty }
  end
  describe file('/etc/hostname').content.to_s.lines.map(&:strip) do
    it { should_not include 'localhost.localdomain' }
  end
end
`,
  };
}

const stigControls = 300;

/** As guides are generated: one file for each control, long texts, tags by the dozen, descriptions with labels. */
function stigLike(): Record<string, string> {
  const controls = Array.from({ length: stigControls }, (_, index) => {
    const id = `SV-${230_000 + index}`;
    return [`controls/${id}.rb`, stigControl(id, index)] as const;
  });
  return {
    'inspec.yml': `name: stig-like
title: Guide with ${stigControls} rules
version: 1.14.2
supports:
  - platform-family: linux
inputs:
  - name: temporary_folders
    type: Array
    value: [/tmp, /var/tmp]
`,
    'files/expected.json': '{"limit": 1777}\n',
    ...Object.fromEntries(controls),
  };
}

function stigControl(id: string, index: number): string {
  const checks = [
    `describe file('/etc/passwd') do\n    its('mode') { should cmp <= '0644' }\n  end`,
    `input('temporary_folders').each do |path|\n    describe file(path) do\n      it { should be_directory }\n      its('mode') { should cmp JSON.parse(inspec.profile.file('expected.json'))['limit'].to_s }\n    end\n  end`,
    `if file('/etc/os-release').content.to_s.include?('ID=debian')\n    impact 0.0\n    describe 'Control not applicable on this system' do\n      skip 'Control not applicable on this system'\n    end\n  else\n    describe command('uname -s') do\n      its('stdout.strip') { should eq 'Linux' }\n    end\n  end`,
    `describe parse_config_file('/etc/nsswitch.conf', assignment_regex: /^\\s*([^:]*?)\\s*:\\s*(.*?)\\s*$/) do\n    its('passwd') { should_not be_nil }\n  end`,
    `passwd.users.each do |user|\n    describe user do\n      it { should_not be_empty }\n    end\n  end\n  describe passwd.uids(0) do\n    its('users') { should cmp 'root' }\n  end`,
    `describe "#{'x' * 3}" do\n    subject { file('/etc/group').content.to_s.lines.length }\n    it { should be >= 0 }\n  end`,
  ];
  return `control '${id}' do
  title "Rule ${index} of the guide must be kept."
  desc "${'Long texts tell why. '.repeat(10)}"
  desc 'check', "Look at number ${index}."
  desc 'fix', 'Mend it.'
  impact ${[0.3, 0.5, 0.7][index % 3]}
  tag severity: '${['low', 'medium', 'high'][index % 3]}'
  tag gtitle: 'SRG-OS-00${index}'
  tag gid: 'V-${index}'
  tag rid: '${id}r1_rule'
  tag stig_id: 'X-08-0${index}'
  tag cci: ['CCI-000366']
  tag nist: ['CM-6 b', 'AC-${(index % 20) + 1}']
  tag 'host', 'container'
  ${checks[index % checks.length]}
end
`;
}
