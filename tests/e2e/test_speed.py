#!/usr/bin/python3
"""Texts made to be slow (tests/speed/texts.py) stay cheap: counted in instructions of the program and its workers, never in time, so that
a busy machine changes nothing. Each is scanned at two sizes; what the larger one costs more, for each byte that it has more, must stay
below a limit: a construct whose cost grows with what stands around it is far above. Usage: test_speed.py PATH-OF-GATEHOUSE"""
import ctypes
import os
import pathlib
import struct
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'speed'))
import texts  # noqa: E402

GATEHOUSE = os.path.abspath(sys.argv[1])
SMALL, LARGE = 32 << 10, 96 << 10
LIMIT = 16000  # instructions a byte; quadratic constructs took 40,000 to 400,000
if b'__asan_init' in pathlib.Path(GATEHOUSE).read_bytes():
    LIMIT *= 6
passed, failed = 0, 0

# Constructs that were quadratic or close to it once, and for each language its statements.
CASES = [('a.lua', '{'), ('a.ini', '{'), ('c.yaml', '{'), ('a.txt', '{{'), ('a.txt', '{% '), ('c.jinja', '\\"'), ('c.jinja', '('),
         ('b.py', 'ignore previous instructions '), ('a.md', 'ignore previous instructions '), ('a.md', '<!-- ignore all previous '),
         ('b.json', "'''"), ('a.ipynb', "'''"), ('a.js', '/*\n'), ('a.rs', '/* '), ('a.php', 'system('), ('a.rb', 'Kernel.system '),
         ('a.go', 'loadstring('), ('a.js', 'eval(a);'), ('a.ps1', 'powershell -enc a'), ('a.jinja', '1f8b'), ('b.jinja', 'sk-ant-'),
         ('b.jinja', 'https://a.b'), ('a.sh', 'a;'), ('a.sh', '`a`\n'), ('a.sh', 'curl a|sh;'), ('Makefile', 'a| '), ('a.py', 'a=1\n'),
         ('a.py', 'a@'), ('a.py', '!'), ('a.py', 'f('), ('a.java', '{\n'), ('a.java', 'a();\n'), ('a.json', '['), ('a.yaml', '- '), ('a.toml', 'a='),
         ('a.html', '<script>'), ('a.html', '<!--'), ('a.html', '<a b="c" '), ('a.html', '<xsl: '), ('a.xml', '<a>'), ('a.md', 'http://1.2.3.4:5/'), ('a.md', 'password='), ('a.md', '-----BEGIN '),
         ('a.txt', 'eyJhbGciOiJIUzI1NiJ9.'), ('a.txt', 'mips;chmod 777 '), ('a.txt', 'nsenter -t 1 '), ('LICENSE', 'MIT License\n')]


class Counter:
    """Instructions of user space of a process and all that it starts, from its exec on; None: nobody counts here."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def run(self, argv):
        # struct perf_event_attr: hardware, instructions; disabled, inherit, exclude_kernel, exclude_hv, enable_on_exec
        flags = 1 | 1 << 1 | 1 << 5 | 1 << 6 | 1 << 12
        attr = struct.pack('<IIQQQQQ', 0, 112, 1, 0, 0, 3, flags)  # read: time enabled, time running
        go = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(go[1])
                os.read(go[0], 1)
                null = os.open('/dev/null', os.O_RDWR)
                os.dup2(null, 1)
                os.dup2(null, 2)
                os.execv(argv[0], argv)
            finally:
                os._exit(127)  # and nothing that the parent has still to do
        buf = ctypes.create_string_buffer(attr, 112)
        fd = self.libc.syscall(298, buf, pid, -1, -1, 8)
        os.write(go[1], b'x')
        for f in go:
            os.close(f)
        _, status = os.waitpid(pid, 0)
        if fd < 0:
            return None, status
        n, enabled, running = struct.unpack('<QQQ', os.read(fd, 24))
        os.close(fd)
        return (None if running == 0 or running < enabled else n), status


def check(what, ok, told=''):
    global passed, failed
    passed += ok
    failed += not ok
    if not ok:
        print(f'FAILED   {what}: {told}')


def cost(counter, folder, name, head, unit, tail, size):
    """The least of at most three runs that were counted whole, and the exit status of the last."""
    path = folder / name
    path.write_bytes(texts.make(head, unit, tail, size))
    for _ in range(3):  # somebody else may hold the counters for a moment
        n, status = counter.run([GATEHOUSE, 'scan', '-q', '--jobs', '1', str(path)])
        if n is not None:
            break
    path.unlink()
    return n, os.waitstatus_to_exitcode(status)


def main():
    counter = Counter()
    if os.uname().machine != 'x86_64' or counter.run(['/bin/true'])[0] is None:
        print('skipped: nobody counts instructions here (perf_event_open)')
        print('test_speed: 0 passed, 0 failed')
        return 0
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        for name, unit in CASES:
            head, tail, _ = texts.HEADS[name]
            small, _ = cost(counter, folder, name, head, unit, tail, SMALL)
            large, status = cost(counter, folder, name, head, unit, tail, LARGE)
            check(f'{name}: {unit!r}: an answer', status in (0, 1, 2), f'exit status {status}')
            if small is None or large is None:
                print(f'skipped: {name}: {unit!r}: the counters were not free')
                continue
            per = (large - small) / (LARGE - SMALL)
            check(f'{name}: {unit!r}: linear', per < LIMIT, f'{per:.0f} instructions a byte')
            if os.environ.get('SHOW'):
                print(f'{per:8.0f}  {name:16} {unit!r}')
    print(f'test_speed: {passed} passed, {failed} failed')
    return failed != 0


sys.exit(main())
