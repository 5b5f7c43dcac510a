# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'rspec/core'

module CincScan
  # Tells the broker of each control as soon as its last check has ended.
  class Progress
    RSpec::Core::Formatters.register self, :start, :example_passed, :example_failed, :example_pending

    def initialize(channel)
      @channel = channel
      @left = Hash.new(0)
      @worst = {}
    end

    def start(_notification)
      source = RSpec.configuration.formatters.grep(Inspec::Formatters::Base).first
      @left.merge!(source.get_control_checks_count_map) if source
      @channel.tell('start', controls: @left.size)
    end

    def example_passed(notification)
      note(notification, 'passed')
    end

    def example_failed(notification)
      note(notification, notification.example.metadata[:cinc_scan_not_seen] ? 'skipped' : 'failed')
    end

    def example_pending(notification)
      note(notification, 'skipped')
    end

    private

    RANK = %w[passed skipped failed].freeze

    def note(notification, status)
      id = notification.example.metadata[:id]
      @worst[id] = [@worst[id], status].compact.max_by { |each| RANK.index(each) }
      @left[id] -= 1
      @channel.tell('control', id: id, status: @worst[id]) if @left[id].zero?
    end
  end
end
