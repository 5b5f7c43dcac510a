# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'json'
require 'open3'

RSpec.describe CincScan::Job do
  describe 'a control that was waived' do
    let(:original) { { id: 'a', title: 'Title', desc: 'Words', impact: 0.9, tags: { nist: ['AC-2'] }, refs: [], descriptions: [] } }

    def restore(controls)
      Dir.mktmpdir do |folder|
        file = File.join(folder, 'description.json')
        File.write(file, JSON.generate(controls: [original]))
        job = described_class.allocate
        job.instance_variable_set(:@order, { description: file })
        job.send(:restore_waived, { profiles: [{ controls: controls }] })[:profiles][0][:controls]
      end
    end

    it 'gets back what InSpec dropped of it, and keeps its result' do
      waived = { id: 'a', impact: 0.5, title: nil, tags: {}, waiver_data: { 'skipped_due_to_waiver' => true }, results: [{ status: 'skipped' }] }
      expect(restore([waived])).to match([hash_including(**original, results: [{ status: 'skipped' }])])
    end

    it 'is left alone if it was run, or is not known' do
      run = { id: 'a', impact: 0.5, waiver_data: { 'skipped_due_to_waiver' => false } }
      plain = { id: 'a', impact: 0.5, waiver_data: {} }
      other = { id: 'b', impact: 0.5, waiver_data: { 'skipped_due_to_waiver' => true } }
      expect(restore([run, plain, other].map(&:dup))).to eq([run, plain, other])
    end
  end

  describe 'what the engine changes in InSpec' do
    SCRIPT = <<~RUBY
      require 'stringio'
      require 'inspec'
      require 'inspec/reporters/json'
      if ARGV[0] == 'engine'
        require 'cinc_scan/preload'
        CincScan::Preload.call
      end
      Inspec::Log.init($stderr)
      options = { 'target' => 'local://', 'reporter' => ['json:-'], 'report' => true, 'create_lockfile' => false, 'vendor_cache' => ARGV[2] }
      runner = Inspec::Runner.new(Inspec::Config.new(options, StringIO.new('{"version":"1.2"}'), :exec))
      runner.add_target(ARGV[1])
      runner.run
      report = Inspec::Reporters::Json.new({ run_data: runner.instance_variable_get(:@run_data) }).report
      print JSON.generate(report)
    RUBY
    PROFILE = <<~RUBY
      control 'of-many-kinds' do
        describe(file('/etc/passwd')) { it { should exist } }
        describe(command('echo x')) { its('stdout') { should eq "x\\n" } }
        describe(user('root')) { its('uid') { should eq 0 } }
        describe.one do
          describe(1) { it { should eq 2 } }
          describe([1, 2]) { it { should include 2 } }
        end
      end
      control 'of-no-resource' do
        describe(no_such_resource('x')) { it { should exist } }
      end
      control 'of-words' do
        describe('text') { it { should match(/t/) } }
        describe(json(content: '{"a":1}')) { its('a') { should eq 1 } }
      end
      control 'of-its-own' do
        describe(shadow) { its('own') { should eq 'yes' } }
      end
    RUBY
    OWN = <<~RUBY
      class OwnShadow < Inspec.resource(1)
        name 'shadow'
        def own = 'yes'
      end
    RUBY

    def run(mode, folder)
      lib = File.expand_path('../lib', __dir__)
      output, errors, status = Open3.capture3(Gem.ruby, '-I', lib, '-e', SCRIPT, mode, folder, "#{folder}-cache")
      raise errors unless status.success?

      # Messages may show where an object lies in memory.
      JSON.parse(output.gsub(/0x\h+/, '0x'))['profiles'].map { |profile| normalize(profile) }
    end

    def normalize(profile)
      controls = profile['controls'].map do |control|
        results = control['results'].map { |result| result.slice('status', 'code_desc', 'message', 'resource_class') }
        control.slice('id', 'impact', 'title', 'tags').merge('results' => results)
      end
      [profile['status'], controls]
    end

    it 'changes no result' do
      Dir.mktmpdir do |folder|
        { 'inspec.yml' => "name: p\nversion: 1.0.0\n", 'controls/a.rb' => PROFILE, 'libraries/own.rb' => OWN }.each do |name, text|
          FileUtils.mkdir_p(File.dirname(File.join(folder, name)))
          File.write(File.join(folder, name), text)
        end
        plain = run('plain', folder)
        expect(plain.flatten(1).last.map { |control| control['results'].map { |result| result['status'] } }.last).to eq(['passed'])
        expect(run('engine', folder)).to eq(plain)
      end
    end
  end
end
