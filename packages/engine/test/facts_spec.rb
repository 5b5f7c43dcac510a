# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'fileutils'
require 'open3'

# A machine whose /etc and /usr lie in a folder, asked by real commands, one by one, as Train does.
class MachineInFolder
  def initialize(root)
    @root = root
  end

  def backend_type
    'machine-in-folder'
  end

  def run_command(command)
    inside = command.gsub(%r{(?<= |^)/(etc|usr)/}, "#{@root}/\\1/")
    output, errors, status = Open3.capture3('sh', '-c', inside)
    Train::Extras::CommandResult.new(output, errors, status.exitstatus)
  end

  # What the broker would have fetched in its one trip.
  def facts
    paths = Dir.glob('{etc,usr}/**/*', base: @root).select { |path| File.file?(File.join(@root, path)) }
    {
      system: run_command('uname -s').stdout.strip, machine: run_command('uname -m').stdout.strip,
      release: run_command('uname -r').stdout.strip,
      files: paths.to_h { |path| [:"/#{path}", File.read(File.join(@root, path))] }
    }
  end
end

RSpec.describe CincScan::Facts do
  def release(id, version, more = '')
    "NAME=\"#{id}\"\nID=#{id}\nVERSION_ID=\"#{version}\"\n#{more}"
  end

  def detect(backend)
    found = Train::Platforms::Detect.scan(backend)
    { name: found.name, title: found.title, release: found[:release], arch: found[:arch], families: found.family_hierarchy }
  end

  machines = {
    'Debian' => { 'etc/debian_version' => "12.7\n", 'etc/os-release' => :debian },
    'Ubuntu' => { 'etc/debian_version' => "trixie/sid\n", 'etc/lsb-release' => "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n", 'etc/os-release' => :ubuntu },
    'Debian without its version file' => { 'etc/os-release' => :debian },
    'Alpine' => { 'etc/alpine-release' => "3.20.3\n", 'etc/os-release' => :alpine },
    'Rocky' => { 'etc/redhat-release' => "Rocky Linux release 9.4 (Blue Onyx)\n", 'etc/os-release' => :rocky },
    'Alma' => { 'etc/redhat-release' => "AlmaLinux release 9.4 (Seafoam Ocelot)\n", 'etc/os-release' => :almalinux },
    'Red Hat' => { 'etc/redhat-release' => "Red Hat Enterprise Linux release 9.4 (Plow)\n", 'etc/os-release' => :rhel },
    'Fedora' => { 'etc/redhat-release' => "Fedora release 40 (Forty)\n", 'etc/os-release' => :fedora },
    'Oracle' => { 'etc/oracle-release' => "Oracle Linux Server release 9.4\n", 'etc/redhat-release' => "Red Hat Enterprise Linux release 9.4 (Plow)\n", 'etc/os-release' => :ol },
    'Amazon' => { 'etc/system-release' => "Amazon Linux release 2023 (Amazon Linux)\n", 'etc/os-release' => :amzn },
    'openSUSE' => { 'etc/os-release' => :'opensuse-leap' },
    'SLES' => { 'etc/os-release' => :sles },
    'Arch' => { 'etc/arch-release' => '', 'etc/os-release' => :arch },
    'Wolfi' => { 'etc/os-release' => :wolfi },
    'Photon' => { 'etc/os-release' => :photon },
    'nothing known' => { 'etc/hostname' => "x\n" }
  }

  machines.each do |name, files|
    it "detects #{name} as Train does, in no further trip" do
      Dir.mktmpdir do |root|
        files.each do |path, content|
          FileUtils.mkdir_p(File.dirname(File.join(root, path)))
          File.write(File.join(root, path), content.is_a?(Symbol) ? release(content, '1.2') : content)
        end
        machine = MachineInFolder.new(root)
        expect(detect(described_class.new(machine.facts))).to eq(detect(machine))
      end
    end
  end

  it 'knows of no command but those that detection asks' do
    facts = described_class.new(system: 'Linux', machine: 'x86_64', release: '6', files: {})
    ['cmd.exe /c ver', 'uname -a', 'test -f /etc/os-release', 'cat /etc/passwd', 'uname -s; id'].each do |command|
      expect(facts.run_command(command).exit_status).to eq(127)
    end
  end
end
