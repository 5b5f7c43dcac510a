# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'openssl'
require 'container_view'
require 'file_walk'

# Whom the container trusts, and what it shows of itself. Read here: the container needs no program for it.
class ContainerCertificates < Inspec.resource(1)
  include ContainerView
  include FileWalk

  name 'container_certificates'
  supports platform: 'unix'
  desc 'The certificates of authorities that programs of the container trust, and other certificates in its files.'
  example <<~EXAMPLE
    describe container_certificates(bundles: ['/etc/ssl/certs/ca-certificates.crt']) do
      its('expired_authorities') { should have_no_findings }
    end
  EXAMPLE

  BLOCK = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/m
  # Kept by packages: authorities one by one, as links or as sources of the bundle.
  OF_AUTHORITIES = %r{
    \A/(etc/(ssl/certs|ca-certificates|pki)|usr/(local/)?share/(ca-certificates|pki))/ | /certifi/
  }x
  MOST = 200

  def initialize(options = {})
    super()
    @bundles = options.fetch(:bundles, [])
    @until = Time.now + (options.fetch(:days, 0) * 86_400)
    @ignored = options.fetch(:ignored, [])
  end

  def to_s
    'Certificates of the container'
  end

  def resource_id
    'certificates'
  end

  # That there is one that can be read, and that nobody else can write to it.
  def bundle_faults
    return ["there is none of #{@bundles.join(', ')}"] if present.empty?

    present.flat_map { |path| faults(path) }
  end

  def expired_authorities
    not_reviewed('There is no bundle of authorities in this container.') if present.empty?
    present.flat_map { |path| expired(path, Time.now) }.uniq
  end

  def expired_certificates
    files = certificate_files
    not_reviewed("There are #{files.size} files with certificates: too many to look at.") if files.size > MOST
    complete(files.flat_map { |path| expired(path, @until) }, closed)
  end

  private

  def present
    @bundles.select { |path| look(path) }
  end

  def faults(path)
    file = look(path)
    [("#{path} belongs to user #{file.uid}" unless file.uid.zero?),
     (format('%<path>s has mode %<mode>04o', path: path, mode: file.mode) if file.mode & 0o022 != 0),
     ("#{path} holds no certificate" if certificates(path).empty?),
     *certificates(path).grep(String)].compact
  end

  def expired(path, time)
    certificates(path).filter_map do |one|
      next one if one.is_a?(String)

      "#{path}: #{one.subject.to_utf8} ended on #{one.not_after.strftime('%F')}" if one.not_after < time
    end
  end

  # Texts stand for what looks like a certificate and is none.
  def certificates(path)
    once([:certificates, path]) do
      read(path).to_s.scan(BLOCK).each_with_index.map do |text, index|
        OpenSSL::X509::Certificate.new(text)
      rescue OpenSSL::X509::CertificateError
        "#{path}: certificate #{index + 1} cannot be read"
      end
    end
  end

  def certificate_files
    files = entries.select { |entry| entry.file? && entry.name.match?(/\.(crt|cer|pem)\z/) && entry.size < 1_000_000 }
    files.map(&:path).reject do |path|
      path.match?(OF_AUTHORITIES) || @bundles.include?(path) || @ignored.any? { |known| path.start_with?(known) }
    end
  end
end
