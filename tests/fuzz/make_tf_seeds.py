#!/usr/bin/python3
"""Writes the seeds of TensorFlow's and TFLite's formats. Protobuf messages are written as in tests/support/pbmake.h."""
import os
import runpy
import struct
import zipfile
import io

pb = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_pb_seeds.py"), run_name="pb")
make, varint = pb["make"], pb["varint"]


# ---- graphs ------------------------------------------------------------------------------------------------------

def node(name, op, *inputs, attr=""):
    return f"1{{1'{name}' 2'{op}' " + " ".join(f"3'{i}'" for i in inputs) + attr + "} "


DT = "5{1'dtype' 2{6:1}} "
W = "5{1'value' 2{8{1:1 2{2{1:2}2{1:2}} 4#0000803f0000803f0000803f0000803f#}}} "
STR = "5{1'value' 2{8{1:7 2{} 8'%s'}}} "
GRAPH = (node("x", "Placeholder", attr=DT) + node("w", "Const", attr=DT + W) + node("y", "MatMul", "x", "w") +
         node("out", "Relu", "y"))
SAVE = (node("save/Const", "Const", attr="5{1'dtype' 2{6:7}} " + STR % "model") +
        node("save/restore", "RestoreV2", "save/Const", "save/n", "save/s"))
FUNCTION = ("2{1{1{1'__inference_f_7' 2{1'x' 3:1} 3{1'y' 3:1} 17:1} "
            "3{1'r' 2'Relu' 3'x' 5{1'T' 2{6:1}}} 4{1'y' 2'r:activations:0'} 5{1'_a' 2{5:1}}} "
            "2{1'__inference_f_7' 2'__inference_f_7'}} ")
CALL = node("c", "StatefulPartitionedCall", "x", attr="5{1'f' 2{10{1'__inference_f_7'}}} 5{1'config_proto' 2{2'cfg'}} ")
INFO = "1{2{1{1'MatMul' 2{1'a' 4'T'} 4{1'T' 2'type' 7{1{6:1}}}}} 4'serve' 5'2.15.0' 6'v2.15.0' 7:1} "
SIGNATURE = "5{1'serving_default' 2{1{1'x' 2{1'x:0' 2:1 3{2{1:-1}2{1:2}}}} 2{1'y' 2{1'out:0' 2:1}} 3'tensorflow/serving/predict'}} "
OBJECTS = ("7{1{1{1:1 2'v'} 4{1'_generic_user_object' 2{1:1 2:1}}} 1{7{1:1 2{2{1:2}} 3:1 6'v'}} "
           "1{6{1'__inference_f_7' 2{1{54{1'FullArgSpec' 2{1'args' 2{51{1{13'x'}}}}}} 5{52{1{33{1'x' 2{} 3:1}}}}}}} "
           "2{1'__inference_f_7' 2{2#01# 3{52{}} 4{33{2{} 3:1}}}}} ")


def meta(nodes, more="", library=FUNCTION):
    return INFO + "2{" + nodes + library + "4{1:1766 2:12}} 3{1'a' 2'b' 3'c' 4:1 7:2} " + SIGNATURE + more


def saved(nodes, more="", library=FUNCTION):
    return "1:1 2{" + meta(nodes, more, library) + "} "


KERAS = ("1{3'root' 4'_tf_keras_sequential' 5'{\"class_name\": \"Sequential\", \"name\": \"s\", \"config\": {\"layers\": []}}' "
         "6{1:2 2:1}} 1{2:1 3'root.layer-0' 4'_tf_keras_layer' 5'{\"class_name\": \"Dense\", \"config\": {\"units\": 2}}' 6{1:1 2:1}} ")

# ---- tables --------------------------------------------------------------------------------------------------------

TABLE = []
for i in range(256):
    c = i
    for _ in range(8):
        c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    TABLE.append(c)


def crc(b):
    c = 0xFFFFFFFF
    for x in b:
        c = c >> 8 ^ TABLE[(c ^ x) & 255]
    return c ^ 0xFFFFFFFF


