# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  module Jail
    # How paths of this machine are laid out below another root so that each is found where it was: the folders and links that
    # lead there, and what has to be mounted.
    class Layout
      MOST_LINKS = 40

      attr_reader :links, :places

      # @param paths [Array<String>] absolute; those that are not there are left out
      def initialize(paths)
        @links = {}
        @places = outermost(paths.select { |path| File.exist?(path) }.map { |path| follow(path) })
      end

      # Folders that have to be there, those above before those below.
      def folders
        above = [*@links.keys, *@places].flat_map { |path| parents(path) }
        [*above, *@places.select { |path| File.directory?(path) }].uniq.sort
      end

      # @return [String] where a path leads; links on the way are kept
      def follow(path, left = MOST_LINKS)
        raise Errno::ELOOP, path if left.zero?

        names = path.split('/').drop(1)
        names.each_index do |index|
          part = "/#{names.take(index + 1).join('/')}"
          next unless File.symlink?(part)

          @links[part] = File.readlink(part)
          return follow(File.expand_path([@links[part], *names.drop(index + 1)].join('/'), File.dirname(part)), left - 1)
        end
        path
      end

      private

      # Without those that lie in others.
      def outermost(paths)
        paths.uniq.sort.each_with_object([]) do |path, kept|
          kept << path unless kept.any? { |other| path == other || path.start_with?("#{other}/") }
        end
      end

      def parents(path)
        path == '/' ? [] : [*parents(File.dirname(path)), File.dirname(path)] - ['/']
      end
    end
  end
end
