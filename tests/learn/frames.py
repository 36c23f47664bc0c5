"""WebSocket frames by RFC 6455 section 5.2, read and written without a library."""

import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


class Frame:
    """A frame at an offset of a stream. Its payload may be cut off."""

    def __init__(self, stream, offset):
        first, second = stream[offset], stream[offset + 1]
        self.offset = offset
        self.fin = first >> 7
        self.rsv = [first >> 6 & 1, first >> 5 & 1, first >> 4 & 1]
        self.opcode = first & 15
        self.masked = second >> 7
        self.seven_bits = second & 127
        at = offset + 2
        self.length = self.seven_bits
        if self.seven_bits == 126:
            (self.length,) = struct.unpack_from(">H", stream, at)
            at += 2
        elif self.seven_bits == 127:
            (self.length,) = struct.unpack_from(">Q", stream, at)
            at += 8
        self.key_at = at
        self.key = b""
        if self.masked:
            self.key = bytes(stream[at : at + 4])
            if len(self.key) < 4:
                raise struct.error("half a key")
            at += 4
        self.payload_at = at
        self.end = at + self.length
        self.payload = masked(stream[at : self.end], self.key)
        self.is_whole = len(self.payload) == self.length

    def is_control(self):
        return self.opcode >= 8


def masked(data, key):
    """Masks or unmasks (section 5.3)."""
    if not key:
        return bytes(data)
    return bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


def parse(stream):
    """Returns the frames whose headers are whole."""
    frames, at = [], 0
    while at < len(stream):
        try:
            frame = Frame(stream, at)
        except (IndexError, struct.error):
            break
        frames.append(frame)
        at = frame.end
    return frames


def header(opcode, length, key, fin=1):
    """Returns the shortest legal header."""
    first = fin << 7 | opcode
    mask = 0x80 if key else 0
    if length < 126:
        start = struct.pack(">BB", first, mask | length)
    elif length < 65536:
        start = struct.pack(">BBH", first, mask | 126, length)
    else:
        start = struct.pack(">BBQ", first, mask | 127, length)
    return start + key


def build(opcode, payload, key=b"", fin=1):
    """Returns a frame; without a key it is a server's."""
    return header(opcode, len(payload), key, fin) + masked(payload, key)
