# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'

RSpec.describe CincScan::ReadingCommand do
  [
    'echo large-001', 'cat /etc/passwd', '  /usr/bin/stat -c %a /etc/shadow ', '/bin/ls -l /etc/*.conf',
    "grep -E '^PermitRootLogin\\s+no$' /etc/ssh/sshd_config", 'cat /etc/issue | grep -c "a b" | wc -l',
    'test -e /a && echo yes || echo no', 'id -u; whoami', 'cat /nope 2>/dev/null', 'grep -q x /y >/dev/null 2>&1',
    'grep "a\\$b" /etc/x', 'cat a\\ b', '[ -f /etc/passwd ]', 'sysctl -n net.ipv4.ip_forward', 'sysctl -a',
    'find / -xdev -type f -perm -0002', "find /etc -name '*.conf' \\( -user root -o -group root \\)", 'true'
  ].each do |line|
    it "is one that only reads: #{line}" do
      expect(described_class === line).to be(true)
    end
  end

  [
    '', ' ', ';', '|', 'cat a &', 'cat a & touch b', 'touch /a', 'echo x > /etc/a', 'echo x >/dev/null2', 'echo x >> /a',
    'echo x 2>/dev/nullx', 'cat <(touch /a)', 'cat $(touch /a)', 'cat `touch /a`', 'cat "$(touch /a)"', 'cat "`touch /a`"',
    'cat "a\\\\$(touch /a)"', "cat 'a", 'cat "a', "cat a\ntouch b", "cat a\\\ntouch b", 'cat $HOME', 'cat {a,b}', 'X=1 cat a',
    '(cat a)', '! cat a', 'if true', 'cat a; touch b', 'cat a | tee b', 'true && rm a', 'true || rm a', 'xargs rm', 'env cat a',
    'sh -c ls', 'command ls', './cat a', '/tmp/cat a', 'c""at a', '\\cat a', 'sort -o a b', 'uniq a b', 'sed -i s/a/b/ c',
    'sed -n 1w/a b', 'awk 1 a', 'date -s 1', 'hostname x', 'sysctl -w a=1', 'sysctl a=1', 'sysctl -p', 'sysctl --system',
    'sysctl "a=1"', 'find / -delete', 'find / -exec rm a', "find / '-delete'", 'find / "-delete"', 'find / -d"elete"',
    'find / -d\\elete', 'find / -fprint a', 'find / -fls a', 'find / -ok rm a', 'find / -execdir rm a', "cat \xff", 'cat a # b'
  ].each do |line|
    it "is none, or not certainly one: #{line.inspect}" do
      expect(described_class === line).to be(false)
    end
  end

  it 'tells its programs, without their places' do
    expect(described_class.programs('/usr/bin/find / -name "a;sh" | wc -l && echo yes')).to eq(%w[find wc echo])
    expect(described_class.programs('cat a; touch b')).to be_nil
  end

  # What is believed to only read is what a shell makes of it: the words, and nothing else.
  it 'splits a line as a shell does' do
    line = %q(echo a"b c"'d "e' f\ g "h\"i\\\\" | cat && echo '$x' ; echo 1 2>/dev/null)
    expect(described_class === line).to be(true)
    expect(IO.popen(['sh', '-c', line], &:read)).to eq(%(ab cd "e f g h"i\\\n$x\n1\n))
  end
end
