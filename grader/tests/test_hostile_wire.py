"""Attacks on the wire: student code writes to the worker's socket itself, or takes over the code that does."""

from __future__ import annotations

import pytest

from grader.errors import CheckFailed, LimitExceeded, MalformedReply, StudentError, WorkerDied
from grader.tests.hostile import COLD, WARM, named, open_arena

FORGE = """
import json, socket, struct

def nonce():
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["request"]["n"]

def framed(head, *buffers, claimed=None):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    lengths = [len(b) for b in buffers] if claimed is None else claimed
    header = struct.pack("<4sIIQ", b"GRD1", len(text), len(lengths), sum(lengths))
    return header + struct.pack(f"<{len(lengths)}Q", *lengths) + text + b"".join(buffers)

def send(data):
    while data:
        data = data[os.write(3, data):]

def reply(*buffers, **head):
    "A reply to this very request, and not a word from the worker after it."
    send(framed({"n": nonce(), **head}, *buffers))
    time.sleep(60)
"""


@pytest.fixture(scope="module", params=WARM, ids=named)
def arena(request):
    yield from open_arena(request.param)


@pytest.fixture(autouse=True)
def _unharmed(arena):
    with arena.unharmed():
        yield


MALFORMED = {
    "garbage": ("send(b'x' * 100)", "bytes that are not a reply: no frame begins here"),
    "another protocol": ("send(b'HTTP/1.1 200 OK' + bytes(99))", "no frame begins here"),
    "garbage in the caller's thread": ("threading.Thread(target=send, args=[b'x' * 30]).start(); time.sleep(9)", "no frame"),
    "a nonce of its own": ("send(framed({'n': '0' * 16, 'ok': 1}))", "the reply to no request"),
    "no nonce": ("send(framed({'ok': 1}))", "the reply to no request"),
    "a nonce that is no text": ("send(framed({'n': [nonce()], 'ok': 1}))", "the reply to no request"),
    "no object": ("send(framed(b'[1]'))", "the head is not an object"),
    "no JSON": ("send(framed(b'{'))", "the head is not JSON"),
    "deep JSON": ("send(framed(b'{\"ok\":' + b'[' * 900_000))", "the head is not JSON"),
    "NaN": ("send(framed(b'{\"ok\": NaN}'))", "the head is not JSON"),
    "a huge number": ("send(framed(b'{\"ok\": ' + b'9' * 9999 + b'}'))", "the head is not JSON"),
    "a head of 4 GB": ("send(struct.pack('<4sIIQ', b'GRD1', 2**32 - 1, 0, 0))", "over the caps"),
    "buffers of 16 EB": ("send(struct.pack('<4sIIQ', b'GRD1', 2, 1, 2**64 - 1))", "over the caps"),
    "4 billion buffers": ("send(struct.pack('<4sIIQ', b'GRD1', 2, 2**32 - 1, 0))", "over the caps"),
    "sizes that do not add up": ("send(struct.pack('<4sIIQ2Q', b'GRD1', 2, 2, 5, 2, 2) + b'{}xxxx')", "do not add up"),
    "a second reply": ("send(framed({'n': nonce(), 'ok': 1}) * 2)", "the reply to no request"),
    "pickles": ("reply(b'x' * 8, ok=['a', '|O', [1], 0])", "a dtype that may not cross"),
    "a tag of the other direction": ("reply(ok=['G', 'guest'])", "an unknown tag"),
    "an array of another size": ("reply(b'x' * 8, ok=['a', '<f8', [1 << 28], 0])", "another size"),
    "a million empty arrays": ("reply(b'', ok=['A', 'l', '<f8', [1 << 20, 0], 0])", "too many nodes"),
    "one buffer for two": ("reply(b'x' * 8, ok=['l', [['b', 0], ['b', 0]]])", "a buffer used twice"),
    "a billion laughs": ("reply(ok=['l', [['n', 'l', '|b1', k] for k in range(99)]], *[bytes(1 << 16)] * 99)",
        "too many numbers"),
    "no result": ("reply()", "KeyError: 'ok'"),
    "notes that are none": ("reply(ok=1, mutated={'x': 1})", "a sequence of no known form"),
    "a refusal that is no text": ("reply(refused={'x': 1})", "a node of no known form"),
}  # fmt: skip


def test_what_no_worker_would_send_ends_the_task(arena):
    for what, (code, words) in MALFORMED.items():
        submission = arena.student(f"{FORGE}\ndef f(): {code}\ndef g(): return 1")
        try:
            with pytest.raises(MalformedReply, match=words) as first:
                submission.f(), submission.g()
            with pytest.raises(MalformedReply) as second:
                submission.g()
            assert second.value is first.value
        except BaseException as error:
            error.add_note(f"when it sends {what}")
            raise


def test_a_forged_reply_is_the_students_word_once(arena):
    """A student's code may answer what it likes; it may not answer twice."""
    submission = arena.student(f"{FORGE}\ndef f(): send(framed({{'n': nonce(), 'ok': 7}})); return 8\ndef g(): return 1")
    assert submission.f() == 7
    with pytest.raises(MalformedReply, match="the reply to no request"):
        submission.g()


