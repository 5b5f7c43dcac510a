# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # What Ruby compiles the auditor's files to, kept from run to run: compiling is two fifths of its load. They are those of
  # the gems, whose folder never changes, and of Ruby's own library; the engine's own few may be another version's at the
  # next run. A file counts only while it is the one that was compiled, and all of it only for the very Ruby that compiled.
  module Compiled
    COMPILER = RubyVM::InstructionSequence

    # Answers Ruby before it compiles a file (https://docs.ruby-lang.org/en/3.4/RubyVM/InstructionSequence.html).
    module Answer
      def load_iseq(path)
        mark, code = CincScan::Compiled.known[path]
        COMPILER.load_from_binary(code) if code && mark == CincScan::Compiled.mark(path)
      end
    end

    class << self
      attr_reader :known

      # Without the file, or with one that cannot be read, Ruby compiles as ever.
      def use(file)
        return unless file && File.file?(file)

        ruby, @known = Marshal.load(File.binread(file))
        COMPILER.singleton_class.prepend(Answer) if ruby == RUBY_DESCRIPTION
      rescue ArgumentError, TypeError, SystemCallError
        nil
      end

      # Of all that is loaded by now.
      def write(file)
        own = File.expand_path('..', __dir__)
        paths = $LOADED_FEATURES.select { |path| path.end_with?('.rb') && File.file?(path) && !path.start_with?(own) }
        known = paths.to_h { |path| [path, [mark(path), COMPILER.compile_file(path).to_binary]] }
        File.binwrite("#{file}.part", Marshal.dump([RUBY_DESCRIPTION, known]), perm: 0o600)
        File.rename("#{file}.part", file)
      end

      def mark(path)
        found = File.stat(path)
        [found.size, found.mtime.to_i] # what finer there is, layers of images do not keep
      end
    end
  end
end
