#!/usr/bin/python3
"""What the checks of tensors see, and where they raise false alarms: generated payloads in generated and trained weights.
Usage: tensors.py GATEHOUSE [SEEDS] [TRAINED-SAFETENSORS...]   (script/bench-tensors calls it)

Every case is a tensor of 512 x 512 numbers, or a trained one as it is, in a safetensors file. Clean ones and ones with a payload
in the low bits are scanned by the program as a user would; a tensor counts as found when a finding above info names it."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np

GATEHOUSE = sys.argv[1]
SEEDS = int(sys.argv[2]) if len(sys.argv) > 2 else 50
TRAINED = sys.argv[3:]
N = 512
PER_FILE = 25


# ---- weights -----------------------------------------------------------------------------------------------------------
def gaussian(r):
    return r.normal(0, 0.02, (N, N)).astype('<f4')


def uniform(r):
    bound = 2.0 ** -r.integers(3, 6) if r.integers(2) else r.uniform(0.01, 0.2)
    return r.uniform(-bound, bound, (N, N)).astype('<f4')


def heavy(r):
    return (r.standard_t(4, (N, N)) * 0.02).astype('<f4')


def rows(r):
    return (r.normal(0, 1, (N, N)) * np.exp(r.normal(-4, 0.8, (N, 1)))).astype('<f4')


def pruned(r):
    w = r.normal(0, 0.02, (N, N)).astype('<f4')
    w[np.abs(w) < np.quantile(np.abs(w), r.uniform(0.2, 0.9))] = 0
    return w


def moments(r):
    return (r.normal(0, 1e-6, (N, N)) ** 2 * np.exp(r.normal(0, 2, (N, 1)))).astype('<f4')


def widened(r):
    return (r.normal(0, 0.02, (N, N)).astype('<f4').view('<u4') & np.uint32(0xffff0000)).view('<f4')


def grid(r):
    w = r.normal(0, 0.02, (N, N)).astype('<f4')
    scale = np.abs(w).max(axis=1, keepdims=True) / (127 if r.integers(2) else 7)
    return (np.round(w / scale) * scale).astype('<f4')


def merged(r):
    a = (r.normal(0, 0.02, (N, N)).astype('<f4').view('<u4') & np.uint32(0xffff0000)).view('<f4')
    b = (r.normal(0, 0.02, (N, N)).astype('<f4').view('<u4') & np.uint32(0xffff0000)).view('<f4')
    return ((a + b) / 2).astype('<f4')


def truncated(r):
    w = r.normal(0, 0.02, (2 * N, N))
    return w[np.abs(w) < 0.04][:N * N // 2].reshape(-1, N).astype('<f4')


WEIGHTS = {'Gaussian': gaussian, 'uniform': uniform, 'Student t': heavy, 'rows of all sizes': rows, 'truncated': truncated,
           'pruned': pruned, 'second moments': moments, 'widened BF16': widened, 'quantised and back': grid,
           'mean of two BF16': merged}
HIDDEN_IN = ['Gaussian', 'uniform', 'Student t', 'widened BF16']


def trained():
    """All matrices of trained models that were given, as F32."""
    out = []
    for path in TRAINED:
        data = pathlib.Path(path).read_bytes()
        n = struct.unpack('<Q', data[:8])[0]
        for name, t in json.loads(data[8:8 + n]).items():
            if name == '__metadata__':
                continue
            a, b = t['data_offsets']
            raw = data[8 + n + a:8 + n + b]
            if t['dtype'] == 'BF16':
                w = (np.frombuffer(raw, '<u2').astype('<u4') << 16).view('<f4')
            elif t['dtype'] in ('F16', 'F32'):
                w = np.frombuffer(raw, '<f2' if t['dtype'] == 'F16' else '<f4').astype('<f4')
            else:
                continue
            if w.size >= 16384:
                out.append(w.reshape(t['shape']))
    return out


# ---- types -------------------------------------------------------------------------------------------------------------
def as_bits(w, dtype):
    if dtype == 'F32':
        return w.view('<u4').copy()
    if dtype == 'F16':
        return w.astype('<f2').view('<u2').copy()
    if dtype == 'BF16':
        return ((w.view('<u4').astype('u8') + 0x7fff + (w.view('<u4') >> 16 & 1)) >> 16).astype('<u2')
    scale = np.abs(w).max() / 127 or 1.0
    return np.round(w / scale).astype('i1').view('u1')


# ---- payloads ----------------------------------------------------------------------------------------------------------
def text(r, n):
    words = np.array('the of and to model payload server connect download token weight layer update run key path open file '
                     'when after before system shell python import return value secret address host port'.split())
    return ' '.join(r.choice(words, n // 5 + 1)).encode()[:n].ljust(n, b'.')


PROGRAM = pathlib.Path(sys.executable).resolve().read_bytes()


def program(r, n):
    return (PROGRAM * (n // len(PROGRAM) + 1))[:n]


def code(r, n):
    at = len(PROGRAM) // 4 + int(r.integers(0, max(1, len(PROGRAM) // 4)))
    return (PROGRAM[at:at + n] * (n // max(1, len(PROGRAM[at:at + n])) + 1))[:n]


def archive(r, n):
    out = b''
    while len(out) < n:
        name, body = b'f%d.bin' % len(out), zlib.compress(text(r, 40000) + r.bytes(20000), 6)[2:-4]
        out += struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, 8, 0, 0x21, 1, len(body), 60000, len(name), 0) + name + body
    return out[:n]


def encrypted(r, n):
    return r.bytes(n)


PAYLOADS = {'text': text, 'program': program, 'code without a header': code, 'zip archive': archive, 'encrypted': encrypted}


def hide(w, bits, payload, share, r):
    """Put payload bits into the low bits of the first numbers."""
    flat = w.reshape(-1)
    count = int(flat.size * share) // 8 * 8
    stream = np.unpackbits(np.frombuffer(payload(r, count * bits // 8), 'u1'), bitorder='little').reshape(count, bits)
    value = (stream.astype('u8') << np.arange(bits, dtype='u8')).sum(axis=1, dtype='u8')
    mask = (1 << bits) - 1
    flat[:count] = (flat[:count].astype('u8') & ~np.uint64(mask) | value).astype(flat.dtype)
    return w


# ---- scanning ----------------------------------------------------------------------------------------------------------
def write(path, tensors):
    header, at, body = {}, 0, []
    for name, dtype, w in tensors:
        raw = w.tobytes()
        header[name] = {'dtype': dtype, 'shape': list(w.shape), 'data_offsets': [at, at + len(raw)]}
        at += len(raw)
        body.append(raw)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + b''.join(body))


def found(tensors):
    """How many of the tensors a finding above info names."""
    hits = 0
    for at in range(0, len(tensors), PER_FILE):
        part = [(f'case.{i}.{i:05}', d, w) for i, (d, w) in enumerate(tensors[at:at + PER_FILE], at)]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'model.safetensors'
            write(path, part)
            run = subprocess.run([GATEHOUSE, 'scan', '--format', 'json', path], capture_output=True, stdin=subprocess.DEVNULL,
                                 timeout=120)
        report = json.loads(run.stdout)
        said = [f.get('detail', '') for x in report['files'] for f in x['findings'] if f['severity'] != 'info']
        hits += sum(any(f'"{name}"' in s for s in said) for name, _, _ in part)
    return hits


def main():
    real = trained()
    kinds = dict(WEIGHTS)
    print(f'### False alarms\n\n{SEEDS} seeds of each, 512 x 512 numbers; trained: every matrix of the models given.\n')
    print('| weights | ' + ' | '.join(('F32', 'F16', 'BF16', 'I8')) + ' |\n|---|' + '---|' * 4)
    for name, make in kinds.items():
        row = []
        for dtype in ('F32', 'F16', 'BF16', 'I8'):
            cases = [(dtype, as_bits(make(np.random.default_rng(s)), dtype)) for s in range(SEEDS)]
            row.append(f'{found(cases)} of {len(cases)}')
        print(f'| {name} | ' + ' | '.join(row) + ' |', flush=True)
    if real:
        row = []
        for dtype in ('F32', 'F16', 'BF16', 'I8'):
            row.append(f'{found([(dtype, as_bits(w, dtype)) for w in real])} of {len(real)}')
        print('| trained | ' + ' | '.join(row) + ' |', flush=True)
    print('\n### Detection\n\nPayload in the low bits of the first numbers: of all of them, of a quarter.\n')
    print('| weights | type | bits | ' + ' | '.join(PAYLOADS) + ' |\n|---|---|---|' + '---|' * len(PAYLOADS))
    few = max(4, SEEDS // 5)
    for name in HIDDEN_IN + (['trained'] if real else []):
        for dtype, sizes in (('F32', (8, 16, 20, 23, 32)), ('F16', (8, 10, 16)), ('BF16', (7, 8, 16)), ('I8', (8,))):
            if name == 'widened BF16' and dtype != 'F32':
                continue
            for bits in sizes:
                row = []
                for payload in PAYLOADS.values():
                    cell = []
                    for share in (1, 0.25):
                        cases = []
                        for s in range(few):
                            r = np.random.default_rng(1000 + s)
                            w = real[s % len(real)] if name == 'trained' else WEIGHTS[name](r)
                            cases.append((dtype, hide(as_bits(w, dtype), bits, payload, share, r)))
                        cell.append(f'{100 * found(cases) // few} %')
                    row.append(', '.join(cell))
                print(f'| {name} | {dtype} | {bits} | ' + ' | '.join(row) + ' |', flush=True)


main()
