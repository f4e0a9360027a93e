#!/usr/bin/python3
"""Every block type of ggml against the library itself: what it quantised is "quantised from", what it restored is the same, and an
edit of the quantised copy shows. Needs llama.cpp's libggml-base.so: GATEHOUSE_TEST_ENGINE names its folder, or script/engine-libs has
put it into build/engine."""
import ctypes
import json
import os
import struct
import sys
import tempfile

from common import check, end, run

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {'Q4_0': 2, 'Q4_1': 3, 'Q5_0': 6, 'Q5_1': 7, 'Q8_0': 8, 'Q2_K': 10, 'Q3_K': 11, 'Q4_K': 12, 'Q5_K': 13, 'Q6_K': 14, 'IQ2_XXS': 16,
         'IQ2_XS': 17, 'IQ3_XXS': 18, 'IQ1_S': 19, 'IQ4_NL': 20, 'IQ3_S': 21, 'IQ2_S': 22, 'IQ4_XS': 23, 'IQ1_M': 29, 'TQ1_0': 34,
         'TQ2_0': 35, 'MXFP4': 39, 'NVFP4': 40, 'Q1_0': 41, 'Q2_0': 42}
FEW_VALUES = {'TQ1_0', 'TQ2_0', 'Q1_0', 'Q2_0'}  # for weights that were trained for them
ROWS, COLS = 32, 512


class Traits(ctypes.Structure):
    _fields_ = [('name', ctypes.c_char_p), ('block', ctypes.c_int64), ('interleaved', ctypes.c_int64), ('size', ctypes.c_size_t),
                ('quantised', ctypes.c_bool), ('to_float', ctypes.c_void_p), ('from_float', ctypes.c_void_p)]


TO_FLOAT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def skip(why):
    print(f'skipped: {why}')
    print('test_diff_ggml: 0 passed, 0 failed')
    sys.exit(0)


def library():
    for p in (os.environ.get('GATEHOUSE_TEST_ENGINE', ''), os.path.join(HERE, '../../build/engine/lib')):
        file = os.path.join(p, 'libggml-base.so')
        if p and os.path.exists(file):
            lib = ctypes.CDLL(file)
            lib.ggml_get_type_traits.restype = ctypes.POINTER(Traits)
            lib.ggml_quantize_chunk.restype = ctypes.c_size_t
            lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                                                ctypes.c_int64, ctypes.c_void_p]
            return lib
    skip('no libggml-base.so (npm: @node-llama-cpp/linux-x64 3.22.1; GATEHOUSE_TEST_ENGINE=its folder)')


try:
    import numpy as np
except ImportError:
    skip('numpy is not installed')
LIB = library()


def gguf(path, tensors):
    """tensors: name, number of the type, bytes; all of ROWS x COLS."""
    def text(s):
        return struct.pack('<Q', len(s)) + s.encode()
    keys = [('general.architecture', 8, text('toy')), ('general.alignment', 4, struct.pack('<I', 32))]
    out = b'GGUF' + struct.pack('<IQQ', 3, len(tensors), len(keys))
    for key, kind, value in keys:
        out += text(key) + struct.pack('<I', kind) + value
    at, data = 0, b''
    for name, kind, raw in tensors:
        out += text(name) + struct.pack('<I2QIQ', 2, COLS, ROWS, kind, at)
        raw += bytes(-len(raw) % 32)
        data += raw
        at += len(raw)
    out += bytes(-len(out) % 32)
    with open(path, 'wb') as f:
        f.write(out + data)


def traits(kind):
    return LIB.ggml_get_type_traits(kind).contents


def restored(kind, raw):
    out = np.zeros((ROWS, COLS), np.float32)
    blocks = np.frombuffer(raw, np.uint8).copy()
    TO_FLOAT(traits(kind).to_float)(blocks.ctypes.data, out.ctypes.data, out.size)
    return out


def quantised(kind, a, weights):
    t = traits(kind)
    out = np.zeros(a.size // t.block * t.size, np.uint8)
    LIB.ggml_quantize_chunk(kind, a.ctypes.data, out.ctypes.data, 0, ROWS, COLS, weights.ctypes.data)
    return out.tobytes()


def weights_for(name, rng):
    """Numbers that the type is made for."""
    if name not in FEW_VALUES:
        return rng.normal(0, .02, (ROWS, COLS)).astype(np.float32)
    return (.02 * rng.integers(-1, 2, (ROWS, COLS)) if name != 'Q1_0' else .02 * (2 * rng.integers(0, 2, (ROWS, COLS)) - 1)).astype(np.float32)


def diff(base, cand):
    r = run('diff', base, cand, '--format', 'json')
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        return r.returncode, {'verdict': r.stderr.decode(), 'tensors': []}


def one_type(top, name, kind, rng):
    base, cand, back, edited = (os.path.join(top, f'{name}-{x}.gguf') for x in ('base', 'cand', 'back', 'edited'))
    important = (rng.chisquare(4, COLS) + .2).astype(np.float32)
    arrays = [weights_for(name, rng) for _ in range(4)]
    coded = [quantised(kind, a, important) for a in arrays]
    plain = [restored(kind, c) for c in coded]
    names = [f'blk.{i}.ffn_up.weight' for i in range(4)]
    gguf(base, [(n, 0, a.tobytes()) for n, a in zip(names, arrays)])
    gguf(cand, [(n, kind, c) for n, c in zip(names, coded)])
    gguf(back, [(n, 0, a.tobytes()) for n, a in zip(names, plain)])
    rc, report = diff(cand, back)
    check(f'{name}: what ggml restores is the same, number by number', rc == 0 and
          all(t['class'] in ('converted', 'identical') and t.get('relative_norm', 0) == 0 for t in report['tensors']) and
          len(report['tensors']) == 4, report)
    rc, report = diff(base, cand)
    check(f'{name}: quantised from BASE', rc == 0 and report['verdict'] in ('quantised', 'converted'), (rc, report.get('verdict'),
          [(t['class'], t.get('relative_norm')) for t in report['tensors']]))
    other = rng.permutation(arrays[2].ravel()).reshape(ROWS, COLS)
    gguf(edited, [(n, kind, quantised(kind, np.ascontiguousarray(other), important) if i == 2 else c)
                  for i, (n, c) in enumerate(zip(names, coded))])
    rc, report = diff(base, edited)
    found = {t['name']: t['class'] for t in report['tensors']}
    check(f'{name}: a replaced tensor shows', found.get(names[2]) == 'replaced' and report['verdict'] not in ('quantised', 'converted'),
          (rc, report.get('verdict'), found))
    r = run('scan', '--format', 'json', cand)
    tensor_findings = [f for x in json.loads(r.stdout)['files'] for f in x['findings'] if f['id'].startswith(('GH-TNS', 'GH-WGT'))]
    check(f'{name}: honest blocks are quiet', not tensor_findings, tensor_findings)


with tempfile.TemporaryDirectory() as top:
    for number, (name, kind) in enumerate(TYPES.items()):
        one_type(top, name, kind, np.random.default_rng(number))
end('test_diff_ggml')
