# frozen_string_literal: true

# Tries every escape where nothing is in the way, to see that each is a real one: each in a process that ends with it.
require 'fileutils'
require 'json'
require 'rbconfig'

libraries, known = ARGV
Dir[File.join(libraries, '*.rb')].sort.each { |path| require path }
known = JSON.parse(known, symbolize_names: true)
KernelCalls.libc(:unshare, 0x20000 | 0x04000000 | 0x08000000)
KernelCalls.libc(:mount, 'none', '/', nil, 0x4000 | 0x40000, nil)
left, = IO.pipe # what a child has of its parent

results = {}
Escapes::ALL.each_key do |name|
  File.write(known[:writable], 'x')
  said, say = IO.pipe
  child = fork do
    said.close
    Process.setsid # what is sent to a group is not sent to the tests
    FileUtils.mkdir(folder = "#{Dir.pwd}/#{results.length}")
    Dir.chdir(folder)
    say.write(Escapes.try(name, known))
    exit!(0)
  end
  say.close
  Process.wait(child)
  results[name] = said.read
end
puts JSON.generate(results)
left.close
