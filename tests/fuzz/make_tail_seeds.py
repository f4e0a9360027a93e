#!/usr/bin/python3
"""Write the seeds of the readers of smaller model formats: MXNet, CTranslate2, fastText, word2vec, faiss, LightGBM, ncnn,
MATLAB, Darknet, and those that are recognised only.
Usage: tests/fuzz/make_tail_seeds.py [DIRECTORY]; the seeds are under version control, this says what they are."""
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / 'seeds')


def put(fmt, name, data):
    (ROOT / fmt).mkdir(parents=True, exist_ok=True)
    (ROOT / fmt / name).write_bytes(data)


def u16(*v):
    return struct.pack('<%dH' % len(v), *v)


def u32(*v):
    return struct.pack('<%dI' % len(v), *[x & 0xffffffff for x in v])


def u64(*v):
    return struct.pack('<%dQ' % len(v), *[x & (1 << 64) - 1 for x in v])


def f32(n):
    return struct.pack('<%df' % n, *[0.25 - 0.01 * i for i in range(n)])


# ---- MXNet ----
def shape(*d):
    return u32(len(d)) + u64(*d)


def names(*n):
    return u64(len(n)) + b''.join(u64(len(x)) + x for x in n)


V2 = u32(0xf993fac9, 0) + shape(2, 3) + u32(1, 0, 0) + f32(6)
V3 = u32(0xf993faca, 0) + shape() + u32(1, 0, 0) + f32(1)
SPARSE = u32(0xf993fac9, 1) + shape(1, 2) + shape(4, 2) + u32(1, 0, 0) + u32(6) + shape(1) + f32(2) + u64(3)
V1 = u32(0xf993fac8) + shape(4) + u32(1, 0, 5) + bytes(range(4))
V0 = u32(2, 2, 2) + u32(1, 0, 4) + u32(1, 2, 3, 4)
LIST = u64(0x112, 0)
put('mxnet-params', 'clean_v2.params', LIST + u64(2) + V2 + V2 + names(b'arg:fc_weight', b'aux:bn_mean'))
put('mxnet-params', 'clean_mixed.params', LIST + u64(5) + V2 + V3 + SPARSE + V1 + V0 +
    names(b'arg:a', b'arg:b', b'arg:c', b'arg:d', b'arg:e'))
put('mxnet-params', 'clean_nameless.nd', LIST + u64(1) + V1 + names())
put('mxnet-params', 'type.params', LIST + u64(1) + u32(0xf993fac9, 0) + shape(1) + u32(1, 0, 99) + f32(1) + names())
put('mxnet-params', 'huge.params', LIST + u64(1) + u32(0xf993fac9, 0) + shape(1 << 40, 1 << 40) + u32(1, 0, 0) + names())


# ---- CTranslate2 ----
def ct2(s):
    return u16(len(s) + 1) + s + b'\0'


CT_VARS = (ct2(b'decoder/embeddings/weight') + b'\2' + u32(2, 3) + b'\0' + u32(24) + f32(6) +
           ct2(b'encoder/bias') + b'\1' + u32(4) + b'\1' + u32(4) + b'\1\2\3\4')
put('ctranslate2', 'clean_v6.bin', u32(6) + ct2(b'TransformerSpec') + u32(7, 2) + CT_VARS + u32(1) +
    ct2(b'decoder/projection/weight') + ct2(b'decoder/embeddings/weight'))
put('ctranslate2', 'clean_v3.bin', u32(3) + ct2(b'TransformerSpec') + u32(3, 1) + ct2(b'encoder/bias') + b'\1' + u32(2) +
    b'\4' + u32(2) + f32(2) + u32(0))
put('ctranslate2', 'version.bin', u32(40) + ct2(b'TransformerSpec') + u32(7, 2) + CT_VARS + u32(0))


# ---- fastText ----
def ft_args(dim, model, bucket):
    return u32(dim, 5, 5, 1, 5, 1, 3, model, bucket, 0, 0, 100) + struct.pack('<d', 1e-4)


def ft_dict(words, labels, pruned=-1):
    e = b''.join(w + b'\0' + u64(3) + b'\0' for w in words) + b''.join(w + b'\0' + u64(2) + b'\1' for w in labels)
    return u32(len(words) + len(labels), len(words), len(labels)) + u64(100, pruned) + e


