# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'filter'
require_relative 'landlock'
require_relative 'namespaces'
require_relative 'places'
require_relative 'probe'
require_relative 'rights'
require_relative 'system_calls'
require_relative 'tree'

module CincScan
  module Jail
    # What the process of one job shuts around itself. Each wall stands by itself: one that the machine does not give leaves the
    # others, and the probe tells what is missing.
    class Cell
      # Without these the word jail would be wrong.
      WALLS = %w[files network processes programs privileges].freeze
      # What a profile of thousands of controls takes many times over.
      LIMITS = { AS: 4 << 30, DATA: 2 << 30, FSIZE: 256 << 20, NOFILE: 256, CORE: 0, MEMLOCK: 0, MSGQUEUE: 0 }.freeze
      # Counts those of the same user, so it is of use for one that has nothing else.
      THREADS = 512
      DEFAULT_SECONDS = 3600
      # How the end of a process by a signal is told where it cannot be repeated, as shells do.
      BY_SIGNAL = 128

      # @return [Integer, nil] the signal that ended the process of a job
      def self.signal_of(status)
        status.termsig || (status.exitstatus - BY_SIGNAL if (1..64).cover?(status.exitstatus - BY_SIGNAL))
      end

      # @param ground [Ground] what the machine gives
      def initialize(order, ground)
        @ground = ground
        @places = Places.new(order)
        @seconds = order[:seconds] || DEFAULT_SECONDS
        @means = []
        @problems = [ground.means.problem].compact
      end

      # @param kept [Array<IO>] all that stays open, beside the standard streams
      # @return [Hash] how strong the jail is, and by what
      def shut(kept)
        numbers = leave_behind([*kept, @ground.alive]) - [@ground.alive.fileno]
        @user = @ground.user(File.readlink('/proc/self').to_i)
        Rights.die_with_parent # until the users change
        Process.setsid
        walls
        move_in unless alone?
        wall('limits') { limit }
        wall('seccomp') { Filter.new(@ground.free_calls, Process.pid).install }
        report(Probe.new(outside: @ground.outside, parent: @ground.process, scratch: @places.scratch, kept: numbers).missing)
      end

      private

      # Those that hold for the thread that builds them, and for what it starts.
      def walls
        wall('namespaces') { separate } if @ground.means.any?
        wall('own user') { Rights.become(@user) } if @tree && @user
        wall('no privileges') { Rights.drop }
        exit!(0) if @ground.ended? # before this process was told to end with it
        @ground.alive.close
        wall('Landlock') { landlock }
      end

      def wall(name)
        yield
        @means << name
      rescue SystemCallError => e
        @problems << "#{name}: #{e.message}"
      end

      def separate
        Namespaces.enter(@ground.means.kind)
        Tree.new(@ground.shared, @places, @user).enter
        @tree = true
      end

      # A thread that Ruby has started for itself is outside; in a fork, it is started from inside.
      def move_in
        outside = Process.pid
        child = fork
        if child
          _, status = Process.wait2(child)
          exit!(status.signaled? ? BY_SIGNAL + status.termsig : status.exitstatus)
        end
        Rights.die_with_parent
        exit!(0) unless Process.ppid == outside
      end

      def alone?
        @alone
      end

      def landlock
        own = [*@places.own, *@places.files].map { |path| File.realpath(path) }
        Landlock.new.enter(readable: [*@ground.shared.places, *own], writable: [File.realpath(@places.scratch)])
      end

      def limit
        limits = { **LIMITS, CPU: @seconds }
        limits[:NPROC] = THREADS if @tree && (@user || @ground.means.kind == :user)
        limits.each do |name, value|
          most = [value, Process.getrlimit(name).last].min
          Process.setrlimit(name, most, most)
        end
      end

      # All that this process was not meant to have. Ruby's own bells, by which it wakes itself, are nobody else's.
      # @return [Array<Integer>] what is left
      def leave_behind(kept)
        @alone = Dir.children('/proc/self/task').length == 1
        File.write('/proc/self/oom_score_adj', '1000') # the first to go where memory runs out
        wanted = [0, 1, 2, *kept.map(&:fileno)]
        bells, strange = (Dir.children('/proc/self/fd').map(&:to_i) - wanted).partition { |number| bell?(number) }
        strange.each { |number| close(number) }
        wanted + bells
      end

      def close(number)
        SystemCalls.call(:close, number)
      rescue Errno::EBADF
        nil # it was the list itself
      end

      def bell?(number)
        File.readlink("/proc/self/fd/#{number}").start_with?('anon_inode:[event', 'anon_inode:[timerfd')
      rescue Errno::ENOENT
        false
      end

      def report(missing)
        strength = if missing.empty? then 'full'
                   else (missing & WALLS).empty? ? 'partial' : 'none'
                   end
        { strength: strength, missing: missing, means: @means, reasons: missing.empty? ? [] : @problems }
      end
    end
  end
end
