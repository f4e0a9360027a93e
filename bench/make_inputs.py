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
BLOCK = random.Random(7).randbytes(1 << 20)            # content that compresses badly and repeats only after a MiB


def weights(f, n):
    """n bytes that look like weights."""
    for at in range(0, n, len(BLOCK)):
        shift = at >> 20 & 0xffff
        f.write((BLOCK[shift:] + BLOCK[:shift])[:min(len(BLOCK), n - at)])


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
            weights(f, each)


def big_torch(path):
    """A genuine torch.save checkpoint."""
    import torch
    each = (4 << 20) // 2
    state = {}
    for i in range(BIG // 4):
        shift = i * 64
        raw = bytearray((BLOCK[shift:] + BLOCK[:shift]) * 4)
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


def small_files(folder):
    """2,000 files of a model repository's kinds, 0.2 to 20 kB."""
    r = random.Random(13)
    folder.mkdir()
    for i in range(500):
        values = r.randrange(50, 5000)
        head = json.dumps({'w': {'dtype': 'F32', 'shape': [values], 'data_offsets': [0, 4 * values]}}).encode()
        (folder / f'{i}.safetensors').write_bytes(struct.pack('<Q', len(head)) + head + r.randbytes(4 * values))
        config = {f'key_{k}': [r.random(), f'value {k}', k] for k in range(r.randrange(5, 200))}
        (folder / f'{i}.json').write_text(json.dumps(config, indent=1))
        (folder / f'{i}.pkl').write_bytes(pickle.dumps({**config, 'n': i}, protocol=i % 6))
        (folder / f'{i}.md').write_text('# Model card\n' + 'Words about a model and its data. ' * r.randrange(5, 300))


OUT.mkdir(parents=True, exist_ok=True)
for name, make in (('big.safetensors', big_safetensors), ('big.pt', big_torch),
                   ('strings.pkl', lambda path: big_pickle(path, lambda r: f'{r.random():.17f} ' * 6 + 'some words')),
                   ('bytes.pkl', lambda path: big_pickle(path, lambda r: r.randbytes(134))), ('small', small_files)):
    path = OUT / name
    if not path.exists():
        part = OUT / (name + '.part')
        os.system(f'rm -rf "{part}"')
        make(part)
        part.rename(path)
(OUT / 'tiny.safetensors').write_bytes(struct.pack('<Q', 56) + b'{"w":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}'.ljust(56) + bytes(8))
(OUT / 'tiny.pkl').write_bytes(pickle.dumps([1, 2], protocol=4))
