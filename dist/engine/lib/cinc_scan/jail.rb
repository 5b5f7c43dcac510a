# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'jail/cell'
require_relative 'jail/ground'
require_relative 'jail/open_air'
require_relative 'jail/system_calls'

module CincScan
  # Profile code runs in a process of its own that shuts itself in before it loads any of it (docs/jail.md).
  module Jail
    STRENGTHS = %w[none partial full].freeze

    # The machine gives less than was demanded.
    class TooWeak < StandardError
      def self.of(kept, wanted)
        because = kept[:reasons].empty? ? '' : " (#{kept[:reasons].join('; ')})"
        new("#{wanted} was demanded, and this machine gives #{kept[:strength]}: it does not keep #{kept[:missing].join(', ')}#{because}")
      end
    end

    class << self
      # @return [Cell, OpenAir] what shuts in the process that was forked for a job
      def for(order, ground)
        SystemCalls.known? ? Cell.new(order, ground) : OpenAir.new
      end

      def rank(strength)
        STRENGTHS.index(strength.to_s) || 0
      end
    end
  end
end
