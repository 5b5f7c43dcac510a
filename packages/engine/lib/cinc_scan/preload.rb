# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'stringio'
require_relative 'deferred'
require 'inspec'
require_relative 'upstream'
require_relative 'no_network'
require_relative 'transport'
require_relative 'progress'

module CincScan
  # Loads in the parent all that every child would load again. The parent builds no Config and runs nothing:
  # children would inherit both (`Config.cached=` keeps the first one, `target_id` survives a reset).
  module Preload
    RESOURCES = %w[
      bash command directory etc_group file group groups json kernel_parameter login_defs mount os os_env package packages
      parse_config passwd platform port processes service shadow user users yaml
    ].freeze

    def self.call
      refuse_foreign_licence
      %w[rspec/mocks rspec/core/mocking_adapters/rspec].each { |library| require library }
      resources
      Train::Platforms::Detect::Specifications::OS.load
      Train::Platforms::Detect::Specifications::Api.load
      Gem::Specification.unresolved_deps.clear # else each failing require searches all of them
    end

    # The gems of version 6 and later are under another licence and ask for its acceptance.
    def self.refuse_foreign_licence
      return if Gem::Version.new(Inspec::VERSION) < Gem::Version.new('6') || Inspec::Dist::EXEC_NAME == 'cinc-auditor'

      abort "inspec #{Inspec::VERSION} is not CINC Auditor; use inspec-core 5 or a CINC Auditor package"
    end

    # InSpec itself loads a resource when a profile first names it; these are what most profiles name.
    def self.resources
      RESOURCES.each { |name| require "inspec/resources/#{name}" }
    end
  end
end
