#!/usr/bin/python3
"""Writes the fuzz seeds of the pickle row (tests/fuzz/seeds/pickle): small streams of every protocol, valid and broken.
Payloads are inert. Usage: make_pickle_seeds.py DIRECTORY"""
import os
import pickle
import sys

SYS = b"cos\nsystem\n"
VALUE = {"a": [1, 2.5, None, True, 2**70, -3], "b": (b"x" * 20, bytearray(b"y"), "é", {1, 2}, frozenset("z")), "c": slice(1, 2)}
WRAP = (b"\x80\3cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\5\0\0\0shapeK\2\x85X\5\0\0\0dtypecnumpy\ndtype\n(X\2\0\0\0i4K\0K\1tR"
        b"(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb")
SEEDS = {
    "call0": SYS + b"(S'id'\ntR.",
    "memo": b"\x80\4\x8c\2os\x940\x8c\6system\x940h\0h\1\x93\x8c\2id\x85R.",
    "objects": b"\x80\4(cm\nc\nK\1o}\x8c\1kK\1sbK\1aK\1K\2s(K\3\x900cm\nc\n)}\x8c\1kN s\x92.".replace(b" ", b""),
    "inst": b"(I1\nF1.5\nL5L\nVa\\u0041\nS'\\x41\\101'\nia\nb\n.",
    "persid": b"Pone\n0(I1\ntQ\x82\1\x83\1\0\x84\1\0\0\0.",
    "frames": b"\x80\4\x95\4\0\0\0\0\0\0\0K\1M\0\0" + SYS + b")R.",
    "longframe": b"\x80\4\x95\xff\0\0\0\0\0\0\0" + SYS + b")R.",
    "python2": b"\x80\2U\1\xff" + SYS + b")R.",
    "buffers": b"\x80\5\x97\x98\x96\3\0\0\0\0\0\0\0abc\x98" + SYS + b")R.",
    "nested": b"\x80\4C\x13\x80\2" + SYS + b"U\1x\x85R.0\x8c\x1cgAJjb3MKc3lzdGVtClUBeIVSLg==.",
    "broken": b"\x80\2" + SYS + b")R\xff",
    "streams": b"\x80\2N.\0\0\x80\2" + SYS + b")R.",
    "joblib": WRAP + b"X\x1b\0\0\0numpy_array_alignment_bytesK\x10ub\2\xff\xff\1\2\3\4\5\6\7\x08.",
    "joblib_plain": WRAP + b"ubcm\nf\n)R0N.",
    "joblib_object": WRAP.replace(b"i4", b"O8") + b"ub\x80\2" + SYS + b")R." + b".",
    "sparse": b"\x80\2Nr\xff\xff\xff\xff0j\xff\xff\xff\xffp99999999999999999999\n.",
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for proto in range(6):
        SEEDS["value%d" % proto] = pickle.dumps(VALUE, proto)
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name + ".pkl"), "wb") as f:
            f.write(data)


main()
