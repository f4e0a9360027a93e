#!/usr/bin/python3
"""An engine of one's own: the path of a profile, the directory of the engine; who may name one; what is altered gets no key; and what is started
again by the daemon is the same.

Usage: test_deploy_own.py PATH-OF-GATEHOUSE. Skips where the embedded engine or name spaces are not there."""
import json
import os
import shutil
import signal
import subprocess

from deployments import Home, check, here, model, program, run


def place(root):
    """The embedded engine, somewhere else, with a profile that is the shipped one but for its name and its first line."""
    engine = root / 'engine'
    engine.mkdir()
    shutil.copy(program.parent / 'gatehouse-engine', engine)
    shutil.copytree(program.parent / 'engine-lib', engine / 'engine-lib')
    profile = root / 'own.yaml'
    profile.write_text((here / 'rules/engines/llama.yaml').read_text() + 'directory: /nothing/here\n')
    return profile, engine


def person(h, name, role, scope):
    h.run('people', 'add', name, key=h.key)
    h.run('people', 'grant', name, role, scope, key=h.key)
    return h.json('people', 'key', name, key=h.key).get('key', '')


def who_may(h, profile, engine):
    """It says which files of the host are shown inside: not for those who run a tenant only."""
    h.run('tenant', 'add', 'beta')
    dana = person(h, 'dana', 'tenant-admin', 'acme')
    check('a person with a key', dana != '')
    cases = (('a profile', '--engine', profile), ('a directory', '--engine-dir', engine),
             ('what is not there', '--engine', profile.parent))
    for what, *more in cases:
        out = h.run('deploy', 'acme/demo:1.0', '--name', 'dana', *more, key=dana)
        check(f'{what}: denied', out.returncode == 1 and 'config.manage' in out.stderr, out.stderr)
        check(f'{what}: in one line', out.stderr.count('\n') == 1, out.stderr)
    check('nothing was begun', 'dana' not in h.ps('--all'))


def wrong(h, root, profile, engine):
    bad = root / 'bad.yaml'
    bad.write_text(profile.read_text() + 'shell: yes\n')
    cases = (('a profile that is not there', ('--engine', root / 'none.yaml'), 'none.yaml: No such file'),
             ('a directory that is not there', ('--engine', profile, '--engine-dir', root / 'none'), 'none: No such file'),
             ('a directory without the engine', ('--engine', profile, '--engine-dir', root), 'gatehouse-engine is not there'),
             ('where the profile says', ('--engine', profile), '/nothing/here/gatehouse-engine is not there'),
             ('an unknown key', ('--engine', bad, '--engine-dir', engine), 'no such key: shell'),
             ('a directory as a profile', ('--engine', str(root) + '/'), ''))
    for what, more, says in cases:
        out = h.deploy('bad', *more)
        check(what, out.returncode == 2 and says in out.stderr and out.stderr.count('\n') == 1, out.stderr)
    check('nothing runs', 'bad' not in h.ps())


def again(h, profile, engine):
    """Through the daemon, which has another working directory; after a crash it is the same."""
    serve = subprocess.Popen([h.program, 'serve'], env=h.env, cwd='/', stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        check('serve answers', h.until(lambda: (h.dir / 'run/gatehouse.sock').exists()))
        out = subprocess.run([h.program, 'deploy', 'acme/demo:1.0', '--name', 'own', '--engine', 'own.yaml', '--engine-dir', 'engine',
                              '--restart', 'on-failure', '--format', 'json'], env=h.env, cwd=profile.parent, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        check('deploy, by relative paths', out.returncode == 0, out.stderr)
        if out.returncode != 0:
            return
        d = json.loads(out.stdout)
        check('the profile is measured', '\nconfig ' in d['measurements']['list'] and d['measurements']['list'].endswith(' own\n'),
              d['measurements']['list'])
        measured = h.json('measure', '--engine', profile, '--engine-dir', engine)
        check('as `measure` says', measured.get('measurement') == d['measurements']['digest'], measured)
        shown = h.json('inspect', 'own')
        check('inspect names both', shown.get('engine') == str(profile) and shown.get('engine_dir') == str(engine), shown)
        if 'now' not in shown:
            return
        os.kill(shown['now']['pid'], signal.SIGKILL)
        check('what failed is started again', h.until(
            lambda: h.ps().get('own', {}).get('restarts') == 1 and h.state('own') == 'running', 40), h.ps('--all'))
        shown = h.json('inspect', 'own')
        check('with the same profile and directory', shown.get('engine') == str(profile) and shown.get('engine_dir') == str(engine)
              and shown.get('measurement') == d['measurements']['digest'], shown)
        said = h.run('chat', 'own', 'Hello', '--max-tokens', '4')
        check('and answers', said.returncode == 0, said.stderr)
    finally:
        serve.terminate()
        serve.wait(30)
    h.run('stop', 'own')


def altered(h, profile, engine):
    """One's own or not: what is not what was trusted gets no key."""
    profile.write_text(profile.read_text().replace('processes: ', 'processes: 1'))
    out = h.deploy('other', '--engine', profile, '--engine-dir', engine)
    check('an altered profile', out.returncode == 1 and 'measurement' in out.stderr, out.stderr)
    digest = h.json('measure', '--engine', profile, '--engine-dir', engine)['measurement']
    out = h.deploy('other', '--engine', profile, '--engine-dir', engine, '--accept-measurement', digest)
    check('until somebody says that it was them', out.returncode == 0, out.stderr)
    h.run('stop', 'other')
    with open(engine / 'engine-lib/LICENSE', 'w', encoding='utf-8') as f:
        f.write('another file beside the libraries\n')
    out = h.deploy('more', '--engine', profile, '--engine-dir', engine)
    check('one file more in its directory', out.returncode == 1 and 'measurement' in out.stderr, out.stderr)


def body(root, homes):
    h = Home(root, 'h')
    homes.append(h)
    h.run('import', model, '--as', 'acme/demo:1.0')
    profile, engine = place(root)
    who_may(h, profile, engine)
    wrong(h, root, profile, engine)
    again(h, profile, engine)
    altered(h, profile, engine)
    out = h.run('audit', 'verify')
    check('the audit log verifies', out.returncode == 0, out.stderr)


run(body)
