# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'digest'
require 'fileutils'
require_relative 'description'
require_relative 'jail'
require_relative 'no_network'
require_relative 'no_programs'
require_relative 'sensitive_inputs'
require_relative 'waiver_files'
require_relative 'yaml_problem'

module CincScan
  # One job in a process of its own: platforms, inputs, waivers and RSpec are global to a process.
  class Job
    # The result is written to what was opened before the profile was there: whoever reads it is not sent elsewhere.
    def initialize(order)
      @order = order
      @channel = Channel.new(order[:socket])
      @result = File.open(File.join(order[:directory], 'result.json'), File::WRONLY | File::CREAT | File::EXCL, 0o600)
    end

    # @param jail [Jail::Cell, Jail::OpenAir]
    def run(jail)
      isolate
      shut(jail)
      result = perform
      @channel.tell('complete', **write(result.delete(:document)), **result)
    rescue Jail::TooWeak => e
      @channel.tell('failed', class: 'jail', message: e.message)
    rescue Inspec::Input::Error => e
      @channel.tell('failed', class: 'input', message: Description.input_problem(e))
    rescue Exception => e # rubocop:disable Lint/RescueException -- SyntaxError, LoadError and SystemExit are failures too
      @channel.tell('failed', class: e.class.name, message: SensitiveInputs.hide(YamlProblem.message(e).to_s.scrub)[0, 4000], backtrace: Array(e.backtrace).first(20))
    end

    private

    # Nothing is written outside the job's directory, and stray output goes to the log.
    def isolate
      $stdin.reopen(File::NULL)
      $stdout.reopen($stderr)
      ENV['HOME'] = ENV['INSPEC_CONFIG_DIR'] = ENV['TMPDIR'] = @order[:directory]
      Dir.chdir(@order[:directory])
      Inspec::Log.init($stderr)
      Inspec::Config.__reset
      NoNetwork.begin
    end

    # From here on only what a profile may do can be done. It is told first, so that nothing a profile says is taken for it.
    def shut(jail)
      kept = jail.shut([@channel.socket, @result])
      @channel.take_over
      NoPrograms.begin
      @channel.tell('jailed', **kept)
      raise Jail::TooWeak.of(kept, @order[:jail]) if Jail.rank(kept[:strength]) < Jail.rank(@order[:jail])
    end

    def perform
      CommandLimit.seconds = @order[:command_timeout]
      NamedByFolder.known = { @order[:profile] => @order[:called] }
      Vendored.depends = @order[:depends]&.map { |entry| stringify(entry) }
      case @order[:kind]
      when 'depends' then { document: Description.depends(@order[:profile]) }
      when 'waivers' then { document: WaiverFiles.read(@order[:waivers]) }
      when 'describe' then { document: Plain.document(Description.new(@order).call) }
      when 'jail' then { document: {} }
      else audit
      end
    end

    # A lock file has its keys as text.
    def stringify(entry)
      JSON.parse(JSON.generate(entry))
    end

    def audit
      runner = Inspec::Runner.new(config)
      raise 'the engine would look at the wrong machine' unless runner.backend.backend.is_a?(Connection)

      NoNetwork.connection = runner.backend.backend
      RSpec.configuration.add_formatter(Progress, @channel)
      runner.add_target(@order[:profile])
      code = runner.run
      runner.backend.backend.finish
      report = Inspec::Reporters::Json.new({ run_data: runner.instance_variable_get(:@run_data) }).report
      document = Plain.document(restore_waived(mark_unseen(report, runner.backend.backend.reasons)))
      { document: document, code: code, **inventory(runner.all_rules) }
    end

    # What the profile has on this target, under the filters.
    def inventory(rules)
      { has: Inventory.list(rules), problems: Inventory.problems,
        unmatched: Filters.new(@order).unmatched(rules.compact.map { |rule| [Inspec::Rule.rule_id(rule), rule.tag] }) }
    end

    # A fixed configuration instead of the user's own: one there with a filter would let a run pass with no controls.
    def config
      Inspec::Config.new(options, StringIO.new('{"version":"1.2"}'), :exec)
    end

    def options
      {
        'target' => 'cinc-scan://target', 'cs_channel' => @channel, 'cs_identity' => @order[:identity],
        'reporter' => ['json:-'], 'report' => true, 'distinct_exit' => true, 'create_lockfile' => false,
        'vendor_cache' => File.join(@order[:directory], 'cache'), 'inputs' => @order[:inputs]&.transform_keys(&:to_s),
        'input_file' => @order[:input_files].dup, 'input' => @order[:input].dup, 'waiver_file' => @order[:waivers].dup,
        'controls' => @order[:controls].dup, 'tags' => @order[:tags].dup
      }.reject { |_, value| value.nil? || value == [] || value == {} }
    end

    # A command in the body of a control, outside any check, ends that body: InSpec reports it as an error of the
    # control's source, and it is none.
    def mark_unseen(report, reasons)
      results = report[:profiles].flat_map { |profile| profile[:controls] }.flat_map { |control| control[:results] || [] }
      results.each do |result|
        reason = ([result[:skip_message], (result[:message] if result[:exception])] & reasons).first
        next if reason.nil?

        %i[message exception backtrace].each { |key| result.delete(key) }
        result.update(status: 'skipped', skip_message: reason)
      end
      report
    end

    LOST_BY_WAIVER = %i[title desc descriptions impact refs tags].freeze

    # InSpec never loads the body of a control waived with `run: false`, and so loses its title, tags and impact.
    def restore_waived(report)
      known = described
      report[:profiles].flat_map { |profile| profile[:controls] }.each do |control|
        original = known[control[:id]]
        next unless original && control[:waiver_data].is_a?(Hash) && control[:waiver_data]['skipped_due_to_waiver']

        LOST_BY_WAIVER.each { |key| control[key] = original[key] if original.key?(key) }
      end
      report
    end

    def described
      return {} unless @order[:description]

      document = JSON.parse(File.read(@order[:description]), symbolize_names: true)
      document[:controls].to_h { |control| [control[:id], control] }
    end

    def write(document)
      text = JSON.generate(Plain.data(document))
      @result.write(text)
      @result.close
      { sha256: Digest::SHA256.hexdigest(text), bytes: text.bytesize }
    end
  end
end
