#!/usr/bin/python3
"""A disk that fills, or takes no more, in the middle of an import, and a process of it that dies: the command ends at once with one
line, nothing half-written stays, and the name is free. Root fills a small file system; others have a limit on the size of a file."""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
from common import GATEHOUSE, check, safetensors  # noqa: E402

TMP = tempfile.mkdtemp(prefix='gh-full-')
DISK, HOME = os.path.join(TMP, 'disk'), os.path.join(TMP, 'disk', 'home')
ENV = {**common.ENV, 'GATEHOUSE_HOME': HOME, 'GATEHOUSE_PASSPHRASE_FILE': os.path.join(TMP, 'pass')}
MIB = 1 << 20
NO_RESOURCE = ['setpriv', '--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource']  # else root may raise any limit
LIMIT = 32  # MiB; above the memory that is shared with the worker, which counts as a file


def gh(*args, most=None, for_ever=False):
    """most: MiB that a file may hold; for_ever: and nobody who runs here may say otherwise."""
    def limit():
        if most is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most * MIB, most * MIB if for_ever else resource.RLIM_INFINITY))
    drop = NO_RESOURCE if for_ever and os.geteuid() == 0 else []
    try:
        return subprocess.run([*drop, GATEHOUSE, *args], env=ENV, stdin=subprocess.DEVNULL, capture_output=True, timeout=40,
                              preexec_fn=limit)
    except subprocess.TimeoutExpired as e:
        return subprocess.CompletedProcess(e.cmd, 'hangs', e.stdout or b'', e.stderr or b'')


def model(name, files):
    os.makedirs(os.path.join(TMP, name))
    for i, n in enumerate(files):
        with open(os.path.join(TMP, name, f'part{i}.dat'), 'wb') as f:
            f.write(bytes([i]))
            f.truncate(n)
    return os.path.join(TMP, name)


def staged():
    return os.listdir(os.path.join(HOME, 'blobs', 'staging'))


def refused(what, r, *words):
    line = r.stderr.decode()
    check(f'{what}: ends with 2', r.returncode == 2, f'{r.returncode} {line}')
    check(f'{what}: one line says why', line.count('\n') == 1 and all(w in line for w in words), line)
    check(f'{what}: no staging file stays', staged() == [], staged())


def imports(small, why, most):
    """One file larger than the ring, one that fits in it, several at a time; then something that has room, under the same name."""
    for what, sizes in (('a large file', [LIMIT * MIB + 4 * MIB]), ('many files', [1000, 9 * MIB, LIMIT * MIB + MIB, 3 * MIB, 5])):
        path = model(what.replace(' ', '-'), sizes)
        refused(what, gh('import', path, '--as', 'acme/m:1', '--no-progress', most=most), 'acme/m:1', why)
    r = gh('import', small, '--as', 'acme/m:1', '--no-progress', most=most)
    check('the name is free, and there is room again', r.returncode == 0, f'{r.returncode} {r.stderr.decode()}')
    r = gh('fsck', '--grace', '0')
    check('the catalog is whole', b'problem: database' not in r.stdout and b'problem: staging' not in r.stdout, r.stdout)


def no_lock(small):
    """A worker that cannot be locked down looks at nothing: that is not an answer about the model, and nobody was refused."""
    if os.geteuid() == 0 and subprocess.run([*NO_RESOURCE, 'true'], capture_output=True).returncode != 0:
        print('skipped: a worker that cannot be locked down (setpriv cannot drop a capability here)')
        return
    refused('a limit that a worker cannot set its own below', gh('import', small, '--as', 'acme/m:9', most=LIMIT, for_ever=True),
            'could not lock itself down: resource limits')


