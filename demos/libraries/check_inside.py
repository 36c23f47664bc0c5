#!/usr/bin/env python3
"""Checks inside/*.toml against the modules: each function stands at its line, at the version of go/go.mod.

Needs Go, and the modules in its cache or a module proxy. Prints each disagreement, and exits with 1 if there is one.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).parent
TOPICS = ["upgrade", "frame", "masking", "buffers", "concurrency", "close", "compression", "limits"]


def declaration(function):
    """Returns the pattern of the line that declares `maskBytes`, `(*Conn).Read` or `(Codec).Send`."""
    method = re.fullmatch(r"\((\*?\w+)\)\.(\w+)", function)
    if method:
        receiver, name = map(re.escape, method.groups())
        return re.compile(rf"func \((\w+ )?{receiver}\) {name}\(")
    return re.compile(rf"func {re.escape(function)}[\[(]")


def go(*arguments):
    return subprocess.run(["go", *arguments], cwd=HERE / "go", check=True, capture_output=True, text=True).stdout


def faults_of(path, required):
    """Yields a sentence for each fault of one file."""
    library = tomllib.loads(path.read_text())
    module, version = library["module"], library["version"]
    if required.get(module) != version:
        yield f"go.mod requires {module} {required.get(module)}, not {version}"
        return
    folder = pathlib.Path(json.loads(go("mod", "download", "-json", f"{module}@{version}"))["Dir"])
    for topic in set(TOPICS) ^ {place["topic"] for place in library["place"]}:
        yield f"{topic} is missing" if topic in TOPICS else f"{topic} is no topic"
    for place in library["place"]:
        lines = (folder / place["file"]).read_text().splitlines()
        pattern = declaration(place["function"])
        found = [number for number, line in enumerate(lines, 1) if pattern.match(line)]
        if found != [place["line"]]:
            yield f"{place['file']}: {place['function']} is declared at {found}, not at {place['line']}"


def main():
    required = {module["Path"]: module["Version"] for module in json.loads(go("mod", "edit", "-json"))["Require"]}
    paths = sorted((HERE / "inside").glob("*.toml"))
    faults = [f"{path.name}: {fault}" for path in paths for fault in faults_of(path, required)]
    print("\n".join(faults) or f"{len(paths)} libraries as described")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
