# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'spec_helper'
require 'socket'
require 'timeout'

RSpec.describe CincScan::Channel do
  # Runs a process that asks a broker; the broker answers with the given bytes and hangs up.
  def ask(answer, questions: 1, keep_ids: false, &question)
    Dir.mktmpdir do |folder|
      path = File.join(folder, 's')
      server = UNIXServer.new(path)
      result, written = IO.pipe
      pid = fork { child(path, result, written, &question) }
      written.close
      serve(server, keep_ids ? answer : answer.sub('{', '{"id":1,'), questions)
      [result.read, Process.wait2(pid).last.exitstatus]
    end
  end

  def child(path, result, written)
    result.close
    $stderr.reopen(File::NULL)
    written.write(yield(described_class.new(path)).inspect)
    written.flush
    exit!(0)
  end

  def serve(server, answer, questions)
    socket = server.accept
    questions.times { socket.gets }
    socket.write(answer)
    socket.close
    server.close
  end

  it 'gives the header and both parts as bytes' do
    got, status = ask("{\"status\":3,\"first\":4,\"second\":2}\na\n\xFF\0bc".b) { |channel| channel.ask('run', command: 'x') }
    expect([got, status]).to eq([[{ status: 3, first: 4, second: 2 }, "a\n\xFF\0".b, 'bc'.b].inspect, 0])
  end

  # Two questions of two threads, answered in the other order.
  it 'gives each thread its own answer, whichever comes first' do
    answers = "\"id\":2,\"first\":1}\n2{\"id\":1,\"first\":1}\n1"
    got, = ask("{#{answers}", keep_ids: true, questions: 2) do |channel|
      first = Thread.new { channel.ask('run', command: 'a')[1] }
      Thread.pass until first.status == 'sleep'
      [channel.ask('run', command: 'b')[1], first.value]
    end
    expect(got).to eq(%w[2 1].inspect)
  end

  it 'drops the answer to a question that was given up' do
    got, = ask("{\"id\":1,\"first\":4}\nlate{\"id\":2,\"first\":2}\nin", keep_ids: true, questions: 3) do |channel|
      begin
        Timeout.timeout(0.2) { channel.ask('run', command: 'slow') }
      rescue Timeout::Error
        nil
      end
      channel.ask('run', command: 'b')[1]
    end
    expect(got).to eq('in'.inspect)
  end

  lost = {
    'hangs up' => '',
    'hangs up in the middle of a line' => '{"status":',
    'hangs up in the middle of a part' => "{\"first\":10}\nabc",
    'says that the target is lost' => "{\"error\":\"lost\"}\n",
    'says what is no answer' => "nonsense\n"
  }
  lost.each do |name, answer|
    it "ends the process with 75 when the broker #{name}, whatever the profile rescues" do
      got, status = ask(answer) do |channel|
        channel.ask('facts')
      rescue Exception # rubocop:disable Lint/RescueException -- what a profile may do
        'rescued'
      ensure
        $stdout.flush
      end
      expect([got, status]).to eq(['', CincScan::Channel::LOST])
    end

    it "ends it in a thread of the profile too, when the broker #{name}" do
      got, status = ask(answer) do |channel|
        Thread.new { channel.ask('facts') }.join
        'went on'
      end
      expect([got, status]).to eq(['', 75])
    end
  end

  it 'ends the process when nobody takes its events' do
    got, status = ask('') do |channel|
      channel.tell('control', id: 'a')
      loop { channel.tell('control', id: 'b') }
    end
    expect([got, status]).to eq(['', 75])
  end
end
