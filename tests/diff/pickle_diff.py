#!/usr/bin/python3
"""Differential test of the pickle machine against CPython's own unpicklers: _pickle on memory and on files, pickle.py.

Pickles are generated opcode by opcode, written by real picklers, and mutated; both sides say which names they ask
find_class for and which calls they make, in order, with arguments. Everything that an import or a call gives is an
inert recording object here: nothing of a pickle is ever executed.

	pickle_diff.py TRACE [--count N] [--seed N] [--keep DIR] [FILE...]

TRACE is the program built from pickle_trace.c. FILEs are further seeds for mutation. Exit status 1 when the two sides
disagree about any input; the inputs are then written to DIR (default: the current one) as diff-*.pkl."""
import _pickle
import argparse
import copyreg
import gc
import io
import itertools
import os
import pickle
import pickletools
import random
import resource
import struct
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
DEEP = 4
WIDE = 20
log = []
made = 0


def rec(letter, *parts):
    log.append(" ".join((letter,) + parts))


class Meta(type):
    """Objects are classes: that way NEWOBJ accepts what a call gave, and only real tuples are argument lists."""

    def __call__(cls, *args, **kwargs):
        global made
        rec("C", show(cls), show(args), *([show(kwargs)] if kwargs else []))
        made += 1
        return make("o%d" % made)

    def __setstate__(cls, state):
        rec("B", show(cls), show(state))

    def extend(cls, items):
        if items:  # pickle.py asks for this too when there is nothing
            rec("A", show(cls), show(tuple(items)))

    def append(cls, item):
        rec("A", show(cls), show((item,)))

    def add(cls, item):
        rec("U", show(cls), show((item,)))

    def __setitem__(cls, key, value):
        rec("S", show(cls), show((key, value)))


def make(tag):
    return Meta("Inert", (Base,), {"tag": tag})


class Root:
    def __new__(cls, *args, **kwargs):
        global made
        rec("C", show(cls), show(args), *([show(kwargs)] if kwargs else []))
        made += 1
        return make("o%d" % made)


Base = type.__new__(Meta, "Base", (Root,), {"tag": "?"})


def hexed(s):
    if isinstance(s, str):
        s = s.encode("utf-8", "surrogatepass")
    return s[:200].hex()


def listed(v, deep, key):
    return "".join(show(x, deep + 1, key) + "," for x in v[:WIDE]) + (str(len(v)) if len(v) > WIDE else "")


def show(v, deep=0, key=False):
    if deep > DEEP:
        return "~"
    t = type(v)
    if t is Meta:
        return v.tag
    if v is None:
        return "N"
    if t is bool:
        return "i%d" % v if key else "FT"[v]
    if t is int:
        return "i%d" % v if -2**63 <= v < 2**63 else "L"
    if t is float:
        if key and abs(v) <= 9e15 and v == int(v):
            return "i%d" % int(v)
        return "f7ff8000000000000" if v != v else "f" + struct.pack(">d", v).hex()
    if t is str:
        return "s" + hexed(v)
    if t is bytes:
        return "b" + hexed(v)
    if t is bytearray:
        return "a"
    if t is memoryview:
        return "m"
    if t is tuple:
        return "(" + listed(v, deep, key) + ")"
    if t is list:
        return "[" + listed(v, deep, False) + "]"
    if t in (set, frozenset):
        return "<" + "".join(x + "," for x in sorted({show(x, deep + 1, True) for x in v})) + ">"
    if t is dict:
        one = {}
        for k, x in v.items():
            one[show(k, deep + 1, True)] = show(x, deep + 1)
        return "{" + "".join(sorted(k + "=" + x + "," for k, x in one.items())) + "}"
    return "!" + t.__name__


class Recording:
    def find_class(self, module, name):
        if module == "ext\0":
            rec("E", name)
            return make("?")
        rec("G", hexed_all(module), hexed_all(name))
        return make("g%s.%s" % (hexed_all(module), hexed_all(name)))

    def persistent_load(self, pid):
        global made
        rec("P", show(pid))
        made += 1
        return make("p" + show(pid, 1))


class CRecorder(Recording, _pickle.Unpickler):
    pass


