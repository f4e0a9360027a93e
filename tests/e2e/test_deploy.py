#!/usr/bin/python3
"""Deployments as a user has them: from the policy to a streamed answer, and what must not happen: other code, other evidence, a badge
that was taken back, processes that die, an engine that tries what it may not.

Usage: test_deploy.py PATH-OF-GATEHOUSE. Skips where the embedded engine or name spaces are not there."""
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
    print('test_deploy: 0 passed, 0 failed')
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
        return {d['name']: d for d in self.json('ps', *more).get('deployments', [])}

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


def life(h):
    out = h.deploy('d1')
    check('deploy ends with 0', out.returncode == 0, out.stderr)
    if out.returncode != 0:
        return
    d = json.loads(out.stdout)
    check('it says all that others rely on', d['isolation'] == 'sandbox' and d['evidence'] == {'class': 'software', 'kind': 'software'}
          and len(d['measurements']['digest']) == 64 and 'gatehouse-stub' in d['measurements']['list'], out.stdout)
    check('timings', sorted(d['timings_ms']) == sorted(['policy', 'launch', 'attest', 'key', 'decrypt', 'ready', 'total']),
          out.stdout)
    check('the socket has a path that clients can use', len(d['socket']) < 108 and pathlib.Path(d['socket']).is_socket(), d['socket'])
    check('nobody else may reach it', os.stat(os.path.dirname(d['socket'])).st_mode & 0o077 == 0)
    row = h.ps().get('d1', {})
    check('ps shows it', row.get('state') == 'running' and row['measurement'] == d['measurements']['digest'], row)
    said = h.run('chat', 'd1', 'What is phishing?', '--temperature', '0', '--max-tokens', '40')
    check('chat answers', said.returncode == 0 and len(said.stdout) > 20, said.stderr)
    again = h.json('chat', 'acme/demo:1.0', 'What is phishing?', '--temperature', '0', '--max-tokens', '40')
    check('by the model as well, and the same', again.get('text', '').strip() == said.stdout.strip(), again)
    check('the engine says how much it was', again.get('tokens', {}).get('answer', 0) > 0, again)
    shown = h.json('inspect', 'acme/d1')
    check('inspect', {'net', 'pid', 'seccomp', 'rights', 'root'} <= set(shown['now']['layers']), shown)
    check('the name is taken', h.deploy('d1').returncode == 2)
    check('no plaintext beside it', b'GGUF' not in b''.join(p.read_bytes() for p in h.dir.rglob('*') if p.is_file()))
    kinds = [e for e in h.entries('key-release') if 'deployment' in json.dumps(e)]
    check('the release stands in the log, with evidence', kinds and d['measurements']['digest'] in json.dumps(kinds), kinds)
    check('logs', h.run('logs', 'd1').returncode == 0)
    pids = [shown['now']['pid'], shown['now']['supervisor']]
    out = h.run('stop', 'd1')
    check('stop', out.returncode == 0 and h.state('d1') == 'stopped', out.stderr)
    check('nothing is left of it', not any(map(alive, pids)) and not pathlib.Path(d['socket']).exists())
    check('chat with what is stopped', h.run('chat', 'd1', 'x').returncode == 2)
    check('what is not there', h.run('inspect', 'nothing').returncode == 2 and h.run('stop', 'nothing').returncode == 2)


