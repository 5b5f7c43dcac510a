# frozen_string_literal: true

# Runs a program where the kernel does not know some calls, as an older one: without.rb NAME,… PROGRAM…
$LOAD_PATH.unshift(File.expand_path('../../packages/engine/lib', __dir__))
require 'cinc_scan/jail'

calls = CincScan::Jail::SystemCalls
filter = CincScan::Jail::Filter
names, *program = ARGV
step = ->(code, value, if_so = 0, if_not = 0) { [code, if_so, if_not, value].pack('S<CCL<') }
unknown = names.split(',').flat_map do |name|
  number = calls::NUMBERS.fetch(name)[calls::PROCESSOR]
  [step.(filter::EQUAL, number, 0, 1), step.(filter::RETURN, filter::NO_SUCH_CALL)]
end
text = [step.(filter::LOAD, filter::NUMBER_AT), *unknown, step.(filter::RETURN, filter::ALLOW)]
calls.call(:prctl, 38, 1, 0, 0, 0) unless Process.euid.zero?
calls.call(:seccomp, filter::MODE_FILTER, 0, [text.length].pack('S!x6') + [text.join].pack('P'))
exec(*program)
