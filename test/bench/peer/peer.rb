# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Runs a profile through the peer's transport, which looks into the container with `kubectl exec`.
#   ruby -rbundler/setup peer.rb k8s-container://NAMESPACE/POD/CONTAINER PROFILE
# The library instead of `inspec exec`: it starts sooner, and asks nobody to accept a licence.
# BENCH_COUNT makes it say on standard error how many commands it sent.
require 'json'
require 'stringio'
require 'inspec'
require 'train-k8s-container-mitre'

# Counts what the auditor asks of the transport, whatever becomes of it there.
module Counting
  @sent = Hash.new(0)
  class << self
    attr_reader :sent
  end

  def execute(...)
    Counting.sent[:commands] += 1
    super.tap { |result| Counting.sent[:bytes] += result.stdout.bytesize + result.stderr.bytesize }
  end
end
TrainPlugins::K8sContainer::KubectlExecClient.prepend(Counting) if ENV['BENCH_COUNT']

target, profile = ARGV
result = $stdout.dup
$stdout.reopen($stderr)
Inspec::Log.init($stderr)
options = { 'target' => target, 'reporter' => ['json:-'], 'report' => true, 'distinct_exit' => true,
            'create_lockfile' => false }
runner = Inspec::Runner.new(Inspec::Config.new(options, StringIO.new('{"version":"1.2"}'), :exec))
runner.add_target(profile)
runner.run
report = Inspec::Reporters::Json.new({ run_data: runner.instance_variable_get(:@run_data) }).report
result.write(JSON.generate(report))
result.flush
warn "counted #{JSON.generate(Counting.sent)}" if ENV['BENCH_COUNT']
