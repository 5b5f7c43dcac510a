# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'

# Answers like a broker whose target holds the paths given; those ahead, and behind a command, only if they are known.
class FakeChannel
  STAT = %w[5 81a4 root 0 root 0 0 0 ?].freeze
  attr_reader :asked, :behind, :present

  def initialize(*present, refusing: [])
    @present = present
    @refusing = refusing
    @asked = []
    @behind = []
    @found = []
  end

  def ask(operation, path: nil, ahead: nil, command: nil, **)
    return answer(operation, command, ahead) if path.nil?

    @asked << [path, ahead]
    known, own = known(path, ahead).partition { |each| each[:path] != path }
    return [{ error: 'tool', message: "#{path} cannot be looked at", ahead: known }, ''] if @refusing.include?(path)

    [{ look: own.first&.fetch(:look) || look(path), has_content: false, ahead: known }, '']
  end

  def known(path, ahead)
    return looks(ahead) if @found.none? { |each| each[:path] == path }

    @found.tap { @found = [] }
  end

  def looks(paths)
    paths.reject { |other| @refusing.include?(other) }.map { |other| { path: other, look: look(other) } }
  end

  # Commands end with the status they say.
  def answer(operation, command, ahead)
    return [{ beside: false, view: 'full', facts: {} }, ''] if operation == 'facts'

    (@behind << ahead) && (@found = looks(ahead)) if ahead
    [{ status: command[/\d+/].to_i }, 'some', '']
  end

  def look(path)
    stat = @present.include?(path) ? STAT : nil
    { present: !stat.nil?, own: stat, target: stat, link: nil, realpath: nil }
  end
end

