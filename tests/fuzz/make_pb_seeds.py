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

FEATURES = "1{1'x' 3{5{1#0304# 2:65568}}} 10{1'y' 2'what comes out' 3{5{1:2 2:65568}}} 100{1'a model' 3'author'}"
DENSE = "1{1'fc' 2'x' 3'y' 140{1:3 2:2 20{1#" + "0000803f" * 18 + "#} 10:1}}"
PROGRAM = ("1:1 2{1'main' 2{1{1'x' 2{1{1:11 2:1 3{1{1:3}}}}} 2'CoreML5' 3{1'CoreML5' 2{2'y' 3{1'const' 3{1'w' "
           "2{1{1:11 2:1 3{1{1:3}}}}} 5{1'val' 2{2{1{1:11 2:1 3{1{1:3}}}} 5{1'@model_path/weights/weight.bin' "
           "2:64}}}} 3{1'add' 2{1'x' 2{1{1'x'}}} 2{1'y' 2{1{1'w'}}} 3{1'y' 2{1{1:11}}}}}}}}")

OP = "4{1{1'X' 2'x'} 2{1'Out' 2'y'} 3'relu' 4{1'use_mkldnn' 2:6 10:0}} "
VAR = "3{1'x' 2{1:7 3{1{1:5 2:-1 2:3}}} 3:0 4:1} "
PADDLE = "1{1:0 2:-1 " + VAR + OP + "} 4{1:2004002} 5{1{1'relu' 2{1:1}}}"


def paddle_tensor(desc, data, levels=b"", version=0):
    return (struct.pack("<IQ", version, 1 if levels else 0) + levels + struct.pack("<Ii", 0, len(desc)) + desc + data)


PARAMS = paddle_tensor(make("1:5 2:2 2:3"), struct.pack("<6f", *range(1, 7)))

CAFFE = ("1'net' 100{1'data' 2'Input' 4'data' 143{1{1:1 1:3}}} 100{1'fc' 2'InnerProduct' 3'data' 7{7{1#0202#} "
         "5#0000803f0000803f0000803f0000803f#} 117{1:2 3{1'xavier'}}} ")

SEEDS = {
    "caffe": {
        "clean": CAFFE,
        "clean-old": "1'net' 2{4'fc' 5:14 2'data' 3'fc' 6{1:1 2:1 3:1 4:2 5#0000803f0000803f#}} 3'data'",
        "python": CAFFE + "100{1'p' 2'Python' 130{1'os' 2'system' 3'id'}}",
        "broken": CAFFE + "$a206ff$",
    },
    "coreml": {
        "clean": f"1:4 2{{ {FEATURES} }} 500{{ {DENSE} 5:1 }}",
        "clean-pipeline": f"1:4 2{{ {FEATURES} }} 202{{ 1{{1:4 2{{ {FEATURES} }} 604{{1{{1#0000#}}}}}} 2'scale' }}",
        "clean-program": f"1:6 2{{ {FEATURES} }} 502{{ {PROGRAM} }}",
        "custom": f"1:4 2{{ {FEATURES} }} 555{{ 10'Runner' 30{{1'cmd' 2{{20'id'}}}} }}",
        "nested-custom": f"1:4 2{{ {FEATURES} }} 500{{ 1{{1'l' 615{{1:3 4{{1{{1'c' 500{{10'Runner'}}}}}}}}}} }}",
        "linked": f"1:4 2{{ {FEATURES} }} 556{{ 1{{ 1{{1'../x.mlmodelc'}} 2{{1'.'}} }} }}",
        "broken": f"1:4 2{{ {FEATURES} }} 500{{ {DENSE} }} $0aff$",
    },
    "paddle": {
        "clean": PADDLE,
        "clean-blocks": "1{1:0 2:-1 " + VAR + OP + "4{3'while' 4{1'sub_block' 2:8 12:1}}} 1{1:1 2:0 " + OP + "}",
        "python": "1{1:0 2:-1 " + OP + "4{3'py_func' 4{1'forward_callable_id' 2:0 3:0}}} 4{1:0}",
        "save": "1{1:0 2:-1 " + OP + "4{3'save_combine' 4{1'file_path' 2:2 5'/tmp/x'}}} 4{1:0}",
        "broken": PADDLE + " $0aff$",
    },
    "paddle-params": {
        "clean": PARAMS + paddle_tensor(make("1:3 2:1"), struct.pack("<q", 5)),
        "clean-levels": paddle_tensor(make("1:5 2:3"), struct.pack("<3f", 1, 2, 3), struct.pack("<4Q", 24, 0, 1, 3)),
        "cut": PARAMS + PARAMS[:-3],
        "levels": paddle_tensor(make("1:5 2:3"), struct.pack("<3f", 1, 2, 3), struct.pack("<4Q", 24, 0, 9, 3)),
        "type": PARAMS + paddle_tensor(make("1:99 2:3"), b"abc"),
    },
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