FT = u32(793712314, 12)
MATRIX = u64(3, 4) + f32(12)
put('fasttext', 'clean_supervised.bin', FT + ft_args(4, 3, 0) + ft_dict([b'a', b'bc', b'def'], [b'__label__x', b'__label__y']) +
    b'\0' + MATRIX + b'\0' + u64(2, 4) + f32(8))
put('fasttext', 'clean_vectors.bin', FT + ft_args(4, 2, 2) + ft_dict([b'a', b'bc'], []) + b'\0' + u64(4, 4) + f32(16) + b'\0' +
    u64(2, 4) + f32(8))
PQ4 = u32(4, 2, 2, 2) + f32(1024)
put('fasttext', 'clean_quantised.ftz', FT + ft_args(4, 3, 0) + ft_dict([b'a', b'bc', b'def'], [b'__label__x'], 1) +
    u32(7, 0) + b'\1' + b'\1' + u64(4, 4) + u32(8) + bytes(8) + PQ4 + bytes(4) + u32(1, 1, 1, 1) + f32(256) + b'\0' +
    u64(1, 4) + f32(4))
put('fasttext', 'version.bin', u32(793712314, 99) + ft_args(4, 3, 0) + bytes(32))

# ---- word2vec ----
put('word2vec', 'clean_plain.bin', b'3 4\n' + b'the ' + f32(4) + b'of ' + f32(4) + b'and ' + f32(4))
put('word2vec', 'clean_lines.bin', b'2 50\n' + b'the ' + f32(50) + b'\n' + b'of ' + f32(50) + b'\n')
put('word2vec', 'cut.bin', b'4 50\n' + b''.join(b'word%d ' % i + f32(50) + b'\n' for i in range(4))[:-9])


# ---- faiss ----
def fx(d, n, metric=1):
    return u32(d) + u64(n, 1 << 20, 1 << 20) + b'\1' + u32(metric)


FLAT = b'IxF2' + fx(4, 3) + u64(12) + f32(12)
PQ = u64(4, 2, 4) + u64(64) + f32(64)
QUANT = b'IxF2' + fx(4, 2) + u64(8) + f32(8)
put('faiss', 'clean_flat.faiss', FLAT)
put('faiss', 'clean_ivf.faiss', b'IwFl' + fx(4, 3) + u64(2, 1) + QUANT + b'\0' + u64(0) + b'ilar' + u64(2, 16) + b'full' +
    u64(2, 1, 2) + f32(4) + u64(7) + f32(8) + u64(8, 9))
put('faiss', 'clean_hnsw.faiss', b'IHNf' + fx(4, 3) + u64(1) + struct.pack('<d', 1.0) + u64(2) + u32(0, 4) + u64(3) +
    u32(1, 1, 1) + u64(4) + u64(0, 4, 8, 12) + u64(12) + u32(1, 2, -1, -1, 0, 2, -1, -1, 0, 1, -1, -1) + u32(0, 0, 40, 16, 1) +
    FLAT)
put('faiss', 'clean_pq.index', b'IxMp' + fx(4, 3) + b'IxPq' + fx(4, 3) + PQ + u64(3) + b'abc' + u32(0) + b'\0' + u32(0) +
    u64(3) + u64(10, 20, 30))
put('faiss', 'clean_ivfpq.index', b'IxPT' + fx(8, 2) + u32(1) + b'LTra' + b'\0' + u64(32) + f32(32) + u64(0) + u32(8, 4) + b'\1' +
    b'IwPQ' + fx(4, 2) + u64(2, 1) + QUANT + b'\0' + u64(0) + b'\1' + u64(1) + PQ + b'ilar' + u64(2, 1) + b'sprs' + u64(2) +
    u64(1, 2) + b'xy' + u64(0, 1))
put('faiss', 'disk.index', b'IwFl' + fx(4, 3) + u64(2, 1) + QUANT + b'\0' + u64(0) + b'ilod' + u64(2, 16) + u64(0) + u64(0) +
    u64(11) + b'/etc/shadow' + u64(40))
