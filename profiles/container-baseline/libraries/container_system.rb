# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'date'
require 'container_view'

# The distribution that the image was made of, and what it does to every process.
class ContainerSystem < Inspec.resource(1)
  include ContainerView

  name 'container_system'
  supports platform: 'unix'
  desc 'The operating system of the image: whether it is maintained, its time zone, and what it loads everywhere.'
  example <<~EXAMPLE
    describe container_system(ends: { 'debian' => { '10' => '2024-06-30' } }) do
      its('unmaintained') { should have_no_findings }
    end
  EXAMPLE

  def initialize(options = {})
    super()
    @ends = with_texts(options.fetch(:ends, {}))
    @zones = options.fetch(:zones, [])
  end

  def to_s
    'Operating system of the container'
  end

  def resource_id
    'system'
  end

  def unmaintained
    last = last_day
    return [] if last == 'rolling'

    date = Date.iso8601(last.to_s)
    date < Date.today ? ["#{release['PRETTY_NAME'] || name_and_version} has had no updates since #{date}"] : []
  rescue Date::Error
    not_reviewed("The input end_of_life has no date for #{name_and_version}, but #{last.inspect}.")
  end

  # Programs take UTC where there is no file.
  def foreign_time_zone
    content = read('/etc/localtime')
    return [] if content.nil?

    rule = content.lines.last.to_s.strip # TZif files end with the rule for the future (RFC 8536)
    @zones.include?(rule) ? [] : ["/etc/localtime is of #{rule[0, 60]}"]
  end

  def preloaded
    read('/etc/ld.so.preload').to_s.split
  end

  private

  # InSpec makes symbols of some keys of an input, and none of others.
  def with_texts(table)
    table.to_h { |key, value| [key.to_s, value.is_a?(Hash) ? with_texts(value) : value] }
  end

  def last_day
    not_reviewed('The container does not tell its operating system in /etc/os-release.') if release['ID'].nil?
    versions = @ends[release['ID']]
    return versions if versions.is_a?(String)

    major, minor = release['VERSION_ID'].to_s.split('.')
    found = versions && [release['VERSION_ID'], "#{major}.#{minor}", major].filter_map { |text| versions[text] }.first
    found || not_reviewed("The input end_of_life does not know #{name_and_version}.")
  end

  def name_and_version
    "#{release['ID']} #{release['VERSION_ID']}".strip
  end

  def release
    once(:release) do
      text = read('/etc/os-release') || read('/usr/lib/os-release')
      text.to_s.scan(/^([A-Z_]+)=["']?(.*?)["']?\s*$/).to_h
    end
  end
end
