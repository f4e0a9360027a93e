#!/usr/bin/python3
"""Write the seeds of the readers of plain values: msgpack, ggml, traineddata, torch7, ubjson, xgboost-binary,
catboost.
Usage: tests/fuzz/make_value_seeds.py [DIRECTORY]; the seeds are under version control, this says what they are."""
import pathlib
import struct
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / 'seeds')


def put(fmt, name, data):
    (ROOT / fmt).mkdir(parents=True, exist_ok=True)
    (ROOT / fmt / name).write_bytes(data)


def u32(*v):
    return struct.pack('<%dI' % len(v), *v)


# ---- msgpack ----
def mp(v):
    if v is None:
        return b'\xc0'
    if isinstance(v, bool):
        return b'\xc3' if v else b'\xc2'
    if isinstance(v, int):
        return struct.pack('b', v) if -32 <= v < 128 else b'\xd3' + struct.pack('>q', v)
    if isinstance(v, float):
        return b'\xcb' + struct.pack('>d', v)
    if isinstance(v, str):
        b = v.encode()
        return (bytes([0xa0 | len(b)]) if len(b) < 32 else b'\xd9' + bytes([len(b)])) + b
    if isinstance(v, bytes):
        return b'\xc4' + bytes([len(v)]) + v
    if isinstance(v, tuple):  # extension
        return b'\xc7' + bytes([len(v[1]), v[0] & 255]) + v[1]
    if isinstance(v, list):
        return bytes([0x90 | len(v)]) + b''.join(map(mp, v))
    return bytes([0x80 | len(v)]) + b''.join(mp(k) + mp(x) for k, x in v.items())


def array(shape, dtype, data):
    return (1, mp([list(shape), dtype, data]))


flax = {'params': {'Dense_0': {'kernel': array((2, 3), 'float32', bytes(24)), 'bias': array((3,), 'float32', bytes(12))}}}
put('msgpack', 'clean_flax.msgpack', mp(flax))
put('msgpack', 'clean_plain.msgpack', mp({'step': 3, 'lr': 0.5, 'name': 'a', 'on': True, 'none': None, 'l': [1, -2, 70000]}))
put('msgpack', 'clean_ext.msgpack', mp({'c': (2, mp([1.0, 2.0])), 's': (3, mp([[], 'int32', bytes(4)])), 't': (-1, bytes(4))}))
put('msgpack', 'pickle.msgpack', mp({'w': b'\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.'}))
put('msgpack', 'objects.msgpack', mp({'w': array((1,), 'object', bytes(8))}))
put('msgpack', 'cut.msgpack', mp(flax)[:-5])
put('wire_msgpack', 'map', mp(flax))
put('wire_msgpack', 'list', mp([{'a': 1}, b'xyz']))
put('wire_msgpack', 'cut', mp(flax)[:20])

# ---- ggml ----
GGML = 0x67676d6c


def words(n, scores):
    return b''.join(u32(2) + b't%d' % i + (struct.pack('<f', -i) if scores else b'') for i in range(n))


def tensors(head, align, blocks):
    for name, dims, kind in (('tok', (32, 4), 2), ('norm', (8,), 0)):
        head += u32(len(dims), len(name), kind, *dims) + name.encode()
        head += bytes(-len(head) % align)
        head += bytes(range(1, 73))[:4 * blocks] if kind == 2 else bytes(32)
    return head


LLAMA = u32(4, 32, 256, 4, 2, 8, 2)
put('ggml', 'clean_ggjt3.bin', tensors(u32(0x67676a74, 3) + LLAMA + words(4, True), 32, 18))
put('ggml', 'clean_ggjt2.bin', tensors(u32(0x67676a74, 2) + LLAMA + words(4, True), 32, 20))
put('ggml', 'clean_gpt2.bin', tensors(u32(GGML, 4, 16, 32, 4, 2, 2, 4) + words(4, False), 1, 18))
put('ggml', 'clean_whisper.bin', tensors(u32(GGML, 9, 1500, 32, 4, 2, 448, 32, 4, 2, 80, 2, 2, 2) + bytes(16) + u32(4) +
                                         words(4, False), 1, 18))
put('ggml', 'clean_lora.bin', tensors(u32(0x67676c61, 1, 8, 16), 32, 18))
put('ggml', 'cut.bin', tensors(u32(0x67676a74, 3) + LLAMA + words(4, True), 32, 18)[:-9])
put('ggml', 'version.bin', tensors(u32(0x67676a74, 77) + LLAMA + words(4, True), 32, 18))


# ---- traineddata ----
def trained(parts, swapped=False):
    o = '>' if swapped else '<'
    at = 4 + 8 * 24
    table, body = b'', b''
    for i in range(24):
        part = parts.get(i)
        table += struct.pack(o + 'q', -1 if part is None else at + len(body))
        body += part or b''
    return struct.pack(o + 'I', 24) + table + body


def dawg(n, o='<'):
    return struct.pack(o + 'hii', 42, 100, n) + bytes(8 * n)


