"""An echo on websockets with its default options."""

import asyncio

import listen
from websockets.asyncio.server import serve


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    async with serve(echo, *listen.address()) as server:
        await listen.forever(server)


asyncio.run(main())
