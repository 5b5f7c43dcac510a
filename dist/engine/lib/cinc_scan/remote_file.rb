# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'digest'
require 'train'
require 'train/file/remote/linux'

module CincScan
  # What one look at a path found: its own status, the status of what it points to, and its content if that is small.
  Look = Struct.new(:present, :own, :target, :link, :realpath, :content, keyword_init: true)

  # A file of the target, answered from one look per path instead of one command per question.
  class RemoteFile < Train::File::Remote::Linux
    TYPES = {
      0o140000 => :socket, 0o120000 => :symlink, 0o100000 => :file, 0o060000 => :block_device,
      0o040000 => :directory, 0o020000 => :character_device, 0o010000 => :pipe
    }.freeze

    def initialize(backend, path, follow_symlink = true, look = nil)
      super(backend, path, follow_symlink)
      @look = look
    end

    def exist?
      look.present && (@follow_symlink ? !look.target.nil? : true)
    end

    def stat
      @stat ||= to_stat(@follow_symlink ? look.target : look.own)
    end

    def source
      @follow_symlink ? self.class.new(@backend, @path, false, look) : self
    end

    # nil for what is no file or cannot be read, as Train's own Linux file answers.
    def content
      bytes = raw
      bytes && CincScan.text(bytes)
    end

    # This program looks; it never changes its target.
    def content=(_text)
      raise Train::UserError, "cinc-scan does not write to its target: #{@path}"
    end

    def shallow_link_path
      symlink? ? look.link : nil
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

    private

    def look
      @look ||= @backend.look(@path)
    end

    def read_target_path
      look.realpath.to_s
    end

    def raw
      return @raw if defined?(@raw)

      @raw = look.content || (look.target && type != :directory ? @backend.read(@path) : nil)
    end

    def checksum(algorithm)
      bytes = raw
      bytes && CincScan.text(algorithm.hexdigest(bytes))
    end

    # GNU stat prints "?" for a label where the kernel has no SELinux.
    def to_stat(fields)
      return {} if fields.nil?

      size, mode, owner, uid, group, gid, _accessed, modified, label = fields
      mode = mode.to_i(16)
      {
        type: TYPES.fetch(mode & 0o170000, :unknown), mode: mode & 0o7777, owner: owner, uid: uid.to_i, group: group,
        gid: gid.to_i, mtime: modified.to_i, size: size.to_i, selinux_label: label == '?' ? nil : label
      }
    end
  end
end
