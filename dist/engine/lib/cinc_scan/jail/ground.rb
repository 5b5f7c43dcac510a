# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'filter'
require_relative 'layout'
require_relative 'namespaces'
require_relative 'places'
require_relative 'system_calls'

module CincScan
  module Jail
    # What the machine gives, the same for every job: found out once, by the parent.
    class Ground
      # Users that no account has: above those that distributions give to people, services and containers.
      FIRST_USER = 0x70000000
      # Numbers of processes stay below that, so each has a user of its own.
      USERS = 1 << 22
      FEWER = 4096

      # How namespaces can be had, a file that no profile may read, the number of this process, and what ends when it does.
      attr_reader :means, :outside, :process, :alive

      def initialize
        @means = Namespaces.find
        @outside = make_outside
        @process = Process.pid
        @alive, @life = IO.pipe
        @processes = File.open('/proc/self/ns/pid') if @means.kind == :root
      end

      # Once all that profiles may need is loaded; what is found here is found for all of them.
      def settle
        shared
        free_calls if SystemCalls.known?
        user(@process)
      end

      # Forks, and where it can be had the new process is the first among those that it can see. Threads of it are not: a
      # process that the namespace is made for has none yet.
      def fork(&block)
        begin
          SystemCalls.call(:unshare, Namespaces::PROCESSES) if @processes
        rescue SystemCallError
          nil # the probe tells whether it was needed
        end
        Process.fork do
          @life.close
          block.call
        end
      ensure
        SystemCalls.call(:setns, @processes.fileno, Namespaces::PROCESSES) if @processes
      end

      # @return [Boolean] in a process of a job, whether the engine that started it has ended
      def ended?
        @alive.read_nonblock(1, exception: false).nil?
      end

      # @return [Array<String>] the part of the filter that is the same for all
      def free_calls
        @free_calls ||= Filter.free_calls
      end

      # @return [Layout] what every profile has of the machine
      def shared
        @shared ||= Layout.new(Places.shared)
      end

      # @param process [Integer] a process of this machine that lives as long as the job
      # @return [Integer, nil] a user who is nobody else
      def user(process)
        return unless @means.kind == :root && everyones?

        return FIRST_USER + (process % USERS) if last_user > FIRST_USER + USERS

        last_user > FEWER * 4 ? last_user - 16 - (process % FEWER) : nil
      end

      private

      # Something that the user of the engine can read, and no job: the jail is tried out on it.
      def make_outside
        path = File.join(Dir.home, 'outside')
        File.write(path, 'not for profiles', perm: 0o600)
        path
      rescue SystemCallError, ArgumentError
        nil
      end

      # user_namespaces(7): the users that there are here.
      def last_user
        @last_user ||= File.foreach('/proc/self/uid_map').map { |line| line.split.then { |first, _, count| first.to_i + count.to_i } }.max
      rescue SystemCallError
        0
      end

      # What is installed for one user alone cannot be read by another.
      def everyones?
        return @everyones unless @everyones.nil?

        @everyones = shared.places.all? { |path| Places.everyones?(File.stat(path)) || Places::DEVICES.include?(path) }
      end
    end
  end
end
