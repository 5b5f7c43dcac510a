# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What the resources of profiles/container-baseline make of runtimes and kernels that the end-to-end tests do
# not have, and of names that a container chose in order to deceive.

require_relative 'spec_helper'
$LOAD_PATH.unshift(File.expand_path('../../../profiles/container-baseline/libraries', __dir__))
%w[processes mounts files secrets network].each { |name| require "container_#{name}" }

RSpec.describe 'container-baseline' do
  # In place of RSpec's own mark, which would end the examples here.
  let(:unseen) { Class.new(StandardError) }

  # Answers the scripts of a resource in their order.
  def resource(type, answers, options = {})
    made = type.allocate
    made.define_singleton_method(:inspec) { @inspec ||= Struct.new(:backend).new(Object.new) }
    unseen = self.unseen
    made.define_singleton_method(:not_reviewed) { |reason| raise unseen, reason }
    made.define_singleton_method(:ask) { |_tools, _script| answers.shift || raise('one question too many') }
    options.each { |name, value| made.instance_variable_set("@#{name}", value) }
    made
  end

  def status(pid, parent, name)
    "Name:\t#{name}\nPid:\t#{pid}\nPPid:\t#{parent}\nUid:\t65532\t65532\t65532\t65532\nNoNewPrivs:\t1\n"
  end

  def stat(pid, name, start)
    "#{pid} (#{name}) S 0 #{Array.new(17, 0).join(' ')} #{start} 0\n"
  end

  Seen = Struct.new(:pid, :parent, :name, :root, :cgroup, :start)

  def survey(all, shell:, own:, device: '50')
    [[all.map { |one| status(one.pid, one.parent, one.name) }.join,
      all.filter_map { |one| "#{one.pid} #{one.root}\n" if one.root }.join,
      all.map { |one| "#{one.pid} #{one.cgroup}\n" }.join,
      all.map { |one| stat(one.pid, one.name, one.start) }.join,
      shell.to_s, own, device], '']
  end

  let(:id) { 'ab' * 32 }
  let(:other) { 'cd' * 32 }

  describe 'the processes of the container' do
    def names(*survey)
      resource(ContainerProcesses, survey, capabilities: [], names: []).processes.map { |one| one[:name] }
    end

    it 'are those with its root, without the shell that looks and what came from it' do
      all = [Seen.new(1, 0, 'app', '0:50 /', '0::/', 10), Seen.new(9, 1, 'worker', '0:50 /', '0::/', 20),
             Seen.new(30, 0, 'sh', '0:50 /', '0::/', 30), Seen.new(31, 30, 'cat', '0:50 /', '0::/', 31)]
      expect(names(survey(all, shell: 30, own: "self 0:50 /\n"))).to eq(%w[app worker])
    end

    it 'are told from the pause process, a neighbour and the tools by the device of the root directory' do
      all = [Seen.new(1, 0, 'pause', '0:40 /', "0::/../#{other}", 1), Seen.new(7, 0, 'app', '0:50 /', "0::/../#{id}", 5),
             Seen.new(8, 0, 'proxy', '0:60 /', "0::/../#{other}", 6), Seen.new(40, 0, 'sh', nil, '0::/', 9)]
      expect(names(survey(all, shell: 40, own: ''))).to eq(%w[app])
    end

    it 'begin with the oldest, not with the lowest number' do
      all = [Seen.new(3, 0, 'late', '0:50 /', '0::/', 900), Seen.new(99, 0, 'app', '0:50 /', '0::/', 10)]
      expect(names(survey(all, shell: 40, own: "self 0:50 /\n"))).to eq(%w[app late])
    end

    it 'keep their start time behind a name that looks like the rest of the line' do
      all = [Seen.new(5, 0, 'x) S 0 0', '0:50 /', '0::/', 77)]
      found = resource(ContainerProcesses, [survey(all, shell: 40, own: "self 0:50 /\n")]).processes
      expect(found.map { |one| one[:start] }).to eq([77])
    end

    it 'are not guessed where two containers share one device' do
      all = [Seen.new(1, 0, 'one', '8:1 /', "0::/../#{id}", 1), Seen.new(2, 0, 'two', '8:1 /', "0::/../#{other}", 2)]
      expect { names(survey(all, shell: 40, own: '', device: '2049')) }.to raise_error(unseen, /several containers/)
    end

    it 'are not guessed where none has the root of the container' do
      all = [Seen.new(1, 0, 'one', '0:40 /', '0::/', 1)]
      expect { names(survey(all, shell: 40, own: '')) }.to raise_error(unseen, /No process/)
    end

    it 'have others beside them where the node shares its own, with both versions of control groups' do
      mine = ['0:50 /', 'kubepods']
      [["/kubepods/pod1/#{id}", "/kubepods/pod1/#{other}", '/system.slice/sshd.service'],
       ["0::/../#{id}", "0::/../#{other}", '0::/../../../system.slice/sshd.service']].each do |own, neighbour, foreign|
        all = [Seen.new(1, 0, 'systemd', '8:1 /', foreign, 1), Seen.new(7, 0, 'app', mine.first, own, 5),
               Seen.new(8, 0, 'proxy', '0:60 /', neighbour, 6), Seen.new(9, 0, 'sh', nil, neighbour, 9)]
        found = resource(ContainerProcesses, [survey(all, shell: 9, own: '')]).of_others
        expect(found).to eq(['process 1 (systemd)'])
      end
    end
  end

  describe 'the mounts of the container' do
    let(:first) { survey([Seen.new(1, 0, 'app', '0:50 /', '0::/', 1)], shell: 40, own: "self 0:50 /\n") }
    let(:root) { "1 0 0:50 / / ro,relatime - overlay overlay rw\n" }
    let(:pod) { '/var/lib/kubelet/pods/0b5f5a3e-1c1b-4b6c-9c60-1f2f6f3f8a11' }

    def foreign(lines, *more)
      resource(ContainerMounts, [first, [[root + lines], ''], *more], paths: [], devices: []).from_the_node
    end

    it 'of containerd, CRI-O and the kubelet are nobody else\'s' do
      lines = <<~MOUNTS
        2 1 8:1 #{pod}/volumes/kubernetes.io~empty-dir/cache /cache rw,relatime - ext4 /dev/sda1 rw
        3 1 8:1 #{pod}/volume-subpaths/conf/app/0 /etc/app.conf ro - ext4 /dev/sda1 rw
        4 1 8:1 #{pod}/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw
        5 1 8:1 #{pod}/containers/app/1a2b3c4d /dev/termination-log rw - ext4 /dev/sda1 rw
        6 1 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/#{id}/x /run/x rw - ext4 /dev/sda1 rw
        7 1 0:70 / /run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw
        8 1 0:24 /containers/storage/overlay-containers/#{id}/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw
        9 1 0:80 / /proc rw,nosuid - proc proc rw
        10 9 0:81 /null /proc/keys rw,nosuid - tmpfs tmpfs rw
        11 1 0:82 / /sys ro - sysfs sysfs ro
        12 11 0:83 / /sys/fs/cgroup ro - cgroup2 cgroup rw
      MOUNTS
      expect(foreign(lines)).to eq([])
    end

    it 'of the node are found by where they come from, whatever they are called' do
      lines = <<~MOUNTS
        2 1 8:1 /etc /config rw,relatime - ext4 /dev/sda1 rw
        3 1 0:24 /docker.sock /tmp/x rw - tmpfs tmpfs rw
        4 1 0:5 / /host/dev rw - devtmpfs udev rw
        5 1 0:4 / /host/proc rw - proc proc rw
        6 1 8:1 /srv/with\\040blank /data ro - ext4 /dev/sda1 rw
      MOUNTS
      expect(foreign(lines)).to eq(
        ['/config is /etc of the node, writable', '/tmp/x is /docker.sock of the node, writable',
         '/host/dev is devtmpfs of the node, writable', '/host/proc is proc of the node, writable',
         '/data is /srv/with blank of the node']
      )
    end

    it 'of a whole disk are a volume, unless there is a system on it' do
      line = "2 1 8:16 / /data rw - ext4 /dev/sdb rw\n"
      expect(foreign(line, [[''], ''])).to eq([])
      expect(foreign(line, [['yes'], ''])).to eq(['/data is ext4 of the node, writable'])
    end
  end

  describe 'files' do
    def files(text, errors = '')
      accounts = Struct.new(:exist?, :content).new(true, "root:x:0:0\n")
      made = resource(ContainerFiles, [[["50\n", text], errors]], ignored: ['/usr/bin/su'])
      made.define_singleton_method(:look) { |_path| accounts }
      made
    end

    it 'that are expected are left out, and no other that begins in the same way' do
      text = "50 89ed 0 0 9 /usr/bin/su\n50 89ed 0 0 9 /usr/bin/sudo\n"
      expect(files(text).setuid).to eq(['/usr/bin/sudo runs as user 0'])
    end

    it 'with line breaks in their names hide nothing' do
      text = "50 89ed 0 0 9 /tmp/a\n50 81a4 0 0 9 /b\nnonsense\n50 89ed 0 0 9 /tmp/c\n"
      expect(files(text).setuid).to eq(['/tmp/a runs as user 0', '/tmp/c runs as user 0'])
    end

    it 'that went away are no loss, and those that are closed are one' do
      expect(files('', "find: '/proc/1': No such file or directory\n").setuid).to eq([])
      ["find: '/root': Permission denied\n", "find: /root: Permission denied\n", "find: unrecognized: -xdev\n",
       "find: 'stat': No such file or directory\n"].each do |errors|
        expect { files('', errors).setuid }.to raise_error(unseen, /not everything/)
      end
    end
  end

  it 'asks once, also where the answer was an error or none' do
    [RuntimeError.new('too large'), Train::CommandTimeoutReached.new('60 s')].each do |error|
      asked = 0
      made = resource(ContainerMounts, [])
      ask = -> { made.once(:it) { (asked += 1) && raise(error) } }
      2.times { expect(&ask).to raise_error(error.is_a?(Train::Error) ? unseen : RuntimeError) }
      expect(asked).to eq(1)
    end
  end

  describe 'secrets' do
    subject(:secrets) { resource(ContainerSecrets, [], ignored: ['KNOWN_TOKEN']) }

    it 'are told by name and value of a variable, and references are none' do
      found = { 'DB_PASSWORD' => 'x1', 'API_KEY' => 'abc', 'GITHUB_TOKEN' => 'abc', 'AWS_SECRET_ACCESS_KEY' => 'abc',
                'DATABASE_URL' => 'postgres://me:secret@db/app', 'NOTE' => "AK#{'IA'}ABCDEFGHIJKLMNOP" }
      none = { 'DB_PASSWORD_FILE' => '/run/secrets/db', 'DB_PASSWORD' => '/run/secrets/db', 'TOKEN_TTL' => '3600',
               'PASSWORD' => '', 'KNOWN_TOKEN' => 'abc', 'PATH' => '/bin', 'COMPASS' => 'north', 'MONKEY' => 'x',
               'DATABASE_URL' => 'postgres://db/app', 'SECRET_KEY' => '$(FROM_ELSEWHERE)' }
      expect(found.reject { |name, value| secrets.send(:why, name, value) }).to eq({})
      expect(none.select { |name, value| secrets.send(:why, name, value) }).to eq({})
    end

    it 'are told in arguments, and names of files are none' do
      expect(secrets.send(:spoken, '--db-password=x', nil)).to eq('option --db-password is followed by a value')
      expect(secrets.send(:spoken, '--token', 'abc')).to eq('option --token is followed by a value')
      expect(secrets.send(:spoken, '--token', '--verbose')).to be_nil
      expect(secrets.send(:spoken, '--password=/run/secrets/db', nil)).to be_nil
      expect(secrets.send(:spoken, '--password-file=x', nil)).to be_nil
    end
  end

  describe 'the network' do
    head = "  sl  local_address rem_address   st\n"
    it 'is what can be reached, of both versions, without the loopback interface' do
      tcp = "#{head}   0: 00000000:1F90 00000000:0000 0A\n   1: 0100007F:0050 00000000:0000 0A\n" \
            "   2: 0A00020F:1F90 0100020A:0050 01\n"
      tcp6 = "#{head}   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A\n" \
             "   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A\n" \
             "   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A\n"
      udp = "#{head}   0: 00000000:0035 00000000:0000 07\n"
      network = resource(ContainerNetwork, [[[tcp, tcp6, udp, '', ''], '']], ports: ['8080/tcp'])
      expect(network.unexpected).to eq(['443/tcp on ::', '53/udp on 0.0.0.0'])
    end

    it 'is not judged where the kernel shows none' do
      network = resource(ContainerNetwork, [[['', '', '', '', ''], '']], ports: ['1/tcp'])
      expect { network.unexpected }.to raise_error(unseen, /sockets/)
    end
  end
end
