"""Gives each contestant the same address, the same first line and the same end."""

import os
import sys
import threading


def address():
    """Returns the host and the port of the first argument."""
    if len(sys.argv) != 2 or ":" not in sys.argv[1]:
        sys.exit(f"usage: {sys.argv[0]} HOST:PORT")
    host, port = sys.argv[1].rsplit(":", 1)
    return host, int(port)


async def forever(server, scheme="ws"):
    """Prints the URL and serves until stdin is closed. SIGTERM ends it by its default action."""
    host, port = server.sockets[0].getsockname()[:2]
    print(f"listening on {scheme}://{host}:{port}/", flush=True)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    await server.serve_forever()


def _end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)
