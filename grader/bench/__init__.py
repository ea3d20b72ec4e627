"""The figures of the docs, measured: `python -m grader.bench [NAME ...]`. Medians; nothing here is a test."""
