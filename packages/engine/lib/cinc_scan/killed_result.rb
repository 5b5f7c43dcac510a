# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'train/extras'

module CincScan
  # What a command says that was ended by a signal is part of something, and a resource would take its status for "there
  # is none". Only a profile that asks for the status of its own command is told (upstream.rb).
  class KilledResult < Train::Extras::CommandResult
    # What a shell gives for such a command: 128 and the number of the signal (POSIX 2.8.2), of which Linux has 64.
    SIGNALS = (129..192).freeze

    alias ended_with exit_status

    def of(command)
      @command = command
      self
    end

    %i[stdout stderr exit_status].each do |part|
      define_method(part) do
        raise Train::Error, "#{@command.inspect} was ended by signal #{ended_with - 128}, so its answer tells nothing"
      end
    end
  end
end
