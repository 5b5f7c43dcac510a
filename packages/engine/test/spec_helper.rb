# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'stringio'
require 'tmpdir'
require 'inspec'
require 'cinc_scan/transport'
require 'cinc_scan/job'

# InSpec makes RSpec's global configuration its own; these specs print as they were asked to.
RSpec.configure do |config|
  config.expect_with(:rspec) { |expectations| expectations.syntax = :expect }
  config.disable_monkey_patching!
end

# As the engine's preload does: without them Train knows no platform.
Train::Platforms::Detect::Specifications::OS.load
Train::Platforms::Detect::Specifications::Api.load
