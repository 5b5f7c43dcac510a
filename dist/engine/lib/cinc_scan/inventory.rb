# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'plain'

module CincScan
  # What a profile has, as far as InSpec tells nobody: checks that a second control of the same id put out of the way, and
  # dependencies that are left out because they do not support the platform.
  module Inventory
    class << self
      def problems
        @problems ||= []
      end

      # All controls that InSpec knows, those without checks included.
      def list(rules)
        rules.compact.map { |rule| { profile: Inspec::Rule.profile_id(rule).to_s, id: Inspec::Rule.rule_id(rule).to_s } }.uniq
      end

      # InSpec merges a control into an earlier one of its id, whose checks are gone if it has some itself (rule.rb). That is
      # what a block of `include_controls` is for; in files of one profile, or twice in one block, it is an oversight.
      def define(context, rule, load)
        place = [context.object_id, Inspec::Rule.rule_id(rule), load[:file] ? :files : load.object_id]
        return if Inspec::Rule.checks(rule).empty?

        earlier = defined[place]
        defined[place] = where(rule)
        return unless earlier

        problems << { kind: 'duplicate-id', profile: Inspec::Rule.profile_id(rule).to_s, id: Inspec::Rule.rule_id(rule).to_s,
                      places: [earlier, where(rule)] }
      end

      def leave_out(profile, by:)
        problem = { kind: 'dependency-unsupported', profile: profile.name.to_s, by: by.to_s,
                    supports: Plain.hashes(profile.metadata.params[:supports]) }
        problems << problem unless problems.include?(problem)
      end

      private

      def defined
        @defined ||= {}
      end

      def where(rule)
        location = rule.instance_variable_get(:@__source_location) || {}
        path = location[:ref].to_s
        "#{path[%r{(?:controls|libraries)/.*\z}] || File.basename(path)}:#{location[:line]}"
      end
    end
  end
end
