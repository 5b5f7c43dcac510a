# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'
require 'shellwords'
require 'train'
require 'train/plugins'
require_relative 'account_database'
require_relative 'channel'
require_relative 'facts'
require_relative 'kernel_view'
require_relative 'killed_result'
require_relative 'look_ahead'
require_relative 'package_database'
require_relative 'process_table'
require_relative 'program_search'
require_relative 'reading_command'
require_relative 'remote_file'
require_relative 'text'

module CincScan
  # `cinc-scan://…`: registers itself with Train when this file is required.
  class Transport < Train.plugin(1)
    name 'cinc-scan'
    option :cs_channel
    option :cs_identity

    def connection(_state = nil)
      @connection ||= Connection.new(@options)
    end
  end

  NOTHING = Look.new(present: false).freeze
  # What a shell says where there is no such program.
  MISSING = 127

  # Looks into one target through the broker.
  class Connection < Train::Plugins::Transport::BaseConnection
    def initialize(options)
      super
      @channel = options[:cs_channel]
      @look_ahead = LookAhead.new
      @effects = 0
      @expired = {}
    end

    # How many commands may have changed the target by now: what was looked at before one of them, and not asked for yet,
    # is looked at again.
    attr_reader :effects

    def uri
      "cinc-scan://#{@options[:cs_identity]}"
    end

    # Public, or Train looks for an identifier at the scanner's own home and /proc.
    def unique_identifier
      @options[:cs_identity]
    end

    def platform
      @platform ||= begin
        header, = @channel.ask('facts')
        @is_beside = header[:beside]
        @is_full = header[:view] != 'files-only'
        found = Train::Platforms::Detect.scan(Facts.new(header[:facts]))
        found.backend = self # so that the target's uuid comes from our unique_identifier
        add_families(found)
      end
    end
    alias os platform

    # Every check is done; what the report still asks for is names. A refusal now would cost the whole report, and what a
    # check has seen is what it is called by.
    def finish
      @finished = true
    end

    def finished?
      @finished
    end

    # @return [Look]
    def look(path)
      return NOTHING if path.nil?

      path = File.path(path) # text, or what has a path; whatever else Ruby refuses
      @look_ahead.take(path) || look_now(path)
    end

    # @return [String, nil] the bytes of a file, nil if it cannot be read
    def read(path)
      read_now(path).first
    end

    # The same for who judges the content: a file that may not be read is not reviewed.
    def content(path)
      bytes, closed = read_now(path)
      not_seen(closed) if closed
      bytes
    end

    # Whether a shell of ours looks from a container beside the target: then what programs of that shell say of
    # themselves is not of the target.
    def beside?
      platform
      @is_beside
    end

    # Whether commands can be run, or only files be read.
    def full?
      platform
      @is_full
    end

    # @return [Boolean] whether the target has a program of that name
    def program?(name)
      (@programs ||= ProgramSearch.new(self)).include?(name)
    end

    # @return [Train::Extras::CommandResult] what is mounted on a path, in the form of `mount`
    def mounted(path)
      kernel.mounted(path)
    end

    # Runs a script of ours, which no program of the target answers in place of.
    # @return [Array] standard output, standard error (bytes), status
    def run(command, timeout = nil, **more)
      asked = { command: CincScan.wire(command), ours: true, timeout: timeout, **more }
      header, stdout, stderr = @channel.ask('run', **asked)
      refuse(header)
      raise AnswerTooLarge, "the output of #{command.inspect} is larger than #{header[:limit]} bytes" if header[:truncated]

      [stdout, stderr, header[:status]]
    end

    # Why checks were not reviewed in this run.
    # @return [Array<String>]
    def reasons
      @reasons || []
    end

    # Ends a check as not reviewed. Inside of a check RSpec takes the mark for "skipped" and the exception only for its
    # end: without the mark it would count as passed. Before a check a resource that is skipped this way is not reviewed.
    def not_seen(reason)
      (@reasons ||= []) << reason
      @channel.tell('unseen')
      example = RSpec.current_example || example_of_main
      raise Inspec::Exceptions::ResourceSkipped, reason unless example

      example.metadata[:cinc_scan_not_seen] = reason
      RSpec::Core::Pending.mark_skipped!(example, reason)
      raise RSpec::Core::Pending::SkipDeclaredInExample, reason
    end

    private

    # RSpec knows the example of each thread; one that the profile made has none of its own (rspec-support 3.13).
    def example_of_main
      Thread.main.thread_variable_get(:__rspec)&.dig(:current_example)
    end

    def read_now(path)
      header, bytes, = @channel.ask('read', path: CincScan.wire(path))
      refuse(header)
      raise AnswerTooLarge, "#{path} is larger than #{header[:limit]} bytes" if header[:truncated]

      [header[:status].zero? ? bytes : nil, header[:closed]]
    end

    def look_now(path)
      header, content, = @channel.ask('look', path: CincScan.wire(path), ahead: @look_ahead.next_paths(path))
      header[:ahead]&.each { |found| @look_ahead.keep(found[:path], Look.new(**found[:look])) }
      return NOTHING if @finished && header[:error]

      refuse(header)
      Look.new(**header[:look], content: header[:has_content] ? content : nil)
    end

    # Two arguments, or Train drops opts[:timeout] (it goes by arity).
    def run_command_via_connection(command, options = {}, &_handler)
      line = command_line(command)
      return Train::Extras::CommandResult.new('', '', NOT_STARTED) if line.strip.empty? || line.include?("\0")

      known = beside? ? answer(witnesses, line) : nil
      return known if known

      stdout, stderr, status = run_once(line, limit(options[:timeout]))
      # The exec lens asks the target's own programs first.
      known = status == MISSING && !beside? ? answer([kernel, processes], line) : nil
      known || to_result(line, CincScan.output(stdout), CincScan.output(stderr), status)
    end

    # What Train's local transport says of a command that cannot be started.
    NOT_STARTED = 1
    private_constant :NOT_STARTED

    # A list is a program and its arguments, which no shell reads (mixlib-shellout 3.4). Bytes, whatever their encoding.
    def command_line(command)
      words = (command.is_a?(Array) ? command : [command]).map { |word| ('' + word).b } # Ruby refuses what is not text
      bytes = words.length == 1 ? words.first : words.map { |word| Shellwords.escape(word) }.join(' ').b
      text = bytes.dup.force_encoding(Encoding::UTF_8)
      text.valid_encoding? ? text : bytes
    end

    # Seconds; nil for no limit, as 0 means.
    def limit(timeout)
      seconds = timeout && Float(timeout)
      seconds if seconds&.positive? && seconds.finite?
    end

    # InSpec runs a command that took too long again for each of its checks.
    def run_once(line, timeout)
      raise Train::CommandTimeoutReached, @expired[[line, timeout]] if @expired.key?([line, timeout])

      reads = ReadingCommand.programs(line)
      # What a moment ago was so, is so behind a command that only reads. In a longer time others change a target, too.
      keeps = reads && @look_ahead.fresh?
      run(line, timeout, ours: false, **(reads ? { reads: reads } : {}), **(keeps ? {} : { ahead: forget }))
    rescue Train::CommandTimeoutReached => e
      @expired[[line, timeout]] = e.message
      raise
    end

    def to_result(command, stdout, stderr, status)
      return Train::Extras::CommandResult.new(stdout, stderr, status) unless KilledResult::SIGNALS.cover?(status)

      KilledResult.new(stdout, stderr, status).of(command)
    end

    # A command may have changed anything.
    # @return [Array<String>] what to look at again behind it
    def forget
      @effects += 1
      @witnesses = @kernel = @processes = @programs = nil
      @look_ahead.after_command
    end

    def answer(witnesses, command)
      witnesses.each do |witness|
        result = witness.answer(command)
        return result if result
      end
      nil
    end

    def witnesses
      @witnesses ||= [PackageDatabase.new(self), AccountDatabase.new(self), kernel, processes]
    end

    def kernel
      @kernel ||= KernelView.new(self)
    end

    def processes
      @processes ||= ProcessTable.new(self)
    end

    # What could not be looked at makes the control an error, never a finding.
    def refuse(header)
      case header[:error]
      when nil then nil
      when 'timeout' then raise Train::CommandTimeoutReached, header[:message]
      when 'view' then not_seen(header[:message])
      else raise Train::Error, header[:message]
      end
    end

    def file_via_connection(path, *_options)
      @look_ahead.name(path) if path.is_a?(String) && path.encoding == Encoding::UTF_8 && path.valid_encoding?
      RemoteFile.new(self, path)
    end

    # So that profiles can say `supports platform-family: container`.
    def add_families(platform)
      %w[kubernetes container].each { |name| platform.family_hierarchy << Train::Platforms.family(name).name }
      platform.add_platform_methods
      platform
    end
  end
end
