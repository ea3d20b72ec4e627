"""`python -m grader`: the same as the command `grader`."""

from __future__ import annotations

from grader.cli import main

raise SystemExit(main())
