#!/usr/bin/python3
"""Files as they are found on real disks: missing, unreadable, special, linked, changing, huge, on standard input; limits;
and the same answer every time. Usage: test_files.py PATH-OF-GATEHOUSE"""
import gzip
import json
import os
import pathlib
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

import common
from common import EVIL, by_name, check, ids, run, safetensors, scan


def special_files(folder):
    (folder / 'good.safetensors').write_bytes(safetensors())
    (folder / 'evil.pkl').write_bytes(EVIL)
    os.mkfifo(folder / 'pipe.bin')
    s = socket.socket(socket.AF_UNIX)
    s.bind(os.fspath(folder / 'socket.bin'))
    (folder / 'sub').mkdir()
    (folder / 'sub' / 'inner.safetensors').write_bytes(safetensors(8))
    (folder / 'link-to-dir').symlink_to('sub')
    (folder / 'link-loop').symlink_to('.')
    (folder / 'broken.safetensors').symlink_to('nowhere')
    (folder / 'inside.safetensors').symlink_to('good.safetensors')
    (folder / 'outside.txt').symlink_to('/etc/debian_version')
    (folder / 'empty.bin').write_bytes(b'')
    status, report = scan(folder)
    files = by_name(report)
    s.close()
    check('one unsafe file decides', status == 1 and report['verdict'] == 'UNSAFE', report.get('verdict'))
    for name, verdict, rule in [
        ('good.safetensors', 'CLEAN', None), ('inner.safetensors', 'CLEAN', None), ('inside.safetensors', 'CLEAN', None),
        ('evil.pkl', 'UNSAFE', None), ('pipe.bin', 'INCOMPLETE', 'GH-SCAN-0010'),
        ('socket.bin', 'INCOMPLETE', 'GH-SCAN-0010'), ('link-to-dir', 'INCOMPLETE', 'GH-SCAN-0011'),
        ('link-loop', 'INCOMPLETE', 'GH-SCAN-0011'), ('broken.safetensors', 'INCOMPLETE', 'GH-SCAN-0011'),
    ]:
        f = files.get(name, {})
        check(f'{name}: {verdict}', f.get('verdict') == verdict, f)
        check(f'{name}: {rule}', rule is None or rule in ids(f), f)
    check('a link out of the directory is named', 'GH-SCAN-0012' in ids(files.get('outside.txt', {})), files.get('outside.txt'))
    for name in ('pipe.bin', 'socket.bin'):
        status, report = scan(folder / name, timeout=20)
        check(f'{name} alone: INCOMPLETE, at once', status == 2 and report['verdict'] == 'INCOMPLETE', report)
    status, report = scan('/dev/zero', timeout=20)
    check('/dev/zero: INCOMPLETE, at once', status == 2, report)


def missing_and_unreadable(folder):
    status, report = scan(folder / 'absent')
    check('a missing path: 2 and a reason', status == 2 and ids(report['files'][0]) == ['GH-SCAN-0009'], report)
    (folder / 'good.safetensors').write_bytes(safetensors())
    status, report = scan(folder / 'absent', folder / 'good.safetensors')
    check('a missing path does not stop the others', status == 2 and by_name(report)['good.safetensors']['verdict'] == 'CLEAN',
          report)
    if os.getuid() == 0:
        # Root may read everything: drop to a user who may not.
        secret = folder / 'secret'
        secret.mkdir(mode=0o755)
        (secret / 'locked.safetensors').write_bytes(safetensors())
        os.chmod(secret / 'locked.safetensors', 0)
        (secret / 'open.safetensors').write_bytes(safetensors())
        (secret / 'closed').mkdir(mode=0)
        os.chmod(folder, 0o755)
        os.chmod(folder.parent, 0o755)
        reachable = subprocess.run(['/usr/bin/test', '-x', common.GATEHOUSE], user='nobody').returncode == 0
        if not reachable:
            print('skipped: unreadable files (the program lies where user nobody cannot reach it)')
            return
        status, report = scan(secret, user='nobody', group='nogroup', extra_groups=[])
        files = by_name(report)
        check('unreadable file: INCOMPLETE', 'GH-SCAN-0009' in ids(files.get('locked.safetensors', {})), report)
        check('unreadable directory: INCOMPLETE', 'GH-SCAN-0009' in ids(files.get('closed', {})), report)
        check('its neighbour is read', files.get('open.safetensors', {}).get('verdict') == 'CLEAN', report)


