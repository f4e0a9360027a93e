"""A catalog of its own for an end-to-end test, in a temporary folder that goes when the test ends: run commands in it, make files and
keys, make people."""
import atexit
import json
import os
import shutil
import subprocess
import tempfile

import common
from common import check

TMP = tempfile.mkdtemp(prefix='gh-e2e-')
atexit.register(shutil.rmtree, TMP, ignore_errors=True)
ENV = {'GATEHOUSE_HOME': os.path.join(TMP, 'home'), 'GATEHOUSE_PASSPHRASE_FILE': os.path.join(TMP, 'pass')}


def path(*p):
    return os.path.join(TMP, *p)


def write(name, data):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def gh(*args, env=None):
    return common.run(*args, env={**ENV, **(env or {})})


def doc(*args, want=0, env=None):
    r = gh(*args, '--format', 'json', env=env)
    check(f'{args}: status {want}', r.returncode == want, f'{r.returncode} {r.stderr.decode()} {r.stdout[:300]}')
    try:
        return json.loads(r.stdout)
    except ValueError:
        return {}


def refused(what, args, want, *words, env=None):
    r = gh(*args, env=env)
    line = r.stderr.decode()
    check(f'{what}: status {want}', r.returncode == want, f'{r.returncode} {line}')
    check(f'{what}: one line says why', line.count('\n') == 1 and all(w in line for w in words), line)


def openssl(*args, **kw):
    return subprocess.run(['openssl', *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw).stdout


def key(name):
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path(name + '.key'))
    openssl('ec', '-in', path(name + '.key'), '-pubout', '-out', path(name + '.pem'))


def start(*tenants):
    """Make the home; the environment of its first administrator."""
    write('pass', 'correct horse battery staple\n')
    os.chmod(path('pass'), 0o600)
    made = doc('init')
    for t in tenants:
        check(f'tenant {t}', gh('tenant', 'add', t).returncode == 0)
    return {'GATEHOUSE_API_KEY': made['admin']['api_key']}


def person(name, admin, *grants):
    """Somebody with these roles, (role, scope) each; the environment to act as them."""
    doc('people', 'add', name, env=admin)
    for role, scope in grants:
        doc('people', 'grant', name, role, scope, env=admin)
    return {'GATEHOUSE_API_KEY': doc('people', 'key', name, env=admin)['key']}


def explain(model, env=None):
    r = gh('policy', 'explain', model, env=env)
    return r.returncode, r.stdout.decode() + r.stderr.decode()