class PyRecorder(Recording, pickle._Unpickler):
    pass


READERS = (
    lambda data: CRecorder(io.BufferedReader(io.BytesIO(data), 1 << 17)),  # can look ahead, as pickle.loads
    lambda data: CRecorder(io.BytesIO(data)),
    lambda data: PyRecorder(io.BytesIO(data)),
)


def hexed_all(s):
    return s.encode("utf-8", "surrogatepass").hex()


def cpython(data, reader):
    """(lines, how it ended)"""
    global made
    log.clear()
    made = 0
    copyreg._extension_cache.clear()
    try:
        READERS[reader](data).load()
        return list(log), "."
    except MemoryError:
        return list(log), "M"
    except RecursionError:
        return list(log), "M"
    except Exception as e:  # noqa: whatever it raises is a break
        return list(log), "!" + type(e).__name__ + ": " + str(e)[:100]


# ---- generating --------------------------------------------------------------------------------------------------

NAMES = ["os", "system", "builtins", "exec", "a", "b.c", "__builtin__", "", "é", "x\ud800", "posix"]
TEXT = [b"", b"abc", b"os", b"system", b"\xc3\xa9", b"\xed\xa0\x80", b"\xff", b"\\x41", b"a\\", b"\\u0041", b"\\'", b"\\777",
        b"\\ud800", b"\\U0010ffff", b"\\U00110000", b"\\\\u0041", b"\\x4", b"\\q", b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"A" * 40]
NUMBERS = [b"0", b"1", b"00", b"01", b"-1", b"10", b"010", b"0x1f", b"0b1", b"0o7", b"1_0", b"_1", b"1_", b"1__0", b" 5", b"5 ",
           b"+3", b"-0", b"9223372036854775808", b"-9223372036854775808", b"99999999999999999999", b"0L", b"7L", b"L", b"", b"1\x00x",
           b"\x00", b"\x00\x00", b"0x", b"0x_1", b"0_0", b"0_1", b"08", b"--1", b"\t3", b"3\r", b"0xg", b"-0x10", b"1\x0b", b"+", b"-",
           b"0777777777777777777777777", b"1 2", b"0X1F", b"0B11", b"\x0c7", b"00000000", b"1" * 4300, b"1" * 4301, b"0" * 5000,
           b"0x" + b"f" * 5000, b"-00", b"1\x00", b"0\x00"]
FLOATS = [b"1.5", b"", b"1e400", b"-1e400", b"inf", b"nan", b"-inf", b"+nan", b"Infinity", b"infinit", b"1_0.5", b" 1", b"1 ", b"1e", b"1e5",
          b"1.", b".5", b".", b"-.5e-3", b"0x1p3", b"1\x00z", b"1e-999", b"1.7976931348623157e308", b"1.8e308", b"e5", b"+1", b"--1", b"1e+",
          b"NAN", b"iNf", b"1" * 400, b"0." + b"3" * 50, b"1_e5", b"1e5_0", b"1._5", b"\x00"]


def le(n, size):
    return (n & (1 << 8 * size) - 1).to_bytes(size, "little")