def standard_input(folder):
    for data, status in ((safetensors(), 0), (EVIL, 1), (b'', 2)):
        r = subprocess.run([common.GATEHOUSE, 'scan', '--format', 'json', '-'], input=data, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60)
        check(f'standard input of {len(data)} bytes', r.returncode in ((status,) if data else (0, 2)), r)
    (folder / 'x.safetensors').write_bytes(safetensors(9))
    through_pipe = subprocess.run(f'cat "{folder}/x.safetensors" | "{common.GATEHOUSE}" scan --format json -', shell=True,
                                  stdout=subprocess.PIPE, timeout=60)
    report = json.loads(through_pipe.stdout)
    _, direct = scan(folder / 'x.safetensors')
    check('standard input: the same digest as the file', report['files'][0]['sha256'] == direct['files'][0]['sha256'], report)


def changing_file(folder):
    """A big file that somebody writes to while it is read: INCOMPLETE, whichever byte was changed."""
    path = folder / 'big.safetensors'
    size = 192 << 20
    header = json.dumps({'w': {'dtype': 'U8', 'shape': [size], 'data_offsets': [0, size]}}).encode()
    header += b' ' * (-len(header) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(header)) + header)
        f.truncate(8 + len(header) + size)
    status, report = scan(path)
    check('the big file is CLEAN when nobody touches it', status == 0, report)
    seen = False
    for delay in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8):  # a busy machine starts programs late
        if seen and delay > 0.05:
            break
        p = subprocess.Popen([common.GATEHOUSE, 'scan', '--format', 'json', os.fspath(path)], stdout=subprocess.PIPE)
        time.sleep(delay)
        with open(path, 'r+b') as f:
            f.seek(size // 2)
            f.write(bytes([int(delay * 1000) % 256]))
        out, _ = p.communicate(timeout=60)
        report = json.loads(out)
        # Whether the write came in time is up to the machine; if it was noticed it must be INCOMPLETE, without a digest.
        if 'GH-SCAN-0008' in ids(report['files'][0]):
            seen = True
            check('a file that changes is INCOMPLETE', report['verdict'] == 'INCOMPLETE' and p.returncode == 2, report)
            check('and has no digest', not report['files'][0]['sha256'], report['files'][0])
    check('a change during the scan is noticed', seen)

    seen = False
    for delay in (0.005, 0.01, 0.02, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8):
        if seen and delay > 0.03:
            break
        p = subprocess.Popen([common.GATEHOUSE, 'scan', '--format', 'json', os.fspath(path)], stdout=subprocess.PIPE)
        time.sleep(delay)
        os.truncate(path, size // 3)
        out, _ = p.communicate(timeout=60)
        report = json.loads(out)
        check('a file that shrinks is not CLEAN', report['verdict'] in ('INCOMPLETE', 'UNSAFE') or
              report['files'][0]['size'] == 8 + len(header) + size, report)
        seen = seen or 'GH-SCAN-0008' in ids(report['files'][0])
        os.truncate(path, 8 + len(header) + size)
    check('a file that shrinks during the scan is noticed', seen)
    path.unlink()


def limits(folder):
    (folder / 'bomb.gz').write_bytes(gzip.compress(b'\0' * (64 << 20), 9, mtime=0))
    for args in (['--limit-expanded', '1M'], ['--limit-ratio', '10']):
        status, report = scan(*args, folder / 'bomb.gz')
        check(f'{args}: a bomb is INCOMPLETE', status == 2 and 'GH-SCAN-0004' in ids(report['files'][0]), report)
    deep = safetensors()
    for _ in range(24):
        deep = gzip.compress(deep, 1, mtime=0)
    (folder / 'deep.gz').write_bytes(deep)
    status, report = scan(folder / 'deep.gz')
    check('containers in containers end at a depth', status == 2 and 'GH-SCAN-0004' in ids(report['files'][0]), report)
    status, report = scan('--limit-depth', '40', folder / 'deep.gz')
    check('--limit-depth raises it', status == 0, report)


def resident_memory(folder):
    """Peak memory of the whole scan stays small whatever the file's size."""
    path = folder / 'big.safetensors'
    size = 300 << 20
    header = json.dumps({'w': {'dtype': 'U8', 'shape': [size], 'data_offsets': [0, size]}}).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(header)) + header)
        f.truncate(8 + len(header) + size)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    pid = os.posix_spawn(common.GATEHOUSE, [common.GATEHOUSE, 'scan', '-q', os.fspath(path)], common.ENV)
    _, status, usage = os.wait4(pid, 0)
    check('a 300 MiB file is CLEAN', os.waitstatus_to_exitcode(status) == 0, status)
    check('peak memory below 128 MiB', usage.ru_maxrss < 128 << 10, f'{usage.ru_maxrss} KiB, before {before}')
    path.unlink()


