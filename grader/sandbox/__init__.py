"""The trusted side of the boundary. Linux only; imported when grading starts, never by a student's `pytest`."""