PARTS = {17: bytes(range(40)), 18: dawg(3), 21: b'2\nNULL 0 NULL 0\na 3 0,1 a 0\n', 22: u32(1) + b'\1' + u32(2, 5, 6), 23: b'4.0.0'}
put('traineddata', 'clean.traineddata', trained(PARTS))
put('traineddata', 'clean_big_endian.traineddata', trained({17: bytes(40), 18: dawg(3, '>'), 23: b'4.0.0'}, True))
put('traineddata', 'clean_config.traineddata', trained({**PARTS, 0: b'load_system_dawg F\n'}))
put('traineddata', 'writes.traineddata', trained({**PARTS, 0: b'debug_file /tmp/out\n'}))
put('traineddata', 'order.traineddata', trained(PARTS).replace(struct.pack('<q', 196 + 40), struct.pack('<q', 1 << 40)))


# ---- torch7 ----
class T7:
    def __init__(self, text):
        self.text, self.b, self.i = text, b'', 0

    def num(self, form, v):
        self.b += b'%d\n' % v if self.text else struct.pack('<' + form, v)

    def chars(self, s):
        self.num('i', len(s))
        self.b += s + (b'\n' if self.text else b'')

    def index(self, kind):
        self.i += 1
        self.num('i', kind)
        self.num('i', self.i)

    def torch(self, name):
        self.index(4)
        self.chars(b'V 1')
        self.chars(name)

    def tensor(self, n, has):
        self.torch(b'torch.FloatTensor')
        self.num('i', 1)
        for v in (n, 1, 1):
            self.num('q', v)
        self.torch(b'torch.FloatStorage')
        self.num('q', has)
        self.b += b''.join(b'%d ' % i for i in range(has))[:-1] + b'\n' if self.text else struct.pack('<%df' % has, *range(has))

    def put(self, v):
        if v is None:
            self.num('i', 0)
        elif isinstance(v, bool):
            self.num('i', 5)
            self.num('i', v)
        elif isinstance(v, int):
            self.num('i', 1)
            self.num('d', v)
        elif isinstance(v, bytes):
            self.num('i', 2)
            self.chars(v)
        elif isinstance(v, dict):
            self.index(3)
            self.num('i', len(v))
            for k, x in v.items():
                self.put(k)
                self.put(x)
        else:
            v(self)


def module(name, **fields):
    def write(t):
        t.torch(name)
        t.put({k.encode(): v for k, v in fields.items()})
    return write


def function(t):
    t.index(8)
    t.chars(b'\x1bLJ\x01some bytecode')
    t.put({})


def t7(v, text=False):
    t = T7(text)
    t.put(v)
    return t.b


NET = module(b'nn.Linear', weight=lambda t: t.tensor(4, 4), train=True, _type=b'torch.FloatTensor', output=None)
put('torch7', 'clean_net.t7', t7(NET))
put('torch7', 'clean_text.t7', t7(NET, True))
put('torch7', 'clean_table.t7', t7({b'model': NET, b'epoch': 3}))
put('torch7', 'function.t7', t7({b'f': function}))
put('torch7', 'outside.t7', t7(lambda t: t.tensor(1000, 4)))
put('torch7', 'class.t7', t7(module(b'evil.Class', a=1)))
put('torch7', 'cut.t7', t7(NET)[:-7])


# ---- ubjson ----
def key(k):
    return b'L' + struct.pack('>q', len(k)) + k.encode()


def ubj(v):
    if isinstance(v, tuple):
        return b'[$' + v[0] + b'#L' + struct.pack('>q', len(v[1])) + struct.pack('>%d%s' % (len(v[1]), v[2]), *v[1])
    if isinstance(v, int):
        return b'i' + struct.pack('b', v)
    if isinstance(v, str):
        return b'S' + key(v)
    if isinstance(v, list):
        return b'[#L' + struct.pack('>q', len(v)) + b''.join(map(ubj, v))
    return b'{' + b''.join(key(k) + ubj(x) for k, x in v.items()) + b'}'


BOOSTER = {'learner': {'objective': {'name': 'binary:logistic'}, 'trees': [{'id': 0, 'w': (b'd', [0.5] * 20, 'f'),
                                                                          'left': (b'U', [0] * 20, 'B')}]}, 'version': (b'L', [2, 0, 3], 'q')}
put('ubjson', 'clean_booster.ubj', ubj(BOOSTER))
put('ubjson', 'clean_open.ubj', b'{i\x02abi\x05i\x02cdSi\x03xyzi\x02efZi\x02ghTi\x02ij[I\x01\x02Nl\0\0\0\1]}')
put('ubjson', 'clean_number.ubj', b'{i\x02abHi\x043.14i\x02cd{$i#i\x01i\x01x\x05}')
put('ubjson', 'twice.ubj', b'{i\x02abi\x05i\x02abi\x06}')
put('ubjson', 'count.ubj', b'{i\x02ab[$d#L\x7f\0\0\0\0\0\0\0\0\0\0\0}')
put('ubjson', 'cut.ubj', ubj(BOOSTER)[:-9])


