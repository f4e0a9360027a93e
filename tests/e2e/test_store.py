#!/usr/bin/python3
"""The whole program over an S3 store: a model goes in, comes out bit-equal, and what the store loses or alters is found. Against the
server of tests/support/s3_server.py, or, when GATEHOUSE_TEST_S3_ENDPOINT is set, against that one (script/test-s3).
Usage: test_store.py PATH-OF-GATEHOUSE"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

passed = failed = 0
GATEHOUSE = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else 'build/release/gatehouse').resolve())
SERVER = pathlib.Path(__file__).resolve().parent.parent / 'support' / 's3_server.py'
KEYS = {k: os.environ[k] for k in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY') if k in os.environ}


def check(what, good, shown=''):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f'FAILED: {what}\n    {str(shown)[-1200:]}')
    return good


def run(home, *args, keys=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(('GATEHOUSE', 'AWS_'))}
    env.update(GATEHOUSE_HOME=str(home), **(KEYS if keys is None else keys))
    p = subprocess.run([GATEHOUSE, *map(str, args)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return p.returncode, p.stdout, p.stderr


def expect(what, outcome, status, says=''):
    code, out, err = outcome
    return check(f'{what}: exit status {status}, says {says!r}', code == status and says in out + err, (code, out, err))


def model(folder, values):
    folder.mkdir()
    data = struct.pack(f'<{values}f', *[(i * 7919 % 1000 - 500) / 997 for i in range(values)])
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [values], 'data_offsets': [0, len(data)]}}).encode()
    header += b' ' * (-len(header) % 8)
    (folder / 'model.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + data)
    (folder / 'README.md').write_text('# A model\n')
    return folder


def same(a, b):
    files = sorted(f.relative_to(a) for f in a.rglob('*') if f.is_file())
    return bool(files) and all((b / f).is_file() and (a / f).read_bytes() == (b / f).read_bytes() for f in files)


def over(tmp, endpoint, control):
    home, key = tmp / 'home', tmp / 'root.key'
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    url = f's3://bucket/e2e-{time.time_ns()}?endpoint={endpoint}&part=5'
    if not expect('init', run(home, 'init', '--unlock', f'file:{key}', '--blobs', url), 0):
        return
    expect('tenant add', run(home, 'tenant', 'add', 'acme'), 0)
    small, large = model(tmp / 'small', 5000), model(tmp / 'large', 3 << 20)
    expect('import', run(home, 'import', small, '--as', 'acme/small:1'), 0)
    expect('import of more than a part', run(home, 'import', large, '--as', 'acme/large:1'), 0)
    check('nothing of it lies here', not [f for f in (home / 'blobs').rglob('*') if f.is_file()])
    for name, folder in (('small', small), ('large', large)):
        expect(f'export of {name}', run(home, 'export', f'acme/{name}:1', '-o', tmp / f'out-{name}'), 0)
        check(f'{name} is bit-equal', same(folder, tmp / f'out-{name}'))
    expect('fsck --deep', run(home, 'fsck', '--deep'), 0)
    expect('backup', run(home, 'backup', '-o', tmp / 'b.tar'), 0, f'they lie in {url.partition("?")[0]}; keep them with the store')
    expect('backup --blobs', run(home, 'backup', '-o', tmp / 'c.tar', '--blobs'), 2, 'and that store with its own means')
    check('nothing is left of it', not list(tmp.glob('c.tar*')))
    back = tmp / 'back'
    expect('restore', run(back, 'restore', tmp / 'b.tar'), 0, 'Every encrypted blob that the database names is in the object store')
    expect('restore without credentials', run(tmp / 'blind', 'restore', tmp / 'b.tar', keys={}), 0, 'was not looked at')
    settings = home / 'gatehouse.yaml'
    text = settings.read_text()
    settings.write_text(text.replace('/e2e-', '/lost-e2e-'))
    expect('backup of a home whose store lost everything', run(home, 'backup', '-o', tmp / 'lost.tar'), 0)
    settings.write_text(text)
    code, out, err = run(tmp / 'lost', 'restore', tmp / 'lost.tar', '--format', 'json')
    said = json.loads(out) if code == 0 else {}
    check('what is missing is counted', said.get('blobs_elsewhere') and said.get('blobs_looked_at') and said.get('blobs_missing', 0) > 5, (code, out, err))
    expect('… and named', run(tmp / 'lost2', 'restore', tmp / 'lost.tar'), 0, 'is missing from the store')
    expect('it finds its blobs', run(back, 'fsck', '--deep'), 0)
    # Wrong credentials, none at all: a reason, and nothing is imported.
    wrong = {**KEYS, 'AWS_SECRET_ACCESS_KEY': 'wrong'}
    expect('wrong credentials', run(home, 'import', model(tmp / 'new', 888), '--as', 'acme/small:2', keys=wrong), 2, '403 SignatureDoesNotMatch')
    expect('no credentials', run(home, 'import', tmp / 'new', '--as', 'acme/small:3', keys={}), 2, 'AWS_ACCESS_KEY_ID')
    expect('fsck without credentials cannot look', run(home, 'fsck', keys={}), 2, 'AWS_ACCESS_KEY_ID')
    if control is None:
        return
    # The store is not what it was.
    control('[{"what": "status", "status": 503, "code": "SlowDown", "times": 3}]')
    expect('a store that is busy for a moment', run(home, 'import', small, '--as', 'acme/small:4'), 0)
    control('[{"what": "lost", "method": "PUT", "times": 1}]')
    expect('an answer that got lost', run(home, 'import', model(tmp / 'other', 777), '--as', 'acme/small:5'), 0)
    control('[{"what": "flip", "method": "GET", "contains": "/00", "times": 0}, {"what": "flip", "method": "GET", "times": 99}]')
    code, out, err = run(home, 'export', 'acme/large:1', '-o', tmp / 'altered')
    check('altered bytes are never given out', code != 0 and not (tmp / 'altered').exists(), (code, out, err))
    control('[]')
    expect('and it was the store', run(home, 'export', 'acme/large:1', '-o', tmp / 'unaltered'), 0)


def main():
    with tempfile.TemporaryDirectory(prefix='gh-store-') as t:
        tmp = pathlib.Path(t)
        endpoint = os.environ.get('GATEHOUSE_TEST_S3_ENDPOINT')
        if endpoint:
            over(tmp, endpoint, None)
        else:
            KEYS.update(AWS_ACCESS_KEY_ID='test-access', AWS_SECRET_ACCESS_KEY='test-secret')
            server = subprocess.Popen([sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            endpoint = f'http://127.0.0.1:{server.stdout.readline().strip()}'

            def control(faults):
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                opener.open(urllib.request.Request(f'{endpoint}/-/fault', data=faults.encode(), method='POST')).read()

            try:
                over(tmp, endpoint, control)
                server.stdin.close()
                server.wait(10)
                home = tmp / 'home'
                code, out, err = run(home, 'fsck')
                check('a store that is gone: could not look', code == 2, (code, out, err))
            finally:
                server.kill()
    print(f'test_store: {passed} passed, {failed} failed')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