put('faiss', 'lattice.index', b'IxLa' + u32(4, 1, 1, 1) + fx(4, 3) + u64(0) + bytes(8))

# ---- LightGBM ----


def lgb(trees, sizes=None, tail=True):
    head = ('tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=2\n'
            'objective=binary sigmoid:1\nfeature_names=f0 f1 f2\nfeature_infos=[0:1] none 0:1:2\n'
            'tree_sizes=%s\n\n' % ' '.join(map(str, sizes or [len(t) for t in trees])))
    end = 'end of trees\n\nfeature_importances:\nf0=2\nf2=1\n\nparameters:\n[boosting: gbdt]\n[objective: binary]\n\n' \
          'end of parameters\n\npandas_categorical:null\n'
    return (head + ''.join(trees) + (end if tail else '')).encode()


T0 = ('Tree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 2\nsplit_gain=1.5 0.25\nthreshold=0.5 1e-35\ndecision_type=2 2\n'
      'left_child=1 -1\nright_child=-2 -3\nleaf_value=0.1 -0.2 0.3\nleaf_weight=1 2 3\nleaf_count=1 2 3\n'
      'internal_value=0 0.1\ninternal_weight=0 1\ninternal_count=6 4\nis_linear=0\nshrinkage=0.1\n\n\n')
T1 = ('Tree=1\nnum_leaves=2\nnum_cat=1\nsplit_feature=1\nsplit_gain=2\nthreshold=0\ndecision_type=1\nleft_child=-1\n'
      'right_child=-2\nleaf_value=0.5 -0.5\nleaf_weight=1 1\nleaf_count=3 3\ninternal_value=0\ninternal_weight=0\n'
      'internal_count=6\ncat_boundaries=0 1\ncat_threshold=5\nis_linear=0\nshrinkage=0.1\n\n\n')
T2 = 'Tree=2\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\nleft_child=\nright_child=\nleaf_value=0.7\nshrinkage=1\n\n\n'
put('lightgbm', 'clean_trees.txt', lgb([T0, T1]))
put('lightgbm', 'clean_stump.txt', lgb([T0, T1, T2]))
put('lightgbm', 'sizes.txt', lgb([T0, T1], [len(T0) - 4, len(T1) + 4]))
put('lightgbm', 'cut.txt', lgb([T0, T1], tail=False))

# ---- ncnn ----
put('ncnn', 'clean.txt', b'7767517\n3 3\nInput            data             0 1 data 0=4 1=4 2=3\n'
    b'Convolution      conv1            1 1 data conv1 0=8 1=3 6=216\nReLU relu1 1 1 conv1 relu1\n')
put('ncnn', 'clean_arrays.txt', b'7767517\n2 3\nInput in 0 1 in\nSlice slice 1 2 in a b -23300=2,-233,-233 1=0\n')
put('ncnn', 'blobs.txt', b'7767517\n2 1\nInput in 0 1 in\nSlice slice 1 2 in a b 1=0\n')


# ---- MATLAB ----
def el(kind, data):
    return u32(kind, len(data)) + data + bytes(-len(data) % 8)


def var(cls, dims, name, *content, flags=0):
    return matrix(el(6, u32(cls | flags << 8, 0)) + el(5, u32(*dims)) + el(1, name) + b''.join(content))


def matrix(body):
    return u32(14, len(body)) + body


def packed(v):
    z = zlib.compress(v)
    return u32(15, len(z)) + z


HEAD = b'MATLAB 5.0 MAT-file, Platform: GLNXA64'.ljust(116) + bytes(8) + b'\0\1IM'
DOUBLE = var(6, (1, 3), b'weights', el(9, struct.pack('<3d', 1, 2, 3)))
CHARS = var(4, (1, 5), b'label', el(16, b'hello'))
CELL = var(1, (1, 2), b'c', var(6, (1, 1), b'', el(2, b'\7')), matrix(b''))
STRUCT = var(2, (1, 1), b's', u16(5, 4) + u32(8), el(1, b'a'.ljust(8, b'\0') + b'b'.ljust(8, b'\0')),
             var(6, (1, 1), b'', el(9, bytes(8))), var(4, (1, 1), b'', u16(16, 1) + b'x\0\0\0'))
