# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Plain InSpec with its own local transport, inside another root directory: the reference for what a scan has to say.
#   ruby -rSETUP-OF-THE-GEMS plain-inspec.rb ROOT PROFILE-IN-ROOT…
# One line of JSON for each.
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

# JSON holds no bytes: those that a message quotes would cost the whole report.
def printable(value)
  case value
  when Hash then value.to_h { |key, inner| [printable(key), printable(inner)] }
  when Array then value.map { |inner| printable(inner) }
  when String then value.encoding == Encoding::BINARY ? value.dup.force_encoding('UTF-8').scrub : value.encode('UTF-8').scrub
  else value
  end
end

def report_of(profile)
  options = { 'target' => 'local://', 'reporter' => ['json:-'], 'report' => true, 'distinct_exit' => true,
              'create_lockfile' => false, 'vendor_cache' => '/tmp/plain-inspec/cache' }
  runner = Inspec::Runner.new(Inspec::Config.new(options, StringIO.new('{"version":"1.2"}'), :exec))
  runner.add_target(profile)
  runner.run
  Inspec::Reporters::Json.new({ run_data: runner.instance_variable_get(:@run_data) }).report
end

root, *profiles = ARGV
result = $stdout.dup
$stdout.reopen($stderr)
Dir.chroot(root)
Dir.chdir('/')
ENV['PATH'] = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
ENV['HOME'] = ENV['INSPEC_CONFIG_DIR'] = '/tmp/plain-inspec'
Inspec::Log.init($stderr)
# Each in a process of its own, for much of InSpec is global to one.
profiles.each do |profile|
  pid = fork do
    result.puts(JSON.generate(printable(report_of(profile))))
    result.flush
    exit!(0)
  end
  Process.wait(pid)
  exit!(1) unless $?.success?
end
