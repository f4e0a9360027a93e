"""Helpers of tests that talk to a running gatehouse-engine: start it, send requests by raw sockets, read answers and streams."""
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

from common import ENV, GATEHOUSE, check

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENGINE = os.path.join(os.path.dirname(GATEHOUSE), 'gatehouse-engine')
LIBS = os.path.join(os.path.dirname(GATEHOUSE), 'engine-lib')
Q8 = os.path.join(ROOT, 'demo', 'models', 'gatehouse-demo-llm', 'gatehouse-demo-llm-q8_0.gguf')
TMP = tempfile.mkdtemp(prefix='gh-eng-')


class Engine:
    """One running engine. `with Engine(...) as e`."""
    count = 0

    def __init__(self, *args, model=Q8, pass_fds=(), ready=True, listen=True, under=()):
        Engine.count += 1
        self.path = os.path.join(TMP, f'{Engine.count}.sock')
        r, w = os.pipe()
        fds = [w, *pass_fds]
        more = []
        if listen:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(self.path)
            self.listener.listen(64)
            fds.append(self.listener.fileno())
            more = ['--listen', f'fd:{self.listener.fileno()}']
        self.err = tempfile.TemporaryFile(dir=TMP)
        self.p = subprocess.Popen([*under, ENGINE, '--model', model, '--name', 'demo', '--context', '512', '--ready', f'fd:{w}', *more,
                                   *map(str, args)], pass_fds=fds, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=self.err)
        os.close(w)
        if listen:
            self.listener.close()
        with os.fdopen(r) as f:
            self.ready = f.readline() == 'ready\n' # not to its end: a tracer has it too
        if ready:
            check(f'engine {args}: ready', self.ready, self.errors())

    def errors(self):
        self.err.seek(0)
        return self.err.read().decode()

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(120)
        s.connect(self.path)
        return s

    def status(self):
        return self.get('/health')[1]

    def until(self, what, condition):
        """Wait for a state that must come; how long it takes does not matter."""
        for _ in range(600):
            s = self.status()
            if 'error' not in s and condition(s): # all connections may be taken for a moment
                return check(what, True)
            time.sleep(0.05)
        return check(what, False, s)

    def request(self, method, path, body=None, headers=''):
        data = b'' if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        text = f'{method} {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\nContent-Length: {len(data)}\r\n{headers}\r\n'
        return text.encode() + data

    def raw(self, data):
        """Everything that is answered until the other side ends."""
        with self.connect() as s:
            try:
                s.sendall(data)
            except OSError:
                pass
            return read_all(s)

    def get(self, path):
        return parse(self.raw(self.request('GET', path)))

    def post(self, path, body, headers=''):
        return parse(self.raw(self.request('POST', path, body, headers)))

    def chat(self, text, **more):
        return self.post('/v1/chat/completions', {'messages': [{'role': 'user', 'content': text}], 'temperature': 0, **more})

    def close(self):
        """Its exit status. Under another program, which runs it as its child, that one's."""
        if self.p.poll() is None:
            with open(f'/proc/{self.p.pid}/task/{self.p.pid}/children', encoding='utf-8') as f:
                os.kill(int((f.read().split() or [self.p.pid])[0]), signal.SIGTERM)
        return self.p.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        check('ends when it is told to', self.close() == 0, f'{self.p.returncode} {self.errors()}')


def read_all(s):
    out = b''
    while True:
        try:
            b = s.recv(65536)
        except OSError:
            return out
        if not b:
            return out
        out += b


def unchunk(body):
    out = []
    while body:
        n, _, body = body.partition(b'\r\n')
        n = int(n, 16)
        out.append(body[:n])
        body = body[n + 2:]
        if n == 0:
            break
    return [o for o in out if o]


def parse(answer):
    """(status, JSON or bytes, headers in lower case)"""
    head, _, body = answer.partition(b'\r\n\r\n')
    lines = head.decode().split('\r\n')
    m = re.match(r'HTTP/1.1 (\d+) ', lines[0])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(':') for line in lines[1:])}
    if headers.get('transfer-encoding') == 'chunked':
        body = b''.join(unchunk(body))
    try:
        body = json.loads(body)
    except ValueError:
        pass
    return int(m.group(1)) if m else 0, body, headers


def events(body):
    """The events of a stream: JSON, or the text [DONE]."""
    out = []
    for block in body.decode().split('\n\n'):
        if block:
            check('an event is one line', block.startswith('data: ') and '\n' not in block, block)
            out.append(block[6:] if block[6:] == '[DONE]' else json.loads(block[6:]))
    return out


def text_of(evs):
    return ''.join(c.get('delta', {}).get('content') or c.get('text', '') for e in evs if e != '[DONE]' for c in e['choices'])
