"""Helpers of test_deploy.py and test_deploy_watch.py: a home with a demo model, and what there must be for it to be deployed."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

program = pathlib.Path(sys.argv[1]).resolve()
here = pathlib.Path(__file__).resolve().parent.parent.parent
model = here / 'demo/models/gatehouse-demo-llm'
name = pathlib.Path(sys.argv[0]).stem
passed = failed = 0


def check(what, ok, detail=''):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f'FAILED: {what}\n{detail}'[:3000])


def skip(why):
    print(f'skipped: {why}')
    print(f'{name}: 0 passed, 0 failed')
    sys.exit(0)


class Home:
    """A home of its own, with a program that may be a copy."""

    def __init__(self, root, name, policy='lenient', program=program):
        self.dir = root / name
        self.program = program
        self.env = {'PATH': os.environ['PATH'], 'GATEHOUSE_HOME': str(self.dir),
                    'GATEHOUSE_PASSPHRASE_FILE': str(root / 'passphrase'), 'NO_COLOR': '1'}
        for k in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'):
            if k in os.environ:
                self.env[k] = os.environ[k]
        out = self.run('init', '--format', 'json')
        self.key = json.loads(out.stdout)['admin']['api_key'] if out.returncode == 0 else ''
        yaml = self.dir / 'gatehouse.yaml'
        yaml.write_text(yaml.read_text().replace('policy: "enterprise"', f'policy: "{policy}"'))
        self.run('tenant', 'add', 'acme')

    def run(self, *args, key=None, timeout=120):
        env = dict(self.env, **({'GATEHOUSE_API_KEY': key} if key else {}))
        return subprocess.run([self.program, *map(str, args)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, text=True)

    def json(self, *args, key=None):
        out = self.run(*args, '--format', 'json', key=key)
        try:
            return json.loads(out.stdout)
        except ValueError:
            return {'status': out.returncode, 'stderr': out.stderr}

    def deploy(self, name, *more, model='acme/demo:1.0'):
        return self.run('deploy', model, '--name', name, '--format', 'json', *more)

    def ps(self, *more):
        """By name; of several the newest."""
        return {d['name']: d for d in reversed(self.json('ps', *more).get('deployments', []))}

    def state(self, name):
        return self.ps('--all').get(name, {}).get('state')

    def until(self, what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if what():
                return True
            time.sleep(0.1)
        return False

    def entries(self, kind):
        """As the audit log has them."""
        shown = self.json('audit', 'show', '--kind', kind)
        return shown if isinstance(shown, list) else shown.get('entries', [])


def alive(pid):
    try:
        os.kill(pid, 0)
        return pathlib.Path(f'/proc/{pid}/stat').read_text().split()[2] != 'Z'
    except (OSError, FileNotFoundError):
        return False


def needed():
    if not (program.parent / 'gatehouse-engine').exists() or not (program.parent / 'gatehouse-stub').exists():
        skip('gatehouse-engine is not built: llama.cpp\'s libraries are not there')
    doctor = subprocess.run([program, 'doctor', '--format', 'json'], stdout=subprocess.PIPE)
    check('doctor', b'landlock' in doctor.stdout and doctor.returncode in (0, 1))
    if doctor.returncode != 0:
        skip('this host cannot deploy: ' + ', '.join(f"{p['name']} ({p['found']})" for p in json.loads(doctor.stdout)['probes']
                                                      if p['needed'] and p['has'] == 'no'))


def run(body):
    """body(root, homes): what it put into homes is stopped at the end."""
    needed()
    with tempfile.TemporaryDirectory() as d:
        root = pathlib.Path(d)
        (root / 'passphrase').write_text('correct horse battery staple\n')
        (root / 'passphrase').chmod(0o600)
        homes = []
        try:
            body(root, homes)
        finally:
            for h in homes:
                for n in h.ps():
                    h.run('stop', n)
    print(f'{name}: {passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)