def no_room_at_all():
    """Not a byte is left: what reads goes on, what lets something in is refused in a line, and what takes away makes room."""
    small = os.path.join(TMP, 'one-more')
    os.makedirs(small)
    with open(os.path.join(small, 'model.safetensors'), 'wb') as f:
        f.write(safetensors())
    badge = os.path.join(TMP, 'full-badge.json')
    check('there is a model to look at', gh('import', small, '--as', 'acme/seen:1').returncode == 0)
    with open(os.path.join(DISK, 'filler'), 'wb', buffering=0) as f:
        for size in (MIB, 4096):
            try:
                while f.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    left = os.statvfs(DISK).f_bavail
    check('not a block is left', left <= 1, left)
    for again in range(3):  # the room that was kept is kept again
        for what in (('models',), ('card', 'acme/seen:1'), ('badge', 'export', 'acme/seen:1', '-o', badge), ('audit', 'verify'),
                     ('policy', 'explain', 'acme/seen:1'), ('export', 'acme/seen:1', '-o', os.path.join(TMP, f'full-{again}')), ('fsck',)):
            r = gh(*what)
            check(f'a full disk, {again}: {what[0]} works', r.returncode == 0 or (what[0] == 'policy' and r.returncode == 1), f'{r.returncode} {r.stdout[-300:]} {r.stderr.decode()}')
        r = gh('import', small, '--as', f'acme/more:{again}')
        line = r.stderr.decode()
        check('… and an import is refused in a line', r.returncode == 2 and line.count('\n') == 1 and 'full' in line, f'{r.returncode} {line}')
        r = gh('tenant', 'add', 'more')
        check('… and so is a tenant', r.returncode == 2 and r.stderr.count(b'\n') == 1 and b'the disk is full' in r.stderr, r.stderr)
    check('fsck --repair works', gh('fsck', '--repair').returncode == 0)
    # Even the reserve is gone: then a line says what to do.
    with open(os.path.join(HOME, 'run', 'reserve'), 'wb'):
        pass
    with open(os.path.join(DISK, 'filler'), 'ab', buffering=0) as f:
        try:
            while f.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
    r = gh('fsck', '--repair')
    line = r.stderr.decode()
    check('no reserve either: what to do is said', r.returncode == 2 and line.count('\n') == 1 and 'No space left' in line and
          os.path.join(HOME, 'blobs', 'staging') in line, f'{r.returncode} {line}')
    os.unlink(os.path.join(DISK, 'filler'))
    check('with room again all is well', gh('fsck', '--repair').returncode == 0)
    check('… an import too', gh('import', small, '--as', 'acme/more:9').returncode == 0)


def role_of(pid, role):
    for p in os.listdir('/proc'):
        try:
            with open(f'/proc/{p}/stat') as s, open(f'/proc/{p}/cmdline', 'rb') as c:
                if int(s.read().rpartition(')')[2].split()[1]) == pid and f'--role\0{role}'.encode() in c.read():
                    return int(p)
        except (OSError, ValueError):
            pass
    return None


def deaths():
    """Whichever process of an import dies, it ends."""
    path = model('long', [600 * MIB])
    for role in ('blob', 'catalog', 'vault'):
        p = subprocess.Popen([GATEHOUSE, 'import', path, '--as', 'acme/d:1', '--jobs', '1', '--no-progress'], env=ENV,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(400):
            if role_of(p.pid, 'blob') is not None and staged():
                break
            time.sleep(0.01)
        victim = role_of(p.pid, role)
        check(f'{role} is there', victim is not None)
        if victim is not None:
            os.kill(victim, 9)
        try:
            text = p.communicate(timeout=30)[1].decode()
        except subprocess.TimeoutExpired:
            p.kill()
            text = 'hangs'
            p.communicate()
        check(f'{role} dies: the import ends', p.returncode == 2 and text.count('\n') == 1, f'{p.returncode} {text}')
        if role == 'blob':
            check('blob dies: nothing stays', staged() == [], staged())
    check('what died leaves goes', gh('fsck', '--repair', '--grace', '0').returncode == 0 and staged() == [], staged())


def main():
    with open(ENV['GATEHOUSE_PASSPHRASE_FILE'], 'w') as f:
        f.write('correct horse battery staple\n')
    os.chmod(ENV['GATEHOUSE_PASSPHRASE_FILE'], 0o600)
    os.makedirs(DISK)
    mounted = os.geteuid() == 0 and subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={LIMIT}m', 'tmpfs', DISK],
                                                   capture_output=True).returncode == 0
    try:
        check('init', gh('init').returncode == 0 and gh('tenant', 'add', 'acme').returncode == 0)
        small = os.path.join(TMP, 'small.safetensors')
        with open(small, 'wb') as f:
            f.write(safetensors())
        no_lock(small)
        if mounted:
            imports(small, 'No space left', None)
            no_room_at_all()
        else:
            imports(small, 'File too large', LIMIT)
    finally:
        if mounted:
            subprocess.run(['umount', DISK], check=True)
    if mounted:
        check('init', gh('init').returncode == 0 and gh('tenant', 'add', 'acme').returncode == 0)
    deaths()


try:
    main()
finally:
    shutil.rmtree(TMP, ignore_errors=True)
print(f'test_full: {common.asserted - common.failures} passed, {common.failures} failed')
sys.exit(common.failures != 0)
