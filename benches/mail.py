"""Makes mail to measure on: the same bytes for the same arguments, on any machine. Each generator takes a folder, a seed, how
many messages, and how large; benches/definitions/ says which, with what."""

import base64
import io
import os
import quopri
import random
import zipfile

WORDS = (
    "account address agree answer before board bring buyer call change check city close coming copy cost date delivery draft "
    "early email every family figure final first forward free garden general going group hear house idea invoice joint keep "
    "kind large last letter list long market matter meeting money month morning name never number offer office open order "
    "paper part pay people phone place please point present price project question quick reach read reason reply report rest "
    "school second send service short since small some start street subject sure table take team thank thing today train "
    "under until visit wait week while winner without work world write year"
).split()
PHRASES = [
    "I am the next of kin",
    "click here to verify your account",
    "you have won the lottery",
    "one hundred percent free",
    "see you on Monday",
    "the minutes of the meeting are below",
]


def words(chance, count):
    """Running text in lines of mail, with a phrase or a link now and then."""
    lines, line = [], []
    for _ in range(count):
        roll = chance.random()
        if roll < 0.01:
            line.append(chance.choice(PHRASES))
        elif roll < 0.015:
            line.append(link(chance))
        elif roll < 0.1:
            line.append("".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randrange(3, 12))))
        else:
            line.append(chance.choice(WORDS))
        if sum(len(word) + 1 for word in line) > 66:
            lines.append(" ".join(line))
            line = []
    return "\r\n".join(lines + [" ".join(line)])


def link(chance):
    return f"https://{chance.choice(WORDS)}.{chance.choice(WORDS)}.example/{chance.choice(WORDS)}?id={chance.getrandbits(32)}"


def header(chance, kind, encoding="7bit", more=()):
    name, host = chance.choice(WORDS), chance.choice(WORDS)
    hops = [
        f"Received: from {chance.choice(WORDS)}.example ([192.0.2.{chance.randrange(1, 255)}])\r\n\tby mx{hop}.example with ESMTP;"
        f"\r\n\tTue, {chance.randrange(1, 29)} Sep 2026 10:{chance.randrange(10, 60)}:00 +0000"
        for hop in range(chance.randrange(1, 5))
    ]
    return "\r\n".join(
        [
            *hops,
            f"From: {name.title()} {host.title()} <{name}@{host}.example>",
            "To: reader@example.net",
            f"Subject: {' '.join(chance.choice(WORDS) for _ in range(6))}",
            "Date: Tue, 15 Sep 2026 10:00:00 +0000",
            f"Message-ID: <{chance.getrandbits(64):x}@{host}.example>",
            "MIME-Version: 1.0",
            f"Content-Type: {kind}",
            f"Content-Transfer-Encoding: {encoding}",
            *more,
            "",
            "",
        ]
    )


def in_base64(content):
    return base64.encodebytes(content).replace(b"\n", b"\r\n").decode()


def newsletter(chance, size):
    """A page as shops send it: a style sheet, tables, hidden text, images and links."""
    rows = []
    while sum(map(len, rows)) < size:
        rows.append(
            f'<tr><td class="c{chance.randrange(9)}" style="color:#333;padding:4px"><a href="{link(chance)}">'
            f'{words(chance, 8)}</a><br><img src="{link(chance)}" width=1 height=1><span style="display:none">'
            f"{words(chance, 4)}</span><p>{words(chance, 30)}&nbsp;&amp; more</p></td></tr>"
        )
    style = "".join(f".c{n}{{margin:{n}px;font-size:1{n}px}}" for n in range(9))
    return f"<html><head><style>{style}</style></head><body><table>{''.join(rows)}</table></body></html>"


def alternative(chance, size):
    html = quopri.encodestring(newsletter(chance, size).encode()).decode().replace("\r\n", "\n").replace("\n", "\r\n")
    return (
        header(chance, 'multipart/alternative; boundary="b1"')
        + f"--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words(chance, 200)}\r\n"
        + f"--b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n--b1--\r\n"
    )


