"""*Write a frame*: what the sentence asks for, built byte by byte."""

import re
import struct

import frames
from command import Wrong

OPCODES = {"text": frames.TEXT, "binary": frames.BINARY}


class Wanted:
    """A frame to be written, and whether its key may be any."""

    def __init__(self, opcode, payload, key=b"", any_key=False, fin=1, header_of=None, piece=False):
        self.opcode = opcode
        self.payload = payload
        self.key = key
        self.any_key = any_key
        self.fin = fin
        self.header_of = header_of
        self.piece = piece

    def bytes(self):
        if self.header_of is not None:
            return frames.header(self.opcode, self.header_of, self.key, self.fin)
        return frames.build(self.opcode, self.payload, self.key, self.fin)


def described(words):
    """Returns the opcode and the payload that words such as `ping without payload` ask for."""
    if found := re.fullmatch(r'(text|binary) frame with the payload (?:"(.*)"|([0-9a-f ]+))', words):
        kind, text, data = found.groups()
        return OPCODES[kind], text.encode() if text is not None else bytes.fromhex(data)
    if words == "ping without payload":
        return frames.PING, b""
    if found := re.fullmatch(r"ping with the payload ([0-9a-f ]+)", words):
        return frames.PING, bytes.fromhex(found[1])
    if words == "Close without a body":
        return frames.CLOSE, b""
    if found := re.fullmatch(r'Close with the code (\d+) and (?:no reason|the reason "(.*)")', words):
        return frames.CLOSE, struct.pack(">H", int(found[1])) + (found[2] or "").encode()
    raise ValueError(f"no frame is known that is described as {words!r}")


def wanted(exercise, rng):
    """Returns the frames that a task asks for."""
    task = exercise["task"]
    fresh = lambda: bytes(rng.randrange(1, 256) for _ in range(4))
    use = re.search(r" Use (?:any keys?|the key ([0-9a-f ]+))\.$", task)
    given = bytes.fromhex(use[1]) if use and use[1] else None
    key = {"key": given or fresh(), "any_key": given is None}
    if found := re.match(r"Write a masked (.*)\. Use ", task):
        return [Wanted(*described(found[1]), **key)]
    if found := re.match(r"Write only the header of a masked binary frame with ([\d,]+) bytes ", task):
        return [Wanted(frames.BINARY, b"", header_of=int(found[1].replace(",", "")), **key)]
    if task.startswith("The server sent this ping. Write the client's pong."):
        return [Wanted(frames.PONG, exhibit(exercise).payload, **key)]
    if task.startswith("The server sent this Close. Write the client's Close in reply"):
        return [Wanted(frames.CLOSE, exhibit(exercise).payload[:2], **key)]
    if found := re.match(r'The (client|server) sends the text "(.*)" in two fragments, with an', task):
        side, text = found[1], found[2].encode()
        cut = rng.randrange(len(text) + 1)
        keys = [{"key": fresh(), "any_key": True} if side == "client" else {} for _ in range(3)]
        return [
            Wanted(frames.TEXT, text[:cut], fin=0, piece=True, **keys[0]),
            Wanted(frames.PING, b"", **keys[1]),
            Wanted(frames.CONTINUATION, text[cut:], piece=True, **keys[2]),
        ]
    if found := re.match(r"The server sends an? (.*)\. Write the frame\.$", task):
        return [Wanted(*described(found[1]))]
    raise ValueError(f"the task is not understood: {task!r}")


def exhibit(exercise):
    return frames.parse(bytes.fromhex(exercise["exhibit"]["bytes"]["bytes"]))[0]


def answer(exercise, rng):
    raw = b"".join(frame.bytes() for frame in wanted(exercise, rng))
    return {"bytes": rng.choice([raw.hex(), raw.hex(" "), raw.hex(":").upper(), ", ".join(map(hex2, raw))])}


def hex2(byte):
    return f"0x{byte:02x}"


def wrong_answers(exercise, rng):
    parts = wanted(exercise, rng)
    raw = b"".join(frame.bytes() for frame in parts)
    several = len(parts) > 1
    at = 0
    for number, frame in enumerate(parts):
        for place in range(at, at + len(frame.bytes())):
            found = part_at(frame, raw, at, place, rng)
            if found is None:
                continue
            bit, part, byte = found
            other = bytearray(raw)
            other[place] ^= bit
            name = f"frame {number + 1} {part}" if several else part
            yield Wrong({"bytes": other.hex(" ")}, name, byte)
        at += len(frame.bytes())
    yield Wrong({"bytes": raw[:-1].hex(" ")}, "end", len(raw) - 1)
    yield Wrong({"bytes": (raw + b"\x00").hex(" ")}, "end", len(raw))
    if several:
        order = [parts[1], parts[0], parts[2]]
        swapped = b"".join(frame.bytes() for frame in order)
        yield Wrong({"bytes": swapped.hex(" ")}, "frame 1 fin", 0)


def part_at(frame, raw, start, place, rng):
    """Returns a bit of the byte at `place`, the part that it belongs to, and the byte that is wrong
    once it is changed; `None` if every value is right there."""
    within = place - start
    length = frame.header_of if frame.header_of is not None else len(frame.payload)
    extended = 0 if length < 126 else 2 if length < 65536 else 8
    bit = 1 << rng.randrange(8)
    if within == 0:
        part = "fin" if bit == 0x80 else "rsv" if bit >= 0x10 else "opcode"
        return bit, part, place
    if within == 1 and bit == 0x80:
        return bit, "masked", place
    if within == 1 and frame.piece:
        return None
    if within < 2 + extended:
        return bit, "length", place
    key_at = 2 + extended
    payload_at = key_at + len(frame.key)
    if within < payload_at and not frame.any_key:
        return bit, "key", place
    if within < payload_at:
        # A free key has no wrong value, but the payload was masked with the one before.
        index = within - key_at
        if frame.header_of is not None or index >= len(frame.payload):
            return None
        return bit, payload_part(frame, index), start + payload_at + index
    return bit, payload_part(frame, within - payload_at), place


def payload_part(frame, index):
    if frame.opcode != frames.CLOSE:
        return "payload"
    return "code" if index < 2 else "reason"
