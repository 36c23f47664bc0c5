"""*Which rule is broken?*: the rules of RFC 6455 and RFC 7692, one after the other; `response` has those
of a response."""

import struct

import frames
import response
from command import Wrong

# A word of the sentence that states each rule.
SENTENCES = {
    "rsv": "reserved bit",
    "rsv1-control": "never marked as compressed",
    "rsv1-continuation": "first frame is marked as compressed",
    "opcode": "An opcode is",
    "control-fin": "never fragmented",
    "control-length": "at most 125 bytes",
    "shortest": "shortest form",
    "top-bit": "top bit",
    "unmasked": "client masks every frame",
    "masked": "server never masks",
    "no-start": "still open",
    "not-ended": "ends before the next",
    "utf8": "text message is valid UTF-8",
    "close-length": "empty or at least two bytes",
    "close-code": "close codes are never sent",
    "close-utf8": "reason in a Close is valid UTF-8",
    "after-close": "sends no more data",
    "key": "fresh masking key",
}


def invalid_at(data, is_whole=True):
    """Returns the index of the first byte that makes data no UTF-8; `None` if it is."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        at_end = error.end == len(data) and error.reason == "unexpected end of data"
        if not is_whole and at_end:
            return None
        # The byte that breaks a character stands behind the ones that began it.
        return min(error.end, len(data) - 1) if error.reason == "invalid continuation byte" else error.start
    return None


def is_sendable(code):
    return code in (1000, 1001, 1002, 1003, *range(1007, 1015)) or code >= 3000


class Reader:
    """What one side has sent so far."""

    def __init__(self, exhibit):
        self.side = exhibit["from"]
        self.deflate = exhibit["deflate"]
        self.open = None
        self.compressed = False
        self.message = b""
        self.places = []
        self.closed = False
        self.last_key = None

    def fault(self, frame):
        """Returns the rule that a frame breaks, and the byte that proves it."""
        for check in (self.header_fault, self.sequence_fault, self.payload_fault):
            if found := check(frame):
                return found
        return None

    def header_fault(self, frame):
        second = frame.offset + 1
        starts = frame.opcode in (frames.TEXT, frames.BINARY)
        if frame.rsv[0] and self.deflate and not starts:
            return ("rsv1-control" if frame.is_control() else "rsv1-continuation"), frame.offset
        if frame.rsv[1] or frame.rsv[2] or (frame.rsv[0] and not self.deflate):
            return "rsv", frame.offset
        if frame.opcode not in frames.NAMES:
            return "opcode", frame.offset
        if frame.is_control() and not frame.fin:
            return "control-fin", frame.offset
        if bool(frame.masked) != (self.side == "client"):
            return ("unmasked" if self.side == "client" else "masked"), second
        if frame.seven_bits == 127 and frame.length >> 63:
            return "top-bit", second + 1
        shortest = 127 if frame.length > 65535 else 126 if frame.length > 125 else frame.length
        if frame.seven_bits != shortest:
            return "shortest", second
        if frame.is_control() and frame.length > 125:
            return "control-length", second
        if frame.masked:
            if frame.key == self.last_key:
                return "key", frame.key_at
            self.last_key = frame.key
        return None

    def sequence_fault(self, frame):
        if frame.is_control():
            return None
        if self.closed:
            return "after-close", frame.offset
        if frame.opcode == frames.CONTINUATION and self.open is None:
            return "no-start", frame.offset
        if frame.opcode != frames.CONTINUATION and self.open is not None:
            return "not-ended", frame.offset
        if frame.opcode != frames.CONTINUATION:
            self.open, self.message, self.places = frame.opcode, b"", []
            self.compressed = bool(frame.rsv[0])
        self.message += frame.payload
        self.places += range(frame.payload_at, frame.end)
        return None

    def payload_fault(self, frame):
        if frame.opcode == frames.CLOSE:
            return self.close_fault(frame)
        if frame.is_control() or self.compressed:
            if not frame.is_control() and frame.fin:
                self.open = None
            return None
        is_text = self.open == frames.TEXT
        if frame.fin:
            self.open = None
        bad = invalid_at(self.message, bool(frame.fin)) if is_text else None
        return None if bad is None else ("utf8", self.places[bad])

    def close_fault(self, frame):
        self.closed = True
        if frame.length == 1:
            return "close-length", frame.offset + 1
        if frame.length == 0:
            return None
        (code,) = struct.unpack(">H", frame.payload[:2])
        if not is_sendable(code):
            return "close-code", frame.payload_at
        bad = invalid_at(frame.payload[2:])
        return None if bad is None else ("close-utf8", frame.payload_at + 2 + bad)


def found(exercise):
    """Returns the broken rule, the byte that proves it, and all bytes that may be pointed at."""
    if "response" in exercise["exhibit"]:
        exhibit = exercise["exhibit"]["response"]
        rule, line = response.fault(exhibit)
        places = response.span(exhibit, line)
        return rule, places.start, places
    exhibit = exercise["exhibit"]["bytes"]
    reader = Reader(exhibit)
    for frame in frames.parse(bytes.fromhex(exhibit["bytes"])):
        if fault := reader.fault(frame):
            return (*fault, range(frame.offset, frame.end))
    raise ValueError("no rule is broken")


def answer(exercise, rng):
    rule, byte, places = found(exercise)
    if "response" in exercise["exhibit"]:
        # Any byte of the line stands for it.
        byte = rng.choice(places)
    return {"byte_and_rule": {"byte": byte, "rule": rule_index(exercise, rule)}}


def rule_index(exercise, rule):
    offered = exercise["form"]["byte_and_rule"]
    sentences = response.SENTENCES if "response" in exercise["exhibit"] else SENTENCES
    return next(at for at, text in enumerate(offered) if sentences[rule] in text)


def length(exercise):
    exhibit = exercise["exhibit"]
    if "response" in exhibit:
        return len(exhibit["response"]["head"])
    return len(bytes.fromhex(exhibit["bytes"]["bytes"]))


def wrong_answers(exercise, rng):
    rule, byte, places = found(exercise)
    index = rule_index(exercise, rule)
    for other in range(len(exercise["form"]["byte_and_rule"])):
        if other != index:
            yield Wrong({"byte_and_rule": {"byte": byte, "rule": other}}, "rule", byte)
    part = "line" if "response" in exercise["exhibit"] else "byte"
    elsewhere = [at for at in range(length(exercise)) if at not in places]
    for at in rng.sample(elsewhere, min(6, len(elsewhere))):
        yield Wrong({"byte_and_rule": {"byte": at, "rule": index}}, part, byte)
