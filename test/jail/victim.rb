# frozen_string_literal: true

# What a profile may want to reach: ends of every kind, and a process to look into. Says where they are, then who came.
require 'json'
require 'socket'

folder = ARGV.fetch(0)
path = File.join(folder, 'end')
tcp = TCPServer.new('127.0.0.1', 0)
udp = UDPSocket.new.tap { |socket| socket.bind('127.0.0.1', 0) }
stream = UNIXServer.new(path)
abstract = Socket.new(:UNIX, :STREAM).tap { |socket| socket.bind(Addrinfo.unix("\0end")) && socket.listen(5) }
datagrams = Socket.new(:UNIX, :DGRAM).tap { |socket| socket.bind(Addrinfo.unix("#{path}-datagrams")) }
$stdout.sync = true
puts JSON.generate(victim: Process.pid, tcp: tcp.addr[1], udp: udp.addr[1], unix: path)

waiting = { tcp => 'tcp', udp => 'udp', stream => 'unix', abstract => 'abstract', datagrams => 'datagrams', $stdin => 'end' }
loop do
  ready, = IO.select(waiting.keys)
  exit if ready.include?($stdin)
  ready.each do |socket|
    puts JSON.generate(came: waiting[socket])
    socket.respond_to?(:accept) && ![udp, datagrams].include?(socket) ? socket.accept : socket.recv(100)
  end
end
