"""*What happens next?*: the events of a connection, in an order in which they can happen."""

import re

from command import Wrong

# For each story, words of its task, and its events in an order in which they can happen.
STORIES = [
    (r"while the message is open, a ping", [
        r"as text, FIN = 0", r"sends a ping", r"sends a pong", r"continuation, FIN = 0",
        r"continuation, FIN = 1", r"echoes",
    ]),
    (r"wants to send three bytes as a binary message", [
        r"as text, FIN = 0", r"program asks", r"continuation, FIN = 0", r"continuation, FIN = 1",
        r"as binary", r"echoes “", r"echoes",
    ]),
    (r"^At the same time a client sends", [
        r"client sends .* as text", r"client sends .* continuation", r"server sends .* as text",
        r"server sends .* continuation", r"sends a ping", r"sends a pong",
    ]),
    (r"The server greets every client", [
        r"opens a TCP connection", r"sends GET", r"answers 101", r"server sends", r"client sends",
        r"echoes",
    ]),
    (r"^A server is pushing updates", [
        r"server sends “", r"client sends a Close", r"server sends a Close",
        r"server closes its end", r"client closes its end", r"close event",
    ]),
    (r"^A server is being restarted", [
        r"client sends “", r"server sends a Close", r"client sends a Close",
        r"server closes its end", r"client closes its end", r"connects again",
    ]),
    (r"in 2 fragments\. When it has sent the first", [
        r"sends a ping", r"sends a pong", r"FIN = 0", r"server sends a Close", r"FIN = 1",
        r"client sends a Close", r"server closes its end",
    ]),
    (r"the client sends what the server refuses", [
        r"sends a ping", r"sends a pong",
        r"sends (a binary message|a text that|an order|a message of|a frame without)",
        r"server sends a Close", r"client sends a Close", r"server closes its end", r"close event",
    ]),
    (r"and its process hangs", [
        r"server sends “", r"process hangs", r"client sends a Close", r"timer of",
        r"client closes its end", r"close event",
    ]),
    (r"pings with a number that counts up", [
        r"sends a ping .*first", r"sends a pong", r"No FIN and no RST", r"sends a ping",
        r"pass without a pong", r"closes its end", r"close event",
    ]),
    (r"asks for everything", [
        r"connection breaks", r"in its log", r"waits a random time", r"sends GET", r"answers 101",
        r"client sends", r"server sends",
    ]),
    (r"Not knowing what the server did", [
        r"On the first connection", r"carries out", r"breaks before", r"sends GET", r"answers 101",
        r"client sends", r"server sends",
    ]),
]

# Pairs that can never be the other way round, whatever the story: what comes first and what later.
PAIRS = [
    (r"sends GET", r"answers 101"),
    (r"opens a TCP connection", r"sends GET"),
    (r"answers 101", r"^The (client|server) sends “"),
    (r"^The client sends .*(text|continuation), FIN = 0", r"^The client sends .*continuation, FIN = 1"),
    (r"^The server sends .*(text|continuation), FIN = 0", r"^The server sends .*continuation, FIN = 1"),
    (r"^The client .*FIN = [01]", r"^The client sends a Close"),
    (r"^The server .*FIN = [01]", r"^The server sends a Close"),
    (r"^The (client|server) sends a Close", r"^The server closes its end of TCP"),
    (r"^The server closes its end of TCP", r"^The client closes its end of TCP"),
    (r"closes its end of TCP", r"gets the close event"),
    (r"as text, FIN = 0", r"echoes “"),
    (r"sends a ping", r"sends a pong"),
]


def story(exercise):
    """Returns the indexes of the shown events in an order in which they can happen."""
    task, shown = exercise["task"], exercise["form"]["order"]
    script = next((script for words, script in STORIES if re.search(words, task)), None)
    if script is None:
        raise ValueError(f"no story is known of {task!r}")
    order = []
    for pattern in script:
        if pattern.endswith("first"):
            # The ping that was answered has the number of the pong.
            number = next(re.search(r"pong with (.*)\.", text)[1] for text in shown if "pong with" in text)
            pattern = rf"sends a ping with {number}\."
        matching = [at for at, text in enumerate(shown) if re.search(pattern, text) and at not in order]
        order += matching[:1]
    if sorted(order) != list(range(len(shown))):
        raise ValueError(f"{[text for at, text in enumerate(shown) if at not in order]} not placed")
    return order


def answer(exercise, _rng):
    return {"order": story(exercise)}


def wrong_answers(exercise, rng):
    shown, order = exercise["form"]["order"], story(exercise)
    pairs = [
        (early, late)
        for before, after in PAIRS
        for early in order
        for late in order
        if early != late and re.search(before, shown[early]) and re.search(after, shown[late])
        if order.index(early) < order.index(late)
    ]
    rng.shuffle(pairs)
    for early, late in pairs:
        # Of two pings, only the one with the same data is answered by the pong.
        number = re.search(r"sends a ping with (.*)", shown[early])
        if number and f"pong with {number[1]}" not in shown[late] and "pong with" in shown[late]:
            continue
        swapped = [at for at in order if at != late]
        swapped.insert(swapped.index(early), late)
        yield Wrong({"order": swapped}, str(late), is_first=False)
