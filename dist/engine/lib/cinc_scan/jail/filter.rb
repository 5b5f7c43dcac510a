# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'system_calls'

module CincScan
  module Jail
    # What code in the jail may ask the kernel for: a list of what is allowed, as a program of seccomp(2). All else is refused,
    # whatever a kernel to come may offer. It holds for a process that has nothing to ask for but files, memory, time, threads
    # and its one connection.
    class Filter
      # seccomp(2), linux/seccomp.h, linux/audit.h
      MODE_FILTER = 1
      ALL_THREADS = 1
      MACHINES = [0xc000003e, 0xc00000b7].freeze
      ALLOW = 0x7fff0000
      REFUSE = 0x00050000
      NOT_PERMITTED = REFUSE | Errno::EPERM::Errno
      NO_SUCH_CALL = REFUSE | Errno::ENOSYS::Errno
      # Of x86_64: the same calls under other numbers.
      OTHER_NUMBERS = 0x40000000
      # C libraries take "no such call" for an older kernel and go on; they do not so with "not permitted".
      NEWER = 450

      # linux/bpf_common.h
      LOAD = 0x20
      EQUAL = 0x15
      AT_LEAST = 0x35
      ANY_BIT = 0x45
      AND = 0x54
      RETURN = 0x06
      NUMBER_AT = 0
      MACHINE_AT = 4
      ARGUMENTS_AT = 16

      # linux/sched.h: a thread, and all that makes a namespace.
      THREAD = 0x00010000
      NAMESPACES = 0x7e020000
      # F_DUPFD to F_SETLKW, F_DUPFD_CLOEXEC, F_GETPIPE_SZ, locks of open files. Not F_SETOWN and F_SETSIG, which
      # make the kernel send a signal.
      FCNTL = [*0..7, 1030, 1032, 36, 37, 38].freeze
      # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
      IOCTL = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451].freeze
      # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS: names of threads and of memory.
      PRCTL = [15, 16, 0x53564d41, 3, 21, 39].freeze
      UNIX = 1
      STREAM = 1
      KINDS_OF_SOCKET = 0xf

      # @return [Array<String>] the beginning of every filter
      def self.free_calls(processor = SystemCalls::PROCESSOR)
        new([], 0, processor).free_calls
      end

      # @param free_calls [Array<String>]
      # @param process [Integer] the number of the process that it is for, as that process sees it
      def initialize(free_calls, process, processor = SystemCalls::PROCESSOR)
        @free_calls = free_calls
        @process = process
        @processor = processor
      end

      def install
        program = instructions
        text = program.join
        holder = [program.length].pack('S!x6') + [text].pack('P')
        # Threads that Ruby started for itself are under it too, or it is refused.
        stray = SystemCalls.call(:seccomp, MODE_FILTER, ALL_THREADS, holder)
        raise Errno::ESRCH, "thread #{stray}" unless stray.zero?
      end

      # @return [Array<String>] struct sock_filter each
      def instructions
        [*@free_calls, *bound.flat_map { |name, checks| guarded(name, checks) }, give(NOT_PERMITTED)]
      end

      def free_calls
        numbers = SystemCalls.numbers(SystemCalls::FREE, @processor)
        [*machine, *newer, *numbers.flat_map { |number| [step(EQUAL, number, 0, 1), give(ALLOW)] }].freeze
      end

      private

      # A second set of calls that the processor has would have other numbers.
      def machine
        [step(LOAD, MACHINE_AT), step(EQUAL, MACHINES[@processor], 1, 0), give(NOT_PERMITTED)]
      end

      def newer
        [
          step(LOAD, NUMBER_AT), step(AT_LEAST, OTHER_NUMBERS, 0, 1), give(NOT_PERMITTED),
          step(AT_LEAST, NEWER, 0, 1), give(NO_SUCH_CALL)
        ]
      end

      # Each check loads an argument, and falls through if the call may go on.
      def bound
        {
          clone3: [give(NO_SUCH_CALL)], clone: thread_only,
          kill: one_of(0, [@process]), tgkill: one_of(0, [@process]), prlimit64: one_of(0, [0]),
          fcntl: one_of(1, FCNTL), ioctl: one_of(1, IOCTL), prctl: one_of(0, PRCTL), socketpair: pair_only
        }
      end

      def guarded(name, checks)
        number = SystemCalls::BOUND_NUMBERS.fetch(name.to_s)[@processor]
        [step(EQUAL, number, 0, checks.length), *checks]
      end

      def thread_only
        [argument(0), step(ANY_BIT, THREAD, 0, 2), step(ANY_BIT, NAMESPACES, 1, 0), give(ALLOW), give(NOT_PERMITTED)]
      end

      # Two ends of one connection. Kinds that send to an address of their own choice are not among them.
      def pair_only
        [argument(0), step(EQUAL, UNIX, 0, 4), argument(1), step(AND, KINDS_OF_SOCKET), step(EQUAL, STREAM, 0, 1),
         give(ALLOW), give(NOT_PERMITTED)]
      end

      def one_of(argument, values)
        [argument(argument), *values.flat_map { |value| [step(EQUAL, value, 0, 1), give(ALLOW)] }, give(NOT_PERMITTED)]
      end

      # The lower half: the kernel takes no more of these.
      def argument(index)
        step(LOAD, ARGUMENTS_AT + (8 * index))
      end

      def give(answer)
        step(RETURN, answer)
      end

      def step(code, value, if_so = 0, if_not = 0)
        [code, if_so, if_not, value].pack('S<CCL<')
      end
    end
  end
end