SPARSEM = var(5, (2, 2), b'sp', el(5, u32(0, 1)), el(5, u32(0, 1, 2)), el(9, struct.pack('<2d', 1, 2)))
JAVA = matrix(el(6, u32(17, 0)) + el(1, b'x') + el(1, b'java') + el(1, b'java.util.HashMap') +
              var(9, (1, 4), b'', el(2, b'\xac\xed\0\5')))
MCOS = matrix(el(6, u32(17, 0)) + el(1, b'x') + el(1, b'MCOS') + el(1, b'dlnetwork') +
              var(13, (6, 1), b'', el(6, u32(0xdd000000, 2, 1, 1, 1, 1))))
FUNC = var(16, (1, 1), b'f', var(2, (1, 1), b'', u16(5, 4) + u32(8), el(1, b''), ))
put('matlab', 'clean_plain.mat', HEAD + DOUBLE + CHARS + CELL + STRUCT + SPARSEM)
put('matlab', 'clean_packed.mat', HEAD + packed(DOUBLE) + packed(CHARS))
put('matlab', 'java.mat', HEAD + JAVA)
put('matlab', 'mcos.mat', HEAD + MCOS)
put('matlab', 'function.mat', HEAD + FUNC)
put('matlab-variable', 'clean_double', DOUBLE)
put('matlab-variable', 'clean_struct', STRUCT)
put('matlab-variable', 'java', JAVA)

# ---- Darknet ----
put('darknet', 'yolo.weights', u32(0, 2, 0) + u64(32013312) + f32(32))
put('darknet', 'old.weights', u32(0, 1, 0) + u32(6400) + f32(32))
put('darknet', 'short.weights', u32(0, 2, 5) + u64(64) + f32(11))

# ---- recognised, what their frames show ----
put('tensorrt', 'plain.engine', b'ftrt' + u32(0x60, 0) + u64(200) + u32(0) + bytes(range(64)) + b'\0\0' + bytes(64))
put('tensorrt', 'plugin.engine', b'ptrt' + u32(0x60, 0) + u64(200) + u32(0) + bytes(64) + b'\x0fBatchedNMS_TRT\0' + bytes(64))
META = b'{"description": "Ultralytics YOLOv8n", "stride": 32, "task": "detect"}'
put('tensorrt', 'described.engine', u32(len(META)) + META + b'ftrt' + u32(0x60, 0) + u64(40) + u32(0) + bytes(64))
RKNN_JSON = b'{"version": "1.6.0", "nodes": []}'
put('rknn', 'described.rknn', b'RKNN\0\0\0\0' + u64(6, 64) + bytes(40) + bytes(range(64)) + u64(len(RKNN_JSON)) + RKNN_JSON)
put('rknn', 'locked.rknn', b'CYPTRKNN' + u64(6, 64) + bytes(80))
put('rknn', 'length.rknn', b'RKNN\0\0\0\0' + u64(6, 1 << 40) + bytes(80))
GZ = bytes.fromhex('1f8b08000000000002ff') + zlib.compressobj(9, zlib.DEFLATED, -15).flush() + bytes(8)
put('neff', 'package.neff', u64(2, 1024, len(GZ)) + bytes(1000) + GZ)
put('neff', 'long.neff', u64(2, 1024, len(GZ) + 8) + bytes(1000) + GZ)
put('neff', 'empty.neff', u64(2, 1024, 0) + bytes(1000) + GZ)
put('hailo-hef', 'model.hef', b'\1HEF' + struct.pack('>III', 0, 16, 0) + bytes(32))
put('mlir-bytecode', 'export.mlirbc', b'ML\xefR\x0dStableHLO_v1.0.0\0' + bytes(64))
put('cntk-1', 'model.dnn', 'BCN\0BVersion\0'.encode('utf-16-le') + u64(1) + bytes(64))
put('kaldi', 'final.mdl', b'\0B<TransitionModel> <Topology> ' + bytes(64))
put('openfst', 'hclg.fst', u32(2125659606) + u32(5) + b'const' + u32(8) + b'standard' + u32(1, 0) + bytes(64))
put('kmodel', 'model.kmodel', b'LDMK' + u32(5, 64, 0, 1) + bytes(64))
put('litert-lm', 'model.litertlm', b'LITERTLM' + u32(1, 0, 0) + u64(64) + bytes(64))
put('circle', 'model.circle', u32(24) + b'CIR0' + bytes(64))
put('mindspore-lite', 'model.ms', u32(24) + b'MSL2' + bytes(64))


