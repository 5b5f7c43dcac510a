# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'rbconfig'

module CincScan
  module Jail
    # What a profile has of the machine: its own files, Ruby with the gems of the engine, and what Ruby needs of the system.
    class Places
      # Libraries, the kinds of time zone, what TLS is configured by. Not /etc as a whole.
      SYSTEM = %w[
        /lib /lib32 /lib64 /usr/lib /usr/lib32 /usr/lib64 /usr/share/zoneinfo /etc/localtime /etc/timezone /etc/ld.so.cache
        /etc/ssl/openssl.cnf /etc/ssl/certs /etc/pki/tls/openssl.cnf /etc/pki/tls/certs /etc/pki/ca-trust/extracted
        /usr/share/ca-certificates
      ].freeze
      DEVICES = %w[/dev/null /dev/zero /dev/urandom /dev/random].freeze

      # The same for every profile.
      # @return [Array<String>]
      def self.shared
        gems = Gem.loaded_specs.values.flat_map { |spec| [spec.full_gem_path, spec.extension_dir] }
        own = [RbConfig::CONFIG['rubylibprefix'], File.expand_path('../..', __dir__)]
        [*SYSTEM, *DEVICES, *$LOAD_PATH.map(&:to_s), *gems, *Gem.path, *own].compact.select { |path| path.start_with?('/') }
      end

      # @param found [File::Stat]
      def self.everyones?(found)
        wanted = found.directory? ? 0o005 : 0o004
        found.symlink? || found.mode & wanted == wanted
      end

      def initialize(order)
        @order = order
      end

      # Folders and files of this profile.
      def own
        [@order[:profile], *depends(@order[:depends])].compact
      end

      # Single files that are made for the run.
      def files
        [*@order[:input_files], *@order[:waivers], @order[:description]].compact
      end

      def scratch
        @order[:directory]
      end

      private

      def depends(entries)
        (entries || []).flat_map { |entry| [entry.dig(:resolved_source, :path), *depends(entry[:dependencies])] }
      end
    end
  end
end
