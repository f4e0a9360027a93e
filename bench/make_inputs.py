#!/usr/bin/python3
"""Write the inputs of script/bench into a folder, once: what is there already is kept.
Usage: make_inputs.py FOLDER [BIG-MIB]"""
import json
import os
import pathlib
import pickle
import random
import struct
import sys

OUT = pathlib.Path(sys.argv[1])
BIG = int(sys.argv[2]) if len(sys.argv) > 2 else 1024  # MiB


def tables():
    """A million numbers as trained matrices have them, as F32, F16 and BF16: 2 to 4 MiB that compress badly."""
    r = random.Random(7)
    wide = struct.pack('<1048576f', *(r.gauss(0, 0.02) for _ in range(1 << 20)))
    brain = bytearray(2 << 20)
    brain[0::2], brain[1::2] = wide[2::4], wide[3::4]
    return {'F32': wide, 'F16': struct.pack('<1048576e', *struct.unpack('<1048576f', wide)), 'BF16': bytes(brain)}


TABLES = tables()


def numbers(kind, n, start=0):
    """n bytes of them, beginning with number `start` of the table."""
    table = TABLES[kind]
    at = start * (4 if kind == 'F32' else 2) % len(table)
    return (table[at:] + table * (n // len(table) + 1))[:n]


def weights(f, n, kind):
    """n bytes of a file that are weights; what repeats does so at another place of the rows."""
    for at in range(0, n, 1 << 20):
        f.write(numbers(kind, min(1 << 20, n - at), (at >> 20) * 7919))


def big_safetensors(path):
    each, count = 4 << 20, BIG // 4
    header, at = {'__metadata__': {'format': 'pt'}}, 0
    for i in range(count):
        header[f'model.layers.{i}.weight'] = {'dtype': 'BF16', 'shape': [1024, 2048], 'data_offsets': [at, at + each]}
        at += each
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for _ in range(count):
            weights(f, each, 'BF16')


def big_torch(path):
    """A genuine torch.save checkpoint."""
    import torch
    each = (4 << 20) // 2
    state = {}
    for i in range(BIG // 4):
        raw = bytearray(numbers('F16', 4 << 20, i * 7919))
        state[f'model.layers.{i}.weight'] = torch.frombuffer(raw, dtype=torch.float16).reshape(1024, each // 1024)
    torch.save(state, path)


def big_pickle(path, make):
    """47 MB, a million opcodes: short strings, memoised, and numbers."""
    r = random.Random(11)
    items = []
    for i in range(333_000):
        items.append(make(r))
        items.append(100_000 + i)
    with open(path, 'wb') as f:
        pickle.dump(items, f, protocol=4)


def q8_0(path):
    """A GGUF whose matrices are blocks of 32 signed bytes and a scale, as a quantiser writes them."""
    r = random.Random(19)
    table = bytearray()
    for _ in range(8192):
        w = [r.gauss(0, 0.02) for _ in range(32)]
        scale = struct.unpack('<e', struct.pack('<e', max(map(abs, w)) / 127))[0]
        table += struct.pack('<e32b', scale, *(max(-127, min(127, round(x / scale))) for x in w))
    each = 4096 * 1024 // 32 * 34
    count = (BIG << 20) // each
    def text(s):
        return struct.pack('<Q', len(s)) + s.encode()
    head = b'GGUF' + struct.pack('<IQQ', 3, count, 1) + text('general.architecture') + struct.pack('<I', 8) + text('bench')
    for i in range(count):
        head += text(f'blk.{i}.ffn_up.weight') + struct.pack('<IQQIQ', 2, 4096, 1024, 8, i * each)
    with open(path, 'wb') as f:
        f.write(head + bytes(-len(head) % 32))
        for i in range(count):
            at = i * 3571 % 8192 * 34
            f.write((table[at:] + table * (each // len(table) + 1))[:each])


def small_files(folder):
    """2,000 files of a model repository's kinds, 0.2 to 20 kB."""
    r = random.Random(13)
    folder.mkdir()
    for i in range(500):
        values = r.randrange(50, 5000)
        head = json.dumps({'w': {'dtype': 'F32', 'shape': [values], 'data_offsets': [0, 4 * values]}}).encode()
        (folder / f'{i}.safetensors').write_bytes(struct.pack('<Q', len(head)) + head + numbers('F32', 4 * values, i * 977))
        config = {f'key_{k}': [r.random(), f'value {k}', k] for k in range(r.randrange(5, 200))}
        (folder / f'{i}.json').write_text(json.dumps(config, indent=1))
        (folder / f'{i}.pkl').write_bytes(pickle.dumps({**config, 'n': i}, protocol=i % 6))
        (folder / f'{i}.md').write_text('# Model card\n' + 'Words about a model and its data. ' * r.randrange(5, 300))


def varint(v):
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    return bytes(out) + bytes([v])


def field(number, payload):
    """A field of a protobuf message: a number or bytes."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def onnx(folder):
    """A graph of 512 matrix products, and its 2 GiB of weights in a file of their own."""
    folder.mkdir()
    each, count = 2 * BIG // 512 << 20, 512
    graph = b''
    for i in range(count):
        graph += field(1, field(1, f'x{i}'.encode()) + field(1, f'w{i}'.encode()) + field(2, f'x{i + 1}'.encode())
                       + field(3, f'n{i}'.encode()) + field(4, b'MatMul'))
    graph += field(2, b'big')
    for i in range(count):
        where = {'location': 'model.onnx_data', 'offset': str(i * each), 'length': str(each)}
        graph += field(5, field(1, 1024) + field(1, each // 4096) + field(2, 1) + field(8, f'w{i}'.encode())
                       + b''.join(field(13, field(1, k.encode()) + field(2, v.encode())) for k, v in where.items()) + field(14, 1))
    value = field(2, field(1, field(1, 1)))
    graph += field(11, field(1, b'x0') + value) + field(12, field(1, f'x{count}'.encode()) + value)
    (folder / 'model.onnx').write_bytes(field(1, 8) + field(2, b'bench') + field(7, graph) + field(8, field(1, b'') + field(2, 17)))
    with open(folder / 'model.onnx_data', 'wb') as f:
        weights(f, count * each, 'F32')


def crc32c(data):
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82f63b78 if i & 1 else 0)
        table.append(i)
    c = 0xffffffff
    for b in data:
        c = c >> 8 ^ table[(c ^ b) & 255]
    return c ^ 0xffffffff


def checkpoint(folder):
    """A checkpoint of TensorFlow: an index (a LevelDB table of one block) and a data file of 1 GiB."""
    folder.mkdir()
    each, count = BIG // 128 << 20, 128
    entries = [(b'', field(1, 1) + field(3, field(1, 1)))]
    for i in range(count):
        shape = field(2, field(1, 1024)) + field(2, field(1, each // 4096))
        entry = field(1, 1) + field(2, shape) + (field(4, i * each) if i else b'') + field(5, each)
        entries.append((f'layer-{i:03}/kernel'.encode(), entry + b'\x35' + bytes(4)))

    def block(pairs):
        body = b''.join(b'\0' + varint(len(k)) + varint(len(v)) + k + v for k, v in pairs)
        starts, at = [], 0
        for k, v in pairs:
            starts.append(at)
            at += 1 + len(varint(len(k))) + len(varint(len(v))) + len(k) + len(v)
        starts = starts or [0]
        return body + b''.join(struct.pack('<I', s) for s in starts) + struct.pack('<I', len(starts))
    out = b''

    def add(pairs):
        nonlocal out
        at, b = len(out), block(pairs)
        c = crc32c(b + b'\0')
        out += b + b'\0' + struct.pack('<I', ((c >> 15 | c << 17) + 0xa282ead8) & 0xffffffff)
        return varint(at) + varint(len(b))
    data = add(entries)
    meta = add([])
    index = add([(b'm', data)])
    out += (meta + index).ljust(40, b'\0') + bytes.fromhex('57fb808b247547db')
    (folder / 'variables.index').write_bytes(out)
    with open(folder / 'variables.data-00000-of-00001', 'wb') as f:
        weights(f, count * each, 'F32')


def hdf5(path):
    """A genuine file of h5py: 64 datasets, contiguous."""
    import h5py
    import numpy
    each = BIG // 64 << 20
    with h5py.File(path, 'w') as f:
        for i in range(64):
            raw = numbers('F32', each, i * 7919)
            f[f'layer_{i}/kernel:0'] = numpy.frombuffer(raw, dtype='<f4').reshape(1024, -1)
            f[f'layer_{i}'].attrs['weight_names'] = [f'layer_{i}/kernel:0'.encode()]


def repository(folder):
    """300 files as a model is published: shards, index, configuration, tokenizer, code, documentation, tables."""
    r = random.Random(17)
    folder.mkdir()
    (folder / 'weights').mkdir()
    index = {}
    for i in range(20):
        each = 5 << 20
        head = json.dumps({f'model.layers.{i}.w': {'dtype': 'BF16', 'shape': [each >> 1], 'data_offsets': [0, each]}}).encode()
        name = f'model-{i + 1:05}-of-00020.safetensors'
        index[f'model.layers.{i}.w'] = name
        with open(folder / 'weights' / name, 'wb') as f:
            f.write(struct.pack('<Q', len(head)) + head)
            weights(f, each, 'BF16')
    (folder / 'weights' / 'model.safetensors.index.json').write_text(json.dumps({'metadata': {}, 'weight_map': index}))
    (folder / 'config.json').write_text(json.dumps({'model_type': 'llama', 'hidden_size': 64, 'vocab_size': 1000}))
    vocab = {f'token{i}': i for i in range(30000)}
    (folder / 'tokenizer.json').write_text(json.dumps({'version': '1.0', 'model': {'type': 'BPE', 'vocab': vocab, 'merges': []}}))
    (folder / 'tokenizer_config.json').write_text(json.dumps({'chat_template': "{% for m in messages %}{{ '<|im_start|>' + m['role'] "
                                                             "+ '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"}))
    (folder / 'README.md').write_text('---\nlicense: apache-2.0\n---\n# Model\n' + 'Words about a model. ' * 400)
    while sum(1 for p in folder.rglob('*') if p.is_file()) < 300:
        i = r.randrange(1 << 30)
        kind = i % 4
        if kind == 0:
            (folder / f'modeling_{i}.py').write_text('import torch\nfrom torch import nn\n\n\nclass Block(nn.Module):\n' + ''.join(
                f'    def layer_{k}(self, x):\n        return torch.relu(x @ self.w{k}) + {k}\n\n' for k in range(r.randrange(5, 60))))
        elif kind == 1:
            (folder / f'settings_{i}.yaml').write_text(''.join(f'key_{k}:\n  value: {k}\n  name: a b c\n' for k in range(r.randrange(5, 200))))
        elif kind == 2:
            (folder / f'samples_{i}.csv').write_text('\n'.join(f'{k},{r.random()},text' for k in range(r.randrange(10, 500))))
        else:
            (folder / f'data_{i}.json').write_text(json.dumps({f'k{k}': [r.random(), 'x' * 20] for k in range(r.randrange(5, 200))}))


OUT.mkdir(parents=True, exist_ok=True)
for name, make in (('big.safetensors', big_safetensors), ('big.pt', big_torch), ('big-q8_0.gguf', q8_0),
                   ('strings.pkl', lambda path: big_pickle(path, lambda r: f'{r.random():.17f} ' * 6 + 'some words')),
                   ('bytes.pkl', lambda path: big_pickle(path, lambda r: r.randbytes(134))), ('small', small_files),
                   ('onnx', onnx), ('checkpoint', checkpoint), ('big.h5', hdf5), ('repository', repository)):
    path = OUT / name
    if not path.exists():
        part = OUT / (name + '.part')
        os.system(f'rm -rf "{part}"')
        make(part)
        part.rename(path)
(OUT / 'tiny.safetensors').write_bytes(struct.pack('<Q', 56) + b'{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}'.ljust(56) + bytes(8))
(OUT / 'tiny.pkl').write_bytes(pickle.dumps([1, 2], protocol=4))