def determinism(folder):
    for i in range(40):
        (folder / f'm{i:02d}.safetensors').write_bytes(safetensors(i + 1))
        (folder / f'e{i:02d}.pkl').write_bytes(EVIL if i % 3 else EVIL[:-4])
        (folder / f'x{i:02d}.bin').write_bytes(bytes((j * 167 + i) % 251 | 0x80 for j in range(99)))
    for form in ('json', 'text', 'sarif', 'html'):
        outs = {run('scan', '--format', form, '--jobs', jobs, folder).stdout for jobs in ('1', '1', '4', '4', '7')}
        check(f'{form}: five runs with one, four and seven workers are byte-identical', len(outs) == 1,
              [len(o) for o in outs])
    status, report = scan(folder)
    check('all files are reported', len(report['files']) == 120, len(report['files']))
    # The same bytes under another name in another place: findings do not depend on where a file lies.
    other = folder / 'copy'
    other.mkdir()
    (other / 'e01.pkl').write_bytes((folder / 'e01.pkl').read_bytes())
    _, one = scan(folder / 'e01.pkl')
    _, two = scan(other / 'e01.pkl')
    check('the same file elsewhere: the same findings', one['files'][0]['findings'] == two['files'][0]['findings'])


def names_never_lower(folder):
    for name in ('evil.safetensors', 'evil.json', 'evil.txt', 'evil', 'README.md', 'model.gguf'):
        (folder / name).write_bytes(EVIL)
        status, report = scan(folder / name)
        check(f'{name}: a name does not hide a pickle', status == 1 and report['verdict'] == 'UNSAFE', report)


def no_length_misleads(folder):
    """The first byte of a safetensors file is a length: whatever it is, it must not make the file look like another format."""
    for n in range(0x40, 0x140):
        header = json.dumps({'w': {'dtype': 'U8', 'shape': [8], 'data_offsets': [0, 8]}}).encode().ljust(n)
        (folder / f'{n:03x}.safetensors').write_bytes(struct.pack('<Q', n) + header + bytes(8))
    status, report = scan(folder)
    wrong = {f['path'][-15:]: (f['format'], ids(f)) for f in report['files'] if f['verdict'] != 'CLEAN'}
    check('safetensors files with headers of any length are CLEAN', status == 0 and not wrong, wrong)


def every_command(folder):
    for args in (['help'], ['help', 'scan'], ['formats'], ['checks'], ['version'], ['completion', 'bash'], ['completion', 'zsh'],
                 ['completion', 'fish'], ['explain', 'GH-SCAN-0002'], ['formats', '--format', 'json']):
        r = run(*args, cwd=folder)
        check(f'{args}: an answer', r.returncode == 0 and len(r.stdout) > 20 and r.stderr == b'', r)


