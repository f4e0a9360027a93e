#!/usr/bin/python3
"""What is given and empty, what is altered, what a stranger named: the right line, the right exit status. Usage: test_answers.py
PATH-OF-GATEHOUSE"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

GATEHOUSE = sys.argv[1] if len(sys.argv) > 1 else 'build/release/gatehouse'
TMP = pathlib.Path(tempfile.mkdtemp(prefix='gatehouse-answers-'))
HOME = TMP / 'home'
ESCAPE = 'esc\x1b]0;PWNED\x07\nforged\u202e.txt'
passed = failed = 0


def check(what, good, said=''):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f'FAILED: {what}: {said!r}')


def gh(*args, home=HOME, **env):
    e = {k: v for k, v in os.environ.items() if not k.startswith('GATEHOUSE_')}
    e.update(GATEHOUSE_HOME=str(home), GATEHOUSE_PASSPHRASE_FILE=str(TMP / 'pass'), **env)
    return subprocess.run([GATEHOUSE, *map(str, args)], env=e, capture_output=True, stdin=subprocess.DEVNULL, timeout=50)


def expect(what, r, status, says=''):
    text = (r.stderr + r.stdout).decode(errors='replace')
    check(f'{what}: exit status {status}', r.returncode == status, (r.returncode, text))
    check(f'{what}: says {says!r}', says in text, text)


def write(name, text='', mode=0o600):
    p = TMP / name
    p.write_text(text)
    p.chmod(mode)
    return p


def fresh():
    home = TMP / 'broken'
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(HOME, home)
    return home


def flip(path):
    b = bytearray(path.read_bytes())
    b[len(b) // 2] ^= 0x41
    path.write_bytes(b)


def blobs(home):
    return [p for p in (home / 'blobs').rglob('*') if p.is_file() and 'staging' not in p.parts]


def setup():
    write('pass', 'correct horse battery staple\n')
    (TMP / 'model').mkdir()
    (TMP / 'model' / 'config.json').write_text('{"model_type":"llama"}')
    (TMP / 'model' / 'README.md').write_text('---\nlicense: mit\n---\nhello world\n')
    (TMP / 'model' / ESCAPE).write_text('hi\n')
    check('init', gh('init').returncode == 0)
    check('tenant', gh('tenant', 'add', 'acme').returncode == 0)
    r = gh('import', TMP / 'model', '--as', 'acme/m:1')
    check('import', r.returncode == 0, r.stderr)
    (TMP / 'key.pem').write_bytes(gh('key', 'export').stdout)
    check('badge', gh('badge', 'export', 'acme/m:1', '-o', TMP / 'badge.json').returncode == 0)


def given_but_empty():
    empty = write('empty')
    verify = ('badge', 'verify', TMP / 'badge.json', '--key', TMP / 'key.pem')
    expect('a badge without a list', gh(*verify), 0, 'VALID')
    expect('an empty status list', gh(*verify, '--status', empty), 2, 'COULD NOT TELL')
    expect('an empty key file', gh('models', '--api-key-file', empty), 2, 'holds no API key')
    expect('a line end alone', gh('models', '--api-key-file', write('line', '\n')), 2, 'holds no API key')
    expect('a key file for all', gh('models', '--api-key-file', write('open', 'gh_x\n', 0o644)), 2, 'chmod 600')
    expect('an empty variable', gh('models', GATEHOUSE_API_KEY=''), 2, 'GATEHOUSE_API_KEY')


def usage():
    expect('an action that is none', gh('policy', 'explain', 'acme/m:1', '--action', 'zz'), 64, 'import, badge, export')
    expect('lineage of nothing', gh('import', TMP / 'model', '--as', 'acme/n:1', '--lineage', 'merge'), 64, '--base')
    bad = TMP / 'bad'
    bad.mkdir()
    (bad / 'pytorch_model.bin').write_bytes(b'\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.')
    check('an unsafe model', gh('import', bad, '--as', 'acme/bad:1').returncode == 1)
    expect('no badge', gh('badge', 'show', 'acme/bad:1'), 1, 'none')
    expect('a badge', gh('badge', 'show', 'acme/m:1'), 0, 'scan-complete')


def names():
    for args in (('card', 'acme/m:1', '-v'), ('card', 'acme/m:1', '-f', 'html'), ('import', TMP / 'model', '--as', 'acme/m:2'),
                 ('policy', 'explain', 'acme/m:1', '--action', 'export'), ('evidence', 'list', 'acme/m:1'), ('models',)):
        out = gh(*args).stdout.decode()
        check(f'{args[0]}: no controls', not any(c in out for c in '\x1b\x07\u202e'), out)
        check(f'{args[0]}: no forged line', '\nforged' not in out, out)
    check('the name is shown', r'esc\x1b]0;PWNED\x07\nforged\u202e.txt' in gh('card', 'acme/m:1').stdout.decode())
    check('JSON has the name itself', ESCAPE in [f['path'] for f in json.loads(gh('card', 'acme/m:1', '-f', 'json').stdout)['content']])


def altered():
    """Damage is neither wrong usage nor a refusal."""
    for what, hurt in (('altered', flip), ('cut', lambda p: os.truncate(p, 50)),
                       ('no file', lambda p: (p.unlink(), os.mkfifo(p)))):
        home = fresh()
        for p in blobs(home):
            hurt(p)
        expect(f'export of {what} blobs', gh('export', 'acme/m:1', '-o', TMP / 'out', home=home), 2)
        check('nothing is exported', not (TMP / 'out').exists())
    home = fresh()
    for p in (home / 'keys' / 'tenants').iterdir():
        flip(p)
    expect('import, tenant altered', gh('import', TMP / 'model', '--as', 'acme/z:1', home=home), 2, 'tenant')
    expect('export, tenant altered', gh('export', 'acme/m:1', '-o', TMP / 'out', home=home), 2)
    home = fresh()
    for p in (home / 'keys' / 'signing').glob('badge-*'):
        p.unlink()
    for args in (('badge', 'status'), ('key', 'rotate', 'badge'), ('backup', '-o', TMP / 'b.tar'),
                 ('import', TMP / 'model', '--as', 'acme/z:1')):
        expect(f'{args[0]} {args[1]}: key gone', gh(*args, home=home), 2)
    home = fresh()
    (home / 'keys' / 'log').write_bytes(b'')
    expect('tenant add, the last checkpoint gone', gh('tenant', 'add', 'zed', home=home), 2)


def passwords():
    yaml = HOME / 'gatehouse.yaml'
    old = yaml.read_text()
    yaml.write_text('# opa was http://u:s3cret0@h/\n' + old)
    check('backup', gh('backup', '-o', TMP / 'one.tar').returncode == 0)
    with tarfile.open(TMP / 'one.tar') as t:
        text = t.extractfile('gatehouse.yaml').read()
    check('no remark is copied', b's3cret0' not in text, text)
    home = fresh()
    yaml = home / 'gatehouse.yaml'
    yaml.write_text(old.replace('opa: ""', 'opa: "https://u:s3cret1@127.0.0.1:9/v1?a=1&Password=s3cret2&b=2"'))
    r = gh('backup', '-o', TMP / 'two.tar', home=home)
    check('backup with a password', r.returncode == 0, r.stderr)
    with tarfile.open(TMP / 'two.tar') as t:
        text = t.extractfile('gatehouse.yaml').read().decode()
    check('the passwords are not in it', 's3cret' not in text and 'https://u@127.0.0.1:9/v1?a=1&b=2' in text, text)
    expect('restore', gh('restore', TMP / 'two.tar', home=TMP / 'new'), 0, 'Passwords are not in a backup')
    check('the file says which', 'the password in opa' in (TMP / 'new' / 'gatehouse.yaml').read_text())


try:
    setup()
    given_but_empty()
    usage()
    names()
    altered()
    passwords()
finally:
    shutil.rmtree(TMP, ignore_errors=True)
print(f'test_answers: {passed} passed, {failed} failed')
sys.exit(failed != 0)
