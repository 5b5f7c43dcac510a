# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'
require 'inspec'

module CincScan
  LOADED_BY_INSPEC = Inspec::Resource.default_registry.keys.freeze
end

require 'inspec/formatters/base'
require 'inspec/resources/command'
require 'inspec/resources/port'
require_relative 'port_table'

module CincScan
  # The one place that reaches into InSpec's own classes.
  #
  # For every describe block InSpec's loader calls `to_ary` on an RSpec example group, whose method_missing then
  # requires "inspec/resources/to_ary"; that failing require walks the whole load path (inspec-core 5.24,
  # lib/inspec/dsl.rb). Answering from the list of resource files makes a 300-control profile a third faster,
  # with the same results.
  module ResourceGuard
    FILES = [File.join(Inspec.src_root, 'lib'), *$LOAD_PATH]
            .flat_map { |directory| Dir[File.join(directory, 'inspec/resources/*.rb')] }
            .to_h { |file| [File.basename(file, '.rb'), true] }.freeze

    def method_missing_resource(backend, id, *arguments)
      return unless backend

      name = id.to_s
      raise LoadError, "no resource #{name}" unless FILES[name] || name.start_with?('aws_', 'azure')

      super
    end
  end

  Inspec::DSL.singleton_class.prepend(ResourceGuard)

  # Upstream puts the resources that it has loaded over those that a profile has made (profile_context.rb). It loads most of
  # them only when a profile names what is not there, so that a profile's own resource wins; it has to win here too.
  module OwnResources
    def reload_dsl
      own = @resource_registry.reject do |name, resource|
        LOADED_BY_INSPEC.include?(name) || resource.equal?(Inspec::Resource.default_registry[name])
      end
      super
      @resource_registry.merge!(own)
    end
  end

  Inspec::ProfileContext.prepend(OwnResources)

  # Upstream gives the description of a skipped check for its reason (formatters/base.rb).
  module ReasonOfSkip
    def format_example(example)
      reason = example.metadata[:cinc_scan_not_seen]
      reason ? super.merge(skip_message: reason) : super
    end
  end

  Inspec::Formatters::Base.prepend(ReasonOfSkip)

  # Upstream asks `type` of the shell (resources/command.rb), and a shell of ours has many programs that the target lacks.
  module ProgramExistence
    def exist?
      connection = inspec.backend
      connection.respond_to?(:beside?) && connection.beside? ? connection.program?(@command) : super
    end
  end

  Inspec::Resources::Cmd.prepend(ProgramExistence)

  # Without `ss` and a full `netstat` upstream takes it that nothing listens (resources/port.rb).
  module PortsWithoutPrograms
    def info
      connection = inspec.backend
      return super unless connection.respond_to?(:beside?)

      (connection.beside? ? nil : super) || PortTable.new(connection).entries
    end
  end

  Inspec::Resources::LinuxPorts.prepend(PortsWithoutPrograms)

  # Whose socket it is is not in the tables of the network.
  module PortOwners
    %i[processes pids].each do |column|
      define_method(column) do |*arguments, &block|
        connection = inspec.backend
        connection.not_seen('only the files of this target can be seen, so whose port it is is not known') if
          connection.respond_to?(:full?) && !connection.full?
        super(*arguments, &block)
      end
    end
  end

  Inspec::Resources::Port.prepend(PortOwners)

  # Dependencies lie on this machine already, found before the engine was asked (`depends`): InSpec would resolve them
  # anew in every process, and fetch. A profile below the first one is given its own by its requirement.
  module Vendored
    singleton_class.attr_accessor :depends

    def lockfile
      depends = parent_profile.nil? ? Vendored.depends : nil
      @lockfile ||= Inspec::Lockfile.new('lockfile_version' => 1, 'depends' => depends || [])
    end
  end

  Inspec::Profile.prepend(Vendored)
  Inspec::Fetcher::Registry.registry.keep_if { |name, _| %w[local mock].include?(name.to_s) }

  # Which inputs a profile knows, beside those it declares: the names that its code asks for.
  module AskedInputs
    GIVEN = %i[cli cli_files runner_api].freeze

    def self.names
      @names ||= Set.new
    end

    def find_or_register_input(name, profile, options = {})
      AskedInputs.names << name.to_s unless GIVEN.include?(options[:event]&.provider)
      super
    end
  end

  Inspec::InputRegistry.prepend(AskedInputs)
end