# ---- FlatBuffers: tables as {number of the field: (letter, value)}, letters as in src/wire/flatbuf.h ----
class Flat:
    def __init__(self, ident, root, gap=b''):
        self.b = bytearray(8) + gap
        self.b[4:8] = ident
        self.todo = []
        self.later(0, 't', root)
        while self.todo:
            at, kind, v = self.todo.pop(0)
            pos = getattr(self, {'t': 'table', 's': 'text'}.get(kind, 'vector'))(kind, v)
            struct.pack_into('<I', self.b, at, pos - at)

    def later(self, at, kind, v):
        self.todo.append((at, kind, v))

    def pad(self, n, plus=0):
        self.b += bytes(-(len(self.b) + plus) % n)

    def text(self, _, v):
        self.pad(4)
        pos = len(self.b)
        self.b += u32(len(v)) + v + b'\0'
        return pos

    def vector(self, kind, v):
        width = {'B': 1, 'I': 4, 'L': 8, 'S': 4, 'T': 4}[kind]
        self.pad(8 if width == 8 else 4, 4)
        pos = len(self.b)
        self.b += u32(len(v))
        if kind in 'ST':
            at = len(self.b)
            self.b += bytes(4 * len(v))
            for i, x in enumerate(v):
                self.later(at + 4 * i, kind.lower(), x)
        else:
            self.b += bytes(v) if kind == 'B' else (u32 if kind == 'I' else u64)(*v)
        return pos

    def table(self, _, v):
        n = max(v, default=-1) + 1
        slots, size, inline = [0] * n, 4, []
        for i, (kind, x) in sorted(v.items(), key=lambda f: -(int(f[1][0]) if f[1][0].isdigit() else 4)):
            width = int(kind) if kind.isdigit() else 4
            size += -size % width
            slots[i] = size
            inline.append((size, width, kind, x))
            size += width
        self.pad(2)
        self.pad(8, 4 + 2 * n)
        self.b += u16(4 + 2 * n, size, *slots)
        pos = len(self.b)
        self.b += struct.pack('<i', 4 + 2 * n) + bytes(size - 4)
        for at, width, kind, x in inline:
            if kind.isdigit():
                self.b[pos + at:pos + at + width] = (x & (1 << 8 * width) - 1).to_bytes(width, 'little')
            else:
                self.later(pos + at, kind, x)
        return pos


def ort_tensor(name, dims, kind, data):
    return {0: ('s', name), 2: ('L', dims), 3: ('4', kind), 4: ('B', data)}


def ort_node(op, domain, *attributes):
    return {2: ('s', domain), 3: ('4', 13), 5: ('s', op), 8: ('S', [b'x']), 9: ('S', [b'y']), 10: ('T', list(attributes))}


def ort(*nodes, tensors=()):
    graph = {0: ('T', list(tensors)), 2: ('T', list(nodes)), 3: ('4', len(nodes)), 5: ('S', [b'x']), 6: ('S', [b'y'])}
    model = {0: ('8', 8), 1: ('T', [{0: ('s', b''), 1: ('8', 17)}]), 2: ('s', b'pytorch'), 3: ('s', b'2.1'), 7: ('t', graph),
             9: ('T', [{0: ('s', b'task'), 1: ('s', b'classify')}])}
    return bytes(Flat(b'ORTM', {0: ('s', b'6'), 1: ('t', model)}).b)


WEIGHT = ort_tensor(b'w', [2, 2], 1, f32(4))
put('ort', 'clean_graph.ort', ort(ort_node(b'MatMul', b''), ort_node(b'Relu', b''), tensors=[WEIGHT]))
put('ort', 'clean_if.ort', ort(ort_node(b'If', b'', {0: ('s', b'then_branch'), 2: ('4', 5), 7: ('t', {
    2: ('T', [ort_node(b'Constant', b'', {0: ('s', b'value'), 2: ('4', 4), 6: ('t', WEIGHT)})])})})))
