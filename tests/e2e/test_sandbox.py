#!/usr/bin/python3
"""The worker cannot get out. A build with GH_TEST_HOOKS lets the locked-down worker attempt a forbidden call when the file
in its hands has a certain name; each attempt must end the worker or be refused, and the scan must go on.
Usage: test_sandbox.py PATH-OF-GATEHOUSE (built with GH_TESTS) [PATH-OF-RELEASE-GATEHOUSE]"""
import os
import pathlib
import sys
import tempfile

import common
from common import check, details, ids, safetensors, scan

# How an attempt may end: "dead" by the system call filter, or "refused" by another layer before that.
CALLS = ['open', 'create', 'socket', 'exec', 'fork', 'clone', 'ptrace', 'kill-parent', 'kill-any', 'mmap-exec', 'mprotect',
         'prctl', 'io_uring']
DEAD = 'it tried a system call that it must not make, and was killed'
REFUSED = 'exit status 98'
WORKED = 'exit status 99'


def one_call(folder, call):
    path = folder / f'gatehouse-probe-{call}'
    path.write_bytes(safetensors())
    status, report = scan(path)
    path.unlink()
    file = report['files'][0] if report['files'] else {}
    check(f'{call}: exit status 2', status == 2, report)
    check(f'{call}: INCOMPLETE', file.get('verdict') == 'INCOMPLETE', file)
    check(f'{call}: the reason is the death of the worker', ids(file) == ['GH-SCAN-0006'], file)
    check(f'{call}: killed by the filter', DEAD in details(file), details(file))
    check(f'{call}: did not work', WORKED not in details(file), details(file))


def memory(folder):
    path = folder / 'gatehouse-probe-memory'
    path.write_bytes(safetensors())
    status, report = scan(path)
    path.unlink()
    check('memory beyond the limit is refused', status == 2 and REFUSED in details(report['files'][0]), report)


def others_go_on(folder, call, extra, rule):
    """A directory in which one file ends the worker: all the others are still reported, and CLEAN."""
    names = [f'a{i:02d}.safetensors' for i in range(6)] + [f'z{i:02d}.safetensors' for i in range(6)]
    for n in names:
        (folder / n).write_bytes(safetensors())
    (folder / f'gatehouse-probe-{call}').write_bytes(safetensors())
    for jobs in ('1', '3'):
        status, report = scan('--jobs', jobs, *extra, folder)
        files = common.by_name(report)
        check(f'{call} in a directory, {jobs} jobs: exit status 2', status == 2, report)
        check(f'{call} in a directory: all files are there', len(files) == len(names) + 1, sorted(files))
        check(f'{call} in a directory: INCOMPLETE with the reason', rule in ids(files[f'gatehouse-probe-{call}']),
              files[f'gatehouse-probe-{call}'])
        for n in names:
            check(f'{call} in a directory: {n} is CLEAN', files.get(n, {}).get('verdict') == 'CLEAN', files.get(n))
    for p in folder.iterdir():
        p.unlink()


def release_has_no_hook(folder, release):
    path = folder / 'gatehouse-probe-crash'
    path.write_bytes(safetensors())
    common.GATEHOUSE, kept = os.path.abspath(release), common.GATEHOUSE
    status, report = scan(path)
    common.GATEHOUSE = kept
    path.unlink()
    check('the release build has no hooks', status == 0 and report['verdict'] == 'CLEAN', report)


def main():
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp) / 'models'
        folder.mkdir()
        for call in CALLS:
            one_call(folder, call)
        check('nothing was created outside', not os.path.exists('/tmp/gatehouse-escaped'))
        memory(folder)
        others_go_on(folder, 'crash', [], 'GH-SCAN-0006')
        others_go_on(folder, 'socket', [], 'GH-SCAN-0006')
        others_go_on(folder, 'hang', ['--limit-time', '2'], 'GH-SCAN-0007')
        if len(sys.argv) > 2:
            release_has_no_hook(folder, sys.argv[2])
    return common.end('test_sandbox.py')


sys.exit(main())