class Gen:
    def __init__(self, rnd):
        self.r = rnd

    def line(self, options):
        r = self.r
        s = r.choice(options)
        return s + b"\n"

    def counted(self, code, size, content):
        r = self.r
        n = len(content)
        if r.random() < 0.02:
            n = r.choice([n + 1, max(0, n - 1), 0, 255, 2**31, 2**32 - 1, 2**63, 2**64 - 1])
        return bytes([code]) + le(n, size) + content

    def name(self):
        return self.r.choice(NAMES).encode("utf-8", "surrogatepass")

    def atom(self):
        r = self.r
        k = r.randrange(30)
        if k < 4:
            return b"K" + bytes([r.choice([0, 1, 2, 3, 200, 255])])
        if k == 4:
            return b"J" + le(r.choice([0, 1, -1, 2**31 - 1, -2**31]), 4)
        if k == 5:
            return b"M" + le(r.randrange(65536), 2)
        if k < 8:
            return r.choice([b"N", b"\x88", b"\x89"])
        if k < 10:
            return b"I" + self.line(NUMBERS)
        if k == 10:
            return b"L" + self.line(NUMBERS)
        if k == 11:
            return b"F" + self.line(FLOATS)
        if k == 12:
            return b"G" + struct.pack(">d", r.choice([0.0, 1.0, -2.5, 1e300, float("inf")]))
        if k == 13:
            return self.counted(0x8a, 1, bytes(r.randrange(256) for _ in range(r.choice([0, 1, 2, 7, 8, 9, 12]))))
        if k == 14:
            return self.counted(0x8b, 4, bytes(r.randrange(256) for _ in range(r.choice([0, 1, 8, 9]))))
        if k < 18:
            return self.counted(0x8c, 1, self.name() if r.random() < 0.7 else r.choice(TEXT))
        if k == 18:
            return self.counted(0x58, 4, r.choice(TEXT))
        if k == 19:
            return self.counted(0x8d, 8, r.choice(TEXT))
        if k == 20:
            return self.counted(r.choice([0x42, 0x54]), 4, r.choice(TEXT))
        if k == 21:
            return self.counted(r.choice([0x43, 0x55]), 1, r.choice(TEXT))
        if k == 22:
            return self.counted(r.choice([0x8e, 0x96]), 8, r.choice(TEXT))
        if k == 23:
            q = r.choice([b"'", b'"', b"'", b""])
            return b"S" + q + r.choice(TEXT) + r.choice([q, q, b"'"]) + b"\n"
        if k == 24:
            return b"V" + self.line(TEXT)
        if k == 25:
            return b")"
        if k == 26:
            return r.choice([b"]", b"}", b"\x8f"])
        if k == 27:
            return self.glob()
        if k == 28:
            return r.choice([b"P" + self.line([b"1", b"", b"storage", b"\xff"]), b"K\x01Q", b"\x82" + bytes([r.randrange(256)]),
                             b"\x83" + le(r.choice([0, 1, 1000, 1001]), 2), b"\x84" + le(r.choice([0, 5, -1, 999, 2000]), 4)])
        return b"\x96" + le(3, 8) + b"abc" + b"\x98"

    def glob(self):
        r = self.r
        k = r.random()
        if k < 0.5:
            return b"c" + r.choice([b"os", b"a.b", b"", b"\xc3\xa9", b"\xff", b"__builtin__"]) + b"\n" + r.choice([b"system", b"x", b"", b"a.b"]) + b"\n"
        return b"\x8c\x02os\x8c\x06system\x93"

    def expr(self, depth=0):
        r = self.r
        k = r.random()
        if depth > 4 or k < 0.35:
            return self.atom()
        if k < 0.45:
            n = r.randrange(4)
            if r.random() < 0.5 and n:
                return b"".join(self.expr(depth + 1) for _ in range(n)) + bytes([0x84 + n])
            return b"(" + b"".join(self.expr(depth + 1) for _ in range(n)) + r.choice([b"t", b"l", b"\x91", b"t"])
        if k < 0.52:
            return b"](" + b"".join(self.expr(depth + 1) for _ in range(r.randrange(4))) + b"e"
        if k < 0.56:
            return b"]" + self.expr(depth + 1) + b"a"
        if k < 0.62:
            n = 2 * r.randrange(3) + (r.random() < 0.05)
            return r.choice([b"}(", b"}("]) + b"".join(self.expr(depth + 1) for _ in range(n)) + b"u"
        if k < 0.64:
            return b"(" + b"".join(self.expr(depth + 1) for _ in range(2 * r.randrange(3))) + b"d"
        if k < 0.66:
            return b"\x8f(" + b"".join(self.expr(depth + 1) for _ in range(r.randrange(3))) + b"\x90"
        if k < 0.74:
            return self.callee(depth) + self.args(depth) + b"R"
        if k < 0.79:
            return self.callee(depth) + self.args(depth) + b"\x81"
        if k < 0.82:
            return self.callee(depth) + self.args(depth) + r.choice([b"}", b"}\x8c\x01kK\x01s", self.expr(depth + 1)]) + b"\x92"
        if k < 0.86:
            return b"(" + self.callee(depth) + b"".join(self.expr(depth + 1) for _ in range(r.randrange(3))) + b"o"
        if k < 0.89:
            return b"(" + b"".join(self.expr(depth + 1) for _ in range(r.randrange(3))) + b"i" + r.choice(
                [b"os\nsystem\n", b"a\nb\n", b"\nx\n", b"x\n\n", b"\xc3\xa9\nx\n"])
        if k < 0.95:
            target = self.expr(depth + 1)
            return target + r.choice([
                self.expr(depth + 1) + b"b", self.expr(depth + 1) + b"a",
                self.expr(depth + 1) + self.expr(depth + 1) + b"s",
                b"(" + self.expr(depth + 1) + self.expr(depth + 1) + b"u",
                b"(" + self.expr(depth + 1) + self.expr(depth + 1) + b"e",
                b"(" + self.expr(depth + 1) + b"\x90", b"(e", b"(u", b"(\x90", b"Nb", b"N}\x86b", b"NN\x86b", b")b"])
        return self.expr(depth + 1) + r.choice([b"2", b"0", b"20", b"\x94", b"q\x01", b"h\x01", b"p2\n", b"g2\n", b"r\5\0\0\0",
                                                b"j\5\0\0\0", b"(0", b"(1", b"h\0", b"p" + self.line(NUMBERS), b"g" + self.line(NUMBERS)])

    def callee(self, depth):
        return self.glob() if self.r.random() < 0.8 else self.expr(depth + 1)

    def args(self, depth):
        r = self.r
        if r.random() < 0.85:
            n = r.randrange(4)
            return b")" if n == 0 else b"".join(self.expr(depth + 1) for _ in range(n)) + bytes([0x84 + n])
        return self.expr(depth + 1)

    def stream(self):
        r = self.r
        out = r.choice([b"", b"", b"\x80\x02", b"\x80\x04", b"\x80\x05", b"\x80\x06"][: 5 if r.random() < 0.97 else 6])
        body = b"".join(self.expr() for _ in range(r.choice([1, 1, 1, 2, 3])))
        if r.random() < 0.15:
            body = b"\x95" + le(len(body) + r.choice([1, 1, 1, 0, 5, -1, 100, 2**63]), 8) + body
        return out + body + (b"." if r.random() < 0.95 else b"")

    def mutate(self, data):
        r = self.r
        d = bytearray(data)
        for _ in range(r.choice([1, 1, 2, 3, 5])):
            k = r.randrange(7)
            at = r.randrange(len(d) + 1)
            if k == 0 and d:
                d[at % len(d)] = r.randrange(256)
            elif k == 1:
                del d[at:at + r.choice([1, 1, 2, 8])]
            elif k == 2:
                d[at:at] = OPS[r.randrange(len(OPS))]
            elif k == 3 and d:
                d[at % len(d)] = OPS[r.randrange(len(OPS))][0]
            elif k == 4:
                end = at + r.randrange(1, 20)
                d[at:at] = d[at:end]
            elif k == 5:
                d[at:at] = self.expr(3)
            elif d:
                d[at % len(d)] ^= 1 << r.randrange(8)
        return bytes(d)