PLAIN = ort(ort_node(b'Relu', b''))
put('ort', 'loose.ort', PLAIN.replace(bytes(4) + u64(8), b'hide' + u64(8), 1))  # between two fields of the model
put('ort', 'python.ort', ort(ort_node(b'PyOp', b'ai.onnx.contrib')))
put('ort', 'engine.ort', ort(ort_node(b'EPContext', b'com.microsoft', {0: ('s', b'embed_mode'), 2: ('4', 2), 4: ('8', 0)},
                                      {0: ('s', b'ep_cache_context'), 2: ('4', 3), 5: ('s', b'../../etc/x.bin')})))
put('ort', 'short.ort', ort(ort_node(b'MatMul', b''), tensors=[ort_tensor(b'w', [2, 3], 1, f32(4))]))
put('ort', 'away.ort', ort(ort_node(b'MatMul', b''), tensors=[{0: ('s', b'w'), 2: ('L', [2, 2]), 3: ('4', 1), 6: ('8', 0)}]))
put('ort', 'type.ort', ort(ort_node(b'MatMul', b''), tensors=[ort_tensor(b'w', [4], 77, f32(1))]))


def pte_tensor(sizes, buffer, kind=6, alloc=None, extra=None):
    t = {0: ('1', kind), 2: ('I', sizes), 3: ('B', list(range(len(sizes)))), 5: ('4', buffer)}
    if alloc:
        t[6] = ('t', {0: ('4', 1), 1: ('4', alloc), 2: ('4', 0)})
    if extra:
        t[9] = ('t', extra)
    return {0: ('1', 5), 1: ('t', t)}


def kernel(op, *args):
    return {0: ('1', 1), 1: ('t', {0: ('4', op), 1: ('I', list(args))})}


def pte(instructions, vals, delegates=(), inline=(), buffers=None, segments=None, data=b'', **more):
    plan = {0: ('s', b'forward'), 2: ('T', vals), 3: ('I', [0]), 4: ('I', [2]), 5: ('T', [{0: ('I', [0]), 1: ('I', [2]),
            2: ('T', instructions)}]), 6: ('T', [{0: ('s', b'aten::linear'), 1: ('s', b'out')}]), 7: ('T', list(delegates)),
            8: ('L', [0, 64])}
    prog = {0: ('4', 0), 1: ('T', [plan])}
    if inline:
        prog[3] = ('T', [{0: ('B', x)} for x in inline])
    if buffers:
        prog[2] = ('T', [{0: ('B', x)} for x in buffers])
    if segments:
        prog[4] = ('T', [{0: ('8', a), 1: ('8', n)} for a, n in segments])
        prog[5] = ('t', {0: ('4', 0), 1: ('L', more.get('offsets', [0, 0]))})
    if not segments:
        return bytes(Flat(b'ET12', prog).b)
    b = Flat(b'ET12', prog, bytes(24)).b
    base = len(b) + -len(b) % 64
    b[8:32] = b'eh00' + u32(24) + u64(len(b), base)
    return bytes(b) + bytes(base - len(b)) + data


VALS = [pte_tensor([1, 4], 0, alloc=16), pte_tensor([2, 2], 1), pte_tensor([1, 2], 0, alloc=32), {0: ('1', 2), 1: ('t', {0: ('8', 3)})}]
put('executorch', 'clean_inline.pte', pte([kernel(0, 0, 1, 2)], VALS, buffers=[b'', f32(4)]))
put('executorch', 'clean_segment.pte', pte([kernel(0, 0, 1, 2)], VALS, segments=[(0, 16)], data=f32(4)))
put('executorch', 'backend.pte', pte([{0: ('1', 2), 1: ('t', {0: ('4', 0), 1: ('I', [0, 2])})}], VALS, buffers=[b'', f32(4)],
    delegates=[{0: ('s', b'XnnpackBackend'), 1: ('t', {0: ('1', 0), 1: ('4', 0)}), 2: ('T', [])}], inline=[b'XH00' + bytes(60)]))
