# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'shellwords'
require 'train/extras'

module CincScan
  # Answers the questions of Train's platform detection from facts that were fetched in one trip: detection as
  # upstream does it costs 6 to 23 serial commands (Train 3.16).
  class Facts
    def initialize(facts)
      @uname = { 's' => facts[:system], 'm' => facts[:machine], 'r' => facts[:release] }
      @files = facts[:files]
    end

    def backend_type
      'cinc-scan'
    end

    def run_command(command)
      case command
      when /\Auname -([smr])\z/ then answer(@uname[Regexp.last_match(1)])
      when /\Atest -f (\S+) && cat \1\z/ then answer(@files[Regexp.last_match(1).to_sym])
      when /\Atest -f (\S+)\z/ then answer(@files.key?(Regexp.last_match(1).to_sym) ? '' : nil, '')
      else answer(nil)
      end
    end

    private

    def answer(text, shown = text)
      return Train::Extras::CommandResult.new('', '', 127) if text.nil?

      Train::Extras::CommandResult.new(shown, '', 0)
    end
  end
end
