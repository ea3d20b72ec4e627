"""The command line: python -m course_data fetch NAME | list | sheet NAME OUT.png | measure [NAME ...]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from course_data.catalog import SETS
from course_data.dataset import Source
from course_data.errors import DataError, MissingData
from course_data.fetch import DOWNLOADS, fetch
from course_data.loading import load
from course_data.places import data_folder
from course_data.png import encode_png
from course_data.sheets import contact_sheet

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it went well, 1 with one line on standard error if the person can mend what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except DataError as error:
        print(f"course_data: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m course_data", description="The course's data sets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("list", help="the sets, and which real ones are here")
    command.set_defaults(run=_list)
    command = commands.add_parser("fetch", help=f"download a real set: {', '.join(DOWNLOADS)}")
    command.add_argument("name", metavar="NAME")
    command.set_defaults(run=lambda options: fetch(options.name))
    command = commands.add_parser("sheet", help="write a contact sheet as a PNG file")
    command.add_argument("name", metavar="NAME")
    command.add_argument("out", metavar="OUT.png", type=Path)
    command.add_argument("--split", default="train")
    command.add_argument("--source", choices=get_args(Source), default="auto")
    command.add_argument("--columns", type=int, default=10, help="images of each class (10)")
    command.add_argument("--bits", type=int, choices=range(1, 9), default=8, help="bits kept of each colour (8)")
    command.set_defaults(run=_sheet)
    command = commands.add_parser("measure", help="accuracies of the standard models on the generated sets")
    command.add_argument("names", metavar="NAME", nargs="*")
    command.set_defaults(run=_measure)
    return parser


def _list(options: argparse.Namespace) -> None:
    print(f"data folder: {data_folder()}")
    for entry in SETS.values():
        real = "real and generated" if entry.real is not None and entry.real.present(data_folder()) else "generated"
        sizes = ", ".join(f"{split} {part.size}" for split, part in entry.splits.items())
        print(f"{entry.name:<14}{real:<20}{entry.about}; {sizes}")


def _sheet(options: argparse.Namespace) -> None:
    enough = 60 * options.columns if options.name in ("cifar10", "mnist", "body_plans") else None
    data = load(options.name, options.split, enough, options.source)
    options.out.write_bytes(encode_png(contact_sheet(data, options.columns, bits=options.bits)))
    print(f"{options.out}: {data.note}; a row each: {', '.join(data.class_names)}")


def _measure(options: argparse.Namespace) -> None:
    try:
        from course_data.measure import measure
    except ModuleNotFoundError as error:
        if error.name != "course_data.measure":
            raise
        raise MissingData(
            "the models that this measures with are answers to assignments: a students' archive is without them; "
            "use the course's own repository"
        ) from None
    measure(options.names)


if __name__ == "__main__":
    sys.exit(main())
