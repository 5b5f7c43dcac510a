# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'open3'
require 'socket'

# Looks at this machine's own files, as the broker's script does in a container.
class LocalLooks
  FORMAT = "%s\n%f\n%U\n%u\n%G\n%g\n%X\n%Y\n%C"
  attr_reader :asked
  attr_accessor :effects

  def finished?
    false
  end

  def initialize
    @asked = []
    @effects = 0
  end

  def look(path)
    @asked << [:look, path]
    own = fields('stat', path)
    return CincScan::Look.new(present: false) if own.nil?

    link = File.symlink?(path)
    CincScan::Look.new(
      present: true, own: own, target: link ? fields('stat', '-L', path) : own, link: link ? File.readlink(path) : nil,
      realpath: link ? Open3.capture2('readlink', '-f', '--', path).first.chomp : nil, content: nil
    )
  end

  def read(path)
    @asked << [:read, path]
    File.binread(path)
  rescue SystemCallError
    nil
  end
  alias content read

  def fields(*command, path)
    output, status = Open3.capture2e(*command, '-c', FORMAT, '--', path)
    status.success? || output.count("\n") >= 7 ? output.split("\n") : nil
  end
end

# How Train asks any remote machine: one command per question.
class CommandByCommand
  def initialize
    @local = Train.create('local').connection
  end

  def os
    @local.os
  end
  alias platform os

  def run_command(command)
    output, errors, status = Open3.capture3('sh', '-c', command)
    Train::Extras::CommandResult.new(output, errors, status.exitstatus)
  end
end

RSpec.describe CincScan::RemoteFile do
  around do |example|
    Dir.mktmpdir do |folder|
      @folder = folder
      make(folder)
      example.run
    end
  end

  def make(folder)
    File.binwrite(path('plain'), "first\nsecond\n")
    File.binwrite(path('empty'), '')
    File.binwrite(path('binary'), [0, 255, 10, 128, 13].pack('C*'))
    File.chmod(0o4750, path('plain'))
    Dir.mkdir(path('directory'))
    File.chmod(0o1777, path('directory'))
    File.mkfifo(path('fifo'))
    UNIXServer.new(path('socket')).close
    { 'link' => 'plain', 'chain' => 'link', 'absolute' => File.join(folder, 'plain'), 'dangling' => 'nowhere', 'to-directory' => 'directory' }
      .each { |name, target| File.symlink(target, path(name)) }
  end

  def path(name)
    File.join(@folder, name)
  end

  questions = %i[
    exist? type mode owner uid group gid size mtime file? directory? symlink? socket? pipe? block_device? character_device?
    link_path shallow_link_path md5sum sha256sum
  ]

  %w[plain empty binary directory link chain absolute to-directory].each do |name|
    it "answers of #{name} what Train answers of any remote machine, from one look" do
      looks = LocalLooks.new
      ours = described_class.new(looks, path(name))
      theirs = Train::File::Remote::Linux.new(CommandByCommand.new, path(name))
      asked = name.include?('directory') ? questions - %i[md5sum sha256sum] : questions
      expect(asked.to_h { |question| [question, ours.public_send(question)] })
        .to eq(asked.to_h { |question| [question, theirs.public_send(question)] })
      expect(looks.asked.count { |kind, _| kind == :look }).to eq(1)
    end
  end

  it 'tells fifos and sockets, and reads neither' do
    expect(described_class.new(LocalLooks.new, path('fifo')).type).to eq(:pipe)
    expect(described_class.new(LocalLooks.new, path('socket')).type).to eq(:socket)
  end

  it 'takes a dangling link for no file, and its source for a link' do
    file = described_class.new(LocalLooks.new, path('dangling'))
    expect([file.exist?, file.source.exist?, file.source.type]).to eq([false, true, :symlink])
    expect(file.content).to be_nil
  end

  it 'has nothing to say of what is not there' do
    file = described_class.new(LocalLooks.new, path('nope'))
    expect([file.exist?, file.mode, file.owner, file.content, file.sha256sum]).to eq([false, nil, nil, nil, nil])
    expect(%i[file directory symlink]).not_to include(file.type)
  end

  it 'gives the bytes as they are, and sums of them' do
    file = described_class.new(LocalLooks.new, path('binary'))
    expect(file.content.b).to eq(File.binread(path('binary')))
    expect(file.content.encoding).to eq(Encoding::UTF_8)
    expect(file.sha256sum).to eq(Digest::SHA256.file(path('binary')).hexdigest)
  end

  it 'says again what it has said, and looks again for what was not asked before a command ran' do
    looks = LocalLooks.new
    file = described_class.new(looks, path('plain'))
    expect([file.exist?, file.mode]).to eq([true, 0o4750])
    File.write(path('plain'), "changed\n")
    File.chmod(0o600, path('plain'))
    looks.effects += 1
    expect([file.mode, file.content, file.source.mode]).to eq([0o4750, "changed\n", 0o600])
    File.delete(path('plain'))
    looks.effects += 1
    expect([file.exist?, file.content, file.sha256sum]).to eq([true, "changed\n", nil])
  end

  it 'asks again for what was not there, as Train does' do
    looks = LocalLooks.new
    file = described_class.new(looks, path('later'))
    expect(file.exist?).to be(false)
    File.write(path('later'), 'now')
    looks.effects += 1
    expect(file.exist?).to be(true)
  end

  it 'raises where the text of a link was not read' do
    looks = LocalLooks.new
    look = looks.look(path('link')).tap { |found| found.unread = 'readlink was ended by signal 9' }
    looks.define_singleton_method(:look) { |_| look }
    file = described_class.new(looks, path('link'))
    expect(file.exist?).to be(true)
    expect { file.link_path }.to raise_error(Train::Error, /signal 9/)
    expect { file.shallow_link_path }.to raise_error(Train::Error, /signal 9/)
  end

  it 'never writes' do
    expect { described_class.new(LocalLooks.new, path('plain')).content = 'x' }.to raise_error(Train::UserError)
    expect(File.read(path('plain'))).to eq("first\nsecond\n")
  end
end