RSpec.describe CincScan::Connection do
  def connect(channel)
    described_class.new(cs_channel: channel, cs_identity: 'test')
  end

  it 'looks at every path that was named by then in one trip' do
    channel = FakeChannel.new('/a', '/c')
    connection = connect(channel)
    files = %w[/a /b /c].map { |path| connection.file(path) }
    expect(channel.asked).to be_empty
    expect(files.map(&:exist?)).to eq([true, false, true])
    expect(channel.asked).to eq([['/a', %w[/b /c]]])
  end

  it 'asks for what is named later, and again for nothing' do
    channel = FakeChannel.new('/a', '/b')
    connection = connect(channel)
    2.times { connection.file('/a').exist? }
    2.times { connection.file('/b').exist? }
    expect(channel.asked).to eq([['/a', []], ['/b', []]])
  end

  it 'looks again, alone, at what a look at many could not tell' do
    channel = FakeChannel.new('/a', refusing: ['/b'])
    connection = connect(channel)
    first, second = %w[/a /b].map { |path| connection.file(path) }
    expect(first.exist?).to be(true)
    expect { second.exist? }.to raise_error(Train::Error, %r{/b cannot be looked at})
    expect(channel.asked.last).to eq(['/b', []])
  end

  it 'goes on with what came ahead where the path itself could not be looked at' do
    channel = FakeChannel.new('/b', refusing: ['/a'])
    connection = connect(channel)
    first, second = %w[/a /b].map { |path| connection.file(path) }
    expect { first.exist? }.to raise_error(Train::Error)
    expect(second.exist?).to be(true)
    expect(channel.asked.length).to eq(1)
  end

  it 'sends no more than a script can hold at once' do
    channel = FakeChannel.new
    connection = connect(channel)
    files = (1..500).map { |number| connection.file("/#{number}") }
    files.each(&:exist?)
    expect(channel.asked.map { |_, ahead| ahead.length }).to eq([200, 200, 97])
  end

  # Without the detection of a platform.
  def connect_without_detection(channel)
    connect(channel).tap do |connection|
      connection.define_singleton_method(:beside?) { false }
    end
  end

  it 'looks again at what a command may have changed since it was looked at ahead' do
    channel = FakeChannel.new('/a')
    connection = connect_without_detection(channel)
    first, second = %w[/a /b].map { |path| connection.file(path) }
    expect(first.exist?).to be(true)
    channel.present << '/b'
    connection.run_command('exit 0')
    expect(second.exist?).to be(true)
    expect(channel.asked).to eq([['/a', %w[/b]], ['/b', []]])
    expect(channel.behind).to eq([%w[/b]])
  end

  it 'takes what was looked at behind a command for what is after it, and not for what is after the next one' do
    channel = FakeChannel.new('/a')
    connection = connect_without_detection(channel)
    files = %w[/a /b /c].map { |path| connection.file(path) }
    files.first.exist?
    connection.run_command('exit 0')
    channel.present << '/b' << '/c'
    expect(files[1].exist?).to be(false)
    connection.run_command('exit 0')
    expect(files[2].exist?).to be(true)
    expect(channel.behind).to eq([%w[/b], %w[/c]])
  end

  it 'keeps what was looked at across a command that only reads, for a moment' do
    channel = FakeChannel.new('/a')
    connection = connect_without_detection(channel)
    files = %w[/a /b /c].map { |path| connection.file(path) }
    expect(files.first.exist?).to be(true)
    connection.run_command('grep 0 /etc/passwd')
    expect(files[1].exist?).to be(false)
    later = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 1
    allow(Process).to receive(:clock_gettime).and_return(later)
    channel.present << '/c'
    connection.run_command('grep 0 /etc/passwd')
    expect(files[2].exist?).to be(true)
    expect(channel.asked.map(&:last)).to eq([%w[/b /c], []])
    expect(channel.behind).to eq([%w[/c]])
  end

  it 'keeps what was looked at behind a command no longer than that' do
    channel = FakeChannel.new('/a')
    connection = connect_without_detection(channel)
    files = %w[/a /b].map { |path| connection.file(path) }
    files.first.exist?
    connection.run_command('touch 0')
    connection.run_command('cat 0')
    later = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 1
    allow(Process).to receive(:clock_gettime).and_return(later)
    channel.present << '/b'
    connection.run_command('cat 0')
    expect(files[1].exist?).to be(true)
    expect(channel.behind.length).to eq(2)
  end

  it 'looks at nothing behind commands that follow on commands' do
    channel = FakeChannel.new
    connection = connect_without_detection(channel)
    (1..9).map { |number| connection.file("/#{number}") }.first(3).each(&:exist?)
    4.times { connection.run_command('exit 0') }
    expect(channel.behind.map(&:length)).to eq([3, 0, 0, 0])
  end

  it 'looks at few paths while a profile runs command after command, and at many again afterwards' do
    channel = FakeChannel.new
    connection = connect_without_detection(channel)
    files = (1..400).map { |number| connection.file("/#{number}") }
    files.first(50).each do |file|
      connection.run_command('exit 0')
      file.exist?
    end
    expect([*channel.asked.map(&:last), *channel.behind].sum(&:length)).to be < 400
    before = channel.asked.length
    files.drop(50).each(&:exist?)
    expect(channel.asked.length - before).to be < 10
  end

  it 'calls a file by what a check has seen of it, once all is done' do
    channel = FakeChannel.new('/a')
    connection = connect_without_detection(channel)
    file = connection.file('/a')
    expect(file.symlink?).to be(false)
    connection.run_command('exit 0')
    connection.finish
    expect(file.path).to eq('/a')
    expect(channel.asked.length).to eq(1)
  end

  it 'tells nothing of a command that a signal ended' do
    connection = connect_without_detection(FakeChannel.new)
    killed = connection.run_command('exit 137')
    %i[stdout stderr exit_status].each { |part| expect { killed.public_send(part) }.to raise_error(Train::Error, /signal 9/) }
    expect(killed.ended_with).to eq(137)
    [0, 1, 2, 126, 128, 193, 255].each { |status| expect(connection.run_command("exit #{status}").exit_status).to eq(status) }
  end
end
