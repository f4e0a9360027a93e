#!/usr/bin/python3
"""Backup and restore as a user runs them: a home comes back whole, an altered backup is refused and leaves nothing, fsck finds what was
done to a home. Usage: test_backup.py PATH-OF-GATEHOUSE"""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

passed = failed = 0
GATEHOUSE = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else 'build/release/gatehouse').resolve())


def check(what, good, shown=''):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f'FAILED: {what}\n    {str(shown)[-1200:]}')
    return good


def run(home, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith('GATEHOUSE')}
    env['GATEHOUSE_HOME'] = str(home)
    p = subprocess.run([GATEHOUSE, *map(str, args)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


def expect(what, outcome, status, says=''):
    code, out, err = outcome
    return check(f'{what}: exit status {status}', code == status, (code, out, err)) & \
        check(f'{what}: says {says!r}', says in out + err, (out, err)) & \
        check(f'{what}: one line of error at most', err.count('\n') <= 1, err)


def model(folder):
    folder.mkdir()
    values = struct.pack('<4096f', *[(i * 7919 % 1000 - 500) / 997 for i in range(4096)])
    header = json.dumps({'w': {'dtype': 'F32', 'shape': [4096], 'data_offsets': [0, len(values)]}}).encode()
    header += b' ' * (-len(header) % 8)
    (folder / 'model.safetensors').write_bytes(struct.pack('<Q', len(header)) + header + values)
    return folder


def tree(path):
    """What a home holds that a backup must bring back."""
    return {str(f.relative_to(path)): f.read_bytes() for top in ('keys', 'log', 'blobs') for f in (path / top).rglob('*')
            if f.is_file() and f.name != 'lock' and 'staging' not in f.parts and 'journal' not in f.parts}


def made(tmp):
    home = tmp / 'home'
    key = tmp / 'root.key'
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    expect('init', run(home, 'init', '--unlock', f'file:{key}'), 0)
    expect('tenant add', run(home, 'tenant', 'add', 'acme'), 0)
    expect('import', run(home, 'import', model(tmp / 'model'), '--as', 'acme/llama:1.0'), 0)
    return home


def backups(tmp, home):
    whole, small = tmp / 'whole.tar', tmp / 'small.tar'
    expect('backup', run(home, 'backup', '-o', small), 0, 'The encrypted models are not in it')
    code, out, err = run(home, 'backup', '-o', whole, '--blobs', '--format', 'json')
    check('backup --blobs: exit status 0', code == 0, err)
    said = json.loads(out)
    with tarfile.open(whole) as t:
        names = t.getnames()
        check('any tar reads it', len(names) == said['files'] + 2 and names[0] == 'gatehouse.yaml' and names[-1] == 'manifest.sig',
              names)
        manifest = json.loads(t.extractfile('manifest.json').read())
    check('the manifest names every file', [f['name'] for f in manifest['files']] == names[:-2], names)
    check('mode 0600', whole.stat().st_mode & 0o777 == 0o600)
    expect('never over another one', run(home, 'backup', '-o', whole), 2, 'never written over')
    expect('into a directory', run(home, 'backup', '-o', tmp), 0, str(tmp / 'gatehouse-'))
    expect('no such directory', run(home, 'backup', '-o', tmp / 'none' / 'b.tar'), 2, 'cannot be written')
    expect('without -o', run(home, 'backup'), 64, '-o FILE')
    check('nothing half-written is left', not list(tmp.glob('*.part-*')))
    raw = b''.join((home / 'keys').joinpath(f).read_bytes() for f in ('root',)) + whole.read_bytes()
    check('the root key is not in it', (tmp / 'root.key').read_bytes() not in raw)
    return whole, small


def restores(tmp, home, whole, small):
    pub, wrong = tmp / 'pub.pem', tmp / 'wrong.pem'
    code, out, err = run(home, 'key', 'export', '-o', pub)
    have_key = check('key export', code == 0, err) if 'no such command' not in err and 'unknown' not in err else False
    back = tmp / 'back'
    expect('restore', run(back, 'restore', whole, *(['--key', pub] if have_key else [])), 0,
           'Every encrypted blob that the database names is in blobs/')
    before, after = tree(home), tree(back)
    differ = [n for n in after if n.startswith(('blobs/', 'keys/tenants', 'keys/signing', 'keys/root')) and after[n] != before.get(n)]
    check('keys and blobs are bit-equal', not differ and any(n.startswith('blobs/') for n in after), differ)
    expect('fsck --deep of it', run(back, 'fsck', '--deep'), 0)
    expect('its log verifies', run(back, 'audit', 'verify'), 0)
    code, out, err = run(back, 'models', '--format', 'json')
    check('its models are there', code == 0 and 'acme/llama:1.0' in out, out + err)
    expect('a model comes out of it', run(back, 'export', 'acme/llama:1.0', '-o', tmp / 'out'), 0)
    if (tmp / 'out').exists():
        check('bit-equal', (tmp / 'out' / 'model.safetensors').read_bytes() == (tmp / 'model' / 'model.safetensors').read_bytes())
    expect('work goes on in it', run(back, 'tenant', 'add', 'second'), 0)
    expect('not over a home', run(back, 'restore', whole), 2, 'is not empty')
    empty = tmp / 'empty'
    empty.mkdir()
    expect('into an empty directory', run(empty, 'restore', small), 0, 'models were not in it')
    expect('what is missing is said', run(tmp / 'lacking', 'restore', small), 0, 'encrypted blobs that the database names are not in blobs/')
    expect('fsck misses the blobs', run(empty, 'fsck'), 1, 'is missing from the store')
    if have_key:
        subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', tmp / 'wrong.key'], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run(['openssl', 'ec', '-in', tmp / 'wrong.key', '-pubout', '-out', wrong], check=True, stderr=subprocess.DEVNULL)
        expect('another key', run(tmp / 'x', 'restore', whole, '--key', wrong), 1, 'not signed with this key')
    expect('an engine that is not there', run(tmp / 'x', 'restore', whole, '--database', 'sqlite:/etc/x.db'), 1,
           'want the database at')
    expect('elsewhere in the home', run(tmp / 'moved', 'restore', whole, '--database', 'sqlite:db/other.db'), 0)
    check('the database is where it was wanted', (tmp / 'moved' / 'db' / 'other.db').is_file())
    expect('and is found there', run(tmp / 'moved', 'fsck', '--deep'), 0)


def refusals(tmp, whole):
    raw = whole.read_bytes()
    target = tmp / 'refused'
    bad = tmp / 'bad.tar'
    rows = [('empty', b'', 'cut'), ('no backup', b'x' * 4096, 'no backup'), ('zeros', bytes(4096), ''), ('an end and nothing else', bytes(1024), 'no manifest'),
            ('cut in the middle', raw[:len(raw) // 2], 'cut'), ('without its end', raw[:-512], 'cut'),
            ('with something behind it', raw + b'x', 'follows the end')]
    for name, at in (('a bit in the settings', 600), ('a bit in the first head', 3), ('a bit in padding', 512 + 512 - 1)):
        rows.append((name, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:], ''))
    with tarfile.open(whole) as t:
        for m in t.getmembers():
            if m.size:
                at = m.offset_data + m.size // 2
                rows.append((f'a bit in {m.name}', raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1:], ''))
    step = max(1, len(raw) // 40)
    rows += [(f'cut at {n}', raw[:n], '') for n in range(512, len(raw) - 512, step)]
    for name, data, says in rows:
        bad.write_bytes(data)
        code, out, err = run(target, 'restore', bad)
        # A changed signature is seen only with --key: the rest of the backup is what it was.
        good = code in (1, 2) and says in err and err.count('\n') == 1
        if name == 'a bit in manifest.sig':
            good = code == 0
            shutil.rmtree(target, ignore_errors=True)
        check(f'{name}: refused in one line', good, (code, out, err))
        check(f'{name}: nothing is left behind', not target.exists() and not list(tmp.glob('refused.restoring-*')))
        shutil.rmtree(target, ignore_errors=True)
    expect('no such file', run(target, 'restore', tmp / 'nothing.tar'), 2, 'No such file')


def spiteful(tmp, whole):
    """Archives of a stranger: names that lead outside, links, what is not of a home."""
    rows = []
    for name, change in (('../outside', {}), ('/etc/outside', {}), ('log/../../outside', {}), ('.hidden', {}), ('other', {}),
                         ('log/x', {'type': tarfile.SYMTYPE, 'linkname': '/etc/passwd'}), ('log/x', {'type': tarfile.DIRTYPE}),
                         ('log/x', {'mode': 0o4755}), ('gatehouse.yaml', {})):
        bad = tmp / 'spite.tar'
        with tarfile.open(whole) as old, tarfile.open(bad, 'w', format=tarfile.USTAR_FORMAT) as new:
            m = tarfile.TarInfo(name)
            for k, v in change.items():
                setattr(m, k, v)
            new.addfile(m)
            for o in old.getmembers():
                new.addfile(o, old.extractfile(o))
        rows.append((name, run(tmp / 'spited', 'restore', bad)))
        check(f'{name} {change}: refused', rows[-1][1][0] in (1, 2), rows[-1])
        check(f'{name} {change}: nothing is left behind', not (tmp / 'spited').exists() and not (tmp / 'outside').exists())


def head(name, size):
    """A head as the program writes it, and reads none that is otherwise."""
    h = bytearray(512)
    for at, text in ((0, name.encode()), (100, b'0000600'), (108, b'0000000'), (116, b'0000000'), (124, b'%011o' % size),
                     (136, b'00000000000'), (148, b' ' * 8), (156, b'0'), (257, b'ustar\x0000')):
        h[at:at + len(text)] = text
    h[148:155] = b'%06o\0' % sum(h)
    return bytes(h)


def made_up(whole, out, change):
    """A backup of a stranger, who can make every digest fit, but has no key to sign with."""
    with tarfile.open(whole) as t:
        files = {m.name: t.extractfile(m).read() for m in t.getmembers()}
    manifest = json.loads(files.pop('manifest.json'))
    files.pop('manifest.sig')
    change(files)
    manifest['files'] = [{'name': n, 'size': len(d), 'sha256': hashlib.sha256(d).hexdigest()} for n, d in files.items()]
    files['manifest.json'] = json.dumps(manifest).encode()
    out.write_bytes(b''.join(head(n, len(d)) + d + bytes(-len(d) % 512) for n, d in files.items()) + bytes(1024))
    return out


def strangers(tmp, whole):
    """Digests that fit make nobody's backup ours: what opens it can reach nothing, and chooses nothing."""
    pub, to = tmp / 'pub.pem', tmp / 'strange'
    code, out, err = run(to, 'restore', made_up(whole, tmp / 'same.tar', lambda f: None))
    check('unsigned, and otherwise whole: restored, and told so', code == 0 and 'It is not signed' in out, (code, out, err))
    shutil.rmtree(to, ignore_errors=True)
    expect('with the key it is refused', run(to, 'restore', tmp / 'same.tar', '--key', pub), 1, 'not signed')

    def elsewhere(files):
        text = files['gatehouse.yaml'].decode()
        files['gatehouse.yaml'] = text.replace('sqlite:db/catalog.db', 'postgresql://203.0.113.7/x').encode()

    expect('a server that a stranger names', run(to, 'restore', made_up(whole, tmp / 'pg.tar', elsewhere)), 1,
           'nobody has checked who wrote them')
    expect('the user says where', run(to, 'restore', tmp / 'pg.tar', '--database', 'sqlite:db/catalog.db'), 0)
    shutil.rmtree(to, ignore_errors=True)

    def cracked(files):
        db = bytearray(files['database.db'])
        for at in range(100, len(db), 997):
            db[at] ^= 0xff
        files['database.db'] = bytes(db)

    code, out, err = run(to, 'restore', made_up(whole, tmp / 'cracked.tar', cracked))
    check('a database that is none: refused in one line', code in (1, 2) and err.count('\n') == 1, (code, out, err))
    for n, what in enumerate((b'', b'\0', b'format: 1\n' + b'a: ' * 3000, b'format: 99\n', b'\x1b[2J: x\n')):
        def settings(files, what=what):
            files['gatehouse.yaml'] = what
        code, out, err = run(to, 'restore', made_up(whole, tmp / f'settings{n}.tar', settings))
        check(f'settings {n}: refused in one line, nothing that a terminal obeys',
              code in (1, 2) and err.count('\n') == 1 and '\x1b' not in err, (code, out, err))
    check('nothing is left behind', not to.exists() and not list(tmp.glob('strange.restoring-*')))


def anchored(tmp, home):
    """A copy of the whole home fits together; a file outside of it knows better."""
    h, old, away = tmp / 'anchored', tmp / 'older', tmp / 'away'
    shutil.copytree(home, h)
    away.mkdir()
    anchor = away / 'anchor'
    settings = h / 'gatehouse.yaml'
    settings.write_text(settings.read_text().replace('anchor: ""', f'anchor: "{anchor}"'))
    expect('an anchor that is missing', run(h, 'models'), 2, 'it is not there')
    anchor.touch()
    expect('an empty one is filled', run(h, 'tenant', 'add', 'first'), 0)
    said = anchor.read_text().splitlines()
    check('… with a checkpoint: log, entries, root', len(said) == 3 and int(said[1]) > 0, said)
    shutil.copytree(h, old)
    expect('work', run(h, 'tenant', 'add', 'later'), 0)
    check('it goes along with the log', int(anchor.read_text().splitlines()[1]) == int(said[1]) + 1, anchor.read_text())
    expect('the home opens', run(h, 'models'), 0)
    check('nothing else is left there', [f.name for f in away.iterdir()] == ['anchor'], list(away.iterdir()))
    for what in (('models',), ('tenant', 'add', 'other'), ('audit', 'verify'), ('card', 'acme/llama:1.0')):
        code, out, err = run(old, *what)
        if what[0] == 'audit':
            continue  # looks at the files of the log alone
        check(f'an older copy: {what}', code in (1, 2) and 'this home is older than it' in err and ': > FILE' in err and err.count('\n') == 1,
              (code, out, err))
    check('… and does not move the anchor', int(anchor.read_text().splitlines()[1]) == int(said[1]) + 1)
    # Two histories from one copy.
    fork = tmp / 'fork'
    shutil.copytree(old, fork)
    keep = anchor.read_bytes()
    anchor.write_bytes(b'')
    for name in ('fork1', 'fork2'):
        expect('the way out', run(fork, 'tenant', 'add', name), 0)
    anchor.write_bytes(keep)
    expect('another history', run(fork, 'models'), 2, 'this home has another history')
    expect('the right one opens still', run(h, 'models'), 0)
    for content, says in ((b'x', 'the anchor'), (b'\0' * 5000, 'too large'), (b'other\n1\nAAAA\n', 'the anchor'),
                          (keep.replace(said[0].encode(), b'gatehouse/other', 1), 'that of another home')):
        anchor.write_bytes(content)
        expect(f'an anchor of {content[:12]}', run(h, 'models'), 2, says)
    anchor.write_bytes(keep)
    text = settings.read_text()
    for path, says in ((h / 'log' / 'anchor', 'would lie within the home'), ('relative', 'with its whole path'), (away, 'it is no file')):
        settings.write_text(text.replace(str(anchor), str(path)))
        expect(f'an anchor at {path}', run(h, 'models'), 2, says)
    settings.write_text(text.replace(str(anchor), ''))
    env = dict(os.environ)
    os.environ.pop('GATEHOUSE_ANCHOR', None)
    p = subprocess.run([GATEHOUSE, 'models'], env={**env, 'GATEHOUSE_HOME': str(old), 'GATEHOUSE_ANCHOR': str(anchor)}, capture_output=True,
                       text=True, timeout=60)
    check('the environment names it too', p.returncode == 2 and 'this home is older than it' in p.stderr, p)


def locked_down(tmp, whole):
    """What reads the archive is a process that has given everything up before it reads."""
    env = {k: v for k, v in os.environ.items() if not k.startswith('GATEHOUSE')} | {'GATEHOUSE_HOME': str(tmp / 'slow')}
    p = subprocess.Popen([GATEHOUSE, 'restore', '-'], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(whole.read_bytes()[:4096])
    p.stdin.flush()
    seen, end = {}, time.monotonic() + 30
    while time.monotonic() < end and 'NoNewPrivs' not in seen:
        for child in pathlib.Path(f'/proc/{p.pid}/task/{p.pid}/children').read_text().split():
            try:
                words = pathlib.Path(f'/proc/{child}/cmdline').read_bytes().split(b'\0')
                status = dict(l.split(':', 1) for l in pathlib.Path(f'/proc/{child}/status').read_text().splitlines() if ':' in l)
            except (OSError, IndexError):
                continue
            # It has locked itself down when it may gain no rights; the filter is the last layer of a program without sanitizers.
            sanitized = b'__asan_init' in pathlib.Path(GATEHOUSE).read_bytes()
            if words[1:4] == [b'--role', b'restore', b'read'] and status['NoNewPrivs'].strip() == '1' and \
                    (sanitized or status['Seccomp'].strip() == '2'):
                seen = status
        time.sleep(0.01)
    check('the archive is read by a role that is locked down', seen)
    p.stdin.close()
    p.wait(30)
    check('an archive that ends early', p.returncode == 1 and b'cut' in p.stderr.read(), p.returncode)


def damage(tmp, home):
    """What is done to a home is found, named, and not called fine."""
    def copy(name):
        to = tmp / f'damaged-{name}'
        shutil.copytree(home, to)
        return to

    def blobs(h):
        return sorted((f for f in (h / 'blobs').rglob('*') if f.is_file() and 'staging' not in f.parts), key=lambda f: f.stat().st_size)

    def flip(f, at):
        data = bytearray(f.read_bytes())
        data[at] ^= 1
        f.write_bytes(data)

    h = copy('missing')
    blobs(h)[-1].unlink()
    expect('a missing blob', run(h, 'fsck'), 1, 'is missing from the store')
    h = copy('short')
    big = blobs(h)[-1]
    big.write_bytes(big.read_bytes()[:-1])
    expect('a blob that is too short', run(h, 'fsck'), 1, 'bytes in the store where')
    h = copy('swapped')
    a, b = blobs(h)[-1], blobs(h)[-2]
    a.write_bytes(b.read_bytes() + bytes(a.stat().st_size - b.stat().st_size))
    expect('a blob that is another one', run(h, 'fsck'), 1, 'head')
    for at in (0, 100, 130, 9000, -1):
        h = copy(f'bit{at}')
        flip(blobs(h)[-1], at)
        expect(f'a bit at {at} of a blob', run(h, 'fsck', '--deep'), 1, 'problem: ')
    h = copy('extra')
    stray = blobs(h)[0]
    extra = stray.with_name(stray.name[:2] + '0' * 30)
    extra.write_bytes(b'x')
    expect('an object that nobody knows, young', run(h, 'fsck'), 0)
    expect('an object that nobody knows', run(h, 'fsck', '--grace', '0'), 1, 'is known to nobody')
    left = h / 'blobs' / 'staging' / f'{"0" * 32}.{"1" * 32}'
    left.write_bytes(b'x' * 10)
    code, out, err = run(h, 'fsck', '--grace', '0', '--repair', '--format', 'json')
    check('both are removed', code == 0 and json.loads(out)['repaired'] >= 2 and not extra.exists() and not left.exists(), out + err)
    expect('and then all is well', run(h, 'fsck', '--grace', '0', '--deep'), 0)
    # The next import removes what dead ones staged, and nothing that somebody still writes.
    h = copy('swept')
    staging = h / 'blobs' / 'staging'
    staging.mkdir(mode=0o700, exist_ok=True)
    dead, live, young = (staging / f'{"0" * 32}.{n * 32}' for n in '123')
    for f in (dead, live, young):
        f.write_bytes(b'x' * 10)
    for f in (dead, live):
        os.utime(f, (time.time() - 3600,) * 2)
    with open(live, 'rb') as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        expect('an import', run(h, 'import', tmp / 'model', '--as', 'acme/swept:1'), 0)
        check('what a dead import staged is gone, what is written or young is not', [f.exists() for f in (dead, live, young)] == [False, True, True],
              list(staging.iterdir()))
    h = copy('log')
    tile = next(f for f in sorted((h / 'log' / 'tile' / 'entries').rglob('*'), reverse=True) if f.is_file())
    flip(tile, 20)
    code, out, err = run(h, 'fsck')
    check('an altered log is found, or refused', code in (1, 2), out + err)
    # Keys: the file is named, and every part that needs it not runs all the same.
    for name in ('badge-1', 'log-1', 'node-1'):
        h = copy(f'key-{name}')
        blobs(h)[-1].unlink()
        flip(h / 'keys' / 'signing' / name, 150)
        for how in ((), ('--deep', '--repair')):
            code, out, err = run(h, 'fsck', *how)
            check(f'{name} altered {how}: named, status 1', code == 1 and f'keys/signing/{name} was altered' in out, (code, out, err))
            check(f'{name} altered {how}: the blobs were looked at too', 'is missing from the store' in out, (code, out, err))
    h = copy('no-root')
    (h / 'keys' / 'root').unlink()
    expect('no root key', run(h, 'fsck'), 1, 'problem: keys: ')
    wrong = tmp / 'wrong.bin'
    wrong.write_bytes(b'another key file, and long enough')
    wrong.chmod(0o600)
    h = copy('unlock')
    settings = h / 'gatehouse.yaml'
    settings.write_text(settings.read_text().replace(str(tmp / 'root.key'), str(wrong)))
    expect('a wrong key file is no finding', run(h, 'fsck'), 2, 'is not the one of this home')
    h = copy('row')
    import sqlite3
    db = sqlite3.connect(next((h / 'db').glob('*.db')))
    db.execute("UPDATE outbox SET entry = CAST(replace(CAST(entry AS TEXT), 'kind', 'kinD') AS BLOB), log_index = log_index "
               "WHERE seq = (SELECT max(seq) FROM outbox)")
    db.commit()
    db.close()
    expect('an altered row', run(h, 'fsck'), 1, 'reads otherwise in the audit log')
    shutil.rmtree(h / 'db')
    code, out, err = run(h, 'fsck')
    check('no database: not fine', code in (1, 2), out + err)


def main():
    with tempfile.TemporaryDirectory(prefix='gh-backup-') as t:
        tmp = pathlib.Path(t)
        home = made(tmp)
        if failed == 0:
            whole, small = backups(tmp, home)
            restores(tmp, home, whole, small)
            refusals(tmp, whole)
            spiteful(tmp, whole)
            strangers(tmp, whole)
            locked_down(tmp, whole)
            anchored(tmp, home)
            damage(tmp, home)
    print(f'test_backup: {passed} passed, {failed} failed')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
