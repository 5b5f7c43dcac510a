# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'set'
require 'strscan'

module CincScan
  # Tells commands that read and do nothing else: programs that have no way to write, with words for arguments that no
  # shell computes. What is not certainly one of them is none.
  module ReadingCommand
    ANY = /\A/
    PROGRAMS = %w(
      [ arch basename cat cksum cmp cut dirname echo egrep false fgrep getent grep groups head id ls md5sum nproc pwd
      readlink sha1sum sha256sum sha384sum sha512sum stat tail test tr true type uname wc whoami
    ).to_h { |name| [name, ANY] }.merge(
      # Neither loads settings nor makes any.
      'sysctl' => %r{\A(?:-[aAbeNnq]+|[a-z0-9][\w./-]*)\z},
      # Neither runs nor deletes, nor writes a list.
      'find' => %r{\A(?!-(?:delete|exec|ok|fprint|fls))(?:[\w./*?=+:,%@^\[\]-]+|'[^'-][^']*'|"[^"-][^"]*"|\\[()!])\z}
    ).freeze
    PLACE = %r{\A(?:/usr)?/s?bin/}
    WORD = %r{(?:[\w./:@%+,=^~*?\[\]-]|\\[^\n]|'[^']*'|"(?:[^"$`\\]|\\["\\$`])*")+}
    SILENT = %r{(?:[12]?>[ \t]*/dev/null|2>&1)(?=[ \t|;&]|\z)}
    BETWEEN = /\|\|?|&&|;/
    private_constant :ANY, :PROGRAMS, :PLACE, :WORD, :SILENT, :BETWEEN

    # @param line [String] what a shell is given
    # @return [Array<String>, nil] the programs that it names, if it only reads
    def self.programs(line)
      commands = line.valid_encoding? ? split(line) : []
      names = commands.map { |name, *arguments| name_of(name, arguments) }
      names if names.any? && names.all?
    end

    def self.===(line)
      !programs(line).nil?
    end

    def self.name_of(word, arguments)
      name = word&.sub(PLACE, '')
      name if PROGRAMS.key?(name) && arguments.all?(PROGRAMS[name])
    end
    private_class_method :name_of

    # @return [Array<Array<String>>] the words of each command; none where the line has more than that in it
    def self.split(line)
      rest = StringScanner.new(line)
      commands = [[]]
      until rest.eos?
        next if rest.skip(/[ \t]+/) || rest.skip(SILENT)

        if (word = rest.scan(WORD)) then commands.last << word
        elsif rest.skip(BETWEEN) then commands << []
        else return []
        end
      end
      commands
    end
    private_class_method :split
  end
end
