# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'digest'
require 'train'
require 'train/file/remote/linux'

module CincScan
  # What one look at a path found: its own status, the status of what it points to, and its content if that is small.
  # Where a link leads can be hidden (`hidden`), and its text be left unread (`unread`): both say why.
  Look = Struct.new(:present, :own, :target, :link, :realpath, :content, :hidden, :unread, keyword_init: true)

  # A file of the target, answered from one look per path instead of one command per question. What it has said it says
  # again, as Train's own file does; what was not asked before a command ran is looked at again.
  class RemoteFile < Train::File::Remote::Linux
    TYPES = {
      0o140000 => :socket, 0o120000 => :symlink, 0o100000 => :file, 0o060000 => :block_device,
      0o040000 => :directory, 0o020000 => :character_device, 0o010000 => :pipe
    }.freeze

    def initialize(backend, path, follow_symlink = true, original = nil)
      super(backend, path, follow_symlink)
      @original = original
    end

    def exist?
      @exist ||= look.present && (@follow_symlink ? !target.nil? : true)
    end

    def stat
      @stat ||= to_stat(@follow_symlink ? target : look.own)
    end

    def source
      @source ||= @follow_symlink ? self.class.new(@backend, @path, false, self) : self
    end

    # nil for what is not a file or cannot be read. The bytes as they are: who takes them for text finds out whether they
    # are (as Train's local file does).
    def content
      @content ||= raw&.then { |bytes| bytes.dup.force_encoding(Encoding::UTF_8) }
    end

    # This program looks; it never changes its target.
    def content=(_text)
      raise Train::UserError, "cinc-scan does not write to its target: #{@path}"
    end

    def shallow_link_path
      @shallow_link_path ||= symlink? ? link(:link) : nil
    end

    # From the kernel: a shell of ours sees no mounts below the target's root, and many targets have no `mount`.
    def mounted
      @mounted ||= @backend.mounted(@path)
    end

    def md5sum
      checksum(Digest::MD5)
    end

    def sha256sum
      checksum(Digest::SHA256)
    end

    protected

    # One for a file and its source.
    def look
      return @original.look if @original

      renew
      @look ||= @backend.look(@path)
    end

    private

    def renew
      @look = @raw = nil if @effects != @backend.effects && !@backend.finished?
      @effects = @backend.effects
    end

    # Of what the path leads to. A closed folder may hold it or not.
    def target
      @backend.not_seen("this view cannot tell what #{@path} leads to: #{look.hidden}") if look.hidden
      look.target
    end

    def link(part)
      raise Train::Error, "it is not known where #{@path} leads:  #{look.unread}" if look.unread

      look[part]
    end

    def read_target_path
      link(:realpath).to_s
    end

    def raw
      renew
      @raw ||= look.content || (target && type != :directory ? @backend.content(@path) : nil)
    end

    def checksum(algorithm)
      bytes = raw
      bytes && CincScan.text(algorithm.hexdigest(bytes))
    end

    # What `stat` prints for a number that no account has (GNU coreutils, BusyBox).
    NAMELESS = 'UNKNOWN'
    private_constant :NAMELESS

    # nil for a number without a name, unless that is what the account is called.
    def named(name, database, number)
      return name unless name == NAMELESS

      lines = CincScan.text(@backend.read(database).to_s).lines(chomp: true)
      name if lines.any? { |line| line.split(':').values_at(0, 2) == [name, number] }
    end

    # GNU stat prints "?" for a label where the kernel has no SELinux.
    def to_stat(fields)
      return {} if fields.nil?

      size, mode, owner, uid, group, gid, _accessed, modified, label = fields
      mode = mode.to_i(16)
      {
        type: TYPES.fetch(mode & 0o170000, :unknown), mode: mode & 0o7777, owner: named(owner, '/etc/passwd', uid),
        uid: uid.to_i, group: named(group, '/etc/group', gid), gid: gid.to_i, mtime: modified.to_i, size: size.to_i, selinux_label: label == '?' ? nil : label
      }
    end
  end
end
