# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # What Ruby compiles the auditor's files to, kept from run to run: compiling is two fifths of its load. They are those of
  # the gems, whose folder never changes, and of Ruby's own library; the engine's own few may be another version's at the
  # next run. A file counts only while it is the one that was compiled, and all of it only for the very Ruby that compiled.
  #
  # On disk: the length of an index, the index, and the code of one file after the other. What is read is read where it lies:
  # to take five megabytes into memory as one value, and apart, costs as much as to load what they hold.
  module Compiled
    COMPILER = RubyVM::InstructionSequence
    LENGTH = 'L>' # four bytes

    # Answers Ruby before it compiles a file (https://docs.ruby-lang.org/en/3.4/RubyVM/InstructionSequence.html).
    module Answer
      def load_iseq(path)
        code = CincScan::Compiled.code(path)
        COMPILER.load_from_binary(code) if code
      end
    end

    class << self
      # Without the file, or with one that cannot be read, Ruby compiles as ever.
      def use(file)
        return unless file && File.file?(file)

        @file = File.open(file, 'rb')
        length = @file.read(4).to_s.unpack1(LENGTH) || 0
        ruby, @known, size = Marshal.load(@file.read(length).to_s)
        @start = 4 + length
        COMPILER.singleton_class.prepend(Answer) if ruby == RUBY_DESCRIPTION && size == @file.size - @start
      rescue ArgumentError, TypeError, SystemCallError
        nil
      end

      def code(path)
        mark, offset, length = @known[path]
        @file.pread(length, @start + offset) if mark && mark == mark(path)
      end

      # All is loaded. What is forked from now on has no such file open.
      def leave
        @known = {}
        @file&.close
      end

      # Of all that is loaded by now.
      def write(file)
        codes = compiled
        offset = 0
        known = codes.to_h do |path, code|
          place = [mark(path), offset, code.bytesize]
          offset += code.bytesize
          [path, place]
        end
        index = Marshal.dump([RUBY_DESCRIPTION, known, offset])
        File.binwrite("#{file}.part", [[index.bytesize].pack(LENGTH), index, *codes.values].join, perm: 0o600)
        File.rename("#{file}.part", file)
      end

      def mark(path)
        found = File.stat(path)
        [found.size, found.mtime.to_i] # what finer there is, layers of images do not keep
      end

      private

      def compiled
        own = File.expand_path('..', __dir__)
        paths = $LOADED_FEATURES.select { |path| path.end_with?('.rb') && File.file?(path) && !path.start_with?(own) }
        paths.to_h { |path| [path, COMPILER.compile_file(path).to_binary] }
      end
    end
  end
end
