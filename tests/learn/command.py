"""Runs `wiretalk learn`, and holds what it says against what was derived here."""

import json
import subprocess


class Failure(Exception):
    """A judgment that is not the expected one."""


class Command:
    """The program under test, and counts of what it was asked."""

    def __init__(self, program):
        self.program = program
        self.right = {}
        self.wrong = {}

    def _run(self, kind, level, seed, *more):
        command = [self.program, "learn", kind, "--level", str(level), "--seed", str(seed), *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def levels(self, kind):
        """Returns the number of levels: the first one that is refused ends them."""
        level = 1
        while self._run(kind, level, 0, "--json")[0] == 0:
            level += 1
        if level == 1:
            raise Failure(f"{kind} has no level 1: is it known to this program?")
        return level - 1

    def exercise(self, kind, level, seed):
        """Returns an exercise, and makes sure that its solution is not in it."""
        code, out, error = self._run(kind, level, seed, "--json")
        if code != 0:
            raise Failure(f"no exercise, exit status {code}: {error.strip()}")
        exercise = json.loads(out)
        if "solution" in exercise:
            raise Failure("the exercise gives its solution away")
        if len(exercise["hints"]) != 3:
            raise Failure(f"{len(exercise['hints'])} hints instead of three")
        return exercise

    def judge(self, exercise, answer):
        """Returns the judgment of an answer. The exit status has to agree with it."""
        where = (exercise["kind"], exercise["level"], exercise["seed"])
        code, out, error = self._run(*where, "--answer", json.dumps(answer))
        if code not in (0, 1):
            raise Failure(f"{answer} is unfit, exit status {code}: {error.strip()}")
        judgment = json.loads(out)
        if judgment["right"] != (code == 0):
            raise Failure(f"exit status {code}, but right is {judgment['right']}")
        for part in ("verdict", "why", "source"):
            if not judgment[part].strip():
                raise Failure(f"the judgment of {answer} has no {part}")
        return judgment

    def expect_right(self, exercise, answer):
        """The derived answer has to be right, and every mark too."""
        judgment = self.judge(exercise, answer)
        if not judgment["right"] or not all(mark["right"] for mark in judgment["marks"]):
            raise Failure(f"{answer} should be right: {json.dumps(judgment, ensure_ascii=False)}")
        self.right[exercise["kind"]] = self.right.get(exercise["kind"], 0) + 1

    def expect_wrong(self, exercise, wrong):
        """A wrong answer has to be refused, at the part and the byte that are wrong."""
        judgment = self.judge(exercise, wrong.answer)
        marks = [mark for mark in judgment["marks"] if not mark["right"]]
        if judgment["right"] or not marks:
            raise Failure(f"{wrong} should be wrong: {json.dumps(judgment, ensure_ascii=False)}")
        mark = marks[0] if wrong.is_first else _mark_of(marks, wrong.part)
        complaint = _complaint(mark, wrong)
        if complaint:
            raise Failure(f"{wrong}: {complaint}: {json.dumps(judgment, ensure_ascii=False)}")
        self.wrong[exercise["kind"]] = self.wrong.get(exercise["kind"], 0) + 1


def _mark_of(marks, part):
    return next((mark for mark in marks if mark["part"] == part), None)


def _complaint(mark, wrong):
    if mark is None or (wrong.part is not None and mark["part"] != wrong.part):
        return f"the part {wrong.part} should be marked"
    if wrong.byte is not None:
        place = mark.get("bytes")
        if place is None or not place["start"] <= wrong.byte < max(place["end"], place["start"] + 1):
            return f"the mark should be at byte {wrong.byte}"
    if wrong.text is not None:
        place = mark.get("bytes")
        typed = wrong.answer["head"].encode()
        if place is None or wrong.text not in typed[place["start"] : place["end"]].decode():
            return f"the mark should be at {wrong.text!r}"
    return None


class Wrong:
    """A wrong answer, with the part that is wrong and the place that proves it."""

    def __init__(self, answer, part, byte=None, text=None, is_first=True):
        self.answer = answer
        self.part = part
        self.byte = byte
        # The text that stands at the marked place of a head.
        self.text = text
        # Whether the part has to be the first one that is marked as wrong.
        self.is_first = is_first

    def __str__(self):
        return json.dumps(self.answer, ensure_ascii=False)
