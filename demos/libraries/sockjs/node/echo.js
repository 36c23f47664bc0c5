// The four endpoints on sockjs-node.
import { createServer } from 'node:http';
import sockjs from 'sockjs';
import { address, announce } from '../../node/listen.js';

const server = createServer((request, response) => {
  response.writeHead(404).end();
});

function endpoint(prefix, options, onConnection) {
  const service = sockjs.createServer({ log: () => {}, ...options });
  service.on('connection', onConnection);
  service.installHandlers(server, { prefix });
}

const echo = (connection) => connection.on('data', (message) => connection.write(message));
const refuse = (connection) => connection.close(3000, 'Go away!');

endpoint('/echo', { response_limit: 4096 }, echo);
endpoint('/disabled_websocket_echo', { websocket: false }, echo);
endpoint('/cookie_needed_echo', { jsessionid: true }, echo);
endpoint('/close', {}, refuse);
announce(server, 'http');
server.listen(address());
