# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'rbconfig'

module CincScan
  module Jail
    # Calls of the kernel, made by their numbers, so that nothing compiled is shipped. The tables give each call's name and its
    # number on x86_64 and aarch64; `-` where the latter has no such call. A spec holds them to the headers of the kernel.
    module SystemCalls
      # Those that code in the jail may make as it likes. None of them names another process, opens a socket, starts a
      # program, changes the rights of a file or takes a descriptor from elsewhere; files are the business of the jail's walls.
      FREE = <<~TABLE
        read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69, pwritev 296 70,
        preadv2 327 286, pwritev2 328 287, lseek 8 62, close 3 57, close_range 436 436, dup 32 23, dup2 33 -,
        dup3 292 24, pipe 22 -, pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
        epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441,
        eventfd 284 -, eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87,
        sendfile 40 71, copy_file_range 326 285, flock 73 32, fsync 74 82, fdatasync 75 83, fadvise64 221 223,
        readahead 187 213, fallocate 285 47, ftruncate 77 46, recvfrom 45 207, recvmsg 47 212, sendto 44 206,
        sendmsg 46 211, shutdown 48 210, getsockname 51 204, getpeername 52 205, getsockopt 55 209, setsockopt 54 208,

        open 2 -, openat 257 56, creat 85 -, access 21 -, faccessat 269 48, faccessat2 439 439, stat 4 -, lstat 6 -,
        fstat 5 80, newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44, readlink 89 -, readlinkat 267 78,
        getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50, mkdir 83 -, mkdirat 258 34,
        rmdir 84 -, unlink 87 -, unlinkat 263 35, rename 82 -, renameat 264 38, renameat2 316 276, umask 95 166,

        brk 12 214, mmap 9 222, munmap 11 215, mprotect 10 226, mremap 25 216, madvise 28 233, mincore 27 232,
        msync 26 227, membarrier 324 283, futex 202 98, futex_waitv 449 449, set_robust_list 273 99, rseq 334 293,
        sched_yield 24 124, sched_getaffinity 204 123, getcpu 309 168, exit 60 93, exit_group 231 94,
        set_tid_address 218 96, arch_prctl 158 -, restart_syscall 219 128, wait4 61 260, waitid 247 95,

        nanosleep 35 101, clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, gettimeofday 96 169,
        time 201 -, times 100 153, getitimer 36 102, setitimer 38 103, alarm 37 -, timer_create 222 107,
        timer_settime 223 110, timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111,
        rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
        rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132, pause 34 -,

        getpid 39 172, gettid 186 178, getppid 110 173, getuid 102 174, geteuid 107 175, getgid 104 176,
        getegid 108 177, getresuid 118 148, getresgid 120 150, getgroups 115 158, getpgrp 111 -, getpgid 121 155,
        getsid 124 156, capget 125 90, uname 63 160, sysinfo 99 179, getrlimit 97 163, getrusage 98 165,
        getrandom 318 278
      TABLE

      # Those that it may make in some ways (filter.rb).
      BOUND = <<~TABLE
        clone 56 220, clone3 435 435, fcntl 72 25, ioctl 16 29, kill 62 129, prctl 157 167, prlimit64 302 261,
        socketpair 53 199, tgkill 234 131
      TABLE

      # Those by which the jail is made.
      OURS = <<~TABLE
        capset 126 91, landlock_add_rule 445 445, landlock_create_ruleset 444 444, landlock_restrict_self 446 446,
        mount 165 40, pivot_root 155 41, seccomp 317 277, setgroups 116 159, sethostname 170 161, setresgid 119 149,
        setns 308 268, setresuid 117 147, umount2 166 39, unshare 272 97
      TABLE

      # Those by which it is tried out from inside.
      TRIED = <<~TABLE
        bpf 321 280, execve 59 221, io_uring_setup 425 425, keyctl 250 219, pidfd_open 434 434,
        process_vm_readv 310 270, ptrace 101 117, setuid 105 146, socket 41 198
      TABLE

      PROCESSORS = { 'x86_64' => 0, 'aarch64' => 1, 'arm64' => 1 }.freeze
      PROCESSOR = RbConfig::CONFIG['host_os'].start_with?('linux') ? PROCESSORS[RbConfig::CONFIG['host_cpu']] : nil

      # @return [Hash] of each name its numbers
      def self.parse(table)
        table.split(/,\s*/).to_h do |entry|
          name, *numbers = entry.split
          [name, numbers.map { |number| number == '-' ? nil : Integer(number) }]
        end
      end

      BOUND_NUMBERS = parse(BOUND).freeze
      NUMBERS = parse([FREE, BOUND, OURS, TRIED].join(',')).freeze

      class << self
        # Whether this is Linux on a processor whose numbers are known.
        def known?
          !PROCESSOR.nil?
        end

        # @return [Array<Integer>] the numbers of a table
        def numbers(table, processor = PROCESSOR)
          parse(table).values.map { |each| each[processor] }.compact
        end

        # Texts are handed over by their address: Ruby itself takes none with a NUL in it. Raises what the kernel says, an Errno.
        def call(name, *arguments)
          arguments.map! { |each| each.is_a?(String) ? [each].pack('P').unpack1('J') : each }
          Kernel.syscall(NUMBERS.fetch(name.to_s)[PROCESSOR], *arguments)
        end
      end
    end
  end
end
