#!/usr/bin/env python3
"""How often mail has two groups of bytes one behind the other, as engine/src/text/sequences/pairs.txt has it.

    corpus/pairs.py FOLDER... > engine/src/text/sequences/pairs.txt

Takes at most 1,500 messages of each folder, drawn by a fixed seed, of each the first 20,000 bytes, without lines that are nothing but base64.
Prints a line for each group, with a character for each that may follow: twice the binary logarithm of how seldom mail has
the two, from `!` on. Groups are those of engine/src/text/sequences/fold.rs.
"""

import collections
import math
import os
import random
import sys

MOST, BYTES, GROUPS = 1_500, 20_000, 64
OTHERS = {'<>': 53, '"=': 54, '&;': 55, '-_': 56, '.': 57, ':/': 58, '@%#': 59, '$!*+': 60, '()|[]': 61}


def group(byte):
    letter = chr(byte).lower() if byte < 0x80 else ''
    if byte >= 0x80:
        return 37 + ((byte - 0x80) >> 3)
    if 'a' <= letter <= 'z':
        return ord(letter) - ord('a')
    if '0' <= letter <= '9':
        return 26 + byte - ord('0')
    if letter in ' \t\n\v\f\r':
        return 36
    return next((number for letters, number in OTHERS.items() if letter in letters), 62 if 0x21 <= byte <= 0x7E else 63)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        print(__doc__.strip())
        return 0 if sys.argv[1:] in (['--help'], ['-h']) else 2
    groups = bytes(map(group, range(256)))
    counts = collections.Counter()
    for folder in sys.argv[1:]:
        paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
        if not paths:
            sys.exit(f'{folder}: no messages')
        random.Random(1).shuffle(paths)
        for path in paths[:MOST]:
            with open(path, 'rb') as file:
                lines = file.read(BYTES).split(b'\n')
            text = b'\n'.join(line for line in lines if len(line) < 60 or b' ' in line).translate(groups)
            counts.update(zip(text, text[1:]))
    total = sum(counts.values())
    for first in range(GROUPS):
        often = ((counts[first, second] + 0.3) / total for second in range(GROUPS))
        print(''.join(chr(ord('!') + min(60, round(-2 * math.log2(max(it, 2**-30))))) for it in often))
    return 0


if __name__ == '__main__':
    sys.exit(main())
