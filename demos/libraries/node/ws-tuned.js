// The echo on ws with compression, a lower limit, and nobody from a foreign page.
import { WebSocketServer } from 'ws';
import { address, announce } from './listen.js';

const sameOrigin = ({ origin, req }) => !origin || origin === `http://${req.headers.host}`;

const server = new WebSocketServer({
  ...address(),
  perMessageDeflate: { threshold: 1024, concurrencyLimit: 10 },
  maxPayload: 16 * 1024 * 1024,
  verifyClient: sameOrigin,
});
announce(server);

server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
