# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Says what profile code would run in on this machine: jail.rb FOLDER. It needs Ruby alone, and runs none of a profile.
$LOAD_PATH.unshift(File.expand_path('../lib', __dir__))
require 'json'
require 'cinc_scan/jail'

scratch = File.join(ARGV.fetch(0), 'scratch')
Dir.mkdir(scratch, 0o700)
ground = CincScan::Jail::Ground.new
ground.settle
answer, told = IO.pipe
child = ground.fork do
  answer.close
  $stdin.reopen(File::NULL)
  $stdout.reopen($stderr)
  kept = CincScan::Jail.for({ directory: scratch }, ground).shut([told])
  told.write(JSON.generate(event: 'jailed', **kept))
ensure
  exit!(0)
end
told.close
print answer.read
Process.wait(child)
