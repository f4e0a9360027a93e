#!/usr/bin/python3
"""Write the seeds of fuzz_disarm: small files of every kind that disarm takes apart, each behind one byte of options (see
fuzz_disarm.c). Needs PyTorch, NumPy, joblib and h5py. Usage: tests/fuzz/make_disarm_seeds.py [DIRECTORY]"""
import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import zipfile

import h5py
import joblib
import numpy as np
import torch

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent / 'seeds') / 'disarm'
ROOT.mkdir(parents=True, exist_ok=True)


def put(name, data, options=0):
    (ROOT / name).write_bytes(bytes([options]) + data)


def saved(value, **kw):
    f = io.BytesIO()
    torch.save(value, f, **kw)
    return f.getvalue()


torch.manual_seed(1)
w = torch.arange(12.).reshape(3, 4)
views = collections.OrderedDict(a=w, t=w.t(), s=w[::2, 1:], e=w[:1].expand(2, 4), h=w.half(), i=w.int(), z=w[:0])
put('torch.pt', saved(views), 8)
put('nested.pt', saved({'m': {'l': [w, (w, {3: w})]}, 'n': 3, 'f': len, 'p': torch.nn.Parameter(w)}))
put('module.pt', saved(torch.nn.Linear(2, 2)))
put('legacy.pt', saved(views, _use_new_zipfile_serialization=False))
arrays = {'a': np.arange(6, dtype='f4').reshape(2, 3), 'f': np.asfortranarray(np.arange(6, dtype='>i2').reshape(2, 3)), 'c': np.ones(2, 'c16')}
for protocol in (0, 2, 5):
    put(f'p{protocol}.pkl', pickle.dumps(arrays, protocol))
put('tensor.pkl', pickle.dumps({'w': w}))
for name, method in (('raw', 0), ('zlib', 3), ('xz', ('xz', 1))):
    f = io.BytesIO()
    joblib.dump(arrays, f, compress=method)
    put(f'{name}.joblib', f.getvalue())
f = io.BytesIO()
np.savez_compressed(f, **arrays)
put('a.npz', f.getvalue())
f = io.BytesIO()
np.save(f, arrays['f'])
put('f.npy', f.getvalue())
header = json.dumps({'__metadata__': {'a': 'b'}, 'w': {'dtype': 'F16', 'shape': [2, 2], 'data_offsets': [0, 8]}, '../x': {'dtype': 'U8', 'shape': [], 'data_offsets': [8, 9]}}).encode()
put('m.safetensors', struct.pack('<Q', len(header)) + header + bytes(range(11)), 8)


def text(s):
    return struct.pack('<Q', len(s)) + s


kv = [(b'general.architecture', 8, text(b'llama')), (b'llama.block_count', 4, struct.pack('<I', 1)), (b'tokenizer.chat_template', 8, text(b'<|im_start|><|im_end|>')),
      (b'tokenizer.ggml.tokens', 9, struct.pack('<IQ', 8, 2) + text(b'<|im_start|>') + text(b'a')), (b'x.y', 7, b'\x01')]
g = b'GGUF' + struct.pack('<IQQ', 3, 1, len(kv)) + b''.join(text(k) + struct.pack('<I', t) + v for k, t, v in kv)
g += text(b'w') + struct.pack('<IQQIQ', 2, 4, 2, 0, 0)
put('m.gguf', g + bytes(-len(g) % 32) + bytes(range(32)))
put('config.json', json.dumps({'auto_map': {'A': 'b.C'}, 'x': [1, {'_target_': 'os.system', 'y': 2.5}], 'weight_map': {'w': 'pytorch_model.bin'}}).encode(), 1)
put('tokenizer.json', json.dumps({'chat_template': '<|user|><|assistant|><|end|>', 'added': ['<|im_start|>']}).encode(), 1)
put('t.jinja', b"{% for m in messages %}[INST]{{ m['content'] }}{% endfor %}", 2)
f = io.BytesIO()
with zipfile.ZipFile(f, 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('b.txt', 'text' * 9)
    z.writestr('a.txt', 'x')
put('z.zip', f.getvalue())
for name, kw in (('plain', {}), ('chunked', {'chunks': (2, 2), 'compression': 'gzip'})):
    f = io.BytesIO()
    with h5py.File(f, 'w') as h:
        h.create_dataset('layers/0/w', data=np.arange(8, dtype='f4').reshape(4, 2), **kw)
    put(f'{name}.h5', f.getvalue(), 4)
f2 = io.BytesIO()
with zipfile.ZipFile(f2, 'w') as z:
    z.writestr('config.json', json.dumps({'module': 'keras', 'class_name': 'Sequential', 'config': {'layers': []}}))
    z.writestr('metadata.json', json.dumps({'keras_version': '3.3.3'}))
    z.writestr('model.weights.h5', f.getvalue())
put('m.keras', f2.getvalue(), 7)
