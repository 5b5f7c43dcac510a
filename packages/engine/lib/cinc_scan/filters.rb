# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # What `--controls` and `--tags` select, as InSpec reads them (control_eval_context.rb, dsl.rb).
  class Filters
    def initialize(order)
      @terms = { controls: order[:controls] || [], tags: order[:tags] || [] }
    end

    # In an included profile the filters take away one after the other; in the first one either gives.
    def select?(id, tags, included: false)
      found = @terms.reject { |_, terms| terms.empty? }.map do |kind, terms|
        terms.any? { |term| (kind == :controls ? [id.to_s] : words(tags)).any? { |word| match?(term, word) } }
      end
      found.empty? || (included ? found.all? : found.any?)
    end

    # Of controls as pairs of id and tags.
    def unmatched(controls)
      ids = controls.map { |id, _| id.to_s }
      tags = controls.flat_map { |_, all| words(all) }
      { controls: @terms[:controls].reject { |term| ids.any? { |id| match?(term, id) } },
        tags: @terms[:tags].reject { |term| tags.any? { |word| match?(term, word) } } }
    end

    private

    # /…/ is a regular expression. One that is none InSpec drops, and runs every control.
    def matcher(term)
      return term unless term.start_with?('/') && term.end_with?('/') && term.length > 1

      Regexp.new(term[1..-2])
    end

    def match?(term, word)
      rule = matcher(term)
      rule.is_a?(Regexp) ? rule.match?(word) : rule == word
    end

    def words(tags)
      (tags || {}).flat_map { |key, value| [key, value] }.flatten.compact.map(&:to_s)
    end
  end
end
