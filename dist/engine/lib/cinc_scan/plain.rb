# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'text'

module CincScan
  # InSpec hands on what a profile has as YAML and Ruby read it: a year for a copyright, a list of maintainers, a mapping for a
  # license. Results have text in these places (the schema of HDF), so that is what each becomes, here and nowhere else.
  module Plain
    PROFILE = %w[name version title maintainer summary license copyright copyright_email inspec_version parent_profile
                 status_message skip_message].freeze
    CONTROL = %w[id title desc code].freeze
    RESULT = %w[status code_desc start_time message exception skip_message resource resource_class resource_params
                resource_id].freeze
    WAIVER = %w[justification message expiration_date].freeze

    module_function

    # Of a result, or of the description of a profile, both as InSpec makes them.
    def document(found)
      plain = data(found)
      (plain[:profiles] || [plain]).each { |each| profile(each) }
      plain
    end

    def profile(found)
      texts(found, PROFILE)
      found[:supports] = hashes(found[:supports]).map { |each| each.transform_values { |value| text(value) } }
      found[:depends] = hashes(found[:depends]).map { |each| each.transform_values { |value| text(value) } } if found[:depends]
      hashes(found[:groups]).each { |each| group(each) }
      hashes(found[:controls]).each { |each| control(each) }
    end

    def group(found)
      texts(found, %w[id title])
      found[:controls] = found[:controls].map { |id| text(id) } if found[:controls].is_a?(Array)
    end

    def control(found)
      texts(found, CONTROL)
      found[:descriptions] = descriptions(found[:descriptions])
      found[:refs] = hashes(found[:refs]).map { |each| reference(each) }
      hashes(found[:results]).each { |each| result(each) }
      texts(found[:waiver_data], WAIVER) if found[:waiver_data].is_a?(Hash)
    end

    def result(found)
      texts(found, RESULT)
      found[:backtrace] = found[:backtrace].map { |line| text(line) } if found[:backtrace].is_a?(Array)
    end

    # A description of a profile has them as a mapping, a result as a list.
    def descriptions(found)
      list = found.is_a?(Hash) ? found.map { |label, data| { label: label, data: data } } : hashes(found)
      list.map { |each| { label: text(each[:label]).to_s, data: text(each[:data]).to_s } }
    end

    # The name of a reference may be a list of mappings; everything else of it is text.
    def reference(found)
      found.to_h { |key, value| [key, list_of_hashes?(value) ? value : text(value)] }.compact
    end

    def list_of_hashes?(value)
      value.is_a?(Array) && !value.empty? && value.all?(Hash)
    end

    def texts(found, names)
      found.each { |key, value| found[key] = text(value) if names.include?(key.to_s) }
    end

    def text(value)
      case value
      when nil, String then value
      when Array then value.map { |each| text(each) }.join(', ')
      when Hash then JSON.generate(value)
      else value.to_s
      end
    end

    def hashes(found)
      found.is_a?(Array) ? found.grep(Hash) : []
    end

    # What JSON can hold. Text in another encoding would end the run without a report.
    def data(value)
      case value
      when nil, true, false, Integer then value
      when Float then value.finite? ? value : value.to_s
      when Array then value.map { |each| data(each) }
      when Hash then value.to_h { |key, each| [key.is_a?(String) ? data(key) : key, data(each)] }
      else utf8(value.to_s)
      end
    end

    def utf8(string)
      return CincScan.text(string) if [Encoding::UTF_8, Encoding::BINARY, Encoding::US_ASCII].include?(string.encoding)

      string.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
    end
  end
end
