# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'system_calls'

module CincScan
  module Jail
    # Tries from inside, before anything of a profile is loaded, what must not be possible. What the jail is said to keep is
    # what was found here, not what was asked of the kernel on the way.
    class Probe
      # linux/capability.h, linux/prctl.h
      CAPABILITIES = 0x20080522
      GET_NO_NEW_PRIVS = 39
      # Unix by stream and datagram, IPv4 and IPv6 by stream, datagram and raw, netlink, packets, virtual machines.
      SOCKETS = [[1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [10, 1], [10, 2], [16, 3], [17, 3], [40, 1]].freeze
      # poll(2): the descriptor is not open.
      NOT_OPEN = 0x20
      TMPFS = 0x01021994
      # Where arguments cannot lie: the kernel finds that out when it would go on.
      NOWHERE = 1
      REFUSALS = [Errno::EPERM, Errno::EACCES, Errno::ENOSYS].freeze
      LIST = %w[files names network processes programs privileges memory time disk].freeze

      # @param outside [String, nil] a file that the user of the engine may read and write, made for the purpose
      # @param parent [Integer] the process that started this one
      # @param kept [Array<Integer>] descriptors that this process is meant to have
      def initialize(outside:, parent:, scratch:, kept:)
        @outside = outside
        @parent = parent
        @scratch = scratch
        @kept = kept
      end

      # @return [Array<String>] what is not kept
      def missing
        LIST.reject { |name| send(:"#{name}?") }
      end

      private

      def files?
        return false if @outside.nil?

        [@outside, '/etc/passwd', '/proc/self/environ', "/proc/#{@parent}/mem"].none? { |path| can? { File.open(path).close } } &&
          [@outside, '/etc/passwd', '/proc/self', '/proc'].none? { |path| listed?(path) } &&
          ["#{@outside}-2", "/tmp/cinc-scan-#{@parent}", "#{__dir__}/new"].none? { |path| can? { create(path) } } &&
          can? { create("#{@scratch}/new") } && strangers.empty?
      end

      def names?
        !@outside.nil? && [@outside, '/etc/passwd', '/proc/self', '/sys/kernel'].none? { |path| can? { File.lstat(path) } }
      end

      def network?
        SOCKETS.none? { |family, kind| can? { SystemCalls.call(:close, SystemCalls.call(:socket, family, kind, 0)) } }
      end

      def processes?
        [@parent, 0, -1].none? { |process| can? { SystemCalls.call(:kill, process, 0) } } &&
          !can? { SystemCalls.call(:close, SystemCalls.call(:pidfd_open, @parent, 0)) } &&
          refused?(:process_vm_readv, @parent, 0, 1, 0, 1, 0) && refused?(:ptrace, 16, @parent, 0, 0)
      end

      def programs?
        ['/bin/sh', *Dir['/lib{,64}/ld-*.so*']].all? { |path| refused?(:execve, path, NOWHERE, 0, besides: Errno::ENOENT) } &&
          !can? { fork_once }
      end

      def privileges?
        SystemCalls.call(:prctl, GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && powerless? &&
          %i[setuid bpf io_uring_setup keyctl unshare mount seccomp].all? { |name| refused?(name, 0, 0, 0, 0, 0) }
      end

      def memory?
        %i[AS DATA].all? { |kind| limited?(kind) }
      end

      def time?
        limited?(:CPU)
      end

      # All files together: a limit for each alone bounds nothing.
      def disk?
        SystemCalls.call(:statfs, @scratch, facts = "\0" * 128)
        type, size, blocks = facts.unpack('Q3')
        type == TMPFS && blocks.positive? && blocks * size <= Tree::SCRATCH_BYTES && limited?(:FSIZE)
      end

      def limited?(kind)
        Process.getrlimit(kind).none?(Process::RLIM_INFINITY)
      end

      def can?
        yield
        true
      rescue SystemCallError
        false
      end

      def listed?(path)
        Dir.children(File.dirname(path)).include?(File.basename(path))
      rescue SystemCallError
        false
      end

      def refused?(name, *arguments, besides: nil)
        SystemCalls.call(name, *arguments)
        false
      rescue SystemCallError => e
        [*REFUSALS, besides].include?(e.class)
      end

      def create(path)
        File.open(path, File::WRONLY | File::CREAT | File::EXCL) { File.unlink(path) }
      end

      def fork_once
        SystemCalls.call(:exit_group, 0) if SystemCalls.call(:clone, 17, 0, 0, 0, 0).zero?
      end

      def powerless?
        SystemCalls.call(:capget, [CAPABILITIES, 0].pack('L<2'), powers = "\0" * 24)
        powers.unpack('L<*').all?(&:zero?)
      end

      # Descriptors that nobody meant this process to have.
      def strangers
        numbers = [*0...Process.getrlimit(:NOFILE).first]
        asked = numbers.map { |number| [number, 0, 0].pack('l<s<2') }.join
        SystemCalls.call(:ppoll, asked, numbers.length, [0, 0].pack('q2'), 0, 8)
        numbers.reject { |number| @kept.include?(number) || asked.unpack1('s<', offset: (number * 8) + 6).anybits?(NOT_OPEN) }
      end
    end
  end
end
