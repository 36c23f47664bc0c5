// An echo on ws with its default options.
import { WebSocketServer } from 'ws';
import { address, announce } from './listen.js';

const server = new WebSocketServer(address());
announce(server);

server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
