"""Pages that people read: the student's page of a report (`student`), and the class at a glance for its TAs (`overview`).

Each is one HTML file that needs nothing else: no network, no script. The same report gives the same bytes.
"""