def masked(b):
    c = crc(b)
    return ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF


def block(entries, restart=16):
    out, points, last = b"", [], b""
    for i, (k, v) in enumerate(entries):
        shared = 0
        if i % restart == 0:
            points.append(len(out))
        else:
            while shared < min(len(k), len(last)) and k[shared] == last[shared]:
                shared += 1
        out += varint(shared) + varint(len(k) - shared) + varint(len(v)) + k[shared:] + v
        last = k
    return out + b"".join(struct.pack("<I", p) for p in points or [0]) + struct.pack("<I", max(1, len(points)))


def literal(b):
    """Snappy without any copies but one, of a run."""
    out = varint(len(b))
    for i in range(0, len(b), 60):
        out += bytes([(len(b[i:i + 60]) - 1) << 2]) + b[i:i + 60]
    return out


def table(entries, per=3, snappy=False, foot=b"", gap=b"", kind=b"\0"):
    out, index = b"", []

    def add(b):
        nonlocal out
        at, how = len(out), b"\1" if snappy else kind if len(out) == 0 else b"\0"
        if snappy:
            b = literal(b)
        out += b + how + struct.pack("<I", masked(b + how))
        return varint(at) + varint(len(b))
    for i in range(0, len(entries), per):
        part = entries[i:i + per]
        index.append((part[-1][0] + b"\xff", add(block(part))))
        out += gap
    m = add(block([]))
    x = add(block(index, 1))
    return out + (m + x + foot).ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


def fixed(t, at, b):
    """The table with other bytes at the start of its first block, and the checksum made right again."""
    t = bytearray(t)
    t[at:at + len(b)] = b
    n = len(block(BUNDLE[:3]))
    struct.pack_into("<I", t, n + 1, masked(bytes(t[:n + 1])))
    return bytes(t)


def with_entry(key, text):
    return BUNDLE + [(key, make(text))]


BUNDLE = [(b"", make("1:1 3{1:1}")),
          (b"_CHECKPOINTABLE_OBJECT_GRAPH", make("1:7 2{} 4:24 5:10 6~0")),
          (b"layer-0/bias", make("1:1 2{2{1:2}} 4:16 5:8 6~0")),
          (b"layer-0/kernel", make("1:1 2{2{1:2}2{1:2}} 5:16 6~0")),
          (b"save_counter", make("1:9 2{} 4:34 5:8 6~0"))]
OLD = [(b"", make("1{1{1'w' 2{2{1:4}} 3:1 4{1{}}} 2{1:1}}")),
       (b"\0w\0", make("2{1'w' 2{1{}} 3{1:1 2{2{1:4}} 5#0000803f0000803f0000803f0000803f#}}"))]

# ---- records ---------------------------------------------------------------------------------------------------------


def record(b):
    n = struct.pack("<Q", len(b))
    return n + struct.pack("<I", masked(n)) + b + struct.pack("<I", masked(b))


EXAMPLE = record(make("1{1{1'label' 2{3{1#03#}}} 1{1'x' 2{2{1#0000803f00000040#}}}}"))
EVENT = record(make("1!1700000000.5 3'brain.Event:2'"))

# ---- FlatBuffers -----------------------------------------------------------------------------------------------------


class Table:
    """Fields by id: ('1'..'8', n), ('s', text), ('B', bytes), ('I'/'L'/'H', numbers), ('t', Table), ('T', tables)."""
    def __init__(self, **fields):
        self.fields = {int(k[1:]): v for k, v in fields.items()}


