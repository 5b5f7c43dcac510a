# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'fileutils'
require 'find'
require_relative 'layout'
require_relative 'namespaces'
require_relative 'places'
require_relative 'system_calls'

module CincScan
  module Jail
    # A root folder with nothing in it but what the profile has, each at its own path: in a namespace of mounts, read-only, with
    # a scratch folder in memory. There are no names of anything else, and neither /proc nor /sys.
    class Tree
      # mount(2), umount2(2)
      READ_ONLY = 1
      NO_SUID = 2
      NO_DEVICES = 4
      NO_PROGRAMS = 8
      REMOUNT = 32
      BIND = 0x1000
      RECURSIVE = 0x4000
      DETACH = 2
      # What a mount of the machine may have, and has to keep: in a user namespace nobody may take it away.
      KEPT = { 'nosuid' => NO_SUID, 'nodev' => NO_DEVICES, 'noexec' => NO_PROGRAMS, 'noatime' => 1024, 'nodiratime' => 2048,
               'relatime' => 0x200000 }.freeze
      MOST_COPIED = 64 * 1_048_576
      SCRATCH_BYTES = 256 * 1_048_576
      SCRATCH_FILES = 20_000

      # @param shared [Layout] what every profile has
      # @param places [Places] what this one has
      # @param owner [Integer, nil] the user of the process to come, if it is another one
      def initialize(shared, places, owner)
        @shared = shared
        @places = places
        @owner = owner
        @root = Namespaces::PLACE
        @mounted = []
      end

      def enter
        mounts = File.open('/proc/self/mountinfo') # what is mounted over it in a moment hides it
        mount('none', @root, 'tmpfs', NO_SUID | NO_DEVICES, "size=#{MOST_COPIED},mode=755")
        fill
        close(mounts)
        scratch
        Dir.chdir(@root)
        SystemCalls.call(:pivot_root, '.', '.')
        SystemCalls.call(:umount2, '.', DETACH)
        Dir.chdir(@places.scratch)
      end

      private

      # What only the user who started the scan may read is copied for the other one, who gets this and nothing around it.
      def fill
        open, closed = [*@places.own, *@places.files].partition { |path| everyones?(path) }
        lay(@shared) { |path| bind(path) }
        lay(Layout.new(open)) { |path| bind(path) }
        lay(Layout.new(closed)) { |path| copy(path) }
        FileUtils.mkdir_p(inner(@places.scratch))
      end

      def inner(path)
        "#{@root}#{path}"
      end

      def there?(path)
        @mounted.any? { |other| path == other || path.start_with?("#{other}/") }
      end

      def lay(layout)
        layout.folders.each { |path| make(path) { |to| Dir.mkdir(to) } }
        layout.links.each { |path, to| make(path) { |from| File.symlink(to, from) } }
        layout.places.each { |path| yield path unless there?(path) }
      end

      # What lies in something that is mounted already is there.
      def make(path)
        yield inner(path) unless there?(path)
      rescue Errno::EEXIST
        nil
      end

      def bind(path)
        File.write(inner(path), '') unless File.directory?(path)
        mount(path, inner(path), 0, BIND | RECURSIVE, 0)
        @mounted << path
      end

      # Whether the process to come can read it as it lies there.
      def everyones?(path)
        return true if @owner.nil?

        Find.find(path).all? { |each| Places.everyones?(File.lstat(each)) }
      end

      def copy(path)
        from = File.directory?(path) ? "#{path}/." : path
        FileUtils.cp_r(from, inner(path))
        Find.find(inner(path)) { |each| open_to_all(each) }
      end

      def open_to_all(path)
        found = File.lstat(path)
        File.chmod(found.directory? ? 0o755 : 0o644, path) unless found.symlink?
      end

      # Every mount on the root and on what is mounted there, as proc_pid_mountinfo(5) has them.
      def close(mounts)
        found = mounts.each_line.map(&:split)
        ours = [found.reverse.find { |line| line[4] == @root }[0]]
        found.each { |line| ours << line[0] if ours.include?(line[1]) }
        found.each { |line| close_mount(unescape(line[4]), line[5]) if ours.include?(line[0]) }
      ensure
        mounts.close
      end

      def unescape(path)
        path.gsub(/\\(\d{3})/) { Regexp.last_match(1).oct.chr }
      end

      def close_mount(path, options)
        kept = options.split(',').sum { |option| KEPT.fetch(option, 0) }
        device = Places::DEVICES.include?(path.delete_prefix(@root)) ? 0 : NO_DEVICES
        mount('none', path, 0, REMOUNT | BIND | READ_ONLY | NO_SUID | device | kept, 0)
      end

      def scratch
        options = "size=#{SCRATCH_BYTES},nr_inodes=#{SCRATCH_FILES},mode=700"
        options += ",uid=#{@owner},gid=#{@owner}" if @owner
        mount('none', inner(@places.scratch), 'tmpfs', NO_SUID | NO_DEVICES | NO_PROGRAMS, options)
      end

      def mount(source, target, type, flags, options)
        SystemCalls.call(:mount, source, target, type, flags, options)
      rescue SystemCallError => e
        raise e.class, "mount #{target}"
      end
    end
  end
end
