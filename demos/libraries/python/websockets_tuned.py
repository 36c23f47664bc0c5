"""The echo on websockets with a larger limit, less memory for compression, and no foreign page."""

import asyncio

import listen
from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

deflate = ServerPerMessageDeflateFactory(
    server_max_window_bits=11, client_max_window_bits=11, compress_settings={"memLevel": 4}
)


def same_origin(connection, request):
    if request.headers.get("Origin") not in (None, f"http://{request.headers['Host']}"):
        return connection.respond(403, "foreign origin\n")


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    limits = {"max_size": 16 * 2**20, "max_queue": 4}
    checks = {"extensions": [deflate], "process_request": same_origin}
    async with serve(echo, *listen.address(), **limits, **checks) as server:
        await listen.forever(server)


asyncio.run(main())
