#!/usr/bin/python3
"""The catalog from end to end, as a user would: a home, tenants, imports of every verdict, badges that are verified, altered, expired
and revoked, exports, policies, rescans, the daemon, and what happens when the stored bytes are not what they were."""
import base64
import json
import os
import shutil
import socket
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
from common import EVIL, GATEHOUSE, check, safetensors  # noqa: E402

TMP = tempfile.mkdtemp(prefix='gh-catalog-')
HOME = os.path.join(TMP, 'home')
PASS = os.path.join(TMP, 'pass')
ENV = {'GATEHOUSE_HOME': HOME, 'GATEHOUSE_PASSPHRASE_FILE': PASS}


def path(*p):
    return os.path.join(TMP, *p)


def write(name, data):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def gh(*args, env=None, **kw):
    return common.run(*args, env={**ENV, **(env or {})}, **kw)


def doc(*args, want=0, env=None):
    """The JSON answer of a command that must end with this status."""
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


def models():
    write('clean/config.json', '{"model_type": "tiny"}')
    write('clean/model.safetensors', safetensors(64))
    write('clean/README.md', '---\nlicense: apache-2.0\ntags: [a, b]\n---\n# Title\nplain <b>words</b> \x1b[31m red\n')
    write('clean/sub/dir/notes.txt', 'nothing\n')
    write('clean/empty.txt', '')
    write('clean2/model.safetensors', safetensors(32))
    write('unsafe/model.pkl', EVIL)
    write('incomplete/model.bin', os.urandom(4096))
    write('big/model.safetensors', safetensors(2_000_000))
    # Numbers that are no weights: a finding for people.
    write('noise/model.safetensors', safetensors(65536)[:-4 * 65536] + os.urandom(4 * 65536))


def init():
    write('pass', 'correct horse battery staple\n')
    os.chmod(PASS, 0o600)
    made = doc('init')
    check('init: a recovery key and an administrator', made.get('recovery_key') and made['admin']['api_key'].startswith('ghk_'), made)
    check('init: nobody else can read the home', os.stat(HOME).st_mode & 0o77 == 0)
    for root, _, files in os.walk(HOME):
        for f in files:
            check('init: no file is readable by others', os.stat(os.path.join(root, f)).st_mode & 0o77 == 0, f)
    refused('init twice', ('init',), 2, 'not empty')
    write('wrong', 'another passphrase')
    os.chmod(path('wrong'), 0o600)
    refused('wrong passphrase', ('tenant', 'add', 'x', '--passphrase-file', path('wrong')), 2, 'wrong passphrase')
    os.chmod(path('wrong'), 0o644)
    refused('a passphrase that others can read', ('tenant', 'add', 'x', '--passphrase-file', path('wrong')), 2, 'chmod 600')
    refused('no home', ('models', '--home', path('nowhere')), 2, 'gatehouse init')
    return made['admin']['api_key']


def imports():
    a = doc('import', path('clean'), '--as', 'acme/clean:1.0')
    check('clean: ready, with a badge', (a.get('verdict'), a.get('state'), a.get('badge', {}).get('state')) ==
          ('CLEAN', 'ready', 'scan-complete'), a)
    check('clean: every file', a.get('files') == 5 and a.get('coverage') == '100.0000', a)
    u = doc('import', path('unsafe'), '--as', 'acme/unsafe:1.0', want=1)
    check('unsafe: stored in quarantine, no badge', (u.get('state'), u.get('badge', {}).get('state')) == ('quarantined', 'none'), u)
    check('unsafe: the finding is named', any(f['effect'] == 'UNSAFE' for f in u.get('worst', [])), u)
    i = doc('import', path('incomplete'), '--as', 'acme/incomplete:1.0', want=2)
    check('incomplete: stored in quarantine, no badge', (i.get('state'), i.get('badge', {}).get('state')) == ('quarantined', 'none'), i)
    s = doc('import', path('clean2/model.safetensors'), '--as', 'acme/nlp/single:v1')
    check('a single file', s.get('files') == 1 and s.get('verdict') == 'CLEAN', s)
    n = doc('import', path('noise'), '--as', 'acme/noise:1')
    check('review: waits for people', (n.get('verdict'), n.get('state'), n.get('badge', {}).get('state')) ==
          ('REVIEW', 'review', 'review-pending'), n)
    refused('the same name', ('import', path('clean2'), '--as', 'acme/clean:1.0'), 2, 'exists already')
    refused('no tenant', ('import', path('clean'), '--as', 'nobody/clean:1.0'), 2, 'nobody')
    refused('no name', ('import', path('clean'), '--as', 'acme/../x:1'), 64)
    refused('nothing there', ('import', path('gone'), '--as', 'acme/gone:1'), 2, 'No such file')
    again = doc('import', path('clean'), '--as', 'acme/clean:1.1')
    check('the same bytes: the same root', again.get('root') == a.get('root'), again)
    rows = {m['model']: m for m in doc('models')['models']}
    check('models: all are listed', set(rows) == {'acme/clean:1.0', 'acme/clean:1.1', 'acme/unsafe:1.0', 'acme/incomplete:1.0',
                                                  'acme/nlp/single:v1', 'acme/noise:1'}, rows)
    return a


