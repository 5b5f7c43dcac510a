# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'train/extras'

module CincScan
  # Answers what InSpec's package resources ask of dpkg and apk from the target's database files, for lenses that bring
  # a shell of their own: the target may have no package tool, and BusyBox has applets of the same names that answer
  # otherwise. The commands are those of inspec-core 5.24 (resources/package.rb and packages.rb), to the letter: another
  # format or another argument is another question, and not for here.
  class PackageDatabase
    DPKG_LIST = "dpkg-query -W -f='${db:Status-Abbrev}  ${Package}  ${Version}  ${Architecture}\\n'"
    RPM_LIST = "rpm -qa --queryformat '%{NAME}  %{VERSION}-%{RELEASE}  %{ARCH}\\n'" # rubocop:disable Style/FormatStringToken
    APK_LIST = 'apk list --no-network --installed'
    # What no shell takes for more than a word.
    NAME = /[A-Za-z0-9][\w.+:-]*/.freeze
    DPKG = '/var/lib/dpkg/status'
    # Distroless images have a file a package here, and no common one.
    DPKG_PARTS = '/var/lib/dpkg/status.d'
    APK = '/lib/apk/db/installed'

    def initialize(connection)
      @connection = connection
    end

    # @return [Train::Extras::CommandResult, nil] nil for a command that asks no package database
    def answer(command)
      case command
      when /\Adpkg -s (#{NAME})\z/ then result(dpkg_paragraph(Regexp.last_match(1)))
      when DPKG_LIST then result(dpkg_list)
      when /\Aapk info -vv --no-network \| grep (#{NAME})\z/ then result(apk_lines(Regexp.last_match(1)))
      when APK_LIST then result(apk_list)
      when %r{\Arpm -qi (?:--dbpath [\w./-]+ )?#{NAME}\z}, RPM_LIST then without_rpm
      end
    end

    private

    def result(text)
      found = text && !text.empty?
      Train::Extras::CommandResult.new(found ? text : '', '', found ? 0 : 1)
    end

    # Its database has a binary form of three kinds; the target's own program reads it, where there is one and it may be run.
    def without_rpm
      return if @connection.full? && @connection.program?('rpm')

      @connection.not_seen('the database of rpm cannot be read without the program of the target')
    end

    def dpkg_paragraph(name)
      plain = name.split(':').first
      return part(plain) if common.nil?

      common.find { |paragraph| paragraph.match?(/^Package: #{Regexp.escape(plain)}$/) }
    end

    # A file without a Status stands for an installed package: that is how the images are made.
    def part(name)
      unknown unless @connection.look(DPKG_PARTS).present
      text = @connection.read("#{DPKG_PARTS}/#{name}")
      return unless text

      text = CincScan.text(text)
      text.match?(/^Status:/) ? text : "Status: install ok installed\n#{text}"
    end

    def common
      return @common if defined?(@common)

      text = @connection.read(DPKG)
      @common = text && CincScan.text(text).split(/\n\n+/)
    end

    def dpkg_list
      unknown if common.nil?
      common.map do |paragraph|
        status, name, version, architecture = %w[Status Package Version Architecture].map { |key| field(paragraph, key) }
        abbreviation = status.to_s.split.values_at(0, 2).map { |word| word.to_s[0] }.join
        "#{abbreviation}   #{name}  #{version}  #{architecture}\n"
      end.join
    end

    def field(paragraph, key)
      paragraph[/^#{key}:\s*(.*)$/, 1]
    end

    def apk_packages
      text = @connection.read(APK)
      unknown if text.nil?
      CincScan.text(text).split(/\n\n+/).map { |paragraph| paragraph.scan(/^(\w):(.*)$/).to_h }
    end

    def apk_lines(name)
      lines = apk_packages.map { |package| "#{package['P']}-#{package['V']} - #{package['T']}\n" }
      lines.grep(/#{Regexp.escape(name).gsub('\\.', '.')}/).join # as grep takes a dot
    end

    def apk_list
      apk_packages.map { |one| "#{one['P']}-#{one['V']} #{one['A']} {#{one['o']}} (#{one['L']}) [installed]\n" }.join
    end

    def unknown
      @connection.not_seen('the package database of this target was not found')
    end
  end
end
