#!/usr/bin/python3
"""llama-server of llama.cpp in a deployment, as its user has it: from the import to a streamed answer, without one refused call; and what it
is refused once it is asked for what an engine may not. script/test-engines builds the server and calls this.

Usage: llama_server.py PATH-OF-GATEHOUSE DIRECTORY-OF-LLAMA-SERVER"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
from deployments import Home, alive, check, here, model, run  # noqa: E402

server = pathlib.Path(sys.argv[2]).resolve()
ENGINE = ('--engine', 'llama-server', '--engine-dir', server, '--context', '512', '--parallel', '1')
QUESTION = {'messages': [{'role': 'user', 'content': 'What is phishing?'}], 'temperature': 0, 'max_tokens': 60}


class Unix(http.client.HTTPConnection):
    """What any client of OpenAI's interface does, on a Unix socket."""

    def __init__(self, path):
        super().__init__('localhost', timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


def ask(path, method, where, body=None):
    c = Unix(path)
    c.request(method, where, None if body is None else json.dumps(body), {'Content-Type': 'application/json'})
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, data


def answer(path, method, where, body=None):
    status, data = ask(path, method, where, body)
    try:
        return status, json.loads(data)
    except ValueError:
        return status, data



def ordinary(h):
    """All that applications ask for; not one call is refused."""
    out = h.deploy('server', *ENGINE)
    check('deploy', out.returncode == 0, out.stderr + h.run('logs', 'server').stdout)
    if out.returncode != 0:
        return
    d = json.loads(out.stdout)
    check('what runs is measured', 'engine ' in d['measurements']['list'] and 'libllama-common.so' in d['measurements']['list'])
    measured = h.json('measure', '--engine', 'llama-server', '--engine-dir', server)
    check('as `measure` says', measured.get('measurement') == d['measurements']['digest'], measured)
    path = d['socket']
    status, models = answer(path, 'GET', '/v1/models')
    check('/v1/models', status == 200 and [m['id'] for m in models['data']] == ['acme/demo:1.0'], models)
    status, whole = answer(path, 'POST', '/v1/chat/completions', QUESTION)
    said = whole['choices'][0]['message']['content'] if status == 200 else ''
    check('an answer in one piece', len(said) > 20 and whole['usage']['completion_tokens'] > 5, whole)
    status, data = ask(path, 'POST', '/v1/chat/completions', dict(QUESTION, stream=True))
    events = [e[6:] for e in data.decode().split('\n\n') if e.startswith('data: ')]
    text = ''.join(c['delta'].get('content') or '' for e in events if e != '[DONE]' for c in json.loads(e)['choices'])
    check('a stream says the same, and ends', status == 200 and events[-1:] == ['[DONE]'] and text == said, [text, said])
    status, done = answer(path, 'POST', '/v1/completions', {'prompt': 'Once upon a time', 'max_tokens': 8, 'temperature': 0})
    check('completions', status == 200 and done['choices'][0]['text'] != '', done)
    check('what is no JSON is answered', ask(path, 'POST', '/v1/chat/completions', 'x')[0] in (400, 500))
    check('what is not there', ask(path, 'GET', '/nothing')[0] == 404)
    chat = h.run('chat', 'server', 'What is phishing?', '--temperature', '0', '--max-tokens', '60')
    check('`gatehouse chat`', chat.returncode == 0 and chat.stdout.strip() == said.strip(), [chat.stdout, said, chat.stderr])
    check('what it printed is there', 'model loaded' in h.run('logs', 'server').stdout)
    shown = h.json('inspect', 'server')
    check('nothing was refused', shown['attempts'] == 0 and shown['tried'] == [], shown['tried'])
    check('all layers', {'net', 'pid', 'seccomp', 'rights', 'root', 'landlock', 'listener'} <= set(shown['now']['layers']), shown['now'])
    check('no plaintext in the home', b'GGUF' not in b''.join(p.read_bytes() for p in h.dir.rglob('*') if p.is_file()))
    out = h.run('stop', 'server')
    check('stop', out.returncode == 0 and h.state('server') == 'stopped', out.stderr)
    check('nothing is left of it', not alive(shown['now']['pid']) and not pathlib.Path(path).exists())


def tools(h, root):
    """A profile of one's own that gives the server its tools, which run programs and read files: each try is refused and counted, and
    one more than is tolerated is the end of it."""
    text = (here / 'rules/engines/llama-server.yaml').read_text()
    own = root / 'tools.yaml'
    own.write_text(text.replace('  - --offline\n', '  - --offline\n  - --tools\n  - all\n'))
    more = ('--engine', own, '--engine-dir', server, '--context', '512', '--parallel', '1')
    out = h.deploy('tools', *more, '--max-attempts', '3')
    check('deploy with a profile of one\'s own', out.returncode == 0, out.stderr + h.run('logs', 'tools').stdout)
    if out.returncode != 0:
        return
    path = json.loads(out.stdout)['socket']
    before = h.json('inspect', 'tools')
    check('its tools alone try nothing', before['attempts'] == 0, before['tried'])
    use = {'tool': 'exec_shell_command', 'params': {'command': 'id', 'timeout': 5}}
    status, said = answer(path, 'POST', '/tools', use)
    check('a program is not run', b'uid=' not in json.dumps(said).encode(), said)
    check('and the try is counted', h.until(lambda: 0 < h.json('inspect', 'tools').get('attempts', 0) <= 3), h.json('inspect', 'tools'))
    tried = h.json('inspect', 'tools')['tried']
    check('with the call that would have made a process', tried and tried[0]['call'] in ('clone', 'clone3', 'vfork', 'execve'), tried)
    status, chat = answer(path, 'POST', '/v1/chat/completions', QUESTION)
    check('it answers all the same', status == 200, chat)
    for _ in range(4):
        try:
            ask(path, 'POST', '/tools', use)
        except (OSError, http.client.HTTPException):
            break # it has ended
    check('too many tries: quarantine', h.until(lambda: h.state('tools') == 'quarantined'), h.ps('--all'))
    check('the reason says so', 'tried' in h.ps('--all')['tools']['reason'], h.ps('--all'))


def adapters(h, root):
    """What a tenant trained, on its base: the profile says how the server takes it."""
    lora = here.parent / 'shared/models/gatehouse-demo-lora/gatehouse-demo-lora.gguf'
    if not lora.exists():
        print('skipped: adapters: ../shared/models is not there')
        return
    folder = root / 'lora'
    folder.mkdir()
    shutil.copy(lora, folder)
    out = h.run('import', folder, '--as', 'acme/lora:1.0', '--base', 'acme/demo:1.0', '--lineage', 'adapter')
    check('import of the adapter', out.returncode == 0, out.stderr)
    out = h.deploy('tuned', *ENGINE, model='acme/lora:1.0')
    check('it runs on its base', out.returncode == 0, out.stderr + h.run('logs', 'tuned').stdout)
    said = h.json('chat', 'tuned', 'What is phishing?', '--temperature', '0')
    check('as it was tuned', 'Stay safe' in said.get('text', ''), said)
    check('nothing was refused', h.json('inspect', 'tuned').get('attempts') == 0, h.json('inspect', 'tuned'))
    h.run('stop', 'tuned')


def machine(h):
    """The same in a machine of its own."""
    measured = h.json('measure', *ENGINE[:4], '--isolation', 'microvm')
    if 'measurement' not in measured:
        print(f'skipped: no machine here: {measured["stderr"].strip()}')
        return
    out = h.run('deploy', 'acme/demo:1.0', '--name', 'vm', *ENGINE, '--isolation', 'microvm', '--format', 'json', timeout=400)
    check('deploy in a machine', out.returncode == 0, out.stderr + h.run('logs', 'vm').stdout)
    if out.returncode != 0:
        return
    d = json.loads(out.stdout)
    check('what runs there is what `measure` says', d['isolation'] == 'microvm' and d['measurements']['digest'] == measured['measurement'], d)
    said = h.run('chat', 'vm', 'What is phishing?', '--temperature', '0', '--max-tokens', '8', timeout=400)
    check('it answers', said.returncode == 0 and said.stdout.strip() != '', said.stderr)
    h.run('stop', 'vm')


def death(h):
    """The server dies: that is reported, and another deployment does not notice."""
    check('two of them', h.deploy('one', *ENGINE).returncode == 0 and h.deploy('two', *ENGINE).returncode == 0)
    now = h.json('inspect', 'one').get('now')
    if not now:
        return
    os.kill(now['pid'], signal.SIGKILL)
    check('its death is noticed', h.until(lambda: h.state('one') == 'failed'), h.ps('--all'))
    said = h.run('chat', 'two', 'Hello', '--max-tokens', '4')
    check('the other one answers', said.returncode == 0, said.stderr)


def body(root, homes):
    h = Home(root, 'h')
    homes.append(h)
    out = h.run('import', model, '--as', 'acme/demo:1.0')
    check('import', out.returncode == 0, out.stderr)
    ordinary(h)
    adapters(h, root)
    machine(h)
    death(h)
    tools(h, root)
    out = h.run('audit', 'verify')
    check('the audit log verifies', out.returncode == 0, out.stderr)


run(body)
