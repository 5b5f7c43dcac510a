# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'cinc_scan/jail'

RSpec.describe CincScan::Jail::SystemCalls do
  # As the headers of the kernel have them; the generic list is that of aarch64.
  HEADERS = { 0 => Dir['/usr/include/*/asm/unistd_64.h'].first, 1 => '/usr/include/asm-generic/unistd.h' }.freeze
  GENERIC_NAMES = { 'newfstatat' => 'fstatat' }.freeze

  def header(processor)
    File.read(HEADERS.fetch(processor)).scan(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/).to_h { |name, number| [name, number.to_i] }
  end

  it 'numbers each call as the kernel does, on both processors' do
    known = [header(0), header(1)]
    described_class::NUMBERS.each do |name, numbers|
      expect([name, numbers]).to eq([name, [known[0][name], known[1][name] || known[1][GENERIC_NAMES[name]]]])
    end
  end

  it 'gives what the kernel says as Ruby does' do
    expect(described_class.call(:getpid)).to eq(Process.pid)
    expect { described_class.call(:close, 9999) }.to raise_error(Errno::EBADF)
  end
end

RSpec.describe CincScan::Jail::Filter do
  ALLOW = described_class::ALLOW
  REFUSED = described_class::NOT_PERMITTED
  NO_CALL = described_class::NO_SUCH_CALL

  # The machine that the kernel runs such a program on, as far as this one uses it (Documentation/networking/filter.rst).
  def judge(program, data)
    value = at = 0
    loop do
      code, if_so, if_not, operand = program[at].unpack('S<CCL<')
      at += 1
      case code
      when 0x20 then value = data.unpack1('L<', offset: operand)
      when 0x54 then value &= operand
      when 0x06 then return operand
      else
        so = { 0x15 => value == operand, 0x35 => value >= operand, 0x45 => value.anybits?(operand) }.fetch(code)
        at += so ? if_so : if_not
      end
    end
  end

  {
    'x86_64' => [0, 0xc000003e], 'aarch64' => [1, 0xc00000b7]
  }.each do |processor, (column, machine)|
    describe "on #{processor}" do
      let(:program) { described_class.new(described_class.free_calls(column), 7, column).instructions }

      define_method(:ask) do |name, *arguments, on: machine|
        number = name.is_a?(Integer) ? name : CincScan::Jail::SystemCalls::NUMBERS.fetch(name.to_s)[column]
        judge(program, [number, on, 0, *(arguments + ([0] * 6)).first(6)].pack('L<2Q<Q<6'))
      end

      it 'allows files, memory, time and threads' do
        expect(%i[read openat mmap futex clock_gettime exit_group getrandom].map { |name| ask(name) }).to all(eq(ALLOW))
        expect(ask(:clone, 0x00010000 | 0x100)).to eq(ALLOW)
      end

      it 'refuses programs, processes, sockets, rights and other processes' do
        refused = %i[execve socket ptrace process_vm_readv pidfd_open bpf io_uring_setup keyctl unshare mount setuid seccomp]
        expect(refused.map { |name| ask(name) }).to all(eq(REFUSED))
        expect(ask(:clone, 17)).to eq(REFUSED)
        expect(ask(:clone, 0x00010000 | 0x10000000)).to eq(REFUSED)
      end

      it 'says of the newest calls that there are none, so that C libraries take the older ones' do
        expect([ask(:clone3), ask(450), ask(100_000)]).to all(eq(NO_CALL))
      end

      it 'allows signals to itself alone, by every call that sends one' do
        expect([ask(:kill, 7, 9), ask(:tgkill, 7, 8, 9)]).to all(eq(ALLOW))
        expect([ask(:kill, 8, 9), ask(:kill, 0, 9), ask(:kill, 0xffff_ffff, 9), ask(:tgkill, 8, 8, 9)]).to all(eq(REFUSED))
        expect([ask(:fcntl, 3, 3), ask(:fcntl, 3, 1030)]).to all(eq(ALLOW))
        expect([ask(:fcntl, 3, 8), ask(:fcntl, 3, 10)]).to all(eq(REFUSED))
      end

      it 'allows pairs of streams, limits of itself, and questions about descriptors' do
        expect([ask(:socketpair, 1, 1 | 0x80000), ask(:prlimit64, 0, 7), ask(:ioctl, 0, 0x541b), ask(:prctl, 15)]).to all(eq(ALLOW))
        expect([ask(:socketpair, 1, 2), ask(:socketpair, 2, 1), ask(:prlimit64, 8, 7), ask(:ioctl, 0, 0x5412), ask(:prctl, 4)])
          .to all(eq(REFUSED))
      end

      it 'refuses calls by the numbers of another set' do
        expect(ask(:read, on: 0x40000003)).to eq(REFUSED)
        expect(ask(0x40000000)).to eq(REFUSED)
      end
    end
  end
end
