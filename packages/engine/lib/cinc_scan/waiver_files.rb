# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'stringio'

module CincScan
  # Reads waiver files with InSpec's own reader, which in a run ends everything where it does not like one.
  module WaiverFiles
    class << self
      # @return [Array<Hash>] of each file what InSpec says of it, and why it would not go on, if it would not
      def read(paths)
        paths.map { |path| { path: path, **listen { read_one(path) } } }
      end

      private

      def read_one(path)
        reader = Inspec::WaiverFileReader
        found = reader.valid_waiver_file?(path) ? reader.parse_waiver_file(path) : nil
        ids = found.is_a?(Hash) ? found.keys.grep_v(String) : []
        ids.each { |id| Inspec::Log.warn("the control id #{id} is read as a #{id.class}, which no control has: put it in quotes") }
      end

      def listen
        Inspec::Log.init(said = StringIO.new)
        problem = nil
        begin
          yield
        rescue SystemExit, StandardError => e
          problem = e.is_a?(SystemExit) ? '' : CincScan.text(YamlProblem.message(e))
        end
        warnings, errors = sort(said.string)
        { warnings: warnings, problem: problem && [*errors, problem].reject(&:empty?).join('; ') }
      end

      # `[TIME] LEVEL: text`, and lines that belong to the one before.
      def sort(said)
        lines = CincScan.text(said).lines(chomp: true).map { |line| line.match(/\A(?:\[[^\]]*\] )?(?:(WARN|ERROR|FATAL): )?(.*)\z/) }
        lines.partition { |line| line[1] == 'WARN' }.map { |some| some.map { |line| line[2] } }
      end
    end
  end
end