put('executorch', 'index.pte', pte([kernel(5, 0, 1, 9)], VALS, buffers=[b'', f32(4)]))
put('executorch', 'short.pte', pte([kernel(0, 0, 1, 2)], VALS, buffers=[b'', f32(3)]))
put('executorch', 'far.pte', pte([kernel(0, 0, 1, 2)], VALS, segments=[(0, 4096)], data=f32(4)))
put('executorch', 'away.pte', pte([kernel(0, 0, 1, 2)], VALS[:1] + [pte_tensor([2, 2], 1, extra={1: ('s', b'fc.weight'), 2: ('1', 1)})] +
    VALS[2:], buffers=[b'', f32(4)]))


# ---- one tensor of ONNX ----
def pb(n, data):
    return bytes([n << 3 | 2, len(data)]) + data


put('onnx-tensor', 'clean_raw.pb', b'\x08\x02\x08\x02\x10\x01' + pb(8, b'input_0') + pb(9, f32(4)))
put('onnx-tensor', 'clean_typed.pb', pb(1, b'\3') + b'\x10\x07' + pb(7, b'\1\2\3') + pb(8, b'labels'))
put('onnx-tensor', 'short.pb', b'\x08\x02\x08\x03\x10\x01' + pb(8, b'input_0') + pb(9, f32(4)))
put('onnx-tensor', 'external.pb', b'\x08\x04\x10\x01' + pb(8, b'w') + pb(13, pb(1, b'location') + pb(2, b'/etc/shadow')) + b'\x70\x01' +
    pb(9, b''))


# ---- llamafile: a header that is one, room for a program, an archive ----
GGUF = b'GGUF' + u32(3) + u64(0, 1) + u64(20) + b'general.architecture' + u32(8) + u64(5) + b'llama'
PROGRAM = (b'\x7fELF\2\1\1' + bytes(9) + u16(2, 62) + u32(1) + u64(0x400078, 64, 0) + u32(0) + u16(64, 56, 1, 64, 0, 0) +
           u32(1, 5) + u64(0, 0x400000, 0x400000, 4096, 4096, 4096)).ljust(4096, b'\x90')


def llamafile(members):
    out = io.BytesIO()
    out.write(PROGRAM)
    with zipfile.ZipFile(out, 'a') as z:
        for name, data in members:
            i = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            z.writestr(i, data)
    return out.getvalue()


put('llamafile', 'model.llamafile', llamafile([('model.gguf', GGUF), ('.args', b'-m\nmodel.gguf\n--host\n127.0.0.1\n')]))
put('llamafile', 'noargs.llamafile', llamafile([('weights/model.gguf', GGUF)]))
put('llamafile', 'pickle.llamafile', llamafile([('model.gguf', GGUF), ('x.pkl', b'cposix\nsystem\n(S\'id\'\ntR.')]))


# ---- graphs of MXNet ----
def symbol(*nodes):
    return json.dumps({'nodes': [dict(zip(('op', 'name', 'attrs', 'inputs'), n)) for n in nodes], 'arg_nodes': [0],
                       'node_row_ptr': [0, 1], 'heads': [[len(nodes) - 1, 0, 0]], 'attrs': {'mxnet_version': ['int', 10500]}},
                      indent=2).encode()


DATA = ('null', 'data', {}, [])
put('mxnet-symbol', 'clean_net.json', symbol(DATA, ('Convolution', 'c', {'kernel': '(3, 3)', 'num_filter': '8'}, [[0, 0, 0]]),
                                             ('_contrib_BilinearResize2D', 'r', {'height': '8'}, [[1, 0, 0]])))
put('mxnet-symbol', 'custom.json', symbol(DATA, ('Custom', 'c', {'op_type': 'proposal'}, [[0, 0, 0]])))
put('mxnet-symbol', 'native.json', symbol(DATA, ('_Native', 'n', {'info': '94033412213'}, [[0, 0, 0]])))
put('mxnet-symbol', 'other.json', symbol(DATA, ('AcmeOp', 'a', {}, [[0, 0, 0]])))


# ---- CNTK 2 ----
def pbl(n, data):
    size, out = len(data), b''
    while size > 127:
        out += bytes([size & 127 | 128])
        size >>= 7
    return bytes([n << 3 | 2]) + out + bytes([size]) + data


