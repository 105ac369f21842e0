"""Messages that hide a known attachment: a small model of a message, and how it is written. The tricks are in tricks.py.

Everything is made from a seed, so that a message is known by its name.
"""

import base64
import random

# The attachment: bytes of every kind, so that only a full decoding shows it. It ends in no line end.
MARKER = b"TAMIS-AMBIGUITY-MARKER \x00\x01\xfe\xff= \t" + bytes(range(128, 256)) + b"0123456789" * 12 + b"=END*"
NAME = b"hidden.bin"


def base64_lines(data, width=76):
    text = base64.b64encode(data)
    return [text[at : at + width] for at in range(0, len(text), width)]


def quoted_lines(data, width=72):
    """Every byte that is not a letter or a digit as an escape."""
    lines, line = [], b""
    for byte in data:
        piece = bytes([byte]) if chr(byte).isalnum() and byte < 128 else b"=%02X" % byte
        if len(line) + len(piece) > width:
            lines.append(line + b"=")
            line = b""
        line += piece
    return lines + [line]


class Part:
    """A part as it will be written. Tricks change what they like."""

    def __init__(self, fields, lines=None, children=None, boundary=b""):
        self.fields = fields  # [name, value] pairs; a folded value has its line ends as \r\n
        self.lines = lines or []  # of a leaf: the lines of its body
        self.children = children or []
        self.boundary = boundary  # as used on delimiter lines
        self.separator = b"\r\n"  # what ends the header, after the last field's line end
        self.before_delimiter = b""
        self.after_delimiter = b""
        self.delimiter_end = b"\r\n"
        self.line_before = b"\r\n"  # the line end before a delimiter
        self.close = b"--%s--"
        self.preamble = b""
        self.epilogue = b""
        self.wrap = None  # encodes the whole body

    def find(self, name):
        return [field for field in self.fields if field[0].strip(b" \t\0\x0b").lower() == name.lower()]

    def first(self, name):
        found = self.find(name)
        if not found:
            self.fields.append([name, b""])
            found = self.fields[-1:]
        return found[0]

    def drop(self, name):
        self.fields = [field for field in self.fields if field not in self.find(name)]

    def written(self):
        head = b"".join((name + b": " if name else b"") + value + b"\r\n" for name, value in self.fields)
        body = self.body()
        return head + self.separator + (self.wrap(body) if self.wrap else body)

    def body(self):
        if not self.children:
            return b"\r\n".join(self.lines)
        out = [self.preamble]
        for number, child in enumerate(self.children):
            start = self.line_before if number or self.preamble else b""
            out.append(start + self.before_delimiter + b"--" + self.boundary + self.after_delimiter + self.delimiter_end)
            out.append(child.written())
        if self.close:
            out.append(self.line_before + self.before_delimiter + self.close.replace(b"%s", self.boundary))
            out.append(self.after_delimiter + b"\r\n")
        out.append(self.epilogue)
        return b"".join(out)


class Message:
    """The attachment at `depth` multiparts, in `encoding`."""

    def __init__(self, depth, encoding, rng):
        self.rng, self.depth, self.encoding = rng, depth, encoding
        self.raw = []  # changes to the message as written
        lines = base64_lines(MARKER) if encoding == b"base64" else quoted_lines(MARKER)
        self.leaf = Part(
            [
                [b"Content-Type", b'application/octet-stream; name="' + NAME + b'"'],
                [b"Content-Disposition", b'attachment; filename="' + NAME + b'"'],
                [b"Content-Transfer-Encoding", encoding],
            ],
            lines,
        )
        containers = []
        inner = self.leaf
        for level in range(depth):
            boundary = b"=_b%d_%06d" % (depth - level, rng.randrange(10**6))
            text = Part([[b"Content-Type", b"text/plain; charset=us-ascii"]], [b"Level %d." % level])
            kind = b'multipart/mixed; boundary="' + boundary + b'"'
            inner = Part([[b"Content-Type", kind]], None, [text, inner], boundary)
            containers.append(inner)
        self.containers = containers
        self.inner, self.root = containers[0], containers[-1]
        self.outer = containers[1] if depth > 1 else None
        self.root.fields = [
            [b"From", b"Ann <ann@example.org>"],
            [b"To", b"Bob <bob@example.com>"],
            [b"Subject", b"Report"],
            [b"Date", b"Mon, 2 Mar 2026 10:00:00 +0000"],
            [b"Message-ID", b"<a.%d@example.org>" % rng.randrange(10**9)],
            [b"MIME-Version", b"1.0"],
        ] + self.root.fields

    def written(self):
        out = self.root.written()
        for change in self.raw:
            out = change(out)
        return out


def make(tricks, depth, encoding, seed):
    """The bytes of a message with these tricks applied in order."""
    rng = random.Random(f"{seed}/{depth}/{encoding}/{'+'.join(trick.name for trick in tricks)}")
    message = Message(depth, encoding, rng)
    for trick in tricks:
        trick.apply(message)
    return message.written()