def flat(root, ident=b"TFL3", head=b""):
    out = bytearray(b"\0\0\0\0" + ident + head)
    todo = [(0, "t", root)]

    def align(n, at=0):
        while (len(out) + at) % n:
            out.append(0)
    while todo:
        ref, kind, v = todo.pop(0)
        if kind == "t":
            n = max(v.fields, default=-1) + 1
            slots, at = [0] * n, 4
            for i, (k, x) in sorted(v.fields.items(), key=lambda f: -(int(f[1][0]) if f[1][0].isdigit() else 4)):
                w = int(k) if k.isdigit() else 4
                at = (at + w - 1) // w * w
                slots[i], at = at, at + w
            align(2)
            vt = len(out)
            out += struct.pack("<HH", 4 + 2 * n, at) + b"".join(struct.pack("<H", s) for s in slots)
            while len(out) % 8 != 0:
                out.append(0)
            start = len(out)
            out += struct.pack("<i", start - vt) + bytes(at - 4)
            for i, (k, x) in v.fields.items():
                if k.isdigit():
                    out[start + slots[i]:start + slots[i] + int(k)] = (x & (1 << 8 * int(k)) - 1).to_bytes(int(k), "little")
                else:
                    todo.append((start + slots[i], k, x))
        else:
            align(16 if kind == "B" else 8 if kind == "L" else 4, 4)
            start = len(out)
            out += struct.pack("<I", len(v))
            if kind == "s":
                out += v.encode() + b"\0"
            elif kind == "B":
                out += v
            elif kind in "HIL":
                out += b"".join(struct.pack({"H": "<H", "I": "<i", "L": "<q"}[kind], x) for x in v)
            else:
                for i, x in enumerate(v):
                    todo.append((start + 4 + 4 * i, "t" if kind == "T" else "s", x))
                out += bytes(4 * len(v))
        struct.pack_into("<I", out, ref, start - ref)
    return bytes(out)


def tensor(shape, buffer, name, kind=0, **more):
    return Table(f0=("I", shape), f1=("1", kind), f2=("4", buffer), f3=("s", name), **more)


def operator(code, ins, outs, **more):
    return Table(f0=("4", code), f1=("I", ins), f2=("I", outs), **more)


def lite(codes=None, buffers=None, tensors=None, operators=None, version=3, **more):
    buffers = buffers or [b"", b"\0\0\x80?" * 4, b"1.14.0\0\0\0\0\0\0\0\0\0\0"]
    return Table(f0=("4", version), f1=("T", codes or [Table(f0=("1", 9), f2=("4", 1), f3=("4", 9))]),
                 f2=("T", [Table(f0=("T", tensors or [tensor([1, 2], 0, "x"), tensor([2, 2], 1, "w", f4=("t", Table(f2=("I", [1])))),
                                                      tensor([1, 2], 0, "y")]),
                                 f1=("I", [0]), f2=("I", [2]),
                                 f3=("T", operators or [operator(0, [0, 1, -1], [2], f3=("1", 8), f4=("t", Table(f0=("1", 1))))]),
                                 f4=("s", "main"))]),
                 f3=("s", "converted"), f4=("T", [Table(f0=("B", b)) if b else Table() for b in buffers]),
                 f6=("T", [Table(f0=("s", "min_runtime_version"), f1=("4", 2))]),
                 f7=("T", [Table(f0=("T", [Table(f0=("s", "x"), f1=("4", 0))]), f2=("s", "serving_default"))]), **more)


def large(off):
    """A model whose weights stand behind it, as those above 2 GiB do."""
    m = lite()
    m.fields[4] = ("T", [Table(), Table(f1=("8", off), f2=("8", 16)), Table(f0=("B", b"1.0"))])
    return m


def grown():
    b = flat(large(1 << 20))
    at = (len(b) + 15) // 16 * 16
    return flat(large(at)).ljust(at, b"\0") + b"\0\0\x80?" * 4


def flexbuffer(op, node):
    """A vector of two strings, as the Flex delegate reads it."""
    out = bytearray(bytes([len(op)]) + op.encode() + b"\0")
    a = 1
    out += bytes([len(node)])
    b = len(out)
    out += node + b"\0"
    out += b"\2"
    v = len(out)
    out += bytes([v - a, v + 1 - b, 5 << 2, 5 << 2])
    return bytes(out + bytes([len(out) - v, 10 << 2, 1]))


