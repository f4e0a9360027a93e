#!/usr/bin/python3
"""Write the seeds named clean* in tests/fuzz/seeds: small files of each format that scan CLEAN (and a genuine old checkpoint), which is what
tests/unit/test_boundary.c puts its bytes into. Other seeds come from the tests of the readers. Needs zstd and lz4."""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import pickle
import struct
import subprocess
import tarfile
import zlib

SEEDS = pathlib.Path(__file__).resolve().parent / 'seeds'
TEXT = b'A model card: what the model is for, who made it, and which words it was trained on.\n' * 6


def put(format_name, name, data):
    folder = SEEDS / format_name
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)


def tool(*argv, data=TEXT):
    return subprocess.run(argv, input=data, stdout=subprocess.PIPE, check=True).stdout


def gguf():
    def text(s):
        return struct.pack('<Q', len(s)) + s.encode()
    head = b'GGUF' + struct.pack('<IQQ', 3, 2, 3)
    head += text('general.architecture') + struct.pack('<I', 8) + text('llama')
    head += text('general.name') + struct.pack('<I', 8) + text('a small model')
    head += text('llama.block_count') + struct.pack('<II', 4, 1)
    for i, name in enumerate(('token_embd.weight', 'output_norm.weight')):
        head += text(name) + struct.pack('<IQIQ', 1, 8, 0, 32 * i)
    head += bytes(-len(head) % 32)
    return head + struct.pack('<16f', *(0.5 - i / 16 for i in range(16)))


def safetensors():
    header = json.dumps({'__metadata__': {'format': 'pt'}, 'a': {'dtype': 'F32', 'shape': [2, 2], 'data_offsets': [0, 16]},
                         'b': {'dtype': 'U8', 'shape': [8], 'data_offsets': [16, 24]}}).encode()
    header += b' ' * (-len(header) % 8)
    return struct.pack('<Q', len(header)) + header + struct.pack('<4f', 1, 2, 3, 4) + bytes(range(1, 9))


def old_torch():
    """What torch.save wrote before 0.1.10: a tar of four members."""
    def text(s):
        return b'X' + struct.pack('<I', len(s)) + s.encode()

    def number(n):
        return pickle.dumps(n, 2)
    info = pickle.dumps({'protocol_version': 1000, 'little_endian': True, 'type_sizes': {'short': 2, 'int': 4, 'long': 4}}, 2)
    storages = (number(1) + b'\x80\x02(' + text('11') + text('cpu') + b'ctorch\nFloatStorage\nt.' + struct.pack('<q4f', 4, 1, 2, 3, 4)
                + pickle.dumps([], 2))
    tensors = (number(1) + b'\x80\x02(' + text('22') + text('11') + b'ctorch\nFloatTensor\nt.'
               + struct.pack('<ii', 2, 0) + struct.pack('<qqqqq', 2, 2, 2, 1, 0))
    top = b'\x80\x02}' + text('weight') + text('22') + b'Qs.'
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as tar:
        for name, data in (('sys_info', info), ('pickle', top), ('tensors', tensors), ('storages', storages)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


two = TEXT[:200], TEXT[200:]
array = pickle.dumps({'weights': [0.5, 1.5], 'name': 'm'}, 4)
for i, data in enumerate((TEXT, array)):
    put('gzip', f'clean{i}', gzip.compress(data, 9, mtime=0))
    put('bzip2', f'clean{i}', bz2.compress(data))
    put('xz', f'clean{i}', lzma.compress(data))
    put('lzma', f'clean{i}', lzma.compress(data, lzma.FORMAT_ALONE))
    put('zlib', f'clean{i}', zlib.compress(data))
    put('zstd', f'clean{i}', tool('zstd', '-q', '-c', '--check', data=data))
    put('lz4', f'clean{i}', tool('lz4', '-q', '-c', '--content-size', data=data))
    put('joblib-zfile', f'clean{i}', b'ZF' + hex(len(data)).encode().ljust(19) + zlib.compress(data))
put('gzip', 'clean-two', b''.join(gzip.compress(t, 9, mtime=0) for t in two))
put('gguf', 'clean', gguf())
put('pytorch-tar', 'genuine', old_torch())
put('safetensors', 'clean', safetensors())
put('safetensors-index', 'clean', json.dumps({'metadata': {'total_size': 24}, 'weight_map': {
    'a': 'model-00001-of-00002.safetensors', 'b': 'model-00002-of-00002.safetensors'}}, indent=2).encode())
