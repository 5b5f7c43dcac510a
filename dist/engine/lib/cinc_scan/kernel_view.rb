# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'train/extras'

module CincScan
  # What the kernel itself tells of a target, whatever programs it has.
  class KernelView
    MOUNTS = '/proc/self/mounts'

    def initialize(connection)
      @connection = connection
    end

    # The question of InSpec's `kernel_parameter` (inspec-core 5.24), and of Train where it reads the hostname.
    # @return [Train::Extras::CommandResult, nil] nil for any other command
    def answer(command)
      name = command[%r{\A/sbin/sysctl -q -n ([\w./-]+)\z}, 1]
      return if name.nil?

      text = @connection.content("/proc/sys/#{path_of(name)}")
      Train::Extras::CommandResult.new(CincScan.text(text.to_s), '', text.nil? ? 255 : 0)
    end

    # Mounts on a path, in the form of `mount`.
    # @return [Train::Extras::CommandResult]
    def mounted(path)
      table = @connection.read(MOUNTS)
      raise Train::Error, "#{MOUNTS} cannot be read, so what is mounted on #{path} is not known" if table.nil? || table.empty?

      mounts = CincScan.text(table).lines.map { |line| line.split.map { |field| unescape(field) } }
      found = mounts.select { |_device, on, *| on == path }
      lines = found.map { |device, on, type, options| "#{device} on #{on} type #{type} (#{options})\n" }
      Train::Extras::CommandResult.new(lines.join, '', found.empty? ? 1 : 0)
    end

    private

    # As sysctl does: the first separator that occurs is the one, the other one stands for itself.
    def path_of(name)
      name[%r{[./]}] == '/' ? name : name.tr('./', '/.')
    end

    # The kernel writes blanks in names as octal numbers.
    def unescape(field)
      field.gsub(/\\([0-7]{3})/) { Regexp.last_match(1).oct.chr }
    end
  end
end
