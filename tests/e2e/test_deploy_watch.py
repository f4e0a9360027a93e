#!/usr/bin/python3
"""Deployments while they run: processes that die, a badge that is taken back, files that are altered, the daemon that starts again what
failed.

Usage: test_deploy_watch.py PATH-OF-GATEHOUSE. Skips where the embedded engine or name spaces are not there."""
import json
import os
import shutil
import signal
import subprocess

from deployments import Home, alive, check, model, program, run


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
    check('stop does not end a quarantine', h.run('stop', 'a1').returncode == 1)
    h.run('people', 'add', 'rita', key=h.key)
    h.run('people', 'grant', 'rita', 'security-reviewer', 'platform', key=h.key)
    rita = h.json('people', 'key', 'rita', key=h.key).get('key', '')
    out = h.run('review', 'approve', 'acme/a1', key=rita)
    check('a reviewer lets it out', out.returncode == 0 and 'cleared' in out.stdout, out.stderr + out.stdout)
    check('once', h.run('review', 'approve', 'acme/a1', key=rita).returncode == 1)
    out = h.deploy('a1')
    check('then it is deployed again', out.returncode == 0, out.stderr)
    states = json.dumps(h.entries('deploy'))
    check('the log has it all', all(f'"{w}"' in states for w in ('starting', 'running', 'quarantined', 'cleared')), states[-900:])
    return h


def daemon(h):
    """With `serve`, what fails is started again; the socket is another one, the name the same."""
    serve = subprocess.Popen([h.program, 'serve'], env=h.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        check('serve answers', h.until(lambda: (h.dir / 'run/gatehouse.sock').exists()))
        out = h.deploy('again', '--restart', 'on-failure')
        check('deploy through the daemon', out.returncode == 0, out.stderr)
        now = h.json('inspect', 'again').get('now', {})
        if not now:
            return
        os.kill(now['pid'], signal.SIGKILL)
        check('what failed is started again', h.until(
            lambda: h.ps().get('again', {}).get('restarts') == 1 and h.state('again') == 'running', 40), h.ps('--all'))
        said = h.run('chat', 'again', 'Hello', '--max-tokens', '4')
        check('and answers', said.returncode == 0, said.stderr)
    finally:
        serve.terminate()
        serve.wait(30)
    said = h.run('chat', 'again', 'Hello', '--max-tokens', '4')
    check('it outlives the daemon', said.returncode == 0, said.stderr)
    h.run('stop', 'again')


def body(root, homes):
    h = Home(root, 'h')
    homes.append(h)
    h.run('import', model, '--as', 'acme/demo:1.0')
    deaths(h)
    daemon(h)
    revocation(h)
    homes.append(altered(root))
    out = h.run('audit', 'verify')
    check('the audit log verifies', out.returncode == 0, out.stderr)


run(body)
