# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'cinc_scan/port_table'

# A target that consists of files, and of the answer to any script.
class FilesOnly
  attr_reader :reasons, :scripts

  def initialize(files, output = '')
    @files = files
    @output = output
    @reasons = []
    @scripts = []
  end

  def read(path)
    @files[path]
  end

  alias content read

  def look(path)
    mode = @files.key?(path) ? '81ed' : nil
    CincScan::Look.new(present: !mode.nil?, target: mode && ['1', mode])
  end

  def run(script)
    @scripts << script
    # What separates the answer is new for each script.
    [@output.gsub('MARK', script[/\h{32}/]), '', 0]
  end

  def full?
    true
  end

  def os
    Struct.new(:arch).new('x86_64')
  end

  def not_seen(reason)
    @reasons << reason
    throw :not_seen
  end
end

RSpec.describe CincScan::AccountDatabase do
  let(:files) do
    {
      '/etc/passwd' => "root:x:0:0:root:/root:/bin/bash\nmail:x:8:9::/var/mail:/usr/sbin/nologin\n",
      '/etc/group' => "root:x:0:\nmails:x:9:\nlog:x:4:other,mail\nlogin:x:5:mailer\n",
      '/etc/shadow' => "root:*:19000:0:99999:7:::\nmail:!:0::::::\n"
    }
  end
  let(:accounts) { described_class.new(FilesOnly.new(files)) }

  it 'tells who somebody is, by name or number, as id does' do
    expect(accounts.answer('id mail').stdout).to eq "uid=8(mail) gid=9(mails) groups=9(mails),4(log)\n"
    expect(accounts.answer('id 8').stdout).to eq "uid=8(mail) gid=9(mails) groups=9(mails),4(log)\n"
    expect(accounts.answer('id nobody')).to have_attributes(stdout: '', exit_status: 1)
  end

  it 'gives entries as getent does' do
    expect(accounts.answer('getent passwd mail').stdout).to eq "mail:x:8:9::/var/mail:/usr/sbin/nologin\n"
    expect(accounts.answer('/usr/bin/getent group').stdout.lines.length).to eq 4
    expect(accounts.answer('getent passwd nobody')).to have_attributes(stdout: '', exit_status: 2)
  end

  it 'tells the age of passwords as chage does' do
    expect(accounts.answer('chage -l root').stdout).to include('Last password change : Jan 08, 2022', ' change : 99999')
    expect(accounts.answer('chage -l mail').stdout).to include('password must be changed', ' expires : -1')
  end

  it 'lists accounts' do
    expect(accounts.answer('cut -d: -f1 /etc/passwd | grep -v "^#"').stdout).to eq "root\nmail\n"
  end

  it 'leaves other commands alone' do
    ['id', 'id -u', 'id root; id', 'getent hosts x', 'chage -d 0 root', 'echo id root'].each do |command|
      expect(accounts.answer(command)).to be_nil
    end
  end

  it 'does not take a file that cannot be read for one without accounts' do
    closed = FilesOnly.new({})
    catch(:not_seen) { described_class.new(closed).answer('id root') }
    expect(closed.reasons).to match [%r{/etc/passwd}]
  end
end

RSpec.describe CincScan::KernelView do
  it 'reads parameters, also where a name has a dot of its own' do
    view = described_class.new(FilesOnly.new('/proc/sys/net/ipv4/conf/eth0.1/forwarding' => "1\n"))
    expect(view.answer('/sbin/sysctl -q -n net.ipv4.conf.eth0/1.forwarding')).to have_attributes(stdout: "1\n", exit_status: 0)
    expect(view.answer('/sbin/sysctl -q -n net/ipv4/conf/eth0.1/forwarding').stdout).to eq "1\n"
    expect(view.answer('/sbin/sysctl -q -n no.such')).to have_attributes(stdout: '', exit_status: 255)
    expect(view.answer('/sbin/sysctl -w a.b=1')).to be_nil
  end

  it 'tells what is mounted on exactly a path' do
    mounts = "overlay / overlay rw 0 0\ntmpfs /a\\040b tmpfs rw,nosuid 0 0\ntmpfs /a tmpfs ro 0 0\n"
    view = described_class.new(FilesOnly.new('/proc/self/mounts' => mounts))
    expect(view.mounted('/a').stdout).to eq "tmpfs on /a type tmpfs (ro)\n"
    expect(view.mounted('/a b').stdout).to eq "tmpfs on /a b type tmpfs (rw,nosuid)\n"
    expect(view.mounted('/b')).to have_attributes(stdout: '', exit_status: 1)
  end

  it 'does not take a missing table for one without mounts' do
    expect { described_class.new(FilesOnly.new({})).mounted('/a') }.to raise_error(Train::Error, /not known/)
    expect { described_class.new(FilesOnly.new('/proc/self/mounts' => '')).mounted('/a') }.to raise_error(Train::Error)
  end
