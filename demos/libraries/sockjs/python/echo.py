"""The four endpoints on sockjs for aiohttp."""

import asyncio
import pathlib
import sys

from aiohttp import web
from sockjs import MsgType, add_endpoint
from sockjs.transports.base import StreamingTransport

sys.path.append(str(pathlib.Path(__file__).parents[2] / "python"))
import listen

StreamingTransport.maxsize = 4096  # no option sets it


async def echo(manager, session, message):
    if message.type == MsgType.MESSAGE:
        session.send(message.data)


async def refuse(manager, session, message):
    if message.type == MsgType.OPEN:
        session.close(3000, "Go away!")


async def main():
    app = web.Application()
    add_endpoint(app, echo, prefix="/echo", name="echo", cookie_needed=False)
    polling = {"name": "polling", "disable_transports": ["websocket"], "cookie_needed": False}
    add_endpoint(app, echo, prefix="/disabled_websocket_echo", **polling)
    add_endpoint(app, echo, prefix="/cookie_needed_echo", name="cookie", cookie_needed=True)
    add_endpoint(app, refuse, prefix="/close", name="close", cookie_needed=False)
    runner = web.AppRunner(app)
    await runner.setup()
    server = await asyncio.get_running_loop().create_server(runner.server, *listen.address())
    await listen.forever(server, "http")


asyncio.run(main())
