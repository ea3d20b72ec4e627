"""Readers of the real sets' own file formats. All of them refuse what is not exactly right."""
