# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'json'
require 'socket'

module CincScan
  # The answer was cut at the broker's size limit; judging a part for the whole could pass what was never read.
  class AnswerTooLarge < StandardError; end

  # One connection to the broker. A request is a JSON line; its answer is a JSON line followed by the raw bytes it counts.
  #
  # Losing the broker or the target ends the process at once by `exit!`, the one exit that profile code cannot rescue:
  # a report made afterwards would present an unfinished look as findings.
  class Channel
    LOST = 75 # EX_TEMPFAIL

    def initialize(path)
      @socket = UNIXSocket.new(path)
    end

    # @return [Array(Hash, String, String)] header, first part, second part; the parts are bytes
    def ask(operation, **details)
      @socket.write("#{JSON.generate({ op: operation, **details })}\n")
      header = JSON.parse(@socket.gets || lost, symbolize_names: true)
      lost if header[:error] == 'lost'
      [header, read(header[:first]), read(header[:second])]
    rescue SystemCallError, IOError, JSON::ParserError
      lost
    end

    def tell(event, **details)
      @socket.write("#{JSON.generate({ op: 'event', event: event, **details })}\n")
    rescue SystemCallError, IOError
      lost
    end

    # RSpec takes for a formatter's output only what answers to `puts`; ours is told events instead.
    def puts(*); end

    private

    def read(count)
      return String.new if count.nil? || count.zero?

      bytes = @socket.read(count)
      bytes && bytes.bytesize == count ? bytes : lost
    end

    def lost
      $stderr.flush
      exit!(LOST)
    end
  end
end
