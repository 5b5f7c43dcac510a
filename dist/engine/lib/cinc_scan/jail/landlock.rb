# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'system_calls'

module CincScan
  module Jail
    # Which files can be opened, by landlock(7): those below the folders that are named, and no others. It cannot be left, and
    # takes neither rights nor namespaces to enter. It hides no names: what can be asked by `stat` still can.
    class Landlock
      # Older ones (before Linux 6.2) let a file be emptied that may only be read.
      OLDEST = 3
      ASK_VERSION = 1
      BENEATH = 1

      # linux/landlock.h
      WRITE_FILE = 1 << 1
      READ_FILE = 1 << 2
      READ_DIR = 1 << 3
      REMOVE = (1 << 4) | (1 << 5)
      MAKE_DIR = 1 << 7
      MAKE_FILE = 1 << 8
      TRUNCATE = 1 << 14
      OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE
      # Neither links nor pipes, sockets and devices: who reads the folder afterwards is not sent elsewhere.
      SCRATCH = OF_FILES | READ_DIR | REMOVE | MAKE_DIR | MAKE_FILE
      READ = READ_FILE | READ_DIR
      # All kinds of access to files, by version, and with version 5 ioctl on devices.
      ALL = { 3 => (1 << 15) - 1, 5 => (1 << 16) - 1 }.freeze
      TCP = 3
      # Abstract Unix sockets and signals.
      SCOPES = 3
      PATH_ONLY = 0x200000

      def self.version
        SystemCalls.call(:landlock_create_ruleset, 0, 0, ASK_VERSION)
      end

      def initialize(version = Landlock.version)
        raise Errno::EOPNOTSUPP, "Landlock #{version}, before Linux 6.2" if version < OLDEST

        @version = version
      end

      # @param readable [Array<String>] folders and files
      # @param writable [Array<String>]
      def enter(readable:, writable:)
        rules = make_rules
        readable.each { |path| allow(rules, path, READ) }
        writable.each { |path| allow(rules, path, SCRATCH) }
        SystemCalls.call(:landlock_restrict_self, rules.fileno, 0)
      ensure
        rules&.close
      end

      private

      # Older kernels take shorter ones.
      def make_rules
        handled = [ALL[@version >= 5 ? 5 : 3]]
        handled << TCP if @version >= 4
        handled << SCOPES if @version >= 6
        text = handled.pack('Q*')
        IO.for_fd(SystemCalls.call(:landlock_create_ruleset, text, text.bytesize, 0), autoclose: true)
      end

      def allow(rules, path, access)
        file = IO.sysopen(path, PATH_ONLY | File::NOFOLLOW)
        access &= OF_FILES unless File.directory?(path)
        SystemCalls.call(:landlock_add_rule, rules.fileno, BENEATH, [access, file].pack('Ql<'), 0)
      ensure
        SystemCalls.call(:close, file) if file
      end
    end
  end
end
