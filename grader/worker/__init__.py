"""The untrusted side: what runs beside student code, in the sandbox.

These files travel into the sandbox as the package `_grader_worker`. They need the standard library only, use NumPy and
torch where the process has imported them (`devices` imports what it is to start), and never import anything else of
`grader`. The trusted side uses `frame` and `codec` too, with its own, stricter expectations of the peer.
"""
