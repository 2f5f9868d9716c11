"""docs/language.md: every filter in its tables is judged and answered as the page says."""

from __future__ import annotations

import re

import pytest

import dfilter
from dfilter.check.functions import first_version, function_names
from dfilter.fields.versions import NEWEST
from tests.docs.pages import text_of

SCHEMA = dfilter.Schema({"ip.ttl": "uint8"})
VERSIONS = ["3.4", "4.0", "4.4", "4.6"]
Table = tuple[list[str], list[list[str]]]


def cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def tables() -> list[Table]:
    found: list[Table] = []
    lines = text_of("language.md").splitlines()
    for at, line in enumerate(lines):
        if line.startswith("|") and lines[at + 1].startswith("| ---"):
            rows = []
            for row in lines[at + 2 :]:
                if not row.startswith("|"):
                    break
                rows.append(cells(row))
            found.append((cells(line), rows))
    return found


def code(cell: str) -> str:
    """The text of a cell that is code."""
    match = re.fullmatch(r"`(.*)`", cell)
    assert match, cell
    return match[1]


TABLES = tables()
VERDICTS = [(code(row[0]), version, colour) for head, rows in TABLES if head[1:] == VERSIONS
            for row in rows for version, colour in zip(VERSIONS, row[1:], strict=True)]  # fmt: skip
TRUTH = [(code(row[0]), head[0].partition(" in ")[2] or "4.6", values, answer)
         for head, rows in TABLES if head[1:2] == ["absent"]
         for row in rows for values, answer in zip(head[1:], row[1:], strict=True)]  # fmt: skip
EXAMPLES = [code(row[head.index("example")]) for head, rows in TABLES if "example" in head for row in rows]


@pytest.mark.parametrize(("text", "version", "colour"), VERDICTS)
def test_verdict(text: str, version: str, colour: str) -> None:
    assert dfilter.check(text, version).colour == colour, dfilter.check(text, version).render()


@pytest.mark.parametrize(("text", "version", "values", "answer"), TRUTH)
def test_truth(text: str, version: str, values: str, answer: str) -> None:
    record = {} if values == "absent" else {"ip.ttl": [int(value) for value in values.split(",")]}
    assert answer in ("yes", "no")
    assert dfilter.compile(text, target=version, schema=SCHEMA).matches(record) is (answer == "yes")


def test_the_4_4_truth_is_that_of_4_6() -> None:
    for text, version, values, answer in TRUTH:
        if version == "4.6":
            test_truth(text, "4.4", values, answer)


@pytest.mark.parametrize("text", EXAMPLES)
def test_example(text: str) -> None:
    verdict = dfilter.check(text)
    assert verdict.colour == "green", verdict.render()


def test_examples_are_many() -> None:
    assert len(VERDICTS) > 60
    assert len(TRUTH) > 120
    assert len(EXAMPLES) > 40


def test_every_function_is_listed_with_its_first_version() -> None:
    rows = next(rows for head, rows in TABLES if head[:2] == ["function", "since"])
    listed = {name: since for cell, since, _ in rows for name in re.findall(r"`(\w+)\(", cell)}
    assert set(listed) == set(function_names(NEWEST))
    for name, since in listed.items():
        version = first_version(name)
        assert version is not None
        assert version.text == since, name


def test_the_oddity_of_absent_text() -> None:
    schema = dfilter.Schema({"http.host": "string"})
    for version in ("4.4", "4.6"):
        assert dfilter.compile('lower(http.host) != "x"', target=version, schema=schema).matches({})


def test_macro_calls() -> None:
    body = re.search(r'"web" (.*)', text_of("language.md"))
    assert body
    rows = next(rows for head, rows in TABLES if head == ["call", "versions"])
    assert len(rows) == 2
    for call, versions in rows:
        taken = [version for version in VERSIONS
                 if dfilter.check(code(call), version, macros={"web": body[1]}).colour != "red"]  # fmt: skip
        assert taken == (VERSIONS if versions == "all" else versions.split(", "))