def refusals(h):
    out = h.deploy('r1', '--min-evidence', 'tpm')
    check('software evidence is no tpm', out.returncode == 1 and 'evidence_class' in out.stderr, out.stderr)
    policy = h.dir / 'p.yaml'
    policy.write_text('policy: 1\nname: strict\nextends: lenient\ndeployment:\n  evidence: vm-tee\n')
    check('a policy that asks for hardware', h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key).returncode == 0)
    out = h.deploy('r2')
    check('is never satisfied by software', out.returncode == 1 and 'deployment.evidence' in out.stderr, out.stderr)
    policy.write_text('policy: 1\nname: strict\nextends: lenient\ndeployment:\n  measurements: ["' + 'ab' * 32 + '"]\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)
    out = h.deploy('r3')
    check('another measurement than the policy lists', out.returncode == 1 and 'deployment.measurements' in out.stderr, out.stderr)
    out = h.run('deploy', 'acme/nothing:1.0')
    check('a model that is not there', out.returncode == 2, out.stderr)
    out = h.deploy('r4', '--engine', 'nothing')
    check('an engine that is not there', out.returncode == 2 and 'nothing' in out.stderr, out.stderr)
    out = h.deploy('r5', '--isolation', 'microvm')
    check('an isolation that cannot be had', out.returncode == 1, out.stderr)
    check('nothing runs', h.ps() == {}, h.ps())
    policy.write_text('policy: 1\nname: strict\nextends: lenient\nversion: "2"\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)


def deaths(h):
    for victim in ('supervisor', 'stub', 'pid'):
        name = 'k-' + victim
        out = h.deploy(name)
        other = h.deploy('other-' + victim)
        if out.returncode != 0 or other.returncode != 0:
            check(f'deploy before {victim} is killed', False, out.stderr + other.stderr)
            continue
        now = h.json('inspect', name)['now']
        os.kill(now[victim], signal.SIGKILL)
        check(f'{victim} killed: ps says so', h.until(lambda: h.state(name) == 'failed'), h.ps('--all').get(name))
        check(f'{victim} killed: nothing of it is left', h.until(lambda: not any(alive(now[k]) for k in ('pid', 'stub', 'supervisor'))))
        said = h.run('chat', 'other-' + victim, 'Hello', '--max-tokens', '4')
        check(f'{victim} killed: the other one answers', said.returncode == 0, said.stderr)
        check('its name is free again', h.deploy(name).returncode == 0)
        h.run('stop', name)
        h.run('stop', 'other-' + victim)


def revocation(h):
    out = h.deploy('rev')
    check('deploy before the badge is taken back', out.returncode == 0, out.stderr)
    now = h.json('inspect', 'rev').get('now', {})
    out = h.run('badge', 'revoke', 'acme/demo:1.0', '--reason', 'incident', key=h.key)
    check('badge revoke', out.returncode == 0, out.stderr)
    row = h.ps('--all').get('rev', {})
    check('what runs on it is in quarantine when the command has ended', row.get('state') == 'quarantined' and row['reason'] != '', row)
    check('and killed', now and h.until(lambda: not alive(now['pid']), 10))
    waits = h.json('review', 'list')
    check('review list shows it', 'acme/rev' in json.dumps(waits), waits)
    out = h.deploy('rev2')
    check('its model is not deployed under another name', out.returncode == 1, out.stderr)
    check('local decides nothing', h.run('review', 'approve', 'acme/rev').returncode == 1)


def altered(root):
    """Stub and engine of a copy are altered, at rest and while it runs."""
    copy = root / 'bin'
    copy.mkdir()
    for f in ('gatehouse', 'gatehouse-worker', 'gatehouse-stub', 'gatehouse-engine'):
        shutil.copy2(program.parent / f, copy / f)
    shutil.copytree(program.parent / 'engine-lib', copy / 'engine-lib')
    h = Home(root, 'altered', program=copy / 'gatehouse')
    h.run('import', model, '--as', 'acme/demo:1.0')
    out = h.deploy('a1')
    check('deploy from the copy', out.returncode == 0, out.stderr)
    stub = copy / 'gatehouse-stub'
    good = stub.read_bytes()
    stub.unlink()
    stub.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    stub.chmod(0o755)
    out = h.deploy('a2')
    check('an altered stub gets no key', out.returncode == 1 and 'measurement' in out.stderr, out.stderr)
    policy = h.dir / 'p.yaml'
    policy.write_text('policy: 1\nname: same\nextends: lenient\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)  # everything that runs is looked at again
    row = h.ps('--all').get('a1', {})
    check('what runs while its files are altered is ended', h.until(lambda: h.state('a1') == 'quarantined', 15), row)
    stub.unlink()
    stub.write_bytes(good)
    stub.chmod(0o755)
    out = h.deploy('a3')
    check('and stays so when they are put back', out.returncode == 1 and 'quarantined' in out.stderr, out.stderr)
    return h


def main():
    if not (program.parent / 'gatehouse-engine').exists() or not (program.parent / 'gatehouse-stub').exists():
        skip('gatehouse-engine is not built: llama.cpp\'s libraries are not there')
    doctor = subprocess.run([program, 'doctor', '--format', 'json'], stdout=subprocess.PIPE)
    check('doctor', 'landlock' in doctor.stdout.decode() and doctor.returncode in (0, 1))
    if doctor.returncode != 0:
        skip('this host cannot deploy: ' + ', '.join(p['name'] for p in json.loads(doctor.stdout)['probes']
                                                      if p['needed'] and p['has'] == 'no'))
    with tempfile.TemporaryDirectory() as d:
        root = pathlib.Path(d)
        (root / 'passphrase').write_text('correct horse battery staple\n')
        (root / 'passphrase').chmod(0o600)
        homes = []
        try:
            h = Home(root, 'h')
            homes.append(h)
            out = h.run('import', model, '--as', 'acme/demo:1.0')
            check('import', out.returncode == 0, out.stderr)
            life(h)
            refusals(h)
            deaths(h)
            revocation(h)
            homes.append(altered(root))
            out = h.run('audit', 'verify')
            check('the audit log verifies', out.returncode == 0, out.stderr)
            out = h.run('fsck')
            check('fsck finds nothing', out.returncode == 0, out.stdout + out.stderr)
        finally:
            for h in homes:
                for name in h.ps():
                    h.run('stop', name)
    print(f'test_deploy: {passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


main()