def cv(kind, field):
    return b'\x08\x01\x10' + bytes([kind]) + field


def cdict(**kw):
    return b'\x08\x01' + b''.join(pbl(2, pbl(1, k.encode()) + pbl(2, v)) for k, v in kw.items())


def cstr(s):
    return cv(6, pbl(8, s))


def carray(dims, n):
    return cv(11, pbl(13, b'\x08\x01' + pbl(3, pbl(1, bytes(dims))) + pbl(4, pbl(1, f32(n)))))


def cntk(**kw):
    f = cdict(type=cstr(b'PrimitiveFunction'), uid=cstr(b'Times1'), **kw)
    return cdict(type=cstr(b'CompositeFunction'), root_uid=cstr(b'Times1'), uid=cstr(b'C'),
                 primitive_functions=cv(9, pbl(11, pbl(1, cv(10, pbl(12, f))))))


put('cntk', 'clean_times.model', cntk(value=carray([2, 3], 6)))
put('cntk', 'clean_name.model', cntk(name=cstr(b'prediction')))
put('cntk', 'python.model', cntk(**{'module': cstr(b'os'), 'class': cstr(b'system')}))
put('cntk', 'short.model', cntk(value=carray([2, 4], 6)))


# ---- OCDBT ----
def crc32c(data):
    crc = 0xffffffff
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def zraw(data):  # one frame of one raw block
    return bytes.fromhex('28b52ffd20') + bytes([len(data)]) + (len(data) << 3 | 1).to_bytes(3, 'little') + data


def ocdbt(body, packed=False, magic=0x0cdb3a2a):
    body = zraw(body) if packed else body
    head = struct.pack('>I', magic) + u64(14 + len(body) + 4) + bytes([0, packed])
    return head + body + u32(crc32c(head + body))


def manifest(*paths, kind=b'\0', file=0):
    prefix, suffix = [], []
    for i, p in enumerate(paths):
        n = 0
        while i and n < min(len(p), len(paths[i - 1])) and p[n] == paths[i - 1][n]:
            n += 1
        prefix += [n] if i else []
        suffix.append(p[n:])
    table = bytes([len(paths)] + prefix + [len(s) for s in suffix] + [0] * len(paths)) + b''.join(suffix)
    return (bytes(range(16)) + kind + b'\x64\xff\xff\x7f\4\1' + u32(0) + table + b'\1' + b'\1' + b'\0' + bytes([file]) + b'\0\x50\3\x40\0' +
            u64(1700000000) + b'\0')


D = [b'd/0123456789abcdef', b'd/01fedcba98765432']
put('ocdbt', 'clean_plain.ocdbt', ocdbt(manifest(*D)))
put('ocdbt', 'clean_zstd.ocdbt', ocdbt(manifest(*D), True))
put('ocdbt', 'clean_old.ocdbt', ocdbt(manifest(D[0], kind=b'')))
put('ocdbt', 'outside.ocdbt', ocdbt(manifest(b'../../../etc/passwd')))
put('ocdbt', 'file.ocdbt', ocdbt(manifest(*D, file=7)))
put('ocdbt', 'sum.ocdbt', ocdbt(manifest(*D))[:-1] + b'\0')
put('ocdbt', 'node', ocdbt(b'\0' + bytes(20), magic=0x0cdb20de))


# ---- MATLAB, level 4 ----
def mat4(name, rows, cols, data, mopt=0, order='<'):
    return struct.pack(order + '5I', mopt, rows, cols, 0, len(name) + 1) + name + b'\0' + data


put('matlab-4', 'clean_two.mat', mat4(b'weights', 2, 2, struct.pack('<4d', 1, 2, 3, 4)) + mat4(b'bias', 1, 2, f32(2), 10))
put('matlab-4', 'clean_text.mat', mat4(b'label', 1, 5, b'hello', 51))
put('matlab-4', 'clean_big.mat', mat4(b'w', 1, 3, struct.pack('>3d', 1, 2, 3), 1000, '>'))
put('matlab-4', 'cut.mat', (mat4(b'weights', 2, 2, bytes(32)) + mat4(b'bias', 1, 2, f32(2), 10))[:-3])
