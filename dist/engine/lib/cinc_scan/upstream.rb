# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'
require 'inspec'

module CincScan
  LOADED_BY_INSPEC = Inspec::Resource.default_registry.keys.freeze
end

require 'inspec/formatters/base'
require 'inspec/reporters/json'
require 'inspec/resources/command'
require 'inspec/resources/port'
require 'train/transports/mock'
require_relative 'inventory'
require_relative 'plain'
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

  # Upstream gives the description of a skipped check for its reason (formatters/base.rb). A check that went on without
  # what it could not see is not reviewed either.
  module ReasonOfSkip
    def format_example(example)
      reason = example.metadata[:cinc_scan_not_seen]
      reason ? super.merge(status: 'skipped', skip_message: reason) : super
    end
  end

  Inspec::Formatters::Base.prepend(ReasonOfSkip)

  # Some resources look into the target for their own name (resources/groups.rb): without an answer the whole report failed.
  module NameOfResource
    def extract_resource_id(*)
      super
    rescue StandardError
      ''
    end
  end

  Inspec::Reporters::Json.prepend(NameOfResource)

  # Upstream asks `type` of the shell (resources/command.rb), and a shell of ours has many programs that the target lacks.
  module ProgramExistence
    def exist?
      connection = inspec.backend
      connection.respond_to?(:beside?) && connection.beside? ? connection.program?(@command) : super
    end
  end

  Inspec::Resources::Cmd.prepend(ProgramExistence)

  # A profile may ask how its own command ended, also by a signal. A resource that asks through a command of its own takes
  # that for an answer, and is none.
  module OwnCommandEnded
    def exit_status
      described = RSpec.current_example&.metadata&.fetch(:described_class, nil)
      ended = result
      ended.is_a?(KilledResult) && described.equal?(self) ? ended.ended_with : super
    end
  end

  Inspec::Resources::Cmd.prepend(OwnCommandEnded)
  # Upstream has its limit for commands from its command line, and names none otherwise ("timed out after  seconds").
  # A profile's own limit counts; 0 means none.
  module CommandLimit
    singleton_class.attr_accessor :seconds

    def initialize(command, options = {})
      super
      @timeout = CommandLimit.seconds unless @timeout&.positive?
    end
  end

  Inspec::Resources::Cmd.prepend(CommandLimit)

  # RSpec describes a group by what is described, bytes included, and what cannot be put in words ends the whole run
  # (rspec-core 3.13, metadata.rb).
  module DescribableGroups
    def build_description_from(*parts)
      Plain.data(super)
    rescue StandardError
      super(*parts.map { |part| DescribableGroups.words(part) })
    end

    def self.words(part)
      Plain.data(part.to_s)
    rescue StandardError
      part.class.name
    end
  end

  RSpec::Core::Metadata::HashPopulator.prepend(DescribableGroups)

  # The name of a resource is a profile's own code, asked for when all is done: it must not cost the report
  # (reporters/json.rb).
  module OptionalNames
    private

    def extract_resource_id(result)
      super
    rescue StandardError
      nil
    end
  end

  Inspec::Reporters::Json.prepend(OptionalNames)

  # What a control's body could not see from here leaves all of the control open, whatever it made of the exception.
  module BodyWithoutNetwork
    def initialize(*)
      tries = NoNetwork.tries
      super
      Inspec::Rule.set_skip_rule(self, true, NoNetwork.reason) if tries && NoNetwork.tries > tries
    end
  end

  Inspec::Rule.prepend(BodyWithoutNetwork)

  # Opens its connections from Ruby (resources/ssl.rb).
  module TlsFromHere
    private

    def scan_config
      inspec.backend.respond_to?(:not_seen) ? inspec.backend.not_seen(NoNetwork::REASON) : super
    end
  end

  # Where curl got no answer `status` is nil, which is not 404 either (resources/http.rb).
  module UnansweredRequests
    %i[status headers body].each do |question|
      define_method(question) do
        refuse_unanswered
        super()
      end
    end

    private

    def refuse_unanswered
      return unless @worker.is_a?(Inspec::Resources::Http::Worker::Remote)

      asked = inspec.command(@worker.send(:http_command)) # which then has its answer for `super`
      return if asked.exit_status.zero?

      reason = asked.stderr.lines.grep(/^curl:/).last || "curl ended with #{asked.exit_status}"
      raise Inspec::Exceptions::ResourceFailed, "#{self}: #{reason.strip}"
    end
  end

  # Loaded by the profiles that name them.
  module GuardedResources
    GUARDS = { 'Inspec::Resources::SSL' => TlsFromHere, 'Inspec::Resources::Http' => UnansweredRequests }.freeze

    def __register(name, resource)
      guard = GUARDS[Module.instance_method(:name).bind_call(resource)]
      resource.prepend(guard) if guard
      super
    end
  end

  Inspec::Resource.singleton_class.prepend(GuardedResources)

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

  # `input('x', sensitive: true)` in a control: InSpec keeps the value and forgets that it is sensitive.
  module SensitiveInCode
    def infer_event(options)
      event = super
      SensitiveInputs.events << event if options[:sensitive]
      event
    end
  end

  Inspec::Input.singleton_class.prepend(SensitiveInCode)

  # A profile has the gems that the engine has. Upstream looks for others in the home of its user, and asks a person whether
  # to install them (profile.rb).
  module GemsOfEngine
    def load_gem_dependencies
      wanted = collect_gem_dependencies.map { |each| Gem::Dependency.new(each[:name].to_s, *each[:version].to_s.split(',')) }
      missing = wanted.reject { |each| each.matching_specs.any? }
      return if missing.empty?

      raise Inspec::GemDependencyLoadError, "its gem_dependencies are not among the gems of the engine: #{missing.join(', ')}"
    end
  end

  Inspec::Profile.prepend(GemsOfEngine)

  # A profile without a name is called as its folder, or what that was copied from; upstream calls it nothing, or by the whole
  # path (metadata.rb).
  module NamedByFolder
    class << self
      # Names by folder.
      attr_accessor :known
    end

    def finalize_name(metadata, profile_id, original_target)
      super
      name = Plain.text(metadata.params[:name])
      name = own_name(original_target.to_s) if name.nil? || name.empty? || name == upstream_name(original_target)
      metadata.params[:name] = name unless name.empty?
    end

    private

    def own_name(target)
      (NamedByFolder.known || {})[target] || File.basename(target)
    end

    def upstream_name(target)
      "tests from #{target}".gsub(%r{[/\\]}, '.')
    end
  end

  Inspec::Metadata.singleton_class.prepend(NamedByFolder)

  module NotedControls
    def register_rule(rule)
      Inventory.define(self, rule, @current_load || {})
      super
    end
  end

  Inspec::ProfileContext.prepend(NotedControls)

  # InSpec returns without a word where a dependency does not support the platform (dsl.rb).
  module NotedDependencies
    def load_spec_files_for_profile(context, opts, &block)
      profile = NotedDependencies.find(opts)&.profile
      Inventory.leave_out(profile, by: context.profile_id) unless profile.nil? || profile.supports_platform?
      super
    end

    # As InSpec finds it: by name, or by the name with its version behind it.
    def self.find(opts)
      known = opts[:dependencies].list
      id, version = opts.values_at(:profile_id, :profile_version)
      return known["#{id}-#{version}"] if version

      known.find { |key, each| !each.source_version.to_s.empty? && key == "#{id}-#{each.source_version}" }&.last || known[id]
    end
  end

  Inspec::DSL.singleton_class.prepend(NotedDependencies)

  # Whether a file of controls asked something of the machine that it is read for, outside a control: then another machine
  # may give it other controls. `only_if` skips them, and takes none away.
  module Asking
    singleton_class.attr_accessor :asked, :aside

    def self.note
      self.asked = true unless aside
    end

    def self.apart
      before = aside
      self.aside = true
      yield
    ensure
      self.aside = before
    end

    # Most resources ask what system it is when they are made, which says nothing yet.
    def self.by_resource?
      caller.any? { |frame| frame.include?('/inspec/resources/') && !frame.match?(%r{/resources/(?:os|platform)\.rb}) }
    end

    # Within a control whatever comes is a matter of that control.
    module Controls
      def initialize(...)
        Asking.apart { super }
      end
    end

    # See above.
    module Conditions
      def only_if(...)
        Asking.apart { super }
      end
    end

    # The machine that is none, which a profile is read for.
    module Machine
      def run_command(...)
        Asking.note
        super
      end

      def platform
        Asking.note unless Asking.aside || Asking.by_resource?
        super
      end
      alias os platform
    end

    # Its files.
    module Files
      (Train::File::DATA_FIELDS - %w[path] + %w[type]).each do |name|
        define_method(name) do |*arguments|
          Asking.note
          super(*arguments)
        end
      end
    end

    Inspec::Rule.prepend(Controls)
    Inspec::ControlEvalContext.prepend(Conditions)
    Train::Transports::Mock::Connection.prepend(Machine)
    Train::Transports::Mock::Connection::File.prepend(Files)
  end
end
