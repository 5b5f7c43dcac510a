# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'
require 'process_table'

# The programs that processes were started from, and who could replace them.
class ContainerPrograms < Inspec.resource(1)
  include ContainerView
  include ProcessTable

  name 'container_programs'
  supports platform: 'unix'
  desc 'Programs that run although they are not part of the image, and folders in which they could be replaced.'
  example <<~EXAMPLE
    describe container_programs do
      its('out_of_place') { should have_no_findings }
    end
  EXAMPLE

  PLACES = %r{\A(/dev/shm|/tmp|/var/tmp|/run|/var/run|/proc|/memfd:)}

  def initialize(options = {})
    super()
    @directories = options.fetch(:directories, [])
  end

  def to_s
    'Programs of the container'
  end

  def resource_id
    'programs'
  end

  # Deleted after it was started, written to where anybody may write, or never a file at all.
  def out_of_place
    found = executables.filter_map do |process, path|
      "#{label(process)} runs #{path}" if path.end_with?(' (deleted)') || path.match?(PLACES)
    end
    unseen = processes.reject { |process| executables.key?(process) }
    complete(found, unseen.map { |process| "the program of #{label(process)}" })
  end

  def replaceable
    return [] if read_only_root?

    root = processes.find { |process| field(process, 'Uid').split.include?('0') }
    return ["#{label(root)} is of user 0, and / may be written"] if root

    directories.filter_map do |mode, uid, gid, path|
      writer = processes.find { |process| writes?(process, mode.hex, uid, gid) }
      "#{label(writer)} may write to #{path}" if writer
    end
  end

  private

  def executables
    once(:executables) do
      script = processes.map { |process| "readlink /proc/#{process[:pid]}/exe 2>/dev/null; part" }
      parts, = ask('readlink', script.join("\n"))
      processes.zip(parts).filter_map { |process, path| [process, path.strip] unless path.to_s.strip.empty? }.to_h
    end
  end

  def read_only_root?
    once(:read_only_root) do
      (text,), = ask('cat', "cat /proc/#{first_process[:pid]}/mountinfo")
      root = text.lines.reverse.find { |line| line.split[4] == '/' }
      not_reviewed('The mounts of the first process cannot be read.') if root.nil?
      root.split[5].split(',').include?('ro')
    end
  end

  def directories
    once([:program_directories, @directories]) do
      names = @directories.map { |path| quote(path) }.join(' ')
      (text,), errors = ask('stat', <<~SHELL)
        for path in #{names}; do [ -d "$path" ] && stat -L -c '%f %u %g %n' "$path"; done
      SHELL
      not_reviewed("Folders of programs cannot be looked at: #{errors.lines.first}") unless errors.empty?
      text.lines.map { |line| line.chomp.split(' ', 4) }
    end
  end

  def writes?(process, mode, uid, gid)
    return mode & 0o200 != 0 if field(process, 'Uid').split.include?(uid)
    return mode & 0o020 != 0 if (field(process, 'Gid').split + field(process, 'Groups').split).include?(gid)

    mode & 0o002 != 0
  end
end
