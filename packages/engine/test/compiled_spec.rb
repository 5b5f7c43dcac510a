# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'open3'
require 'tmpdir'

RSpec.describe 'what Ruby compiled before' do
  LIBRARY = File.expand_path('../lib', __dir__)

  def ruby(script, *arguments)
    output, errors, status = Open3.capture3(Gem.ruby, '-I', LIBRARY, '-r', 'cinc_scan/compiled', '-e', script, *arguments)
    raise errors unless status.success?

    output
  end

  around do |example|
    Dir.mktmpdir do |folder|
      @feature = File.join(folder, 'feature.rb')
      @kept = File.join(folder, 'compiled')
      File.write(@feature, 'puts 1')
      ruby('require ARGV[0]; CincScan::Compiled.write(ARGV[1])', @feature, @kept)
      example.run
    end
  end

  def loaded
    ruby(<<~RUBY, @feature, @kept)
      CincScan::Compiled.use(ARGV[1])
      compiled = RubyVM::InstructionSequence.respond_to?(:load_iseq) && RubyVM::InstructionSequence.load_iseq(ARGV[0])
      require ARGV[0]
      puts compiled ? 'kept' : 'anew'
    RUBY
  end

  it('is used again') { expect(loaded).to eq "1\nkept\n" }

  it 'is not used of a file that has changed, be it by its time alone' do
    File.write(@feature, 'puts 2')
    File.utime(0, 0, @feature)
    expect(loaded).to eq "2\nanew\n"
  end

  it 'is not used where another Ruby compiled it' do
    kept = File.binread(@kept)
    expect(kept.sub!(RUBY_DESCRIPTION, RUBY_DESCRIPTION.tr('r', 'x'))).not_to be_nil
    File.binwrite(@kept, kept)
    expect(loaded).to eq "1\nanew\n"
  end

  it 'is done without where it is no more, or damaged' do
    last = File.size(@kept) - 1
    [last, 60, 4, 1, 0].each do |size|
      File.truncate(@kept, size)
      expect(loaded).to eq "1\nanew\n"
    end
    [-> { File.write(@kept, 'x' * 100) }, -> { File.delete(@kept) }].each do |damage|
      damage.call
      expect(loaded).to eq "1\nanew\n"
    end
  end
end
