#!/usr/bin/python3
"""Texts made to be expensive for the bundled YARA rules, one after the other into a directory: for every string of every rule, what a
match begins with, repeated. Each beginning of a regular expression that ends before one of its parts is one text (repetitions within it
are taken short, and as far as they go); a plain string gives itself without its last character. Usage: hostile.py DIR [KIB]"""
import pathlib
import re
import sys
import warnings

warnings.simplefilter('ignore')
try:
    from re import _parser as sre
except ImportError:
    import sre_parse as sre

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def strings():
    """rule, name, kind, text of every string of the pack."""
    for path in sorted((ROOT / 'rules/yara').glob('*.yar')):
        rule = ''
        for line in path.read_text().split('\n'):
            m = re.match(r'rule (\w+)', line)
            rule = m.group(1) if m else rule
            m = re.match(r'\s+(\$\w*)\s*=\s*/((?:\\.|[^/\\])+)/', line)
            if m:
                yield rule, m.group(1), 'regex', m.group(2)
            m = re.match(r'\s+(\$\w*)\s*=\s*"((?:\\.|[^"\\])+)"', line)
            if m:
                yield rule, m.group(1), 'plain', m.group(2)


def letter(items):
    """One character of a class."""
    if items and items[0][0] == sre.NEGATE:
        taken = {c for op, arg in items[1:] for c in ([arg] if op == sre.LITERAL else range(arg[0], arg[1] + 1) if op == sre.RANGE else b' \t\n\r')}
        return next(chr(c) for c in b'xa1- ' if c not in taken)
    for op, arg in items:
        if op == sre.LITERAL:
            return chr(arg)
        if op == sre.RANGE:
            return chr(arg[0])
        if op == sre.CATEGORY:
            return {sre.CATEGORY_DIGIT: '1', sre.CATEGORY_SPACE: ' ', sre.CATEGORY_WORD: 'a'}.get(arg, '-')
    return 'x'


def text(parsed, branch, long):
    """What a list of parts matches: of alternatives the one of that number, repetitions short or long."""
    out = ''
    for op, arg in parsed:
        if op == sre.LITERAL:
            out += chr(arg)
        elif op in (sre.ANY, sre.NOT_LITERAL):
            out += 'x'
        elif op == sre.IN:
            out += letter(arg)
        elif op == sre.BRANCH:
            out += text(arg[1][branch % len(arg[1])], branch, long)
        elif op == sre.SUBPATTERN:
            out += text(arg[3], branch, long)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, what = arg
            out += text(what, branch, long) * (min(high, 40) if long else low)
    return out


def beginnings(regex):
    """Every text that a match may begin with, up to each of its parts."""
    parsed = list(sre.parse(regex.replace('\\/', '/')))
    if len(parsed) == 1 and parsed[0][0] == sre.SUBPATTERN:
        parsed = list(parsed[0][1][3])
    alternatives = [list(p) for p in parsed[0][1][1]] if len(parsed) == 1 and parsed[0][0] == sre.BRANCH else [parsed]
    for parts in alternatives:
        for end in range(1, len(parts) + 1):
            for branch in range(3):
                for long in (False, True):
                    yield text(parts[:end], branch, long)


def main():
    out, size = pathlib.Path(sys.argv[1]), int(sys.argv[2]) << 10 if len(sys.argv) > 2 else 64 << 10
    seen = set()
    for rule, name, kind, body in strings():
        if kind == 'regex':
            made = list(beginnings(body))
        else:
            made = [body.encode().decode('unicode_escape')[:-1]]
        for i, start in enumerate(made):
            for between in ('', ' '):
                unit = start + between
                if len(start) < 3 or unit in seen or (rule, unit) in seen:
                    continue
                seen.add(unit)
                data = unit.encode('latin-1', 'replace')
                (out / f'{rule}-{name[1:]}-{i}{"s" if between else ""}').write_bytes((data * (size // len(data) + 1))[:size])


main()
