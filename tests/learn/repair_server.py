"""*Repair it*: what a reviewer who knows the Go libraries stumbles over."""

import re

from command import Wrong

# The line at fault, and words of its remedy.
FAULTS = [
    (r"CheckOrigin:.*return true", r"^Delete the line"),
    (r"InsecureSkipVerify: true", r"OriginPatterns"),
    (r"= websocket\.Handler\(", r"Handshake that compares Origin"),
    (r"SetReadLimit\((0|-1)\)", r"^Set the limit to the longest message"),
    (r"WriteMessage\(websocket\.BinaryMessage", r"type that it came with"),
    (r"Write\(ctx, websocket\.MessageText", r"type that it came with"),
    (r"SetReadDeadline\(time\.Time\{\}\)", r"send pings"),
    (r"WriteMessage\(websocket\.TextMessage, tick", r"^Write with the lock"),
    (r"^\s*continue$", r"^Return"),
    (r"io\.Copy\(", r"with a Codec"),
]


def found(exercise):
    """Returns the line at fault, the remedy, and every line and remedy there is."""
    lines, remedies = exercise["exhibit"]["code"], exercise["form"]["line_and_remedy"]
    for fault, cure in FAULTS:
        line = [at for at, text in enumerate(lines) if re.search(fault, text)]
        remedy = [at for at, text in enumerate(remedies) if re.search(cure, text)]
        if line and remedy:
            return line[0], remedy[0], len(lines), len(remedies)
    raise ValueError("no fault is known in " + "\n".join(lines))


def answer(exercise, _rng):
    line, remedy, _, _ = found(exercise)
    return {"line_and_remedy": {"line": line, "remedy": remedy}}


def wrong_answers(exercise, rng):
    line, remedy, lines, remedies = found(exercise)
    for other in range(remedies):
        if other != remedy:
            yield Wrong({"line_and_remedy": {"line": line, "remedy": other}}, "remedy")
    # The lines beside it may be part of the same fault.
    far = [at for at in range(lines) if abs(at - line) > 2]
    for other in rng.sample(far, min(6, len(far))):
        yield Wrong({"line_and_remedy": {"line": other, "remedy": remedy}}, "line")