def nothing_in_the_open():
    """No plaintext of a model, no name of a file of it, and no key on the disk."""
    for root, _, files in os.walk(HOME):
        for f in files:
            with open(os.path.join(root, f), 'rb') as h:
                data = h.read()
            check(f'{f}: no plaintext', b'plain <b>words' not in data and b'notes.txt' not in data and b'correct horse' not in data)


def exports():
    r = gh('export', 'acme/clean:1.0', '-o', path('out'))
    check('export', r.returncode == 0, r.stderr)
    same = subprocess.run(['diff', '-r', path('clean'), path('out')], stdout=subprocess.PIPE)
    check('export: bit-equal', same.returncode == 0, same.stdout)
    refused('export over something', ('export', 'acme/clean:1.0', '-o', path('out')), 2, 'exists already')
    refused('export of what is UNSAFE', ('export', 'acme/unsafe:1.0', '-o', path('out2')), 1, 'quarantined')
    check('nothing is left behind', not os.path.exists(path('out2')) and not os.path.exists(path('out2.part')))
    refused('export of nothing', ('export', 'acme/clean:9', '-o', path('out2')), 2, 'acme/clean')


def badges(first):
    key, badge = path('pub.pem'), path('badge.json')
    check('key export', gh('key', 'export', '-o', key).returncode == 0)
    check('badge export', gh('badge', 'export', 'acme/clean:1.0', '-o', badge).returncode == 0)
    v = doc('badge', 'verify', badge, '--key', key)
    check('valid', v.get('verdict') == 'valid' and v['claims']['root'] == first['root'] and v['claims']['model'] == 'acme/clean:1.0', v)
    check('revocation was not checked, and it says so', v.get('revocation') == 'skipped', v)
    check('stages stand in it', v['claims'].get('GATEHOUSE_STAGE_MALWARE') == 'run' and
          v['claims'].get('GATEHOUSE_STAGE_DETONATION') == 'not_run', v)
    check('elsewhere, without a home', common.run('badge', 'verify', badge, '--key', key).returncode == 0)
    check('the right files', gh('badge', 'verify', badge, '--key', key, '--root', first['root']).returncode == 0)
    check('other files', gh('badge', 'verify', badge, '--key', key, '--root', '0' * 64).returncode == 1)
    check('too late', doc('badge', 'verify', badge, '--key', key, '--at', '2040-01-01T00:00:00Z', want=1).get('verdict') == 'not-valid')
    check('too early', gh('badge', 'verify', badge, '--key', key, '--at', '2020-01-01T00:00:00Z').returncode == 1)
    other = path('other.pem')
    subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path('o.key')], check=True)
    subprocess.run(['openssl', 'ec', '-in', path('o.key'), '-pubout', '-out', other], check=True, stderr=subprocess.DEVNULL)
    check('another key', gh('badge', 'verify', badge, '--key', other).returncode == 1)
    check('no key', gh('badge', 'verify', badge, '--key', badge).returncode == 2)
    refused('no badge for what is UNSAFE', ('badge', 'export', 'acme/unsafe:1.0'), 1, 'UNSAFE')
    refused('no badge for what is INCOMPLETE', ('badge', 'export', 'acme/incomplete:1.0'), 1, 'INCOMPLETE')
    data = open(badge, 'rb').read()
    step = max(1, len(data) // 60)  # every byte in tests/unit/test_badge.c
    for at in range(0, len(data), step):
        bad = bytearray(data)
        bad[at] ^= 1 << (at % 8)
        r = gh('badge', 'verify', write('bad.json', bytes(bad)), '--key', key)
        check(f'a flipped bit at {at}', r.returncode in (1, 2), r.stdout[:200])
    check('cut', gh('badge', 'verify', write('bad.json', data[:-40]), '--key', key).returncode in (1, 2))
    javascript(badge, key)
    svg = gh('badge', 'svg', 'acme/clean:1.0').stdout
    check('a picture', svg.startswith(b'<svg') and b'scan-complete' in svg, svg)
    return badge, key


def javascript(badge, key):
    """The signature of a badge is verified by a program that shares nothing with ours."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
    modules, node = os.path.join(root, 'build', 'npm'), shutil.which('node')
    if node is None or not os.path.isdir(os.path.join(modules, 'node_modules', '@sigstore', 'verify')):
        print('skipped: the JavaScript client of Sigstore is not installed (script/setup test)')
        return
    script = os.path.join(root, 'tests', 'npm', 'verify_bundle.mjs')
    for k, want in ((key, 0), (path('other.pem'), 1)):
        r = subprocess.run([node, script, modules, badge, k], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        check(f'npm sigstore: {want}', r.returncode == want, r.stdout)


def rotation(badge, key):
    """A new badge key: old badges verify with the new key file, new badges with the old one."""
    check('rotate', gh('key', 'rotate', 'badge').returncode == 0)
    check('a new badge', gh('badge', 'export', 'acme/nlp/single:v1', '-o', path('b2.json')).returncode == 0)
    new = path('pub2.pem')
    check('key export after it', gh('key', 'export', '-o', new).returncode == 0)
    check('the old badge, the old key', gh('badge', 'verify', badge, '--key', key).returncode == 0)
    doc('import', path('clean2'), '--as', 'acme/later:1')
    check('a badge of the new key', gh('badge', 'export', 'acme/later:1', '-o', path('b3.json')).returncode == 0)
    check('the new badge, the new key', gh('badge', 'verify', path('b3.json'), '--key', new).returncode == 0)
    check('the new badge, the old key', gh('badge', 'verify', path('b3.json'), '--key', key).returncode == 0)
    check('the old badge, the new key file: it holds the old key too', gh('badge', 'verify', badge, '--key', new).returncode == 0)


def revocation(badge, key):
    refused('revoke without a reason', ('badge', 'revoke', 'acme/clean:1.0'), 64, '--reason')
    check('revoke', doc('badge', 'revoke', 'acme/clean:1.0', '--reason', 'finding').get('state') == 'revoked')
    check('status list', gh('badge', 'status', '-o', path('status.json')).returncode == 0)
    v = doc('badge', 'verify', badge, '--key', path('pub2.pem'), '--status', path('status.json'), want=1)
    check('revoked, with its reason', v.get('claims', {}).get('revoked') == 'finding', v)
    check('the others are not', gh('badge', 'verify', path('b3.json'), '--key', path('pub2.pem'), '--status', path('status.json')).returncode == 0)
    data = bytearray(open(path('status.json'), 'rb').read())
    data[len(data) // 2] ^= 1
    check('an altered list proves nothing', gh('badge', 'verify', path('b3.json'), '--key', path('pub2.pem'), '--status',
                                               write('bad-status.json', bytes(data))).returncode == 2)


def cards():
    c = doc('card', 'acme/clean:1.0')
    check('card: front matter', {'name': 'license', 'value': 'apache-2.0'} in c.get('card', {}).get('fields', []), c.get('card'))
    check('card: nothing in it reaches a terminal', '\x1b' not in json.dumps(c, ensure_ascii=False), c.get('card'))
    check('card: files', [f['path'] for f in c.get('content', [])] == ['README.md', 'config.json', 'empty.txt', 'model.safetensors',
                                                                       'sub/dir/notes.txt'], c.get('content'))
    page = gh('card', 'acme/clean:1.0', '--format', 'html').stdout.decode()
    check('card: a page in which the publisher writes no tags', '<b>words' not in page and '&lt;b&gt;words' in page, page[:200])
    check('card: a page that loads nothing', "default-src 'none'" in page and '<script' not in page)
    text = gh('card', 'acme/clean:1.0').stdout.decode()
    check('card: text', 'acme/clean:1.0' in text and 'revoked' in text and 'apache-2.0' in text, text)


def policies():
    r = gh('policy', 'explain', 'acme/clean:1.1')
    check('explain: a clean model may run at once', r.returncode == 0 and b'ALLOWED' in r.stdout, r.stdout)
    write('house.yaml', 'policy: 1\nname: house\nrules:\n  - id: no-clean\n    when: model == "acme/clean:1.1"\n    effect: deny\n'
                        '    message: Not this one.\n')
    r = gh('policy', 'check', path('house.yaml'))
    check('policy check', r.returncode == 0, r.stdout + r.stderr)
    check('policy set', gh('policy', 'set', path('house.yaml'), '--tenant', 'acme').returncode == 0)
    r = gh('policy', 'explain', 'acme/clean:1.1')
    check('explain: our own rule', r.returncode == 1 and b'no-clean' in r.stdout and b'Not this one.' in r.stdout, r.stdout)
    check('explain: the others', gh('policy', 'explain', 'acme/later:1').returncode == 0)
    refused('export is refused by it', ('export', 'acme/clean:1.1', '-o', path('out3')), 1, 'no-clean')
    write('broken.yaml', 'policy: 1\nname: x\nrules:\n  - id: a\n    when: model = 3\n    effect: deny\n    message: No.\n')
    r = gh('policy', 'set', path('broken.yaml'), '--tenant', 'acme')
    check('a broken policy names its line, and the old one stays', r.returncode != 0 and b'broken.yaml:5' in r.stderr, r.stderr)
    check('… it stays', gh('policy', 'explain', 'acme/clean:1.1').returncode == 1)


def persons(admin):
    """What needs a person is refused to whoever only holds the home."""
    refused('a review without a person', ('review', 'approve', 'acme/noise:1'), 1, 'person')
    refused('people without a person', ('people', 'add', 'eve'), 1, 'person')
    refused('a key that is none', ('models',), 1, 'not accepted', env={'GATEHOUSE_API_KEY': 'ghk_' + '0' * 16 + '_' + '1' * 48})
    r = gh('people', 'add', 'rita', env={'GATEHOUSE_API_KEY': admin})
    check('an administrator makes people', r.returncode == 0, r.stderr)


def replaced_badges():
    """A badge that a rescan replaced was handed out all the same: it goes with the one that took its place."""
    doc('import', path('clean2'), '--as', 'acme/again:1')
    gh('badge', 'export', 'acme/again:1', '-o', path('again1.json'))
    doc('rescan', 'acme/again:1')
    gh('badge', 'export', 'acme/again:1', '-o', path('again2.json'))
    args = ('--key', path('pub2.pem'), '--status', path('status3.json'))
    gh('badge', 'status', '-o', path('status3.json'))
    for f in ('again1.json', 'again2.json'):
        check(f'{f}: valid while the findings are the same', gh('badge', 'verify', path(f), *args).returncode == 0)
    check('revoke the newer one', gh('badge', 'revoke', 'acme/again:1', '--reason', 'finding').returncode == 0)
    gh('badge', 'status', '-o', path('status3.json'))
    for f in ('again1.json', 'again2.json'):
        v = doc('badge', 'verify', path(f), *args, want=1)
        check(f'{f}: revoked with it', v.get('claims', {}).get('revoked') == 'finding', v)
    refused('revoke twice', ('badge', 'revoke', 'acme/again:1', '--reason', 'finding'), 2, 'revoked by now')


def rescans():
    r = doc('rescan', 'acme/later:1')
    check('rescan: still clean', r.get('models', [{}])[0].get('verdict') == 'CLEAN', r)
    r = doc('rescan', 'acme/unsafe:1.0', want=1)
    check('rescan: still unsafe, still in quarantine', r.get('models', [{}])[0].get('state') == 'quarantined', r)
    r = gh('rescan', '--outdated')
    check('nothing is outdated', r.returncode == 0, r.stdout + r.stderr)


def tenants():
    check('another tenant', gh('tenant', 'add', 'globex').returncode == 0)
    a = doc('import', path('clean2'), '--as', 'globex/same:1')
    db = sqlite3.connect(os.path.join(HOME, 'db', 'catalog.db'))
    rows = db.execute("SELECT COUNT(DISTINCT tenant), COUNT(*) FROM blobs WHERE kind = 'file' AND state = 'stored' AND digest IN "
                      "(SELECT digest FROM blobs WHERE tenant = (SELECT id FROM tenants WHERE name = 'globex') AND kind = 'file')").fetchone()
    db.close()
    check('equal files of two tenants are two blobs', rows[0] == 2 and rows[1] >= 2, (rows, a))
    refused('a tenant is not removed by accident', ('tenant', 'remove', 'globex'), 64, '--confirm')
    r = gh('tenant', 'remove', 'globex', '--confirm', 'globex')
    check('a tenant is shredded', r.returncode == 0, r.stderr)
    for what in (('export', 'globex/same:1', '-o', path('out4')), ('card', 'globex/same:1'), ('policy', 'explain', 'globex/same:1')):
        refused(f'nothing of it opens any more: {what[0]}', what, 1, 'its tenant was removed')
    check('nothing was written', not os.path.exists(path('out4')))
    check('the others do', gh('export', 'acme/later:1', '-o', path('out5')).returncode == 0)


def ask(op, **given):
    """A question over the daemon's socket, as any program of the owner may put it: a head of os/call.h and JSON."""
    text = json.dumps({'op': op, 'in': given}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(60)
        s.connect(os.path.join(HOME, 'run', 'gatehouse.sock'))
        s.send(struct.pack('<IIQ4QQQ', 1, 0, 1, 0, 0, 0, 0, len(text), 0) + text)
        return json.loads(s.recv(1 << 20)[64:])


def daemon_checks():
    """What a check found is what the catalog saw itself, part by part: nobody logs one that did not run."""
    parts = [p['name'] for p in ask('fsck.parts')['out']['parts']]
    a = ask('fsck.done')
    check('no check has run: nothing is logged', not a['ok'] and 'there is no check to log' in a['error'], a)
    a = ask('fsck.done', problems=0, repaired=0)
    check('nor are numbers that somebody says', not a['ok'], a)
    for skipped in (0, len(parts) - 1):
        for p in parts[:skipped] + parts[skipped + 1:]:
            cursor = None
            while cursor != '':
                a = ask('fsck.repair', part=p, **({'cursor': cursor} if cursor else {}))
                check(f'fsck.repair {p}', a['ok'], a)
                cursor = a['out']['cursor']
        a = ask('fsck.done')
        check(f'a check without {parts[skipped]} is none', not a['ok'], a)
    for p in parts:
        a = ask('fsck.step', part=p)
    check('looking is not repairing', not ask('fsck.done')['ok'])
    check('fsck --repair', gh('fsck', '--repair').returncode == 0)
    check('… has logged itself, and once', not ask('fsck.done')['ok'])
    check('a step of tasks is not asked from outside', not ask('fsck.tally', problems=9)['ok'])


def daemon():
    p = subprocess.Popen([GATEHOUSE, 'serve'], env={**common.ENV, **ENV}, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    check('serve: ready', b'ready' in p.stderr.readline())
    quiet = {'GATEHOUSE_PASSPHRASE_FILE': '/nonexistent'}
    try:
        check('no passphrase is needed', gh('models', env=quiet).returncode == 0)
        a = doc('import', path('clean'), '--as', 'acme/served:1', env=quiet)
        check('import through it', a.get('badge', {}).get('state') == 'scan-complete', a)
        daemon_checks()
        check('export through it', gh('export', 'acme/served:1', '-o', path('out6'), env=quiet).returncode == 0)
        check('… bit-equal', subprocess.run(['diff', '-r', path('clean'), path('out6')]).returncode == 0)
        refused('a second daemon', ('serve',), 2, 'another process')
        many = [subprocess.Popen([GATEHOUSE, 'models'], env={**common.ENV, **ENV}, stdout=subprocess.DEVNULL) for _ in range(12)]
        check('many at once', [m.wait() for m in many] == [0] * 12)
    finally:
        p.send_signal(signal.SIGTERM)
        check('serve: stops', p.wait(30) == 0)


def fsck_blames():
    """What is wrong is named for what it is: rows that were altered against the log, keys that are gone before all that needs them."""
    home = path('blamed')
    for sql, says in (("UPDATE versions SET verdict = 'REVIEW' WHERE verdict = 'CLEAN'", b'its verdict is CLEAN by the audit log'),
                      ('DELETE FROM outbox WHERE seq = 2', b'the database does not know'),
                      ("UPDATE badges SET state = 'expired' WHERE state = 'revoked'; UPDATE principals SET state = 'disabled'",
                       b'is active by the audit log'),
                      ("UPDATE api_keys SET expires = expires + 86400", b'has another secret or expiry'),
                      ("UPDATE versions SET created_by = 'somebody'", b'its author is local by the audit log')):
        shutil.copytree(HOME, home)
        db = sqlite3.connect(os.path.join(home, 'db', 'catalog.db'))
        db.executescript(sql)
        db.close()
        r = gh('fsck', '--home', home)
        check(f'fsck: {sql}', r.returncode == 1 and says in r.stdout, r.stdout + r.stderr)
        shutil.rmtree(home)
    # A revoked badge whose row was put back: not shown as good, and still on the list.
    shutil.copytree(HOME, home)
    db = sqlite3.connect(os.path.join(home, 'db', 'catalog.db'))
    ids = [i for (i,) in db.execute("SELECT id FROM badges WHERE state = 'revoked' AND reason = 'finding'")]
    db.executescript("UPDATE badges SET state = 'issued', reason = '' WHERE state = 'revoked' AND reason = 'finding';"
                     "UPDATE versions SET badge = (SELECT b.id FROM badges b WHERE b.version = versions.id AND b.state = 'issued'"
                     " ORDER BY b.log_index DESC LIMIT 1)")
    names = [f'{t}/{m}:{v}' for t, m, v in db.execute(
        'SELECT t.name, m.name, v.version FROM versions v JOIN models m ON m.id = v.model JOIN tenants t ON t.id = m.tenant'
        f" WHERE m.project = '' AND v.badge IN ({','.join('?' * len(ids))})", ids)]
    db.close()
    for what in ('show', 'export'):
        r = gh('badge', what, names[0] if names else 'none', '--home', home)
        check(f'badge {what} of one that was put back', r.returncode == 2 and b'revoked by the audit log' in r.stderr, r.stdout + r.stderr)
    r = gh('badge', 'status', '--home', home)
    listed = base64.b64decode(json.loads(r.stdout)['payload']).decode()
    check('… is on the list', ids and all(i in listed for i in ids), listed)
    shutil.rmtree(home)
    for name, says in (('signing/badge-1', b'keys/signing/badge-1'), ('log', b'keys/log'), ('tenants', b'the keys of tenant acme')):
        shutil.copytree(HOME, home)
        gone = os.path.join(home, 'keys', name)
        for f in [os.path.join(gone, x) for x in os.listdir(gone)] if os.path.isdir(gone) else [gone]:
            os.unlink(f)
        r = gh('fsck', '--home', home)
        check(f'fsck: keys/{name} is gone', r.returncode == 1 and says in r.stdout and b'problem: reviews' not in r.stdout,
              r.stdout + r.stderr)
        shutil.rmtree(home)


def rewritten():
    """Whoever can write to the database, and to nothing else, makes no other model, report or verdict of a version: it is refused and named."""
    home, whole = path('rewritten'), path('whole')
    shutil.copytree(HOME, whole)
    check('a policy that lets it out', gh('policy', 'set', 'lenient', '--tenant', 'acme', '--home', whole).returncode == 0)
    check('as it is', gh('export', 'acme/clean:1.1', '-o', path('untouched'), '--home', whole).returncode == 0)
    good, bad = ("(SELECT v.id FROM versions v JOIN models m ON m.id = v.model WHERE m.name = '%s' AND v.version = '%s')" % n
                 for n in (('clean', '1.1'), ('unsafe', '1.0')))
    blobs = f'DELETE FROM version_blobs WHERE version = {good}; INSERT INTO version_blobs SELECT {good}, seq, blob FROM version_blobs WHERE version = {bad};'
    manifest = f'UPDATE versions SET manifest = (SELECT manifest FROM versions WHERE id = {bad}) WHERE id = {good};'
    facts = f"(SELECT %s FROM evidence WHERE kind = 'scan-facts' AND version = {bad})"
    db = sqlite3.connect(os.path.join(whole, 'db', 'catalog.db'))
    was = db.execute(f'SELECT digest FROM blobs WHERE id = (SELECT manifest FROM versions WHERE id = {good})').fetchone()[0]
    db.close()
    digest = ''.join(f"UPDATE blobs SET digest = '{d}' WHERE id = (SELECT manifest FROM versions WHERE id = {v});"
                     for v, d in ((good, '0' * 64), (bad, was)))
    for what, sql, named in (
            ('the files of another', manifest + blobs, True),
            ('another root, too', manifest + blobs + f'UPDATE versions SET root = (SELECT root FROM versions WHERE id = {bad}) WHERE id = {good}', True),
            ('its manifest said to be the old one', digest + manifest + blobs, False),
            ('one other blob', f'UPDATE version_blobs SET blob = (SELECT blob FROM version_blobs WHERE version = {bad} LIMIT 1) WHERE version = {good} AND seq = 0', False),
            ('stages', f"UPDATE reports SET stages = replace(stages, 'detonation=not_run', 'detonation=run') WHERE version = {good}", True),
            ('rules', f"UPDATE reports SET rules = '2030' WHERE version = {good}", True),
            ('advisories', f"UPDATE reports SET advisories = '2030' WHERE version = {good}", True),
            ('facts', f"UPDATE evidence SET blob = {facts % 'blob'}, digest = {facts % 'digest'} WHERE kind = 'scan-facts' AND version = {good}", True),
            ('facts said to be the old ones', f"UPDATE evidence SET blob = {facts % 'blob'} WHERE kind = 'scan-facts' AND version = {good}", False)):
        shutil.copytree(whole, home)
        db = sqlite3.connect(os.path.join(home, 'db', 'catalog.db'))
        before = list(db.iterdump())
        db.executescript(sql)
        check(f'{what}: something is altered', before != list(db.iterdump()))
        db.close()
        r = gh('export', 'acme/clean:1.1', '-o', path('taken'), '--home', home)
        check(f'{what}: no copy, status 2, one line', r.returncode == 2 and r.stderr.count(b'\n') == 1 and (b'altered' in r.stderr or b'its content is not' in r.stderr), r.stdout + r.stderr)
        check(f'{what}: nothing is left', not os.path.exists(path('taken')) or os.listdir(path('taken')) == [])
        shutil.rmtree(path('taken'), ignore_errors=True)
        r = gh('fsck', '--home', home)
        check(f'{what}: fsck', not named or (r.returncode == 1 and b'by the audit log' in r.stdout), r.stdout + r.stderr)
        shutil.rmtree(home)


def altered():
    """Bytes that are not what they were: found, named, and nothing of them given out."""
    check('fsck: fine', gh('fsck', '--deep').returncode == 0)
    check('audit: fine', gh('audit', 'verify').returncode == 0)
    copy = path('copy')
    shutil.copytree(HOME, copy)
    db = sqlite3.connect(os.path.join(copy, 'db', 'catalog.db'))
    row = db.execute("SELECT b.tenant, b.id FROM blobs b JOIN version_blobs v ON v.blob = b.id ORDER BY b.size DESC LIMIT 1").fetchone()
    db.close()
    largest = os.path.join(copy, 'blobs', row[0], row[1][:2], row[1])
    with open(largest, 'r+b') as f:
        f.seek(os.path.getsize(largest) // 2)
        b = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([b[0] ^ 4]))
    r = gh('fsck', '--deep', '--home', copy)
    check('fsck finds an altered blob', r.returncode == 1 and b'altered' in r.stdout + r.stderr, r.stdout + r.stderr)
    entries = [os.path.join(r0, f) for r0, _, fs in os.walk(os.path.join(copy, 'log', 'tile')) for f in fs]
    with open(max(entries, key=os.path.getsize), 'r+b') as f:
        f.seek(30)
        b = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([b[0] ^ 1]))
    r = gh('audit', 'verify', '--home', copy)
    check('audit verify finds an altered tile', r.returncode == 1, r.stdout + r.stderr)
    copy = path('copy2')
    shutil.copytree(HOME, copy)
    db = sqlite3.connect(os.path.join(copy, 'db', 'catalog.db'))
    db.execute("UPDATE policies SET body = CAST(replace(CAST(body AS TEXT), 'deny', 'warn') AS BLOB)")
    db.execute("UPDATE versions SET state = 'ready', verdict = 'CLEAN' WHERE state = 'quarantined'")
    db.commit()
    db.close()
    r = gh('policy', 'explain', 'acme/clean:1.1', '--home', copy)
    check('an altered policy judges nobody', r.returncode != 0 and b'signed' in r.stderr, r.stdout + r.stderr)
    r = gh('badge', 'export', 'acme/unsafe:1.0', '--home', copy)
    check('an altered row gives no badge to what was UNSAFE', r.returncode != 0, r.stdout[:200])


def other_times():
    """A part of the home from another time: nothing is done with it, and it is said which part."""
    old, new = path('old'), path('new')
    shutil.copytree(HOME, old)
    check('something is logged', gh('badge', 'status', '-o', path('s.json')).returncode == 0)
    check('…', gh('tenant', 'add', 'after').returncode == 0)
    for what, part, word in (('an older database', 'db', 'database'), ('an older log', 'log', 'log')):
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(HOME, new)
        shutil.rmtree(os.path.join(new, part))
        shutil.copytree(os.path.join(old, part), os.path.join(new, part))
        for args in (('models',), ('tenant', 'add', 'again'), ('import', path('clean2'), '--as', 'acme/x:1')):
            r = gh(*args, '--home', new)
            check(f'{what}: {args[0]} refuses', r.returncode == 2 and word in r.stderr.decode(), r.stdout + r.stderr)
    shutil.rmtree(new)
    shutil.copytree(HOME, new)
    shutil.rmtree(os.path.join(new, 'db'))
    os.mkdir(os.path.join(new, 'db'), 0o700)
    for args in (('models',), ('fsck',), ('fsck', '--repair', '--grace', '0'), ('tenant', 'add', 'again')):
        r = gh(*args, '--home', new)
        check(f'a lost database: {args}', r.returncode == 2, r.stdout + r.stderr)
    check('a lost database is not replaced', os.listdir(os.path.join(new, 'db')) == [])
    blobs = sum(len(f) for _, _, f in os.walk(os.path.join(new, 'blobs')))
    check('and nothing was removed', blobs == sum(len(f) for _, _, f in os.walk(os.path.join(HOME, 'blobs'))))


def killed():
    """An import that dies leaves a name that can be used again, and a state that opens."""
    for delay in (0.05, 0.3, 0.6, 0.9, 1.2):
        p = subprocess.Popen([GATEHOUSE, 'import', path('big'), '--as', 'acme/killed:1'], env={**common.ENV, **ENV},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        p.kill()
        p.wait()
        check('fsck after a kill', gh('fsck').returncode == 0)
    state = [m for m in doc('models')['models'] if m['model'] == 'acme/killed:1' and m['state'] == 'ready']
    if not state:  # the name is free at once: nobody waits for a lease of the dead
        check('the next import takes the name over', doc('import', path('big'), '--as', 'acme/killed:1').get('state') == 'ready')
    r = gh('models', '--format', 'json')
    check('the catalog opens', r.returncode == 0)
    check('no badge without a finished scan', all(m['badge'] != 'scan-complete' or m['verdict'] in ('CLEAN', 'REVIEW')
                                                  for m in json.loads(r.stdout)['models']))


def main():
    models()
    admin = init()
    check('tenant', gh('tenant', 'add', 'acme').returncode == 0)
    first = imports()
    nothing_in_the_open()
    exports()
    badge, key = badges(first)
    rotation(badge, key)
    revocation(badge, key)
    cards()
    policies()
    persons(admin)
    replaced_badges()
    rescans()
    tenants()
    daemon()
    killed()
    other_times()
    fsck_blames()
    rewritten()
    altered()


try:
    main()
finally:
    shutil.rmtree(TMP, ignore_errors=True)
print(f'test_catalog: {common.asserted - common.failures} passed, {common.failures} failed')
sys.exit(common.failures != 0)
