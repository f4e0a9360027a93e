#!/usr/bin/python3
"""What the catalog is worth when the machine fails: processes killed at any instant, calls of the disk that fail, power that is lost
with everything that was not synced, a clock that goes back. Whatever happens, what was acknowledged is there afterwards, the home
opens and verifies, and no badge stands without a finished scan.

  run.py GATEHOUSE [kill=N] [fail=N] [power=N] [clock=1] [seed=N] [database=URL]

GATEHOUSE must be built with test hooks (-DGH_TESTS=ON, no sanitizer): only then its roles are started with LD_PRELOAD.
database: a URL, or "own": a PostgreSQL that is started for it.
kill: so many SIGKILLs. fail: so many calls that fail, 0: every one, with EIO and with ENOSPC. power: so many instants, 0: all."""
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
EIO, ENOSPC = 5, 28
CONTROL = struct.Struct('<QQQqiiiiQQq256s')
RECORD = 4096
MAGIC = 0x46415554
passed = failed = 0


def check(what, good, shown=''):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f'FAILED: {what}\n    {str(shown)[-1500:]}', flush=True)
    return good


class Disk:
    """A place on a file system of its own kind (memory), with the shim and its state."""

    def __init__(self, size=1 << 30):
        base = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='gh-faults-', dir=base))
        self.home = self.dir / 'home'
        self.key = self.dir / 'root.key'
        self.key.write_bytes(os.urandom(32))
        self.key.chmod(0o600)
        cc = shutil.which('cc') or shutil.which('gcc')
        subprocess.run([cc, '-shared', '-fPIC', '-O1', '-o', self.dir / 'shim.so', HERE / 'shim.c', '-ldl'], check=True)
        self.size = size
        self.state()

    def state(self, home=None, at=0, error=EIO, sticky=0, record=0, shift=0):
        """A new state, in a new file: processes that still run keep the old one."""
        path = self.dir / 'state'
        path.unlink(missing_ok=True)
        with open(path, 'wb') as f:
            f.truncate(self.size if record else RECORD)
            f.write(CONTROL.pack(MAGIC, self.size if record else RECORD, os.stat(self.dir).st_dev, at, error, sticky, record, 0,
                                 0, 0, shift, str(home or self.home).encode()))

    def seen(self):
        with open(self.dir / 'state', 'rb') as f:
            v = CONTROL.unpack(f.read(CONTROL.size))
        return v[8], v[9]  # calls, bytes of the record

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Program:
    def __init__(self, path, disk, database=None):
        self.path, self.disk, self.database = str(path), disk, database

    def env(self, home, shim):
        env = {k: v for k, v in os.environ.items() if not k.startswith('GATEHOUSE')}
        env['GATEHOUSE_HOME'] = str(home or self.disk.home)
        if shim:
            env['LD_PRELOAD'] = str(self.disk.dir / 'shim.so')
        return env

    def start(self, *args, home=None, shim=True):
        return subprocess.Popen([self.path, *map(str, args)], env=self.env(home, shim), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def run(self, *args, home=None, shim=True, timeout=120):
        p = self.start(*args, home=home, shim=shim)
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
            return -99, '', 'hangs'
        return p.returncode, out.decode(errors='replace'), err.decode(errors='replace')

    def init(self):
        args = ['init', '--unlock', f'file:{self.disk.key}']
        if self.database:
            args += ['--database', self.database]
        return self.run(*args)

    def models(self, home=None):
        """name: (verdict, state, badge), or None when it cannot be asked."""
        code, out, err = self.run('models', '--format', 'json', home=home, shim=False)
        if code != 0:
            return None, err
        try:
            return {m['model']: (m.get('verdict'), m.get('state'), m.get('badge')) for m in json.loads(out)['models']}, ''
        except (ValueError, KeyError) as e:
            return None, f'{e}: {out}'


def model(folder, n):
    """A small model, another one for every n."""
    folder.mkdir(parents=True, exist_ok=True)
    data = random.Random(n).randbytes(4096) * 4
    values = b''.join(struct.pack('<f', (b - 127) / 1000) for b in data)
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [len(values) // 4], 'data_offsets': [0, len(values)]}}).encode()
    header += b' ' * (-len(header) % 8)
    (folder / 'model.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + values)
    return folder


DONE = ('ready', 'review', 'quarantined')


def whole(p, what, acknowledged, home=None, deep=False):
    """The home opens, everything that was acknowledged is there, the check finds nothing, the log verifies."""
    models, err = p.models(home)
    if not check(f'{what}: the catalog opens', models is not None, err):
        return False
    good = True
    for name, state in acknowledged.items():
        good = check(f'{what}: {name} was acknowledged and is there', models.get(name, (0, 0, 0))[1] == state,
                     (name, state, models.get(name))) and good
    for name, (verdict, state, badge) in models.items():
        if badge == 'issued':
            good = check(f'{what}: {name} has a badge, and a scan behind it', verdict in ('CLEAN', 'REVIEW') and state == 'ready',
                         (name, verdict, state, badge)) and good
    code, out, err = p.run('fsck', *(['--deep'] if deep else []), home=home, shim=False)
    good = check(f'{what}: fsck', code == 0, out + err) and good
    code, out, err = p.run('audit', 'verify', home=home, shim=False)
    return check(f'{what}: audit verify', code == 0, out + err) and good


def imported(p, disk, n, acknowledged, home=None, shim=True):
    name = f'acme/m{n % 7}:{n}'
    code, out, err = p.run('import', model(disk.dir / 'm' / str(n), n), '--as', name, '--format', 'json', '--no-progress',
                           home=home, shim=shim)
    shutil.rmtree(disk.dir / 'm' / str(n), ignore_errors=True)
    if code == 0:
        acknowledged[name] = json.loads(out).get('state')
    return code, name, out + err


def prepared(p, disk):
    code, out, err = p.init()
    if not check('init', code == 0, out + err):
        return False
    code, out, err = p.run('tenant', 'add', 'acme')
    return check('tenant add', code == 0, out + err)


# ---- SIGKILL at any instant ---------------------------------------------------------------------------------------------------

def kills(p, disk, n):
    """Half of the work is killed while it runs; the rest is acknowledged and must stay."""
    disk.state()
    if not prepared(p, disk):
        return
    acknowledged, killed, tried, took = {}, 0, 0, 0.5
    while killed < n:
        tried += 1
        name = f'acme/m{tried % 7}:{tried}'
        path = model(disk.dir / 'm' / str(tried), tried)
        start = time.monotonic()
        job = p.start('import', path, '--as', name, '--format', 'json', '--no-progress', shim=False)
        deadline = random.uniform(0, 1.25 * took)
        try:
            out, err = job.communicate(timeout=deadline)
            took = 0.8 * took + 0.2 * (time.monotonic() - start)
            if check(f'import {tried} ends well when it is left alone', job.returncode == 0, err):
                acknowledged[name] = json.loads(out).get('state')
        except subprocess.TimeoutExpired:
            os.killpg(job.pid, signal.SIGKILL)
            job.communicate()
            killed += 1
            if random.random() < 0.1:  # the same name again: it is taken over, or says that it is held
                code, out, err = p.run('import', path, '--as', name, '--format', 'json', '--no-progress', shim=False)
                if code == 0:
                    acknowledged[name] = json.loads(out).get('state')
                else:
                    check(f'import {tried} again: says why not', name in err and code in (1, 2), err)
        shutil.rmtree(path, ignore_errors=True)
        if killed % 50 == 49 or killed == n:
            if not whole(p, f'after {killed} kills', acknowledged, deep=killed == n):
                return
        if failed > 20:
            return
    code, out, err = p.run('fsck', '--repair', '--grace', '0', shim=False)
    check('leftovers are removed', code == 0, out + err)
    whole(p, 'after the repair', acknowledged, deep=True)
    print(f'kill: {killed} kills, {len(acknowledged)} acknowledged imports, all there', flush=True)


# ---- calls that fail ------------------------------------------------------------------------------------------------------------

def fails(p, disk, n):
    disk.state()
    if not prepared(p, disk):
        return
    base, acknowledged = disk.dir / 'base', {}
    code, name, said = imported(p, disk, 1, acknowledged)
    if not check('an import without faults', code == 0, said):
        return
    os.rename(disk.home, base)
    shutil.copytree(base, disk.home)
    disk.state()
    imported(p, disk, 2, {})
    calls = disk.seen()[0]
    if not check('the calls of an import are seen', calls > 20, calls):
        return
    tries = [(k, e) for k in range(1, calls + 1) for e in (EIO, ENOSPC)]
    if n and n < len(tries):
        tries = sorted(random.sample(tries, n))
    told = 0
    for k, error in tries:
        what = f'call {k} of {calls} fails with {os.strerror(error)}'
        shutil.rmtree(disk.home)
        shutil.copytree(base, disk.home)
        now = dict(acknowledged)
        disk.state(at=k, error=error, sticky=int(error == ENOSPC))
        code, name, said = imported(p, disk, 2, now)
        check(f'{what}: ends with a status and a reason', code == 0 or (code in (1, 2) and said.strip() != ''), (code, said))
        told += code != 0
        disk.state()
        if not whole(p, what, now):
            return
        if name not in now:
            code, _, said = imported(p, disk, 2, now)
            # What went through before the fault is there, though nobody was told: then the second one says so.
            check(f'{what}: afterwards it works, or was done', code == 0 or ('exists already (' in said and 'importing' not in said) or
                  'is being imported' in said, said)
        if failed > 20:
            return
    print(f'fail: {len(tries)} failures in {calls} calls of an import, {told} of them told, nothing lost', flush=True)


# ---- the power goes --------------------------------------------------------------------------------------------------------------

class Replay:
    """What a disk holds that keeps nothing but what was synced: files by fsync, names by fsync of their directory."""
    KINDS = {1: 'create', 2: 'mkdir', 3: 'write', 4: 'truncate', 5: 'sync', 6: 'syncdir', 7: 'rename', 8: 'link', 9: 'unlink',
             10: 'syncfs'}

    def __init__(self, top, lucky):
        self.top, self.lucky = top, lucky  # lucky: chance that something unsynced got through all the same
        self.data, self.safe = {}, {}      # inode: bytes
        self.names, self.kept = {top: {}}, {top: {}}  # inode of a directory: {name: inode}
        self.folders = {top}

    def apply(self, kind, a, b, payload):
        what = self.KINDS[kind]
        if what in ('create', 'mkdir'):
            self.names.setdefault(a, {})[payload.decode()] = b
            if what == 'mkdir':
                self.folders.add(b)
                self.names.setdefault(b, {})
                self.kept.setdefault(b, {})
            else:
                self.data.setdefault(b, bytearray())
        elif what == 'write':
            d = self.data.setdefault(a, bytearray())
            if len(d) < b:
                d.extend(bytes(b - len(d)))
            d[b:b + len(payload)] = payload
        elif what == 'truncate':
            d = self.data.setdefault(a, bytearray())
            del d[b:]
            d.extend(bytes(b - len(d)))
        elif what == 'sync':
            self.safe[a] = bytes(self.data.get(a, b''))
        elif what == 'syncdir':
            self.kept[a] = dict(self.names.get(a, {}))
        elif what == 'syncfs':
            self.safe = {i: bytes(d) for i, d in self.data.items()}
            self.kept = {i: dict(d) for i, d in self.names.items()}
        elif what in ('rename', 'link'):
            old, new = [x.decode() for x in payload.split(b'\0')[:2]]
            ino = self.names.get(a, {}).get(old)
            if ino is None:
                return  # from elsewhere
            if what == 'rename':
                del self.names[a][old]
            self.names.setdefault(b, {})[new] = ino
        elif what == 'unlink':
            self.names.get(a, {}).pop(payload.decode(), None)

    def write(self, to, dice):
        """Make the directory that is found after the power is back."""
        stack = [(self.top, to)]
        while stack:
            ino, path = stack.pop()
            path.mkdir(mode=0o700)
            live, names = self.names.get(ino, {}), dict(self.kept.get(ino, {}))
            for name in set(live) | set(names):
                if live.get(name) != names.get(name) and dice.random() < self.lucky:
                    names.pop(name, None)
                    if name in live:
                        names[name] = live[name]
            for name, child in names.items():
                if child in self.folders:
                    stack.append((child, path / name))
                    continue
                data = self.safe.get(child, b'')
                if dice.random() < self.lucky:
                    data = bytes(self.data.get(child, data))
                (path / name).write_bytes(data)
                (path / name).chmod(0o600)


def records(disk):
    _, used = disk.seen()
    with open(disk.dir / 'state', 'rb') as f:
        f.seek(RECORD)
        raw = f.read(used)
    at, out = 0, []
    while at + 32 <= len(raw):
        kind, n, a, b, _ = struct.unpack_from('<IIQQQ', raw, at)
        out.append((at, kind, a, b, raw[at + 32:at + 32 + n]))
        at += 32 + (n + 7 & ~7)
    return out


def power(p, disk, n):
    """One run is recorded; then the power is lost after any of its calls, and once more with luck for some of what was not synced."""
    disk.home.mkdir(mode=0o700)
    top = os.stat(disk.home).st_ino
    disk.state(record=1)
    if not prepared(p, disk):
        return
    acks, acknowledged = [], {}  # (bytes of the record, what must be there)
    acks.append((disk.seen()[1], {}))
    for i in (1, 2, 3):
        code, name, said = imported(p, disk, i, acknowledged)
        if not check(f'import {i}', code == 0, said):
            return
        acks.append((disk.seen()[1], dict(acknowledged)))
    log = records(disk)
    check('the whole run was recorded', len(log) > 100, len(log))
    cuts = [i for i, r in enumerate(log) if r[0] >= acks[0][0]] + [len(log)]
    if n and n < len(cuts):
        cuts = sorted(random.sample(cuts, n))
    for lucky in (0, 0.5):
        replay, done = Replay(top, lucky), 0
        for cut in cuts:
            for r in log[done:cut]:
                replay.apply(*r[1:])
            done = cut
            offset = log[cut][0] if cut < len(log) else disk.seen()[1]
            must = [a for at, a in acks if at <= offset][-1]
            found = disk.dir / 'found'
            shutil.rmtree(found, ignore_errors=True)
            replay.write(found, random.Random(cut))
            whole(p, f'power lost after call {cut} of {len(log)}, {"some" if lucky else "nothing"} unsynced kept', must, home=found)
            if failed > 20:
                return
    print(f'power: lost at {len(cuts)} instants of {len(log)}, twice, nothing acknowledged was lost', flush=True)


# ---- the clock goes back ----------------------------------------------------------------------------------------------------------

def clock(p, disk, _):
    acknowledged = {}
    disk.state()
    if not prepared(p, disk):
        return
    for i, shift in enumerate((0, -30 * 86400, -3600, 400 * 86400, 0), 1):
        disk.state(shift=shift)
        code, _, said = imported(p, disk, i, acknowledged)
        check(f'an import while the clock is {shift} seconds off', code == 0, said)
    disk.state()
    whole(p, 'after the clock went back and forth', acknowledged)
    print('clock: went back and forth, nothing was lost', flush=True)


def main():
    gatehouse = pathlib.Path(sys.argv[1]).resolve()
    given = dict(a.split('=', 1) for a in sys.argv[2:])
    if given.get('database') == 'own':
        sys.path.insert(0, str(HERE.parent / 'support'))
        import pg
        with pg.server() as url:
            if url is None:
                print('test_faults: 0 passed, 0 failed')
                return 0
            return rounds(gatehouse, {**given, 'database': url})
    return rounds(gatehouse, given)


def rounds(gatehouse, given):
    seed = int(given.get('seed', random.SystemRandom().randrange(1 << 32)))
    print(f'seed {seed}', flush=True)
    for name, run in (('kill', kills), ('fail', fails), ('power', power), ('clock', clock)):
        if name not in given:
            continue
        random.seed(seed)
        start = time.monotonic()
        disk = Disk()
        try:
            run(Program(gatehouse, disk, given.get('database')), disk, int(given[name]))
        finally:
            if failed and 'keep' in given:
                print(f'kept: {disk.dir}')
            else:
                disk.close()
        print(f'{name}: {time.monotonic() - start:.0f} s', flush=True)
    print(f'test_faults: {passed} passed, {failed} failed')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