def many_at_once(folder):
    """Two artifacts in one command, and scans at the same time: no shared state."""
    (folder / 'a.safetensors').write_bytes(safetensors())
    (folder / 'b.pkl').write_bytes(EVIL)
    results = []

    def one():
        results.append(scan(folder / 'a.safetensors', folder / 'b.pkl')[0])
    threads = [threading.Thread(target=one) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check('six scans at the same time', results == [1] * 6, results)


def nothing_to_scan(folder):
    """Emptiness, closed streams and files without a size are never CLEAN."""
    status, report = scan(folder)
    check('an empty directory: INCOMPLETE, and says so', status == 2 and ids(report['files'][0]) == ['GH-SCAN-0015'], report)
    r = subprocess.run(['/bin/sh', '-c', 'exec "$0" scan - <&-', common.GATEHOUSE], capture_output=True, timeout=20)
    check('closed standard input: 2 and a line', r.returncode == 2 and b'Bad file descriptor' in r.stderr, r)
    (folder / 'good.safetensors').write_bytes(safetensors())
    r = subprocess.run(['/bin/sh', '-c', 'exec "$0" scan "$1" >&-', common.GATEHOUSE, folder / 'good.safetensors'],
                       capture_output=True, timeout=20)
    check('closed standard output: 2 and a line', r.returncode == 2 and b'standard output' in r.stderr, r)
    status, report = scan('/proc/version')
    check('content behind a size of 0: INCOMPLETE', status == 2, report)
    status, report = scan('--limit-expanded', '1M', '-', stdin=open('/dev/zero', 'rb'), timeout=20)
    check('endless standard input: INCOMPLETE, bounded', status == 2 and '--limit-expanded' in common.details(report['files'][0]),
          report)


def no_hiding_in_a_crowd(folder):
    """What is looked for in one place is looked for in the ten thousandth as well."""
    for count, evil, verdict in ((300, False, 'CLEAN'), (300, True, 'UNSAFE'), (10000, True, 'UNSAFE')):
        path = folder / f'crowd-{count}-{evil}.zip'
        with zipfile.ZipFile(path, 'w') as z:
            for i in range(count):
                info = zipfile.ZipInfo(f'{i}.txt')
                payload = EVIL if evil and i == count - 1 else b'nothing to see here'
                info.extra = struct.pack('<HH', 0x7a7a, len(payload)) + payload
                z.writestr(info, 'text\n')
        status, report = scan(path)
        check(f'{count} extra fields, one evil: {evil}', report['verdict'] == verdict,
              (report['verdict'], [ids(f) for f in report['files']]))


def output_beside_models(folder):
    (folder / 'good.safetensors').write_bytes(safetensors())
    before = (folder / 'good.safetensors').read_bytes()
    r = run('scan', '-o', folder / 'good.safetensors', folder)
    check('a report never replaces what is scanned', r.returncode == 64 and b'somewhere else' in r.stderr and
          (folder / 'good.safetensors').read_bytes() == before, r)
    for attempt in (1, 2):
        r = run('scan', '--format', 'json', '-o', folder / 'report.json', folder)
        check(f'a report beside the models, run {attempt}', r.returncode == 0 and not r.stderr, r)


def main():
    parts = [nothing_to_scan, no_hiding_in_a_crowd, output_beside_models, special_files, missing_and_unreadable, standard_input, changing_file, limits, resident_memory, determinism,
             names_never_lower, no_length_misleads, every_command, many_at_once]
    for part in parts:
        with tempfile.TemporaryDirectory(dir='/tmp') as temp:
            folder = pathlib.Path(temp) / 'models'
            folder.mkdir()
            part(folder)
    return common.end('test_files.py')


sys.exit(main())