def custom(name, options=None):
    op = operator(0, [0, 1], [2], **({"f5": ("B", options)} if options else {}))
    return lite(codes=[Table(f0=("1", 32), f1=("s", name), f3=("4", 32))], operators=[op])


def field(b, table, i):
    """Where field i of the table at that offset stands, and where its slot of the vtable does."""
    vt = table - struct.unpack_from("<i", b, table)[0]
    return table + struct.unpack_from("<H", b, vt + 4 + 2 * i)[0], vt + 4 + 2 * i


def patched(what):
    b = bytearray(flat(lite()))
    root = struct.unpack_from("<I", b)[0]
    at, slot = field(b, root, 1)
    if what == "range":
        struct.pack_into("<I", b, at, 0x7FFFFFFF)
    elif what == "align":
        struct.pack_into("<I", b, at, struct.unpack_from("<I", b, at)[0] + 2)
    elif what == "vtable":
        struct.pack_into("<i", b, root, 3)
    elif what == "overlap":
        struct.pack_into("<H", b, slot, struct.unpack_from("<H", b, field(b, root, 0)[1])[0])
    elif what == "loose":
        struct.pack_into("<H", b, field(b, root, 0)[1], 0)
    elif what == "string":
        b[b.index(b"converted\0") + 9] = 33
    return bytes(b)


def with_files(model):
    b = io.BytesIO(model)
    b.seek(0, 2)
    with zipfile.ZipFile(b, "a") as z:
        z.writestr(zipfile.ZipInfo("labels.txt", (1980, 1, 1, 0, 0, 0)), "cat\ndog\n")
    return b.getvalue()


def text_form(op='"Relu"'):
    return ('# a graph\nnode {\n  name: "x"\n  op: "Placeholder"\n  attr {\n    key: "dtype"\n    value {\n      type: DT_FLOAT\n    }\n'
            '  }\n}\nnode {\n  name: "y"\n  op: %s\n  input: "x"\n}\nlibrary {\n}\nversions {\n  producer: 27\n}\n' % op)


JS = ('{"format": "graph-model", "generatedBy": "2.9.1", "modelTopology": {%s}, "weightsManifest": [{"paths": ["%s"], '
      '"weights": [{"name": "w", "shape": [%d, 2], "dtype": "float32"}]}]}')

