# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'
require 'process_table'

# What the container may use up.
class ContainerLimits < Inspec.resource(1)
  include ContainerView
  include ProcessTable

  name 'container_limits'
  supports platform: 'unix'
  desc 'The limits of the container: memory by its control group, core dumps by its first process.'
  example <<~EXAMPLE
    describe container_limits do
      its('memory') { should have_no_findings }
    end
  EXAMPLE

  MEMORY = %w[/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes].freeze
  # Version 1 writes the largest number of pages where there is no limit.
  NO_LIMIT = 1 << 60

  def to_s
    'Limits of the container'
  end

  def resource_id
    'limits'
  end

  def memory
    limit = MEMORY.lazy.filter_map { |path| read(path) }.first&.strip
    not_reviewed('The control group of the container does not tell its memory limit.') if limit.nil? || limit.empty?
    limit == 'max' || limit.to_i >= NO_LIMIT ? ['no limit of memory is set'] : []
  end

  # A pipe takes dumps out of the container: what becomes of them there is for the node to say.
  def core_dumps
    pattern = read('/proc/sys/kernel/core_pattern')
    not_reviewed('The kernel does not tell where core dumps go.') if pattern.nil?
    return [] if pattern.start_with?('|')

    (limits,), = ask('cat', "cat /proc/#{first_process[:pid]}/limits")
    size = limits[/^Max core file size\s+(\S+)/, 1]
    not_reviewed('The limits of the first process cannot be read.') if size.nil?
    size == '0' ? [] : ["#{label(first_process)} writes dumps of up to #{size} bytes as #{pattern.strip}"]
  end
end
