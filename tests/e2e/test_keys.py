#!/usr/bin/python3
"""Keys as a user meets them: what opens the home, what is exported, what is rotated, what is altered. Usage: test_keys.py
PATH-OF-GATEHOUSE"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import common
from common import check, run

PASS = 'correct horse battery staple\n'


class Home:
    def __init__(self, root, name='home', *options):
        self.dir = root / name
        self.passphrase = self.write(root / (name + '.pass'), PASS)
        self.env = {'GATEHOUSE_HOME': str(self.dir), 'GATEHOUSE_PASSPHRASE_FILE': str(self.passphrase)}
        r = run('init', '--format', 'json', *options, env={k: v for k, v in self.env.items() if not options or k == 'GATEHOUSE_HOME'})
        check('init', r.returncode == 0, r.stderr)
        self.made = json.loads(r.stdout or b'{}')

    @staticmethod
    def write(path, text):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o600)
        return path

    def run(self, *args, **env):
        return run(*args, env={**self.env, **env})

    def json(self, *args):
        r = self.run(*args, '--format', 'json')
        check(f'{args}: exit status 0', r.returncode == 0, r.stderr)
        try:
            return json.loads(r.stdout)
        except ValueError:
            return {}


def expect(what, r, status, says):
    text = r.stderr.decode() + r.stdout.decode()
    check(f'{what}: exit status {status}', r.returncode == status, (r.returncode, text))
    check(f'{what}: says {says!r}', says in text, text)
    check(f'{what}: one line', r.stderr.decode().count('\n') <= 2, text)


def opening(home, root):
    wrong = Home.write(root / 'wrong', 'not the passphrase')
    other = dict(GATEHOUSE_PASSPHRASE_FILE=str(wrong))
    expect('a wrong passphrase', home.run('key', 'status', **other), 2, 'wrong passphrase')
    expect('an empty one', home.run('key', 'status', GATEHOUSE_PASSPHRASE_FILE='/dev/null'), 2, 'empty')
    expect('none at all', home.run('key', 'status', GATEHOUSE_PASSPHRASE_FILE=''), 2, 'GATEHOUSE_PASSPHRASE_FILE')
    wrong.chmod(0o644)
    expect('a file that others read', home.run('key', 'status', **other), 2, 'chmod 600')
    r = home.run('key', 'slots', GATEHOUSE_PASSPHRASE_FILE='')
    expect('slots without a passphrase', r, 0, 'recovery')
    status = home.json('key', 'status')
    check('three signing keys', [k['key'] for k in status.get('signing', [])] == ['badge', 'log', 'node'], status)
    keys = home.dir / 'keys'
    check('nobody else may look', all(p.stat().st_mode & 0o077 == 0 for p in [keys, *keys.rglob('*')]))
    keys.chmod(0o755)
    expect('a directory that others read', home.run('key', 'status'), 2, 'chmod 700')
    keys.chmod(0o700)


def altered(home):
    file = home.dir / 'keys' / 'root'
    was = file.read_bytes()
    for at in (9, 20, 60, 200, len(was) - 5):
        file.write_bytes(was[:at] + bytes([was[at] ^ 1]) + was[at + 1:])
        r = home.run('key', 'status')
        check(f'byte {at} of keys/root is altered: exit status 2', r.returncode == 2, r.stderr)
        check(f'byte {at}: says what to do', b'keys/root' in r.stderr or b'newer' in r.stderr,
              r.stderr)
    file.write_bytes(was[:-1])
    expect('keys/root is cut', home.run('key', 'status'), 2, 'damaged')
    file.unlink()
    expect('keys/root is gone', home.run('key', 'status'), 2, "gatehouse init")
    Home.write(file, was)
    file = home.dir / 'keys' / 'signing' / 'badge-1'
    was = file.read_bytes()
    file.write_bytes(was[:150] + bytes([was[150] ^ 1]) + was[151:])
    r = home.run('key', 'export')
    check('a signing key is altered', r.returncode != 0 and b'was altered' in r.stderr, r.stderr)
    file.write_bytes(was)
    check('all is well again', home.run('key', 'export').returncode == 0)


def export_and_rotate(home, root):
    pub = root / 'pub.pem'
    expect('export', home.run('key', 'export', '-o', pub), 0, 'badge key, generation 1')
    seen = subprocess.run(['openssl', 'pkey', '-pubin', '-in', pub, '-noout', '-text'], capture_output=True)
    check('openssl reads it', b'prime256v1' in seen.stdout or b'P-256' in seen.stdout, seen)
    first = pub.read_bytes()
    check('to standard output too', home.run('key', 'export').stdout == first)
    r = home.run('key', 'export', 'log')
    check('the log key is Ed25519', b'BEGIN PUBLIC KEY' in r.stdout and len(r.stdout) < 130, r)
    check('rotate badge', home.json('key', 'rotate', 'badge').get('generation') == 2)
    check('another key', home.run('key', 'export').stdout != first)
    check('the old one stays known', home.run('key', 'export', '--generation', '1').stdout == first)
    expect('no such generation', home.run('key', 'export', '--generation', '9'), 2, 'no badge key of this generation')
    check('rotate node', home.json('key', 'rotate', 'node').get('generation') == 2)
    expect('the log keeps its key', home.run('key', 'rotate', 'log'), 1, 'what makes it this log')
    expect('what is that?', home.run('key', 'rotate', 'door'), 64, 'root, badge, node')
    for generation in (2, 3):
        check('rotate root', home.json('key', 'rotate', 'root').get('generation') == generation)
    check('it opens as before', home.json('key', 'status').get('root_generation') == 3)
    entries = home.run('audit', 'show', '--kind', 'key-rotation').stdout
    check('all of it stands in the log', entries.count(b'key-rotation') == 4, entries)


def tenants(home):
    check('tenant add', home.run('tenant', 'add', 'acme').returncode == 0)
    check('rotate a tenant', home.json('key', 'rotate', 'tenant', 'acme').get('generation') == 2)
    check('again', home.json('key', 'rotate', 'tenant', 'acme').get('generation') == 3)
    expect('no such tenant', home.run('key', 'rotate', 'tenant', 'nobody'), 2, 'nobody')
    files = list((home.dir / 'keys' / 'tenants').iterdir())
    check('one file for its keys', len(files) == 1, files)
    saved = files[0].read_bytes()
    check('tenant remove', home.run('tenant', 'remove', 'acme', '--confirm', 'acme').returncode == 0)
    expect('its keys are gone', home.run('key', 'rotate', 'tenant', 'acme'), 1, 'acme')
    check('and overwritten', saved[120:160] not in files[0].read_bytes())


def models(home, root):
    """Rotation of every level leaves models and badges as they are; a removed tenant's open no more."""
    model, pub, badge = root / 'model', root / 'first.pem', root / 'badge.json'
    model.mkdir()
    (model / 'model.safetensors').write_bytes(common.safetensors(100000))
    check('tenant add', home.run('tenant', 'add', 'initech').returncode == 0)
    r = home.run('import', model, '--as', 'initech/m:1.0')
    if not check('import', r.returncode == 0, r.stderr):
        return
    check('key export', home.run('key', 'export', '-o', pub).returncode == 0)
    check('badge export', home.run('badge', 'export', 'initech/m:1.0', '-o', badge).returncode == 0)
    blobs = {p: p.read_bytes() for p in (home.dir / 'blobs').rglob('*') if p.is_file()}
    rotated = home.json('key', 'rotate', 'tenant', 'initech')
    check('keys of blobs are wrapped again', rotated.get('rewrapped', 0) >= 2, rotated)
    for key in ('root', 'badge'):
        check(f'rotate {key}', home.run('key', 'rotate', key).returncode == 0)
    check('no blob was touched', all(p.read_bytes() == was for p, was in blobs.items()))
    check('nor does one show what it holds', all(b'safetensors' not in b and b'F32' not in b for b in blobs.values()))
    copy = root / 'copy'
    r = home.run('export', 'initech/m:1.0', '-o', copy)
    check('export', r.returncode == 0, r.stderr)
    check('bit by bit the same', (copy / 'model.safetensors').read_bytes() == (model / 'model.safetensors').read_bytes())
    r = run('badge', 'verify', badge, '--key', pub)
    check('the old badge stays valid', r.returncode == 0, r.stdout + r.stderr)
    r = home.run('fsck', '--deep')
    check('every stored byte opens', r.returncode == 0, r.stdout + r.stderr)
    entries = home.run('audit', 'show', '--kind', 'key-release').stdout
    check('every release stands in the log', b'purpose=import' in entries and b'purpose=export' in entries, entries)
    check('tenant remove', home.run('tenant', 'remove', 'initech', '--confirm', 'initech').returncode == 0)
    r = home.run('export', 'initech/m:1.0', '-o', root / 'again')
    check('nothing of it is exported any more', r.returncode != 0 and not (root / 'again').exists(), r.stderr)