end

RSpec.describe CincScan::PortTable do
  let(:head) { "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" }

  it 'tells listening sockets and whose they are' do
    tables = {
      '/proc/net/tcp' => "#{head}   0: 0100007F:1E61 00000000:0000 0A 0:0 0:0 0 0 0 4711 1\n   1: 0100007F:1E62 0100007F:1 01 0:0 0:0 0 0 0 5 1\n",
      '/proc/net/tcp6' => "#{head}   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 4712 1\n"
    }
    output = "MARK 12 web server\nlrwx------ 1 root root 64 Jan 1 3 -> socket:[4711]\n"
    expect(described_class.new(FilesOnly.new(tables, output)).entries).to eq [
      { 'port' => 7777, 'address' => '127.0.0.1', 'protocol' => 'tcp', 'process' => 'web server', 'pid' => 12 },
      { 'port' => 22, 'address' => '::1', 'protocol' => 'tcp6', 'process' => nil, 'pid' => nil }
    ]
  end

  it 'does not take a missing table for one without sockets' do
    expect { described_class.new(FilesOnly.new({})).entries }.to raise_error(Train::Error, /not known/)
  end
end

RSpec.describe CincScan::ProcessTable do
  let(:own) { "0::/kubepods/pod1/#{'a' * 64}\n" }
  let(:other) { "0::/kubepods/pod1/#{'b' * 64}\n" }

  def process(pid, name, cgroup, command)
    stat = "#{pid} (#{name}) S 1 #{pid} #{pid} 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 100 1000 10\n"
    ["MARK:process\n#{stat}", "Uid:\t8\t8\t8\t8\nVmSize:\t 4000 kB\nVmRSS:\t 500 kB\n", cgroup, "unconfined\n", command].join("MARK\n")
  end

  it 'has the processes of the container and no others, whatever they are called' do
    start = "cpu 1\nbtime 1700000000\nMARK\n10.00 5.00\nMARK\nMemTotal: 1000 kB\nMARK:process\n#{own}"
    output = [start, process(7, 'odd) S 1 (name', own, "/bin/odd\0--x y\0"), process(8, 'helper', other, "/bin/helper\0"),
              process(9, 'child', "0::/kubepods/pod1/#{'a' * 64}/inside\n", '')].join
    table = described_class.new(FilesOnly.new({ '/etc/passwd' => "mail:x:8:9::/:/bin/sh\n" }, output))
    expect(table.answer(described_class::QUESTION).stdout.lines.drop(1)).to eq [
      "unconfined 7 22.2 50.0 4000 500 ? Ss 22:13:21 00:00:02 mail /bin/odd --x y\n",
      "unconfined 9 22.2 50.0 4000 500 ? Ss 22:13:21 00:00:02 mail [child]\n"
    ]
  end

  it 'leaves other commands alone' do
    expect(described_class.new(FilesOnly.new({})).answer('ps aux')).to be_nil
  end
end

RSpec.describe CincScan::ProgramSearch do
  it 'looks where the variable of the target says' do
    files = { '/proc/self/environ' => "A=1\0PATH=/opt/bin:/bin\0", '/opt/bin/tool' => 'x', '/bin/sh' => 'x', '/sbin/lost' => 'x' }
    programs = described_class.new(FilesOnly.new(files))
    found = %w[tool sh cd lost nothing /sbin/lost].select { |name| programs.include?(name) }
    expect(found).to eq %w[tool sh cd /sbin/lost]
  end
end
