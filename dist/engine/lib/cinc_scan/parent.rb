# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'json'
require_relative 'jail'

module CincScan
  # Takes orders as JSON lines on its standard input and forks a child for each. Ends with its input.
  # No threads: a thread holding a lock at the moment of a fork would leave the child waiting for ever. A child has ended when
  # it is gone itself, whatever processes its profile left behind with its files open.
  class Parent
    def initialize(input, output, ground)
      @input = input
      @output = output
      @ground = ground
      @ground.settle
      @children = {} # by process id, the job
      @buffer = String.new
      @ended, @end = IO.pipe
    end

    def serve
      trap('CHLD') { @end.write_nonblock('.', exception: false) }
      emit('ready', engine: engine_name, version: Inspec::VERSION, ruby: RUBY_VERSION)
      loop do
        ready, = IO.select([@input, @ended])
        ready.each { |io| io == @input ? read_orders : reap }
      end
    rescue EOFError, Errno::EPIPE
      @children.each_key { |pid| kill(pid) }
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
      pid = @ground.fork do
        trap('CHLD', 'DEFAULT')
        [@output, @ended, @end].each(&:close)
        Job.new(order).run(Jail.for(order, @ground))
      rescue Exception => e # rubocop:disable Lint/RescueException -- whoever reads the log learns why there is no record
        warn e.full_message(highlight: false)
      ensure
        $stderr.flush
        exit!(0) # the verdict travels in the completion record, never in the exit status
      end
      @children[pid] = order[:job]
    end

    def cancel(job)
      pid = @children.key(job)
      kill(pid) if pid
    end

    def kill(pid)
      Process.kill(:KILL, pid)
    rescue Errno::ESRCH
      nil
    end

    def reap
      @ended.read_nonblock(4096, exception: false)
      while @children.any?
        pid, status = Process.wait2(-1, Process::WNOHANG)
        return if pid.nil?

        emit('ended', job: @children.delete(pid), status: status.exitstatus, signal: Jail::Cell.signal_of(status))
      end
    end

    def emit(event, **details)
      @output.write("#{JSON.generate({ event: event, **details })}\n")
      @output.flush
    end
  end
end
