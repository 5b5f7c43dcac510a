# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'inspec/resource'
require 'inspec/resources/groups'
require 'inspec/resources/package'
require 'inspec/resources/packages'
require 'inspec/resources/processes'
require 'inspec/resources/users'

# Stands for InSpec in front of a resource, and keeps what it runs.
class Overheard
  Command = Struct.new(:text, :asked) do
    def exist?
      true
    end

    def stdout
      asked << text
      ''
    end

    def exit_status
      asked << text
      0
    end
    alias_method :stderr, :stdout
  end

  def self.questions
    overheard = new
    yield overheard
    overheard.asked.uniq
  rescue TypeError, NoMethodError # an empty answer is not what the resource hoped for
    overheard.asked.uniq
  end

  attr_reader :asked

  def initialize
    @asked = []
  end

  def command(text)
    Command.new(text, @asked)
  end
end

# A target without any file that would answer.
class Answerless
  def read(path)
    { '/etc/passwd' => "keeper:x:1:1::/:/bin/sh\n", '/etc/group' => "keeper:x:1:\n", '/etc/shadow' => "keeper:*:1::::::\n",
      '/var/lib/dpkg/status' => "Package: bash\nStatus: install ok installed\nVersion: 5\nArchitecture: all\n",
      '/lib/apk/db/installed' => "P:bash\nV:5\nT:shell\n", '/proc/sys/a/b' => "1\n" }[path]
  end

  def full?
    true
  end

  def program?(_name)
    false
  end

  def not_seen(reason)
    throw :answered, reason
  end

  def run(_script)
    throw :answered, 'a table'
  end
end

RSpec.describe 'what is answered without a program of the target' do
  let(:witnesses) do
    [CincScan::PackageDatabase, CincScan::AccountDatabase, CincScan::KernelView, CincScan::ProcessTable].map { |each| each.new(Answerless.new) }
  end

  def answered?(command)
    !catch(:answered) { witnesses.map { |witness| witness.answer(command) }.compact.first }.nil?
  end

  resources = Inspec::Resources
  {
    'package on Debian' => ->(it) { resources::Deb.new(it).info('libc6') },
    'packages on Debian' => ->(it) { resources::Debs.new(it).build_package_list },
    'package on Alpine' => ->(it) { resources::AlpinePkg.new(it).info('libstdc++') },
    'packages on Alpine' => ->(it) { resources::AlpinePkgs.new(it).build_package_list },
    'package on systems with rpm' => ->(it) { resources::Rpm.new(it, {}).info('bash') },
    'packages on systems with rpm' => ->(it) { resources::Rpms.new(it).build_package_list },
    'who a user is' => ->(it) { resources::LinuxUser.new(it).identity('keeper') },
    'where a user lives' => ->(it) { resources::LinuxUser.new(it).meta_info('keeper') },
    'which users there are' => ->(it) { resources::LinuxUser.new(it).list_users },
    'which groups there are' => ->(it) { resources::UnixGroup.new(it).groups }
  }.each do |resource, ask|
    it "are the questions of InSpec's own resources: #{resource}" do
      asked = Overheard.questions(&ask)
      expect(asked).not_to be_empty
      expect(asked.reject { |command| answered?(command) }).to eq []
    end
  end

  it 'are no questions that only begin or end like those' do
    other = [
      "dpkg-query -W -f='${Status}' bash", 'dpkg-query -W bash', 'dpkg-query -W', 'dpkg -s bash zsh', 'dpkg -s bash|wc -l',
      'dpkg -s $(cat x)', 'dpkg -s', "dpkg-query -W -f='${db:Status-Abbrev}  ${Package}  ${Version}  ${Architecture}\\n' bash",
      'apk info -vv --no-network', 'apk info -vv --no-network | grep -c bash', 'apk info -vv --no-network | grep bash|wc',
      'apk list --installed', 'rpm -q bash', 'rpm -qa', 'rpm -qi bash zsh', 'rpm -Va', 'rpm --version',
      'id', 'id -u keeper', 'id keeper;id', 'id $USER', 'id keeper|wc', 'getent passwd', 'getent shadow', 'getent group keeper',
      '/usr/bin/getent passwd keeper', 'getent passwd keeper|cut', 'getent passwd `id`', 'chage -l keeper|grep x', 'chage -l $u',
      '/sbin/sysctl -q -n a.b; id', '/sbin/sysctl -n a.b', 'sysctl -q -n a.b', '/sbin/sysctl -q -n a.b c.d', 'ps', 'ps --help|cat',
      "ps wwaxo label,pid,pcpu,pmem,vsz,rss,tty,stat,start,time,user:32,command\n", "id keeper\nid"
    ]
    expect(other.select { |command| answered?(command) }).to eq []
  end
end
