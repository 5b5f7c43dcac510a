# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'filters'

module CincScan
  # What InSpec says of a profile that it reads against no machine, with the inputs and filters of the run to come.
  class Description
    # What a profile depends on, as its metadata has it. InSpec reads those as a template, so it is asked.
    def self.depends(folder)
      content = File.read(File.join(folder, 'inspec.yml'))
      params = Inspec::Metadata.from_yaml('inspec.yml', content, nil).params
      { name: params[:name].to_s, version: params[:version], depends: params[:depends] || [] }
    end

    # Without the value, which may be a secret.
    def self.input_problem(error)
      name = error.respond_to?(:input_name) ? error.input_name : nil
      case error
      when Inspec::Input::ValidationError
        wanted = error.input_pattern ? "a value that matches #{error.input_pattern}" : error.input_type
        "#{name}: expected #{wanted}, got #{error.input_value.class}"
      when Inspec::Input::RequiredError then "#{name}: required, and has no value"
      else error.message
      end
    end

    def initialize(order)
      @order = order
      @filters = Filters.new(order)
    end

    def call
      profile = load
      document = info(profile)
      controls = document[:controls]
      document.merge(
        known_inputs: inputs, missing_inputs: missing, unknown_inputs: unknown,
        unmatched: @filters.unmatched(controls.map { |each| each.values_at(:id, :tags) }),
        selected: controls.select { |each| @filters.select?(each[:id], each[:tags]) }.map { |each| each[:id].to_s },
        checks: controls.empty? ? {} : checks(profile),
        depends_on_target: Asking.asked == true, unread: @unread, problems: Inventory.problems,
        has: controls.empty? ? [] : has(profile), conditional: conditional(profile),
        secrets: SensitiveInputs.texts # last: a control can name one, too
      )
    end

    private

    def load
      backend = Inspec::Backend.create(Inspec::Config.mock)
      config = { input_file: @order[:input_files], input: @order[:input], inputs: given }
      # As in a scan, or dependencies that lie here would be packed into archives.
      Inspec::BaseCLI.inspec_cli_command = :exec
      profile = Inspec::Profile.for_target(
        @order[:profile], backend: backend, vendor_cache: Inspec::Cache.new(File.join(@order[:directory], 'cache')),
                          runner_conf: config.reject { |_, value| value.nil? || value.empty? }
      )
      require_versions(profile)
      @declared = declarations(profile)
      # Inputs that nobody gave are told all at once below, not one by one by InSpec.
      Inspec::BaseCLI.inspec_cli_command = :check
      profile
    end

    # A profile that fails for want of an input wants the input, not a correction; and what it makes of a machine that answers
    # nothing says nothing of the machine to come.
    def info(profile)
      Asking.asked = nil
      profile.info
    rescue StandardError => e
      raise if missing.empty? && !Asking.asked

      @unread = SensitiveInputs.hide(e.message) if Asking.asked
      profile.metadata.params.slice(*Plain::PROFILE.map(&:to_sym), :supports).merge(controls: [])
    end

    # Controls that a run has, and in which profile, as far as the filters select them.
    def has(profile)
      rules = profile.runner_context.all_rules.compact
      Inventory.list(rules.select do |rule|
        @filters.select?(Inspec::Rule.rule_id(rule), rule.tag, included: Inspec::Rule.profile_id(rule) != profile.name)
      end)
    end

    # Dependencies that are left out on platforms they do not support.
    def conditional(profile)
      profiles = profile.locked_dependencies.list.values.map(&:profile)
      listed = profiles.map { |each| { name: each.name.to_s, supports: Plain.hashes(each.metadata.params[:supports]) } }
      listed.reject { |each| each[:supports].empty? }
    end

    def given
      @order[:inputs]&.transform_keys(&:to_s)
    end

    def require_versions(profile)
      profile.locked_dependencies.list.each_value do |requirement|
        next if requirement.source_satisfies_spec?

        raise Inspec::UnsatisfiedVersionSpecification,
              "#{requirement.name} has version #{requirement.source_version}, which is not #{requirement.version_constraints.join(', ')}"
      end
    end

    def registered
      Inspec::InputRegistry.instance.inputs_by_profile.flat_map { |profile, inputs| inputs.values.map { |input| [profile, input] } }
    end

    def known
      registered.select { |_, input| AskedInputs.names.include?(input.name) }
    end

    def inputs
      known.map do |name, input|
        value = input.has_value? && !input.sensitive ? input.value : nil
        { profile: name, name: input.name, type: input.type || 'Any', required: input.required == true,
          sensitive: input.sensitive == true, has_value: input.has_value?, value: value,
          description: input.description || @declared[input.name] }
      end
    end

    # InSpec does not keep what the metadata says of its inputs for people, and puts its own in their place.
    def declarations(profile)
      profiles = [profile, *profile.locked_dependencies.list.values.map(&:profile)]
      inputs = profiles.flat_map { |each| Array(each.metadata.params[:inputs] || []) }.grep(Hash)
      inputs.to_h { |input| [input[:name].to_s, (input[:description] || input[:title])&.to_s] }
    end

    def missing
      known.select { |_, input| input.required && (!input.has_value? || input.value.nil?) }.map { |_, input| input.name }.uniq
    end

    def unknown
      registered.map { |_, input| input.name }.uniq - AskedInputs.names.to_a
    end

    # How many checks each control has when it is read against no machine; a control without any is an oversight.
    def checks(profile)
      profile.params[:controls].to_h { |id, control| [id.to_s, (control[:checks] || []).length] }
    end
  end
end
