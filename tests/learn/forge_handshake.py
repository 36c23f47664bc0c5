"""*Forge a handshake*: heads repaired by RFC 6455 section 4, and accept values."""

import base64
import hashlib

from command import Wrong

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Head:
    """A head as lines, with its headers in order."""

    def __init__(self, text):
        self.lines = text.rstrip("\n").split("\n")

    def text(self):
        return "\n".join(self.lines) + "\n"

    def index(self, name):
        prefix = name.lower() + ":"
        found = [at for at, line in enumerate(self.lines) if line.lower().startswith(prefix)]
        return found[0] if found else None

    def value(self, name):
        at = self.index(name)
        return None if at is None else self.lines[at].split(":", 1)[1].strip()

    def with_header(self, name, value):
        """Returns a copy with this header, changed in its place or added; removed for `None`."""
        copy = Head(self.text())
        at = copy.index(name)
        if at is not None and value is None:
            del copy.lines[at]
        elif at is not None:
            copy.lines[at] = f"{name}: {value}"
        elif value is not None:
            copy.lines.append(f"{name}: {value}")
        return copy

    def tokens(self, name):
        return [token.strip() for token in (self.value(name) or "").split(",") if token.strip()]


def accept_value(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def answer(exercise, rng):
    form = exercise["form"]
    if "fields" in form:
        key = Head(exercise["exhibit"]["head"]).value("Sec-WebSocket-Key")
        fields = {"accept": accept_value(key)}
        if rng.random() < 0.5:
            fields["text"] = key + GUID
            fields["digest"] = hashlib.sha1(fields["text"].encode()).hexdigest()
        return {"fields": fields}
    head = Head(form["head"])
    if head.lines[0].startswith("HTTP/"):
        return {"head": repaired_response(exercise, head, rng).text()}
    return {"head": repaired_request(head, rng).text()}


def repaired_request(head, rng):
    if "upgrade" not in [token.lower() for token in head.tokens("Connection")]:
        head = head.with_header("Connection", rng.choice(["Upgrade", "keep-alive, Upgrade", "upgrade"]))
    if head.value("Sec-WebSocket-Version") != "13":
        head = head.with_header("Sec-WebSocket-Version", "13")
    return head


def offered(exercise):
    return Head(exercise["exhibit"]["head"]).tokens("Sec-WebSocket-Protocol")


def repaired_response(exercise, head, rng):
    names = offered(exercise)
    return head.with_header("Sec-WebSocket-Protocol", rng.choice(names) if names else None)


def wrong_answers(exercise, rng):
    form = exercise["form"]
    if "fields" in form:
        yield from wrong_accept(exercise, rng)
    elif form["head"].startswith("HTTP/"):
        yield from wrong_responses(exercise, rng)
    else:
        yield from wrong_requests(exercise, rng)


def wrong_requests(exercise, rng):
    broken = Head(exercise["form"]["head"])
    right = repaired_request(broken, rng)
    changed = next(at for at in ("Connection", "Sec-WebSocket-Version") if broken.value(at) != right.value(at))
    shown = None if broken.value(changed) is None else changed
    yield Wrong({"head": broken.text()}, changed, text=shown)
    for name in ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        yield Wrong({"head": right.with_header(name, None).text()}, name)
    key = right.value("Sec-WebSocket-Key")
    for name, value in (
        ("Upgrade", "h2c"),
        ("Connection", "close"),
        ("Sec-WebSocket-Version", str(rng.choice([0, 7, 8, 12, 14]))),
        ("Sec-WebSocket-Key", base64.b64encode(base64.b64decode(key)[:15]).decode()),
        ("Sec-WebSocket-Key", key[:-2] + "!="),
        ("Host", "other.example"),
        ("Host", "two words"),
    ):
        yield Wrong({"head": right.with_header(name, value).text()}, name, text=value)
    method, path, version = right.lines[0].split(" ")
    for line in (f"POST {path} {version}", f"{method} {path}x {version}", f"{method} {path} HTTP/1.0"):
        other = Head(right.text())
        other.lines[0] = line
        yield Wrong({"head": other.text()}, "request line", text=line)
    yield Wrong({"head": right.text() + "\nX-After: 1\n"}, "end", text="X-After")
    yield Wrong({"head": right.text() + "Content-Length: 3\n"}, "head", text="Content-Length")
    yield Wrong({"head": right.text() + "no colon\n"}, "head", text="no colon")


def wrong_responses(exercise, rng):
    protocol, accept = "Sec-WebSocket-Protocol", "Sec-WebSocket-Accept"
    broken = Head(exercise["form"]["head"])
    right = repaired_response(exercise, broken, rng)
    names = offered(exercise)
    yield Wrong({"head": broken.text()}, protocol, text=protocol)
    yield Wrong({"head": right.with_header(protocol, "never-offered").text()}, protocol, text="never-offered")
    if names:
        yield Wrong({"head": right.with_header(protocol, None).text()}, protocol)
        yield Wrong({"head": right.with_header(protocol, names[0].upper()).text()}, protocol, text=protocol)
        both = ", ".join([*names, *names])
        yield Wrong({"head": right.with_header(protocol, both).text()}, protocol, text=both)
    value = right.value(accept)
    other = value.swapcase() if value.swapcase() != value else "A" + value[1:]
    yield Wrong({"head": right.with_header(accept, other).text()}, accept, text=other)
    yield Wrong({"head": right.with_header(accept, None).text()}, accept)
    yield Wrong({"head": right.with_header("Upgrade", "h2c").text()}, "Upgrade", text="h2c")
    yield Wrong({"head": right.with_header("Connection", "close").text()}, "Connection", text="close")
    status = Head(right.text())
    status.lines[0] = "HTTP/1.1 200 OK"
    yield Wrong({"head": status.text()}, "status line", text="200")


def wrong_accept(exercise, rng):
    request = exercise["exhibit"]["head"]
    key = Head(request).value("Sec-WebSocket-Key")
    at = request.encode().index(key.encode())
    right = accept_value(key)
    sha1 = lambda data: hashlib.sha1(data).digest()
    encode = lambda data: base64.b64encode(data).decode()
    place = rng.randrange(27)
    letter = "A" if right[place] != "A" else "B"
    for value in (
        "",
        key,
        right.swapcase(),
        right[:-1],
        right[:place] + letter + right[place + 1 :],
        encode(sha1(key.encode())),
        encode(sha1(base64.b64decode(key) + GUID.encode())),
        encode(sha1((key + GUID.lower()).encode())),
        encode(sha1((key + GUID + "\n").encode())),
        encode(sha1((key + GUID).encode()).hex().encode()),
    ):
        yield Wrong({"fields": {"accept": value}}, "accept", at)
    yield Wrong({"fields": {"accept": right, "text": key}}, "text", at)
    yield Wrong({"fields": {"accept": right, "text": key + " " + GUID}}, "text", at)
    yield Wrong({"fields": {"accept": right, "digest": sha1(key.encode()).hex()}}, "digest", at)