OPS = [op.code.encode("latin1") for op in pickletools.opcodes]


def genuine():
    shared = ["x", "x"]
    values = [None, 1, -1, 2**70, 1.5, "text", b"bytes", bytearray(b"ab"), (1, (2, (3,))), [1, [2], shared, shared], {"a": 1, 2: (3,)},
              {1, 2}, frozenset("ab"), range(5), slice(1, 2), complex(1, 2), OSError("x"), [list(range(300))], {i: str(i) for i in range(200)},
              copyreg.__newobj__, io.BytesIO(b"q"), "é\ud800\n\\", bytes(range(256)), "a" * 300]
    for v in values:
        for proto in range(6):
            try:
                yield pickle.dumps(v, proto)
                yield pickle._dumps(v, proto)
            except Exception:
                pass


def inputs(rnd, seeds, count):
    g = Gen(rnd)
    yield from seeds
    for _ in range(count - len(seeds)):
        k = rnd.random()
        if k < 0.5:
            yield g.stream()
        elif k < 0.8:
            yield g.mutate(g.stream())
        else:
            yield g.mutate(rnd.choice(seeds))


# ---- comparing ---------------------------------------------------------------------------------------------------

def ask(proc, batch):
    proc.stdin.write(b"".join(struct.pack("<I", len(d) | (i % 3 << 30)) + d for i, d in enumerate(batch)) + struct.pack("<I", 0))
    proc.stdin.flush()
    out = []
    for _ in range(len(batch) + 1):
        n, = struct.unpack("<I", proc.stdout.read(4))
        out.append(proc.stdout.read(n).decode())
    return out[:-1]


