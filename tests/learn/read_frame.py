"""*Read a frame*: the fields of the last frame of an exhibit."""

import struct
import zlib

import frames
from command import Wrong


def shown(exercise):
    exhibit = exercise["exhibit"]["bytes"]
    return frames.parse(bytes.fromhex(exhibit["bytes"]))[-1]


def text_of(frame):
    payload = frame.payload
    if frame.rsv[0]:
        payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
    return payload.decode()


def values(exercise):
    """Returns each field that is asked for, with its value and the byte that proves it."""
    frame = shown(exercise)
    is_close = frame.opcode == frames.CLOSE
    body = frame.payload if is_close else b""
    first, second = frame.offset, frame.offset + 1
    payload_at = frame.payload_at if frame.length else second
    known = {
        "fin": lambda: (frame.fin, first),
        "rsv1": lambda: (frame.rsv[0], first),
        "opcode": lambda: (frame.opcode, first),
        "masked": lambda: (frame.masked, second),
        "length": lambda: (frame.length, second if frame.seven_bits < 126 else second + 1),
        "key": lambda: (frame.key, frame.key_at if frame.masked else second),
        "start": lambda: (frame.payload_at - frame.offset, second),
        "text": lambda: (text_of(frame), payload_at),
        "payload": lambda: (b"", first) if is_close else (frame.payload, payload_at),
        "code": lambda: (
            struct.unpack(">H", body[:2])[0] if body else None,
            (frame.payload_at if body else second) if is_close else first,
        ),
        "reason": lambda: (
            body[2:].decode(),
            (frame.payload_at + 2 if body[2:] else second) if is_close else first,
        ),
    }
    return {form["name"]: known[form["name"]]() for form in exercise["form"]["fields"]}


def typed(name, value, rng):
    """Returns a value in one of the forms that people type."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return rng.choice([value.hex(), value.hex(" "), value.hex(" ").upper()])
    if isinstance(value, str):
        return value
    if name in ("fin", "rsv1", "masked"):
        return rng.choice([str(value), "yes" if value else "no"])
    if name == "opcode":
        return rng.choice([frames.NAMES[value], str(value), hex(value)])
    return rng.choice([str(value), hex(value)])


def answer(exercise, rng):
    known = values(exercise)
    return {"fields": {name: typed(name, value, rng) for name, (value, _) in known.items()}}


def changed(name, value, frame, rng):
    """Returns a wrong value for a field."""
    if name in ("fin", "rsv1", "masked"):
        return str(1 - value)
    if name == "opcode":
        return str(rng.choice([bits for bits in frames.NAMES if bits != value]))
    if name in ("length", "start"):
        return str(rng.choice([value + 1, value + 128, max(0, value - 1) if value else 1]))
    if name == "code":
        return "1000" if value is None else str(rng.choice([value + 1, value ^ 0x300, value << 8 & 0xFFFF]))
    if name in ("key", "payload") and not value:
        return rng.choice(["00", "00 00 00 00"])
    if name == "key":
        return rng.choice([value[::-1], bytes([*value[:3], value[3] ^ 1])]).hex(" ")
    if name == "payload":
        at = rng.randrange(len(value))
        return bytes([*value[:at], value[at] ^ 1 << rng.randrange(8), *value[at + 1 :]]).hex()
    return rng.choice([value + "x", value[:-1], value.swapcase() + "."] if value else ["x"])


def wrong_answers(exercise, rng):
    known = values(exercise)
    right = answer(exercise, rng)["fields"]
    frame = shown(exercise)
    for name, (value, byte) in known.items():
        other = changed(name, value, frame, rng)
        if other != "" and other == right[name] or same(name, other, value):
            continue
        yield Wrong({"fields": {**right, name: other}}, name, byte)


def same(name, other, value):
    """Whether a changed value happens to be the right one."""
    if isinstance(value, bytes):
        return bytes.fromhex(other) == value
    return other == str(value)
