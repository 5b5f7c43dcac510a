# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # Whether a target has a program, by its files: for lenses whose shell brings programs of its own.
  class ProgramSearch
    # What a shell has without a file (POSIX 2.9.1.4 and 2.14).
    BUILTINS = %w[. : alias bg break cd command continue eval exec exit export fc fg getopts hash jobs read readonly return
                  set shift times trap type ulimit umask unalias unset wait].freeze
    USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

    def initialize(connection)
      @connection = connection
    end

    def include?(name)
      return program?(name) if name.include?('/')

      folders.any? { |folder| program?("#{folder}/#{name}") } || (BUILTINS.include?(name) && include?('sh'))
    end

    private

    # `self` is the target's process: programs are started where its own variable says.
    def folders
      @folders ||= begin
        variables = @connection.read('/proc/self/environ').to_s.split("\0")
        path = variables.find { |text| text.start_with?('PATH=') }.to_s.delete_prefix('PATH=')
        (path.empty? ? USUAL_PATH : path).split(':').select { |folder| folder.start_with?('/') }.uniq
      end
    end

    def program?(path)
      _, mode, = @connection.look(path).target
      !mode.nil? && mode.hex & 0o170000 == 0o100000 && mode.hex.anybits?(0o111)
    end
  end
end