# ---- xgboost-binary ----
def text(s):
    return struct.pack('<Q', len(s)) + s


def xgb(magic=b'binf', left=1, extra=b'', flags=(0, 0), booster=b'gbtree'):
    head = magic + struct.pack('<fIiiiII', 0.5, 4, 0, *flags, 1, 7) + bytes(136 - 28)
    tree = struct.pack('<6i', 1, 3, 0, 0, 4, 0) + bytes(148 - 24)
    for parent, a, b in ((-1, left, 2), (0, -1, -1), (0, -1, -1)):
        tree += struct.pack('<iiiIf', parent, a, b, 0, 0.25)
    tree += bytes(3 * 16)
    return head + text(b'binary:logistic') + text(booster) + struct.pack('<i', 1) + bytes(156) + tree + bytes(4) + extra


put('xgboost-binary', 'clean.model', xgb())
put('xgboost-binary', 'clean_plain.model', xgb(b''))
put('xgboost-binary', 'clean_attributes.model',
    xgb(flags=(1, 1), extra=struct.pack('<Q', 1) + text(b'best_iteration') + text(b'3') + struct.pack('<Q', 1) + text(b'auc')))
put('xgboost-binary', 'wild.model', xgb(left=70000))
put('xgboost-binary', 'cut.model', xgb()[:-30])


# ---- catboost ----
class Vec:
    """A vector: of scalars ('i', 'd', 'f', 'B'), or of texts or tables (form None)."""
    def __init__(self, form, *v):
        self.form, self.v = form, v


def flat(root):
    """A FlatBuffer of tables: lists of (form, value) or None; values of form 'o' are texts, Vecs and tables."""
    out = bytearray(4)
    todo = [(0, root)]

    def align(n, ahead=0):
        while (len(out) + ahead) % n:
            out.append(0)

    def put(form, v, patches):
        if form == 'o':
            align(4)
            patches.append((len(out), v))
            out.extend(bytes(4))
        else:
            align(struct.calcsize('<' + form))
            out.extend(struct.pack('<' + form, v))

    while todo:
        at, v = todo.pop(0)
        patches = []
        if isinstance(v, str):
            align(4)
            start = len(out)
            out.extend(u32(len(v)) + v.encode() + b'\0')
        elif isinstance(v, Vec):
            align(8 if v.form == 'd' else 4, 4)
            start = len(out)
            out.extend(u32(len(v.v)))
            for x in v.v:
                put(v.form or 'o', x, patches)
        else:
            align(4)
            vt = len(out)
            out.extend(bytes(4 + 2 * len(v)))
            align(8, 4)
            start = len(out)
            out.extend(struct.pack('<i', start - vt))
            slots = []
            for f in v:
                if f is None:
                    slots.append(0)
                    continue
                form, x = f
                align(4 if form == 'o' else struct.calcsize('<' + form))
                slots.append(len(out) - start)
                put(form, x, patches)
            struct.pack_into('<HH%dH' % len(v), out, vt, 4 + 2 * len(v), len(out) - start, *slots)
        struct.pack_into('<I', out, at, start - at)
        todo.extend(patches)
    align(4)
    return bytes(out)


def cbm(parts=(), tail=b'', sizes=(1,), version='FlabuffersModel_v1', text='{}'):
    feature = [('B', 0), ('i', 0), ('i', 0), ('o', Vec('f', 0.5)), ('o', 'x')]
    trees = [('i', 1), ('o', Vec('i', 0)), ('o', Vec('i', *sizes)), ('o', Vec('i', 0)), None, ('o', Vec(None, feature)), None, None,
             ('o', Vec('d', 0.25, 0.75)), None, None, None, None, None, ('d', 1.0)]
    core = flat([('o', version), ('o', trees), ('o', Vec(None, [('o', 'params'), ('o', text)]))] +
                ([('o', Vec(None, *parts))] if parts else []))
    return b'CBM1' + u32(len(core)) + core + tail


base = [('o', [('o', Vec('i', 0))]), ('B', 1)]
stat = flat([('o', base), ('o', Vec('B', *range(32))), ('o', Vec('B', *range(16))), ('i', 3), ('i', 2)])
put('catboost', 'clean.cbm', cbm())
put('catboost', 'clean_categories.cbm', cbm(('static_provider_v1',), u32(1) + u32(len(stat)) + stat))
put('catboost', 'clean_none.cbm', cbm(('static_provider_v1',), u32(0)))
put('catboost', 'texts.cbm', cbm(('text_processing_collection_v1',), b'anything'))
put('catboost', 'trees.cbm', cbm(sizes=(9,)))
core = flat([('o', 'FlabuffersModel_v1'), None, ('o', Vec(None, [('o', 'a'), ('o', 'b'), ('i', 1)]))])
put('catboost', 'field.cbm', b'CBM1' + u32(len(core)) + core)
put('catboost', 'version.cbm', cbm(version='FlabuffersModel_v9'))
put('catboost', 'script.cbm', cbm(text='import os; os.system("id")'))
put('catboost', 'cut.cbm', cbm()[:-20])