def slots(home, root):
    key = Home.write(root / 'key', os.urandom(64))
    expect('add a key file', home.run('key', 'add-slot', 'key-file', '--file', key, '--label', 'usb stick'), 0, 'slot 3')
    expect('too short', home.run('key', 'add-slot', 'key-file', '--file', Home.write(root / 'short', 'x')), 64, 'at least 32')
    expect('no file', home.run('key', 'add-slot', 'key-file'), 64, '--file')
    expect('no such method', home.run('key', 'add-slot', 'password'), 64, 'key-file')
    r = home.run('key', 'add-slot', 'tpm', '--tpm', 'device:/dev/no-tpm-here')
    expect('no TPM', r, 2, 'TPM cannot be reached')
    settings = home.dir / 'gatehouse.yaml'
    was = settings.read_text()
    lines = [line for line in was.splitlines() if not line.startswith('unlock:')]
    settings.write_text('\n'.join([*lines, f'unlock: "file:{key}"']) + '\n')
    env = dict(home.env)
    del home.env['GATEHOUSE_PASSPHRASE_FILE']
    check('opened by the key file', home.run('key', 'status').returncode == 0)
    settings.write_text('\n'.join([*lines, 'unlock: "credential:gatehouse"']) + '\n')
    expect('no systemd', home.run('key', 'status'), 2, 'systemd')
    home.env = dict(env)
    settings.write_text(was)
    credentials = root / 'credentials'
    credentials.mkdir(mode=0o700)
    Home.write(credentials / 'gatehouse', os.urandom(32))
    expect('add a credential', home.run('key', 'add-slot', 'credential', '--file', credentials / 'gatehouse'), 0, 'slot 4')
    settings.write_text('\n'.join([*lines, 'unlock: "credential:gatehouse"']) + '\n')
    del home.env['GATEHOUSE_PASSPHRASE_FILE']
    r = home.run('key', 'status', CREDENTIALS_DIRECTORY=str(credentials))
    check('opened by the credential', r.returncode == 0, r.stderr)
    home.env = env
    settings.write_text(was)
    expect('remove', home.run('key', 'remove-slot', '4'), 0, 'slot 4 (credential)')
    expect('remove it again', home.run('key', 'remove-slot', '4'), 2, 'no slot 4')
    expect('remove nonsense', home.run('key', 'remove-slot', '4x'), 64, 'number')
    check('logged', home.run('audit', 'show', '--kind', 'key-slot').stdout.count(b'key-slot') >= 3)


