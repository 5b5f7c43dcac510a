# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'json'
require 'set'
require 'socket'
require_relative 'plain'

module CincScan
  # The answer was cut at the broker's size limit; judging a part for the whole could pass what was never read.
  class AnswerTooLarge < StandardError; end

  # One connection to the broker. A request is a JSON line with a number; its answer is a JSON line with the same number,
  # followed by the raw bytes that it counts.
  #
  # Profile code has threads, and puts limits of its own around questions (`Timeout.timeout`). So one who waits reads for
  # all, a half-read answer stays for the next reader, and an answer that came too late is dropped.
  #
  # Losing the broker or the target ends the process at once by `exit!`, the one exit that profile code cannot rescue:
  # a report made afterwards would present an unfinished look as findings.
  class Channel
    LOST = 75 # EX_TEMPFAIL

    # Read into one string again and again: memory asked for anew with each question counts for the garbage collector, which
    # then took a third of all time.
    CHUNK = 65_536

    attr_reader :socket

    def initialize(path)
      @socket = UNIXSocket.new(path)
      @owner = Process.pid
      @writing = Mutex.new
      @reading = Mutex.new
      @buffer = String.new
      @chunk = String.new(capacity: CHUNK)
      @answers = {}
      @late = Set.new
      @last = 0
    end

    # By the process that is left when a job has shut itself in.
    def take_over
      @owner = Process.pid
    end

    # @return [Array(Hash, String, String)] header, first part, second part; the parts are bytes
    def ask(operation, **details)
      raise IOError, 'a process that the profile forked cannot look into the target' unless owner?

      number = next_number
      Thread.handle_interrupt(Object => :on_blocking) do
        write({ op: operation, id: number, **details })
        answer = await(number)
      ensure
        give_up(number) unless answer
      end
    end

    def tell(event, **details)
      write({ op: 'event', event: event, **details })
    end

    # RSpec takes for a formatter's output only what answers to `puts`; ours is told events instead.
    def puts(*); end

    private

    def owner?
      Process.pid == @owner
    end

    def next_number
      @writing.synchronize { @last += 1 }
    end

    # A line is written whole, whatever interrupts the one who writes. A process that the profile forked is of no use here.
    def write(message)
      line = "#{JSON.generate(Plain.data(message))}\n"
      lost unless owner?
      Thread.handle_interrupt(Object => :never) { @writing.synchronize { @socket.write(line) } }
    rescue SystemCallError, IOError
      lost
    end

    def await(number)
      @reading.synchronize do
        receive until @answers.key?(number)
        @answers.delete(number)
      end
    end

    def give_up(number)
      @late << number unless @answers.delete(number)
      write({ op: 'cancel', id: number })
    end

    def receive
      fill until (answer = whole_answer)
      header = answer.first
      lost if header[:error] == 'lost'
      number = header.delete(:id)
      @answers[number] = answer unless @late.delete?(number)
    rescue SystemCallError, IOError, JSON::ParserError
      lost
    end

    def fill
      @socket.wait_readable
      @buffer << @socket.read_nonblock(CHUNK, @chunk)
    rescue IO::WaitReadable
      nil
    end

    def whole_answer
      line, = @buffer.match(/\A.*\n/n)&.to_a
      return if line.nil?

      header = JSON.parse(line, symbolize_names: true)
      first, second = header.values_at(:first, :second).map(&:to_i)
      return if @buffer.bytesize < line.bytesize + first + second

      @buffer.slice!(0, line.bytesize)
      [header, @buffer.slice!(0, first), @buffer.slice!(0, second)]
    end

    def lost
      $stderr.flush
      exit!(LOST)
    end
  end
end
