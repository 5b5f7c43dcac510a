# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Compiles what the engine loads, once and for all: compile.rb FILE
$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'cinc_scan/compiled'
require 'cinc_scan/preload'
require 'cinc_scan/job'
require 'cinc_scan/parent'

CincScan::Preload.call
CincScan::Compiled.write(ARGV.fetch(0))
exit!(0)
