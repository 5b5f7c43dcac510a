# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # The values that were set for inputs that a profile calls sensitive, by any road: a default, a file, an option, a
  # profile above. A value that another one outranks counts too.
  module SensitiveInputs
    # Shorter ones are words: to blank them says more about them than to leave them. As in Secrets of the core.
    SHORTEST = 6

    module_function

    # What code set for an input that it calls sensitive there and then.
    def events
      @events ||= []
    end

    def texts
      every = Inspec::InputRegistry.instance.inputs_by_profile.values.flat_map(&:values)
      names = every.select { |input| sensitive?(input) }.map(&:name)
      set = every.select { |input| names.include?(input.name) }.flat_map(&:events).select(&:value_has_been_set?)
      set.flat_map { |event| leaves(event.value) }.uniq
    end

    def sensitive?(input)
      input.sensitive || input.events.intersect?(events)
    end

    def hide(message)
      texts.sort_by { |text| -text.length }.reduce(message) do |rest, text|
        text.length < SHORTEST ? rest : rest.gsub(text, '***')
      end
    end

    # Of a list or a mapping each value by itself; numbers as they are printed.
    def leaves(value)
      case value
      when Hash then value.values.flat_map { |item| leaves(item) }
      when Array then value.flat_map { |item| leaves(item) }
      when String, Symbol, Numeric, Date, Time then [value.to_s]
      else []
      end
    end
  end
end
