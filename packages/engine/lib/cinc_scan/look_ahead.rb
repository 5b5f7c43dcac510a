# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'

module CincScan
  # The paths that a profile has named and not asked for yet, most of them before its first check: many looks in one trip.
  # A command makes void what was looked at ahead; so that a profile which runs many does not pay for looks that come to
  # nothing, as many go ahead as were of use lately.
  class LookAhead
    MOST = 200

    def initialize
      @named = Set.new
      @found = {}
      @reach = MOST
      @used = 0
    end

    def name(path)
      @named << path
    end

    # @return [Look, nil] what was found at a path that is asked for now
    def take(path)
      @named.delete(path)
      look = @found.delete(path)
      @used += 1 if look
      look
    end

    # @return [Array<String>] the paths to go with the next look
    def next_paths
      @reach = [@reach * 4, MOST].min if @found.empty? && @used >= @reach
      paths = @named.first(@reach)
      @named.subtract(paths)
      paths
    end

    def keep(path, look)
      @found[path] = look
    end

    def forget
      return if @found.empty?

      @reach = (@used * 2).clamp(1, MOST)
      @used = 0
      @named = Set.new(@found.keys).merge(@named)
      @found.clear
    end
  end
end
