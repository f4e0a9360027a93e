#!/usr/bin/python3
"""What would be executed, measured: the list is what lies on disk, the measurement is its digest, and whatever changes shows by
name. Usage: test_measure.py PATH-OF-GATEHOUSE"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GATEHOUSE = os.path.abspath(sys.argv[1])
passed = failed = 0

PROFILE = """about: a program of the system, for a test
program: "{engine}/engine"
command: [/engine/engine, "{model}"]
libraries: find
syscalls: engine
socket: inherit
model: descriptor
ready: /health
ready_seconds: 10
memory_mib: 64
disk_mib: 8
processes: 8
"""


def check(name, ok, why=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f'measure: FAIL {name}: {why}')


def measure(*args):
    return subprocess.run([GATEHOUSE, 'measure', *map(str, args)], capture_output=True, text=True, timeout=50)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def parts(run):
    doc = json.loads(run.stdout)
    return {(p['kind'], p['name']): p['sha256'] for p in doc['parts']}


def whole(folder):
    profile = folder / 'tiny.yaml'
    profile.write_text(PROFILE)
    shutil.copy('/usr/bin/true', folder / 'engine')
    args = ('--engine', profile, '--engine-dir', folder)
    text = measure(*args)
    check('measured', text.returncode == 0 and text.stderr == '', text.stderr)
    digest, _, body = text.stdout.partition('\n\n')
    check('the measurement is the digest of the list', sha256(body.encode()) == digest, digest)
    doc = measure(*args, '--format', 'json')
    check('JSON says the same', json.loads(doc.stdout)['measurement'] == digest, doc.stdout[:200])
    have = parts(doc)
    check('the engine is the file', have[('engine', '/engine/engine')] == sha256((folder / 'engine').read_bytes()))
    check('the profile is the file', have[('config', 'tiny')] == sha256(profile.read_bytes()))
    stub = pathlib.Path(GATEHOUSE).parent / 'gatehouse-stub'
    if stub.exists():
        check('the stub is the file', have[('stub', 'gatehouse-stub')] == sha256(stub.read_bytes()))
    libraries = [name for kind, name in have if kind == 'library']
    check('what ld.so would load is there', any('/libc.so' in n for n in libraries) and any('/ld-' in n for n in libraries), libraries)
    for name in libraries:
        check(f'library {name} is the file', have[('library', name)] == sha256(pathlib.Path(name).read_bytes()))
    check('the filter is measured', ('seccomp', 'engine') in have)
    again = measure(*args, '--format', 'json')
    check('the same twice', again.stdout == doc.stdout)
    moved = folder / 'elsewhere'
    moved.mkdir()
    shutil.copy(folder / 'engine', moved / 'engine')
    check('where it lies does not count', parts(measure('--engine', profile, '--engine-dir', moved, '--format', 'json')) == have)
    data = bytearray((folder / 'engine').read_bytes())
    data[-1] ^= 1
    (folder / 'engine').write_bytes(data)
    other = measure(*args, '--format', 'json')
    changed = {k for k, v in parts(other).items() if have.get(k) != v}
    check('an altered engine is another measurement, by name', changed == {('engine', '/engine/engine')}
          and json.loads(other.stdout)['measurement'] != digest, changed)


def altered_stub(folder):
    """A program beside a stub of which one bit is another one."""
    stub = pathlib.Path(GATEHOUSE).parent / 'gatehouse-stub'
    if not stub.exists():
        print('skipped: gatehouse-stub does not lie beside gatehouse')
        return
    place = folder / 'bin'
    place.mkdir()
    shutil.copy(GATEHOUSE, place / 'gatehouse')
    shutil.copy('/usr/bin/true', place / 'engine')
    (place / 'tiny.yaml').write_text(PROFILE)
    data = bytearray(stub.read_bytes())
    seen = []
    for _ in range(2):
        (place / 'gatehouse-stub').write_bytes(data)
        (place / 'gatehouse-stub').chmod(0o755)
        seen.append(subprocess.run([place / 'gatehouse', 'measure', '--engine', place / 'tiny.yaml', '--engine-dir', place,
                                    '--format', 'json'], capture_output=True, text=True, timeout=50))
        data[-1] ^= 1
    check('measured beside a copied stub', all(r.returncode == 0 for r in seen), seen[0].stderr + seen[-1].stderr)
    if all(r.returncode == 0 for r in seen):
        a, b = parts(seen[0]), parts(seen[1])
        check('an altered stub is another measurement, by name', {k for k in b if a.get(k) != b[k]} == {('stub', 'gatehouse-stub')})


def refused(folder):
    profile = folder / 'bad.yaml'
    cases = (
        ('a program that is missing', PROFILE.replace('{engine}/engine', '{engine}/nothing'), 2, 'nothing is not there'),
        ('an unknown key', PROFILE + 'shell: yes\n', 2, 'line 13: no such key: shell'),
        ('a path that leaves', PROFILE.replace('{engine}/engine', '/a/../b'), 2, 'no absolute path'),
        ('an unknown list of calls', PROFILE.replace('syscalls: engine', 'syscalls: everything'), 2, 'no such list of system calls'),
        ('nothing', '', 2, 'engine profile'),
    )
    for name, text, status, line in cases:
        profile.write_text(text)
        r = measure('--engine', profile, '--engine-dir', folder)
        check(name, r.returncode == status and line in r.stderr and r.stderr.count('\n') == 1 and r.stdout == '',
              f'{r.returncode} {r.stderr}')
    r = measure('--engine', folder / 'none.yaml')
    check('a profile that is missing', r.returncode == 2 and 'none.yaml' in r.stderr, r.stderr)
    r = measure('--engine', 'nosuch')
    check('an unknown engine', r.returncode == 2 and 'llama, llama-server, vllm, ollama' in r.stderr, r.stderr)
    r = measure('--nosuch')
    check('wrong usage', r.returncode == 64, r.returncode)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole(folder)
        altered_stub(folder)
        refused(folder)
    print(f'measure: {passed} passed, {failed} failed')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