SEEDS = {
    "tf-savedmodel": {
        "clean": saved(GRAPH + CALL + SAVE, OBJECTS),
        "clean-small": "2{2{1{1'Const' 2'Const'}}}",
        "clean-assets": saved(GRAPH + SAVE, "6{1{1'a:0'} 2'vocab.txt'} 4{1'c' 2{1{1'a'}}} 4{1'b' 2{2{1'bytes of an object'}}} "),
        "readfile": saved(GRAPH + node("p", "Const", attr=STR % "/etc/passwd") + node("r", "ReadFile", "p")),
        "pyfunc-in-function": saved(GRAPH, library="2{1{1{1'f'} 3{1'p' 2'PyFunc' 3'x'}}} "),
        "graph-in-string": saved(node("g", "Const", attr="5{1'value' 2{8{1:7 8{" + node("a", "ReadFile") * 4 + "}}}} ")),
        "broken": saved(GRAPH) + "$12ff$",
    },
    "tf-metagraph": {
        "clean": meta(GRAPH + SAVE),
        "clean-collections": meta(GRAPH, "4{1'n' 2{3{1#0102#}}} 4{1'f' 2{4{1#0000803f#}}} 4{1'a' 2{5{1{1'u' 2'v'}}}} "),
        "unknown-op": meta(GRAPH + node("z", "ShellExecute")),
        "broken": meta(GRAPH) + "$3a7f$",
    },
    "tf-graphdef": {
        "clean": GRAPH + "4{1:27}",
        "clean-library": GRAPH + CALL + FUNCTION,
        "writefile": GRAPH + node("f", "WriteFile", "x", "y"),
        "shape": node("w", "Const", attr="5{1'value' 2{8{1:1 2{2{1:9}} 4#00000000#}}} "),
        "broken": GRAPH + "$0a05$",
    },
    "tf-keras-metadata": {
        "clean": KERAS,
        "clean-one": "1{2:3 3'root' 4'_tf_keras_model' 5'{}' 6{1:1}}",
        "broken": KERAS + "$0a$",
    },
    "tf-fingerprint": {
        "clean": "1:1234567890123 2:2345678901234 3:3456789012345 4:4567890123456 5:5678901234567 6{1:2}",
        "clean-uuid": "1:1234567890123 2:2345678901234 3:3456789012345 4:4567890123456 6{1:1} 7'7d53'",
        "broken": "1:1 2:2 3:3 4:4 5:5 6{1:2} $0f$",
    },
    "tf-checkpoint": {
        "clean": table(BUNDLE),
        "clean-snappy": table(BUNDLE, snappy=True),
        "clean-old": table(OLD),
        "unsorted": table([BUNDLE[0]] + BUNDLE[:0:-1], per=9),
        "loose": table(BUNDLE, foot=b"\0\0hidden"),
        "sum": table(BUNDLE).replace(b"layer-0/bias", b"layer-0/bixs"),
        "block": fixed(table(BUNDLE), 0, b"\0\x7f"),
        "field": table(with_entry(b"z", "1:1 2{2{1:2}} 4:42 5:8 6~0 9'more'")),
        "range": table(with_entry(b"z", "1:1 2{2{1:2}} 4:9223372036854775807 5:8 6~0")),
        "size": table(with_entry(b"z", "1:1 2{2{1:2}} 4:42 5:9 6~0")),
        "dtype": table(with_entry(b"z", "1:99 2{2{1:2}} 4:42 5:8 6~0")),
        "shard": table(with_entry(b"z", "1:1 2{2{1:2}} 3:7 4:42 5:8 6~0")),
        "overlap": table(with_entry(b"z", "1:1 2{2{1:2}} 4:12 5:8 6~0")),
        "name": table(with_entry(b"z\n", "1:1 2{2{1:2}} 4:42 5:8 6~0")),
        "gap": table(BUNDLE, gap=b"hidden"),
        "type": table(BUNDLE, kind=b"\4"),
    },
    "tfrecord": {
        "clean": EXAMPLE + EXAMPLE,
        "clean-log": EVENT + record(make("1!1700000001.5 4{" + GRAPH + "}")) + record(make("1!1700000002.5 2:1 5{1{1'loss' 2~0.5}}")),
        "log-readfile": EVENT + record(make("1!1700000001.5 4{" + node("r", "ReadFile") + "}")),
        "sum": EXAMPLE[:-1] + b"?",
        "cut": EXAMPLE + EXAMPLE[:-3],
    },
    "tf-text": {
        "clean": text_form().encode(),
        "clean-checkpoint": b'model_checkpoint_path: "model.ckpt-10"\nall_model_checkpoint_paths: "model.ckpt-10"\n',
        "clean-saved": b'saved_model_schema_version: 1 meta_graphs { graph_def < node { name: "a" op: \'Const\' } > }',
        "readfile": text_form("\"Read\" 'F\\151le'").encode(),
        "broken": text_form().encode() + b"}",
    },
    "tfjs": {
        "clean": JS % ('"node": [{"name": "x", "op": "Placeholder"}, {"name": "y", "op": "Relu", "input": ["x"]}], '
                       '"library": {"function": [{"signature": {"name": "f"}, "nodeDef": [{"name": "g", "op": "f"}]}]}', "group1-shard1of1.bin", 2),
        "clean-layers": JS % ('"keras_version": "2.4.0", "model_config": {"class_name": "Sequential", "config": {"layers": []}}',
                              "w.bin", 2),
        "readfile": JS % ('"node": [{"name": "y", "op": "ReadFile"}]', "w.bin", 2),
        "outside": JS % ('"node": []', "../../w.bin", 2),
        "shape": JS % ('"node": []', "w.bin", -2),
        "broken": (JS % ('"node": []', "w.bin", 2))[:-9],
    },
    "wire_flatbuf": {
        "all": flat(Table(f0=("1", 1), f1=("2", 2), f2=("4", 3), f3=("8", 4), f4=("s", "text"), f5=("t", Table(f2=("B", b"leaf"))),
                          f6=("T", [Table(f0=("1", 1)), Table()]), f7=("1", 1), f8=("t", Table(f1=("4", 1))), f9=("S", ["a", "b"]),
                          f10=("B", b"bytes"), f11=("H", [1, 2]), f12=("I", [1, -2]), f13=("L", [1]))),
        "empty": flat(Table()),
        "chain": flat(Table(f5=("t", Table(f0=("t", Table(f5=("t", Table()))))))),
    },
    "wire_sstable": {
        "block": block(BUNDLE),
        "restarts": block(BUNDLE, 1),
        "footer": table(BUNDLE)[-48:],
        "snappy": literal(b"some text that is packed"),
        "copies": bytes.fromhex("0a0461621e0200"),
    },
    "tflite": {
        "clean": flat(lite()),
        "clean-files": with_files(flat(lite())),
        "clean-custom": flat(custom("TFLite_Detection_PostProcess", b"max_detections\0nms_iou_threshold\0num_classes\0\x0a\x01\x01\x01\x0a\x04\x02\x24\x01")),
        "flex-readfile": flat(custom("FlexReadFile", flexbuffer("ReadFile", make("1'r' 2'ReadFile' 3'x'")))),
        "flex-hidden": flat(custom("FlexRelu", flexbuffer("Relu", make("1'r' 2'ReadFile' 3'x'")))),
        "unknown": flat(custom("RunShell")),
        "odd": flat(custom("AcmeSpecialConv")),
        "short": flat(lite(buffers=[b"", b"\0\0\x80?", b"1.0"])),
        "index": flat(lite(operators=[operator(7, [0, 99], [2])])),
        "cut": flat(lite())[:-40],
        "new-field": flat(lite(f12=("4", 1))),
        "version": flat(lite(version=2)),
        "size": flat(lite(buffers=[b"", b"\0\0\x80?" * 9, b"1.0"])),
        "type": flat(lite(tensors=[tensor([4], 1, "w", kind=77)] * 3)),
        "dims": flat(lite(tensors=[tensor([-1, 4], 1, "w")] * 3)),
        "strings": flat(lite(buffers=[b"", struct.pack("<4I", 1, 12, 99, 0), b"1.0"], tensors=[tensor([1], 1, "w", kind=5)] * 3)),
        "clean-strings": flat(lite(buffers=[b"", struct.pack("<3I", 1, 12, 16) + b"text", b"1.0"],
                                   tensors=[tensor([1], 1, "w", kind=5)] * 3)),
        "options": flat(custom("FlexRelu", b"no flexbuffer")),
        "large": flat(large(1 << 40)),
        "clean-large": grown(),
        "code": flat(lite(codes=[Table(f0=("1", 127), f2=("4", 1), f3=("4", 9999))])),
        "subgraph": flat(lite(codes=[Table(f0=("1", 118), f2=("4", 1), f3=("4", 118))],
                              operators=[operator(0, [0], [2], f3=("1", 92), f4=("t", Table(f0=("4", 5), f1=("4", 0))))])),
        "range": patched("range"),
        "align": patched("align"),
        "vtable": patched("vtable"),
        "overlap": patched("overlap"),
        "loose": patched("loose"),
        "string": patched("string"),
    },
}


def main():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")
    for fmt, seeds in SEEDS.items():
        os.makedirs(os.path.join(here, fmt), exist_ok=True)
        for name, body in seeds.items():
            with open(os.path.join(here, fmt, name), "wb") as f:
                f.write(body.encode() if fmt == "tfjs" else make(body) if isinstance(body, str) else body)


if __name__ == "__main__":
    main()
