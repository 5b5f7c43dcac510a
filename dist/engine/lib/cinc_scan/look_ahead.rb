# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'

module CincScan
  # The paths that a profile has named and not asked for yet, most of them before its first check: many looks in one trip.
  # A command makes void what was looked at before it, so some paths are looked at again right behind each command: as
  # many as were of use between the last two, and none while commands follow on commands. One that only reads makes void
  # what is older than a moment.
  class LookAhead
    MOST = 200
    # Seconds that what was looked at counts across commands that only read.
    MOMENT = 1

    def initialize
      @named = Set.new
      @coming = Set.new
      @found = {}
      @reach = MOST
      @used = 0
    end

    def name(path)
      @named << path
    end

    # @return [Look, nil] what was found at a path that is asked for now
    def take(path)
      @used += 1
      @named.delete(path)
      @found.delete(path)
    end

    # @return [Array<String>] the paths to go with this look: four times as many where all that went before was of use,
    #   none where the broker has it by now
    def next_paths(path)
      return [] if @coming.delete?(path)

      @reach = (@reach * 4).clamp(1, MOST) if @found.empty? && @used >= @reach
      draw
    end

    # What was looked at before a command does not count after it.
    # @return [Array<String>] the paths to look at behind the command
    def after_command
      @named = Set.new(@found.keys).merge(@coming).merge(@named) if @found.any? || @coming.any?
      @found.clear
      @since = now
      @reach = [@used, MOST].min
      @used = 0
      @coming = Set.new(draw)
      @coming.to_a
    end

    def keep(path, look)
      @since = now if !@coming.delete?(path) && @found.empty?
      @found[path] = look
    end

    # @return [Boolean] whether all that was looked at was so a moment ago
    def fresh?
      (@found.empty? && @coming.empty?) || now - @since < MOMENT
    end

    private

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def draw
      paths = @named.first(@reach)
      @named.subtract(paths)
      paths
    end
  end
end
