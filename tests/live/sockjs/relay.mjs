// A TCP relay between the browser and the server that has something against WebSockets.
import { createServer, connect } from 'node:net';

const REFUSED = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

// Starts a relay to `port` and returns it with its own port. `onUpgrade(client, server, head)` gets the connections whose
// first request asks for a WebSocket; all others are passed on as they are.
export async function startRelay(port, onUpgrade) {
  const open = new Set();
  const relay = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => {});
    let head = Buffer.alloc(0);
    const read = (bytes) => {
      head = Buffer.concat([head, bytes]);
      if (!head.includes('\r\n\r\n')) return;
      client.off('data', read).pause();
      const server = connect(port, '127.0.0.1');
      server.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('close', () => server.destroy());
      if (/^upgrade: *websocket\r$/im.test(head.toString('latin1'))) {
        onUpgrade(client, server, head);
      } else {
        server.write(head);
        client.pipe(server).pipe(client);
      }
    };
    client.on('data', read);
  });
  await new Promise((listening) => relay.listen(0, '127.0.0.1', listening));
  const close = () => {
    relay.close();
    open.forEach((client) => client.destroy());
  };
  return { port: relay.address().port, close };
}

// Answers 403, as a proxy that knows no WebSocket.
export function refuse(client, server) {
  client.end(REFUSED);
  server.destroy();
}

// Lets the handshake pass and nothing after it, and kills the connection 200 ms later.
export function killInSilence(client, server, head) {
  server.write(head);
  let answer = Buffer.alloc(0);
  server.on('data', (bytes) => {
    const had = answer.indexOf('\r\n\r\n');
    answer = Buffer.concat([answer, bytes]);
    const end = answer.indexOf('\r\n\r\n');
    if (had < 0 && end >= 0) {
      client.write(answer.subarray(0, end + 4));
      setTimeout(() => client.destroy(), 200);
    }
  });
}

// Lets everything pass, and kills the connection 200 ms after the handshake.
export function killLater(client, server, head) {
  server.write(head);
  server.once('data', () => setTimeout(() => client.destroy(), 200));
  client.pipe(server).pipe(client);
}