def plain(chance, size):
    return header(chance, "text/plain; charset=utf-8") + words(chance, max(1, size // 6)) + "\r\n"


def attached(chance, content, name, kind="application/octet-stream"):
    return (
        header(chance, 'multipart/mixed; boundary="m1"')
        + f"--m1\r\nContent-Type: text/plain\r\n\r\n{words(chance, 60)}\r\n"
        + f'--m1\r\nContent-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        + f"Content-Transfer-Encoding: base64\r\n\r\n{in_base64(content)}--m1--\r\n"
    )


def attachment(chance, size):
    """Random bytes: nothing in them repeats, and nothing is found."""
    return attached(chance, chance.randbytes(size), "a.bin")


def archive(chance, size):
    """A ZIP of texts and of another ZIP. Stored, so that no version of zlib changes a byte."""
    inner, outer = io.BytesIO(), io.BytesIO()
    moment = (2026, 9, 15, 10, 0, 0)
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as files:
        for n in range(3):
            files.writestr(zipfile.ZipInfo(f"{chance.choice(WORDS)}-{n}.txt", moment), words(chance, size // 60))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_STORED) as files:
        files.writestr(zipfile.ZipInfo("inner.zip", moment), inner.getvalue())
        files.writestr(zipfile.ZipInfo("page.html", moment), newsletter(chance, size // 4))
        files.writestr(zipfile.ZipInfo("report.txt", moment), words(chance, size // 12))
    return attached(chance, outer.getvalue(), "files.zip", "application/zip")


def forwarded(chance, size):
    """A message within a message."""
    return header(chance, 'multipart/mixed; boundary="f1"') + (
        f"--f1\r\nContent-Type: message/rfc822\r\n\r\n{alternative(chance, size)}\r\n--f1--\r\n"
    )


def malformed(chance, size):
    """Wrong in the ways that spam is: a boundary that never ends, junk in base64, a header field cut short."""
    text = attached(chance, words(chance, size // 6).encode(), "a.txt", "text/plain")
    return text.replace("--m1--\r\n", "").replace("MIME-Version", "MIME Version").replace("\r\n--m1", "\r\n\t--m1 \r\n--m1", 1)


def mixture(chance, size):
    kinds = [plain, alternative, attachment, archive, forwarded, malformed]
    return chance.choice(kinds)(chance, chance.randrange(size // 8, size))


GENERATORS = {it.__name__: it for it in [plain, alternative, attachment, archive, forwarded, malformed, mixture]}


def make(folder, generator, seed, count, size):
    """Writes the messages, unless they are there already."""
    done = os.path.join(folder, f".{generator}-{seed}-{count}-{size}")
    if os.path.exists(done):
        return
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    for number in range(count):
        chance = random.Random(f"{generator} {seed} {number}")
        with open(os.path.join(folder, f"{number:04}.eml"), "wb") as file:
            file.write(GENERATORS[generator](chance, size).encode("utf-8"))
    open(done, "w").close()


def lists(folder, seed):
    """A thousand entries of each kind that a message names hosts and addresses of, for the fixed set."""
    chance = random.Random(f"lists {seed}")
    os.makedirs(folder, exist_ok=True)
    entries = {
        "domains": lambda n: f"{chance.choice(WORDS)}{n}.example",
        "addresses": lambda n: f"{chance.choice(WORDS)}{n}@{chance.choice(WORDS)}.example",
        "networks": lambda n: f"198.18.{n >> 6}.{(n & 63) << 2}/30",
        "urls": lambda n: f"https://{chance.choice(WORDS)}{n}.example/{chance.choice(WORDS)}",
        "hashes": lambda n: f"{chance.getrandbits(256):064x}",
    }
    for kind, entry in entries.items():
        with open(os.path.join(folder, f"{kind}.txt"), "w") as file:
            file.writelines(entry(n) + "\n" for n in range(1000))