def recovering(home, root):
    recovery = Home.write(root / 'recovery', home.made['recovery_key'].lower().replace('-', ' ') + '\n')
    Home.write(home.passphrase, 'a new passphrase, better kept\n')
    expect('the new passphrase does not open it', home.run('key', 'status'), 2, 'wrong passphrase')
    text = home.made['recovery_key']
    typo = Home.write(root / 'typo', ('2' if text[0] != '2' else '3') + text[1:])
    expect('a typing mistake', home.run('key', 'recover', '--file', typo), 2, 'mistyped')
    r = home.run('key', 'recover', '--file', recovery, '--format', 'json')
    check('recover', r.returncode == 0, r.stderr)
    new = json.loads(r.stdout or b'{}').get('recovery_key', '')
    check('the new passphrase opens it', home.run('key', 'status').returncode == 0)
    old = Home.write(root / 'old', PASS)
    expect('the old one does not', home.run('key', 'status', GATEHOUSE_PASSPHRASE_FILE=str(old)), 2, 'wrong passphrase')
    expect('nor the old recovery key', home.run('key', 'recover', '--file', recovery), 2, 'it was replaced')
    again = Home.write(root / 'again', new)
    check('the new recovery key does', home.run('key', 'recover', '--file', again).returncode == 0)


def sealed(root):
    """With swtpm as TPM."""
    if not shutil.which('swtpm'):
        print('skipped: swtpm is not installed')
        return
    state = root / 'tpm'
    state.mkdir()
    for port in range(21000 + os.getpid() % 9000, 40000, 2):
        try:
            for p in (port, port + 1):
                with socket.socket() as s:
                    s.bind(('127.0.0.1', p))
            break
        except OSError:
            continue
    tpm = subprocess.Popen(['swtpm', 'socket', '--tpm2', '--flags', 'not-need-init,startup-clear', '--server',
                            f'type=tcp,port={port}', '--ctrl', f'type=tcp,port={port + 1}', '--tpmstate', f'dir={state}'])
    try:
        for _ in range(300):  # until it listens
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', port + 1)) == 0:
                    break
            time.sleep(0.1)
        home = Home(root, 'tpmhome', '--unlock', f'tpm:swtpm:host=127.0.0.1,port={port}')
        del home.env['GATEHOUSE_PASSPHRASE_FILE']
        check('opened by the TPM', home.run('key', 'status').returncode == 0, home.run('key', 'status').stderr)
    finally:
        tpm.terminate()
        tpm.wait()
    expect('the TPM is gone', home.run('key', 'status'), 2, 'TPM cannot be reached')


with tempfile.TemporaryDirectory() as top:
    top = pathlib.Path(top)
    # A key file is not stretched, so that most of this is quick.
    quick = Home(top, 'quick', '--unlock', f'file:{Home.write(top / "quick.key", os.urandom(32))}')
    del quick.env['GATEHOUSE_PASSPHRASE_FILE']
    altered(quick)
    export_and_rotate(quick, top)
    tenants(quick)
    models(quick, top)
    it = Home(top)
    opening(it, top)
    slots(it, top)
    recovering(it, top)
    sealed(top)
    expect('init over a home', it.run('init'), 2, 'not empty')
    sys.exit(common.end('test_keys.py'))
