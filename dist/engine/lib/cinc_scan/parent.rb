# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'json'

module CincScan
  # Takes orders as JSON lines on its standard input and forks a child for each. Ends with its input.
  # No threads: a thread holding a lock at the moment of a fork would leave the child waiting for ever.
  class Parent
    def initialize(input, output)
      @input = input
      @output = output
      @children = {} # read end of a pipe that only the child holds open => [job, pid]
      @buffer = String.new
    end

    def serve
      emit('ready', engine: engine_name, version: Inspec::VERSION, ruby: RUBY_VERSION)
      loop do
        ready, = IO.select([@input, *@children.keys])
        ready.each { |io| io == @input ? read_orders : reap(io) }
      end
    rescue EOFError, Errno::EPIPE
      @children.each_value { |_, pid| kill(pid) }
    end

    private

    # The gem calls itself by a trademark that is not ours to show; its package name is a fact.
    def engine_name
      Inspec::Dist::EXEC_NAME == 'cinc-auditor' ? 'CINC Auditor' : 'inspec-core'
    end

    def read_orders
      @buffer << @input.read_nonblock(65_536)
      while (line = @buffer.slice!(/\A.*\n/))
        order = JSON.parse(line, symbolize_names: true)
        order[:kind] == 'cancel' ? cancel(order[:job]) : start(order)
      end
    rescue IO::WaitReadable
      nil
    end

    def start(order)
      life, held = IO.pipe
      pid = fork do
        [@input, @output, life, *@children.keys].each(&:close)
        Job.new(order).run
      ensure
        $stderr.flush
        exit!(0) # the verdict travels in the completion record, never in the exit status
      end
      held.close
      @children[life] = [order[:job], pid]
    end

    def cancel(job)
      _, pid = @children.values.find { |known, _| known == job }
      kill(pid) if pid
    end

    def kill(pid)
      Process.kill(:KILL, pid)
    rescue Errno::ESRCH
      nil
    end

    def reap(life)
      job, pid = @children.delete(life)
      life.close
      _, status = Process.wait2(pid)
      emit('ended', job: job, status: status.exitstatus, signal: status.termsig)
    end

    def emit(event, **details)
      @output.write("#{JSON.generate({ event: event, **details })}\n")
      @output.flush
    end
  end
end