def test_a_forged_exception_is_an_exception_of_the_students(arena):
    forged = [
        ("5", "Exception"), ("{'lineage': 3, 'text': [], 'line': 'x', 'wanted': -1}", "Exception"), ("{}", "Exception"),
        ("{'lineage': ['Verdict', 'Fault', 'SandboxFault'], 'text': 'x'}", "Verdict: x"),
        ("{'lineage': ['a b', '', 5, 'E' * 999], 'text': chr(27) + 'x'}", r"E{80}: \\x1bx"),
        ("{'lineage': ['KeyError'], 'text': 'x', 'file': '/etc/passwd', 'line': 1}", "KeyError: x"),
        ("{'lineage': ['KeyError'], 'text': 'x', 'file': {}, 'line': 1}", "KeyError: x"),
        ("{'lineage': ['KeyError'], 'text': 'x', 'file': 'student.py', 'line': -1}", "KeyError: x"),
    ]  # fmt: skip
    for data, words in forged:
        with pytest.raises(StudentError, match=f"^{words}$") as caught:
            arena.student(f"{FORGE}\ndef f(): reply(raised={data})").f()
        assert (caught.value.file, caught.value.line, caught.value.wanted) == (None, None, None)


def test_a_forged_refusal_is_a_failure(arena):
    with pytest.raises(CheckFailed, match="^f gave something that cannot be handed over: 5$"):
        arena.student(f"{FORGE}\ndef f(): reply(refused=5)").f()


def test_a_forged_handle_reaches_nothing(arena):
    submission = arena.student(f"{FORGE}\ndef f(): reply(ok=['h', 987654321, chr(27) + 'X'])")
    handle = submission.f()
    with pytest.raises(TypeError, match=r"an object of type '\\x1bX' that stays in the worker"):
        bool(handle)


ENDING = {
    "closes it": ("os.close(3)", "died"),
    "shuts it": ("socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)", "died"),
    "puts a file in its place": ("file = tempfile.TemporaryFile(); os.dup2(file.fileno(), 3)", "died"),
    "sends half a frame and sleeps": ("send(framed({'n': nonce(), 'ok': 1})[:20]); time.sleep(60)", "wall"),
    "sends a frame drop by drop": (
        "send(framed({'n': nonce(), 'ok': ['b', 0]}, claimed=[1 << 20]))\n"
        "    while True: os.write(3, b'x'); time.sleep(0.01)", "wall",
    ),
    "stops reading": ("threading.Thread(target=time.sleep, args=[60]).start(); time.sleep(60)", "wall"),
    "sends without end": (
        "send(framed({'n': nonce(), 'ok': ['b', 0]}, claimed=[1 << 28]))\n"
        "    while True: os.write(3, bytes(99))", "cpu wall",
    ),
    "sends while it computes": ("send(framed({'n': nonce(), 'ok': 1})[:-1])\n    while True: pass", "cpu"),
}  # fmt: skip


def test_a_wire_that_stops_ends_the_task(arena):
    for what, (code, ends) in ENDING.items():
        submission = arena.student(f"{FORGE}\ndef f():\n    {code}", cpu=0.15)
        with pytest.raises((WorkerDied, LimitExceeded)) as caught:
            submission.f()
        assert getattr(caught.value, "what", "died") in ends.split(), what


TAKEN_OVER = {
    "packs garbage": ("M.serve.pack = lambda *_: [b'x' * 50]", MalformedReply, "no frame begins here"),
    "packs a head without end": ("M.serve.pack = lambda *_: [b'GRD1' + bytes([255] * 16)]", MalformedReply, "over the caps"),
    "encodes as many as it likes": (
        "M.codec.MAX_NUMBERS = 10**9; return [0.5] * 1_100_000", MalformedReply, "too many numbers",
    ),
    "tells tales of itself": ("M.serve.describe_failure = lambda *_: {'lineage': 'no'}", StudentError, "^Exception$"),
    "answers with its own nonce": ("M.serve._answer = lambda *a: M.serve.pack({'n': 'mine', 'ok': 1}, [], a[-1])",
        MalformedReply, "no request"),
    "leaves the loop": ("M.serve.send = lambda *_: exit()", WorkerDied, "ended in the middle"),
    "breaks JSON": ("M.frame._WRITER.encode = lambda *_: '{}'", MalformedReply, "the reply to no request"),
}  # fmt: skip


def test_a_worker_that_was_taken_over_is_believed_nothing(arena):
    find = "class M: pass\nfor name in list(sys.modules):\n"
    find += "    if name.startswith('_grader_worker.'): setattr(M, name[15:], sys.modules[name])"
    for what, (code, kind, words) in TAKEN_OVER.items():
        submission = arena.student(f"{find}\ndef f():\n    {code}\ndef g(): raise ValueError")
        try:
            with pytest.raises(kind, match=words):
                _both(submission)
        except BaseException as error:
            error.add_note(f"when it {what}")
            raise


def _both(submission):
    submission.f()
    submission.g()


def test_descriptors_that_are_sent_along_are_dropped(arena):
    """The look at ourselves afterwards counts descriptors."""
    code = "s = socket.socket(fileno=os.dup(3)); "
    code += "s.sendmsg([framed({'n': nonce(), 'ok': 1})], [(1, 1, struct.pack('3i', 0, 1, 3))])"
    submission = arena.student(f"{FORGE}\ndef f():\n    {code}; time.sleep(60)")
    for _ in range(3):
        assert submission.f() == 1
        submission = arena.student(f"{FORGE}\ndef f():\n    {code}; time.sleep(60)")


def test_handles_beyond_number_are_forgotten_again(arena):
    submission = arena.student("def f(): return [object() for _ in range(50_000)]\ndef g(): return 1")
    for _ in range(3):
        assert len(submission.f()) == 50_000
    assert submission.g() == 1


@pytest.mark.parametrize("arena", COLD, ids=named, indirect=True)
def test_a_cold_workers_wire_is_as_safe(arena):
    for what in ("garbage", "a nonce of its own", "a head of 4 GB", "pickles"):
        code, words = MALFORMED[what]
        with pytest.raises(MalformedReply, match=words):
            arena.student(f"{FORGE}\ndef f(): {code}").f()
