# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Plain InSpec with its own local transport, inside another root directory: the reference for what a scan has to say.
#   ruby -rSETUP-OF-THE-GEMS plain-inspec.rb ROOT PROFILE-IN-ROOT
# Native parts are loaded before the change of root, since their libraries lie outside; Ruby files may come later.
require 'json'
require 'stringio'
require 'inspec'
require 'train/transports/local'
require 'inspec/reporters/json'
%w[rspec/mocks rspec/core/mocking_adapters/rspec].each { |library| require library }
Dir[File.join(Inspec.src_root, 'lib/inspec/resources/*.rb')].each do |file|
  begin
    require file
  rescue LoadError
    next
  end
end
%w[UTF-16LE UTF-16BE].each { |encoding| ''.encode(encoding) }
Train::Platforms::Detect::Specifications::OS.load
Train::Platforms::Detect::Specifications::Api.load

root, profile = ARGV
result = $stdout.dup
$stdout.reopen($stderr)
Dir.chroot(root)
Dir.chdir('/')
ENV['PATH'] = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
ENV['HOME'] = ENV['INSPEC_CONFIG_DIR'] = '/tmp/plain-inspec'
Inspec::Log.init($stderr)
options = { 'target' => 'local://', 'reporter' => ['json:-'], 'report' => true, 'distinct_exit' => true,
            'create_lockfile' => false, 'vendor_cache' => '/tmp/plain-inspec/cache' }
runner = Inspec::Runner.new(Inspec::Config.new(options, StringIO.new('{"version":"1.2"}'), :exec))
runner.add_target(profile)
runner.run
report = Inspec::Reporters::Json.new({ run_data: runner.instance_variable_get(:@run_data) }).report
result.write(JSON.generate(report))
result.flush
