# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'
require 'file_walk'

# The files of the image and what was written over it since.
class ContainerFiles < Inspec.resource(1)
  include ContainerView
  include FileWalk

  name 'container_files'
  supports platform: 'unix'
  desc 'The files of the container that should not be there, or not in this way. Volumes are not searched.'
  example <<~EXAMPLE
    describe container_files(ignored: ['/usr/bin/su']) do
      its('setuid') { should have_no_findings }
    end
  EXAMPLE

  # @param ignored [Array<String>] paths that are expected, each with everything below it
  def initialize(options = {})
    super()
    @ignored = options.fetch(:ignored, [])
  end

  def to_s
    'Files of the container'
  end

  def resource_id
    'files'
  end

  def setuid
    found { |entry| entry.file? && entry.mode & 0o4000 != 0 && "runs as user #{entry.uid}" }
  end

  def setgid
    found { |entry| entry.file? && entry.mode & 0o2000 != 0 && "runs as group #{entry.gid}" }
  end

  def world_writable
    found { |entry| entry.file? && entry.mode & 0o002 != 0 && entry.shown_mode }
  end

  def world_writable_directories
    found { |entry| entry.directory? && entry.mode & 0o1002 == 0o002 && entry.shown_mode }
  end

  def unowned
    users, groups = %w[/etc/passwd /etc/group].map { |path| numbers(path) }
    found do |entry|
      strange = [("user #{entry.uid}" unless users.include?(entry.uid)),
                 ("group #{entry.gid}" unless groups.include?(entry.gid))].compact
      "of #{strange.join(' and ')}" unless strange.empty?
    end
  end

  # `shells`, `compilers` and so on.
  PROGRAMS.each do |kind, names|
    define_method(kind) { found { |entry| program?(entry) && names.include?(entry.name) && '' } }
  end

  def private_keys
    keys = entries.select { |entry| entry.file? && KEY_NAMES.any? { |name| File.fnmatch(name, entry.name) } }
    stores, texts = keys.partition { |entry| entry.name.match?(/\.(p12|pfx|jks|keystore|kdbx|ppk)\z/) }
    judge((stores + holding('-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY', texts)).map(&:path))
  end

  def credentials
    found { |entry| entry.content? && matches?(entry, CREDENTIALS) && '' }
  end

  def login_keys
    found { |entry| entry.content? && %w[authorized_keys authorized_keys2].include?(entry.name) && '' }
  end

  def trusted_hosts
    found { |entry| entry.file? && %w[.rhosts .shosts hosts.equiv shosts.equiv].include?(entry.name) && '' }
  end

  def source_control
    found { |entry| %w[.git .svn .hg .bzr].include?(entry.name) && '' }
  end

  def environment_files
    found { |entry| entry.file? && entry.name.match?(/\A\.env(\.(?!example|sample|template|dist).+)?\z/) && '' }
  end

  def build_files
    found { |entry| entry.file? && BUILD_FILES.any? { |name| File.fnmatch(name, entry.name) } && '' }
  end

  def package_caches
    found { |entry| entry.file? && matches?(entry, CACHES) && '' }
  end

  def histories
    found { |entry| entry.content? && entry.name.match?(/\A\.(\w+_history|lesshst|viminfo|.+\.sw[op])\z/) && '' }
  end

  def core_dumps
    found { |entry| entry.content? && entry.name.match?(/\Acore(\.\d+)?\z/) && '' }
  end

  private

  def found
    judge(entries.filter_map do |entry|
      what = yield entry
      next unless what

      what.empty? ? entry.path : "#{entry.path} #{what}"
    end)
  end

  def judge(findings)
    complete(findings.reject { |finding| expected?("#{finding} ") }, closed)
  end

  def expected?(finding)
    @ignored.any? { |path| finding.start_with?("#{path} ", "#{path.chomp('/')}/") }
  end

  def program?(entry)
    return false if entry.path.match?(%r{\A/(etc|usr/share)/}) # jobs, completions and the like of the same name

    entry.link? || (entry.file? && entry.mode & 0o111 != 0)
  end

  def matches?(entry, patterns)
    patterns.any? { |pattern| File.fnmatch(pattern, entry.path, File::FNM_DOTMATCH) }
  end

  # Those in which a line matches.
  def holding(pattern, files)
    return [] if files.empty?

    once([pattern, files.map(&:path)]) do
      names = files.map { |entry| quote(entry.path) }.join(' ')
      (matching,), errors = ask('grep', "grep -lE -e #{quote(pattern)} -- #{names}")
      not_reviewed("Not every key could be read: #{errors.lines.first.strip}") unless errors.empty? || !matching.empty?
      paths = matching.split("\n")
      files.select { |entry| paths.include?(entry.path) }
    end
  end
end
