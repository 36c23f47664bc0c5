"""The response of a server to a request that offers nothing, by RFC 6455 section 4.1."""

from forge_handshake import Head, accept_value

# A word of the sentence that states each rule.
SENTENCES = {
    "status": "answers 101",
    "upgrade": "names websocket in Upgrade",
    "connection": "names Upgrade in Connection",
    "no-accept": "has a Sec-WebSocket-Accept",
    "accept": "SHA-1 of the key",
    "subprotocol": "chooses only a subprotocol",
    "extension": "agrees only on an extension",
}


def fault(exhibit):
    """Returns the rule that a response breaks, and the number of the line that proves it."""
    # The text ends with the blank line.
    text = exhibit["head"]
    head = Head(text)
    blank = len(text.splitlines()) - 1
    if head.lines[0].split(" ")[1] != "101":
        return "status", 0
    if (head.value("Upgrade") or "").lower() != "websocket":
        return "upgrade", blank
    if "upgrade" not in [token.lower() for token in head.tokens("Connection")]:
        return "connection", blank
    accept = head.value("Sec-WebSocket-Accept")
    if accept is None:
        return "no-accept", blank
    if accept != accept_value(exhibit["key"]):
        return "accept", head.index("Sec-WebSocket-Accept")
    for rule, name in (("subprotocol", "Sec-WebSocket-Protocol"), ("extension", "Sec-WebSocket-Extensions")):
        if head.index(name) is not None:
            return rule, head.index(name)
    raise ValueError("no rule is broken")


def span(exhibit, line):
    """Returns the bytes of a line with its end."""
    lines = exhibit["head"].splitlines(keepends=True)
    start = sum(len(text) for text in lines[:line])
    return range(start, start + len(lines[line]))
