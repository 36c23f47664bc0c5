// Gives each contestant the same address, the same first line and the same end.

// Reads the address from the first argument, as the options of `net.Server.listen`.
export function address() {
  const [host, port] = (process.argv[2] ?? '').split(':');
  if (!host || !port) {
    console.error(`usage: node ${process.argv[1]} HOST:PORT`);
    process.exit(2);
  }
  return { host, port: Number(port) };
}

// Prints the URL once the server listens, and ends the process when stdin is closed. SIGTERM ends
// it by its default action.
export function announce(server, scheme = 'ws') {
  server.on('listening', () => {
    const { address, port } = server.address();
    console.log(`listening on ${scheme}://${address}:${port}/`);
  });
  process.stdin.on('end', () => process.exit(0)).resume();
}