def merge_adds(lines):
    """Several extend, add or item calls of one opcode are one event of the machine: written apart for comparison."""
    out = []
    for line in lines:
        if line[:2] in ("S ", "U "):
            letter, target, args = line.split(" ", 2)
            items = split(args)
            step = 2 if letter == "S" else 1
            for i in range(0, len(items), step):
                out.append("%s %s (%s)" % (letter, target, "".join(x + "," for x in items[i:i + step])))
        else:
            out.append(line)
    return out


def split(t):
    out, level, start = [], 0, 1
    for i, c in enumerate(t):
        if c in "([{<":
            level += 1
        elif c in ")]}>":
            level -= 1
        elif c == "," and level == 1:
            out.append(t[start:i])
            start = i + 1
    return out


def spread(line):
    """func(*"text") of pickle.py: the machine leaves such arguments as they are."""
    head, _, rest = line.partition(" (")
    rest, _, kwargs = ("(" + rest).partition(" ")
    return head + " (*)" + (" " + kwargs if kwargs else "")


def agree(mine, lines, end):
    if "(*)" in mine:
        *events, last = mine.split("\n")
        events = merge_adds(events)
        lines = [spread(x) if i < len(events) and "(*)" in events[i] else x for i, x in enumerate(lines)]
        return agree("\n".join(events + [last]).replace("(*)", "(\1)"), [x.replace("(*)", "(\1)") for x in lines], end)
    *events, last = mine.split("\n")
    events = merge_adds(events)
    if end == "M":  # the machine does not run out of memory: what CPython did must be its beginning
        return events[:len(lines)] == lines
    return events == lines and last[:1] == end[:1]


# What once disagreed, and what is like it: every one goes to each of the three readers.
FOUND = [b"\x80\x02\x95" + struct.pack("<Q", n) + b"ca\nb\nNNNN0000(GR.stem\x93)tRtR0N." for n in range(9, 26)]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("trace")
    a.add_argument("--count", type=int, default=20000)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--keep", default=".")
    a.add_argument("files", nargs="*")
    o = a.parse_intermixed_args()
    for code in range(1, 1001):
        copyreg._inverted_registry[code] = ("ext\0", str(code))
    rnd = random.Random(o.seed)
    seeds = [d for d in genuine()]
    for f in o.files:
        with open(f, "rb") as fh:
            d = fh.read(20000)
            if d:
                seeds.append(d)
    proc = subprocess.Popen([o.trace], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))  # after the start of TRACE: sanitizers need room
    gc.disable()
    seen = bad = stops = events = 0
    source = itertools.chain((d for d in FOUND for _ in READERS), inputs(rnd, seeds, o.count))
    while True:
        batch = [d for _, d in zip(range(500), source) if d]
        if not batch:
            break
        theirs = [cpython(d, i % 3) for i, d in enumerate(batch)]
        for d, mine, (lines, end) in zip(batch, ask(proc, batch), theirs):
            seen += 1
            stops += end == "."
            events += len(lines)
            if not agree(mine, lines, end):
                bad += 1
                name = os.path.join(o.keep, "diff-%d-%d.pkl" % (o.seed, seen))
                with open(name, "wb") as fh:
                    fh.write(d)
                if bad <= 10:
                    print("disagree: %s\n  %r\n  CPython %s %s\n  machine %s" % (name, d[:300], lines, end, mine.split("\n")))
        gc.collect()
    proc.stdin.close()
    proc.wait()
    print("%d pickles, %d reach STOP, %d imports and calls, %d disagreements" % (seen, stops, events, bad))
    return 1 if bad or proc.returncode or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
