# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# The engine of cinc-scan: CINC Auditor as a library, answering orders on standard input.
# Everything that prints goes to standard error; standard output carries events only.
events = $stdout.dup
$stdout.reopen($stderr)

$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'cinc_scan/compiled'
CincScan::Compiled.use(ENV.delete('CINC_SCAN_COMPILED'))
require 'cinc_scan/jail'
ground = CincScan::Jail::Ground.new # by processes that are forked while this one is small
require 'cinc_scan/preload'
require 'cinc_scan/job'
require 'cinc_scan/parent'

CincScan::Preload.call
CincScan::Compiled.leave
CincScan::Parent.new($stdin, events, ground).serve
exit!(0) # taking down what InSpec loaded takes a third of a second, and nobody needs it done
