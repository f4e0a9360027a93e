"""Helpers of the end-to-end tests: run the real program as a user would, count what was asserted, make small files."""
import json
import os
import struct
import subprocess
import sys

GATEHOUSE = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else 'build/dev/gatehouse')
ENV = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'}
failures = asserted = 0


def check(what, ok, shown=''):
    """One assertion; everything goes on, so that one run shows all that is wrong."""
    global failures, asserted
    asserted += 1
    if not ok:
        failures += 1
        print(f'FAILED: {what}\n    {str(shown)[:1500]}')
    return ok


def run(*args, **kw):
    kw.setdefault('stdin', subprocess.DEVNULL)
    kw.setdefault('timeout', 120)
    env = {**ENV, **kw.pop('env', {})}
    return subprocess.run([GATEHOUSE, *map(os.fspath, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, **kw)


def scan(*args, **kw):
    """(exit status, report) of a scan; the report is {} when there is none."""
    r = run('scan', '--format', 'json', *args, **kw)
    check(f'scan {args}: no signal', r.returncode in (0, 1, 2, 64), f'{r.returncode} {r.stderr!r}')
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        return r.returncode, {'error': r.stderr.decode(), 'verdict': 'NONE', 'files': []}


def ids(file):
    return [f['id'] for f in file.get('findings', [])]


def details(file):
    return ' | '.join(f['detail'] for f in file.get('findings', []))


def by_name(report):
    return {os.path.basename(f['path']): f for f in report.get('files', [])}


def safetensors(values=4, name='w'):
    """A well-formed safetensors file with one tensor of that many float32."""
    header = json.dumps({name: {'dtype': 'F32', 'shape': [values], 'data_offsets': [0, 4 * values]}}).encode()
    header += b' ' * (-len(header) % 8)
    return struct.pack('<Q', len(header)) + header + struct.pack('<f', 0.25) * values


EVIL = b"cposix\nsystem\n(S'echo inert'\ntR."


def end(name):
    """The closing line that script/test reads, and the exit status."""
    print(f'{name}: {asserted - failures} passed, {failures} failed')
    return 1 if failures else 0
