#!/usr/bin/python3
"""Writes the seeds of the protobuf formats. Messages are written as in tests/support/pbmake.h: 7:13 a number, 7~1.5 a
float, 7!1.5 a double, 7'text', 7{ message }, 7( group ), 7#00ff# bytes in hex, 7*100 bytes, $00ff$ bytes as they are."""
import os
import re
import struct


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def length(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def parse(text, at=0, end=""):
    out = b""
    while True:
        while at < len(text) and text[at] in " \n":
            at += 1
        if at == len(text) or text[at] == end:
            return out, at + 1
        if text[at] == "$":
            stop = text.index("$", at + 1)
            out += bytes.fromhex(text[at + 1:stop])
            at = stop + 1
            continue
        m = re.compile(r"(\d+)(.)").match(text, at)
        number, kind, at = int(m[1]), m[2], m.end()
        if kind in ":~!*":
            v = re.compile(r"-?[\d.]+").match(text, at)
            at = v.end()
            if kind == ":":
                out += varint(number << 3) + varint(int(v[0]))
            elif kind == "~":
                out += varint(number << 3 | 5) + struct.pack("<f", float(v[0]))
            elif kind == "!":
                out += varint(number << 3 | 1) + struct.pack("<d", float(v[0]))
            else:
                out += length(number, b"*" * int(v[0]))
        elif kind in "'#":
            stop = text.index(kind, at)
            body = text[at:stop].encode() if kind == "'" else bytes.fromhex(text[at:stop])
            out += length(number, body)
            at = stop + 1
        elif kind == "{":
            body, at = parse(text, at, "}")
            out += length(number, body)
        elif kind == "(":
            body, at = parse(text, at, ")")
            out += varint(number << 3 | 3) + body + varint(number << 3 | 4)
        else:
            raise ValueError(text[at - 5:at + 5])


def make(text):
    return parse(text)[0]


VALUE = "{1'x' 2{1{1:1 2{1{1:4}1{2'n'}}}}}"
F4 = "9#0000803f0000803f0000803f0000803f#"


def model(graph, more=""):
    return f"1:8 2'maker' 3'1.0' 7{{ {graph} 2'g' 11{VALUE} 12{VALUE} }} 8{{2:17}} {more}"


RELU = "1{1'x' 2'y' 4'Relu'} "
PIECES = "1{1'<unk>' 2~0 3:2} 1{1'<s>' 2~0 3:3} 1{1'</s>' 2~0 3:3} " + "".join(
    f"1{{1'{w}' 2~-{i}.5}} " for i, w in enumerate(("\u2581a", "b", "cd", "\u2581the", "ing")))
SPM = PIECES + ("2{1'corpus.txt' 2'm' 3:1 4:8 7'text' 10~0.9995 40:0 41:1 42:2 43:-1 44' \u2047 '} "
                "3{1'nmt_nfkc' 2#08000000000000000000000061006200# 3:1 4:1 5:1 6''}")

SEEDS = {
    "onnx": {
        "clean": model(RELU + "5{1:4 2:1 8'w' " + F4 + "}"),
        "clean-subgraph": model("1{1'x' 2'y' 4'If' 5{1'then_branch' 20:5 6{1{2'z' 4'Constant' 5{1'value' 20:4 "
                                "5{2:7 7#05#}}} 2'b'}}}", "14{1'task' 2'detect'}"),
        "clean-function": model("1{1'x' 2'y' 4'F' 7'own'}",
                                "25{1'F' 4'x' 5'y' 7{1'x' 2'y' 4'Relu'} 9{2:17} 10'own'}"),
        "external": model(RELU + "5{1:4 2:1 8'w' 13{1'location' 2'../w.bin'} 13{1'offset' 2'0'} 14:1}"),
        "python": model("1{4'PyOp' 7'ai.onnx.contrib' 5{1'module' 20:3 4'os'}}"),
        "shape": model(RELU + "5{1:-1 1:4 2:1 8'w' " + F4 + "}"),
        "sparse": model(RELU + "15{1{1:1 2:1 8'v' 4#0000803f#} 2{1:1 2:7 7#03#} 3:9}", "20{1{1{4'Relu'}}}"),
        "unknown": model(RELU, "99'field'"),
        "broken": model(RELU, "$3aff$"),
    },
    "sentencepiece": {
        "clean": SPM,
        "clean-pieces": PIECES,
        "charsmap": SPM.replace("2#08000000", "2#ff000000"),
        "no-text": PIECES + "1{2~0}",
        "broken": SPM + "$0aff$",
    },
}

if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    for fmt, seeds in SEEDS.items():
        folder = os.path.join(here, "seeds", fmt)
        os.makedirs(folder, exist_ok=True)
        for name, text in seeds.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(make(text) if isinstance(text, str) else text)
