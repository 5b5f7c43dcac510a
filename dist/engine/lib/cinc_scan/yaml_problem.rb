# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'psych'

module CincScan
  # Psych names aliases and classes as they stand in the file: of `password: *hunter2` that is the password.
  module YamlProblem
    NAMED = /(Unknown alias|unknown anchor|unspecified class): \S*/.freeze

    # A file with values for inputs is not the profile's fault, and no profile gets to see what is wrong with it.
    class InputFile < Inspec::Input::Error; end

    # (lib/inspec/secrets/yaml.rb)
    module InputFiles
      def initialize(target)
        super
      rescue SystemExit
        raise InputFile, "#{target} is not a mapping of names to values"
      rescue RuntimeError => e
        raise InputFile, YamlProblem.message(e)
      end
    end

    module_function

    def message(error)
      from_parser?(error) ? error.message.gsub(NAMED, '\1') : error.message
    end

    def from_parser?(error)
      !error.nil? && (error.is_a?(Psych::Exception) || from_parser?(error.cause))
    end
  end

  ::Secrets::YAML.prepend(YamlProblem::InputFiles)
end
