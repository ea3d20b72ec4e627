"""JUnit XML for CI: one testsuite a submission, one testcase a task or question."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["junit_xml"]

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_ELEMENT = {"failed": "failure", "partly": "failure", "fault": "error", "not assessed": "skipped"}


def junit_xml(reports: Sequence[Mapping[str, Any]]) -> bytes:
    """The file's bytes, from the public part and the timing of the reports, by student and assignment."""
    root = ET.Element("testsuites", name="grader")
    for report in sorted(reports, key=lambda r: (r["public"]["student"], r["public"]["assignment"])):
        root.append(_suite(report))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(report: Mapping[str, Any]) -> ET.Element:
    public = report["public"]
    parts = [*public["tasks"], *public["questions"]]
    elements = [_ELEMENT.get(part["verdict"]) for part in parts]
    seconds = _seconds(report)
    suite = ET.Element(
        "testsuite",
        name=_legal(f"{public['student']}/{public['assignment']}"),
        tests=str(len(elements)),
        failures=str(elements.count("failure")),
        errors=str(elements.count("error")),
        skipped=str(elements.count("skipped")),
        time=f"{sum(seconds.values()):.3f}",
    )
    for part, element in zip(parts, elements, strict=True):
        time = f"{seconds.get(part['id'], 0.0):.3f}"
        case = ET.SubElement(suite, "testcase", classname=public["assignment"], name=part["id"], time=time)
        if element is not None:
            child = ET.SubElement(case, element, message=_legal(_headline(part)))
            child.text = _legal(" ".join(filter(None, [part["message"], part.get("why")])))
    return suite


def _headline(part: Mapping[str, Any]) -> str:
    if part.get("waived"):
        return "waived for the class"
    verdict = str(part["verdict"])
    if part.get("state", "answered") != "answered":
        verdict = f"{verdict} ({part['state']})"
    return verdict if part["score"] is None else f"{verdict}: {part['score']:g} of {part['points']:g} points"


def _seconds(report: Mapping[str, Any]) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for outcome, spent in zip(report["ta"]["outcomes"], report["timing"]["tests"], strict=False):
        seconds[outcome["task"]] = seconds.get(outcome["task"], 0.0) + spent
    return seconds


def _legal(text: str) -> str:
    legal: str = _ILLEGAL.sub("", text)
    return legal
