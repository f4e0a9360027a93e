#!/usr/bin/python3
"""The audit log from outside: the commands as a user runs them, an independent verifier that agrees, everything that can be altered,
processes killed while they append, witnesses. Usage: test_audit.py PATH-OF-GATEHOUSE"""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
import common
import tlog_verify
from common import check, run

TOOL = pathlib.Path(common.GATEHOUSE).parent / 'audit_append'
KILLS = int(os.environ.get('AUDIT_KILLS', '40'))


def tool(*args, **kw):
    return subprocess.run([TOOL, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **kw)


def audit(*args, **kw):
    r = run('audit', *args, **kw)
    check(f'audit {args}: exit status is one of the documented', r.returncode in (0, 1, 2, 64), f'{r.returncode} {r.stderr!r}')
    return r


def audit_json(*args):
    r = audit(*args, '--format', 'json')
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        check(f'audit {args}: JSON', False, r.stdout + r.stderr)
        return r.returncode, {}


def make(d, name, n, group=100):
    log = d / name
    r = tool('create', log)
    check('a log is made', r.returncode == 0, r.stderr)
    if n:
        r = tool('time', log, n, group)
        check(f'{n} entries are appended', r.returncode == 0, r.stderr)
    return log


# ---- reading ----------------------------------------------------------------------------------------------------------------
def test_verify(d):
    for n in (0, 1, 255, 256, 257, 700):
        log = make(d, f'v{n}', n, 90)
        status, r = audit_json('verify', '--log', log)
        check(f'{n}: verified', status == 0 and r.get('verified') and r.get('size') == n and r.get('entries') == n, r)
        size, root, entries = tlog_verify.check_log(log, (log / 'key.pub').read_text())
        check(f'{n}: the independent verifier agrees', size == n and root.hex() == r.get('root'), r)
        text = audit('verify', '--log', log)
        check(f'{n}: text', f'verified: {n} entries'.encode() in text.stdout, text.stdout)
    check('the kinds are counted', r['kinds'] == {'import': 700}, r)
    check('a key of the log itself is called so', r['key_from_log'] is True, r)
    status, r = audit_json('verify', '--log', log, '--key', log / 'key.pub')
    check('a key that was given is called so', status == 0 and r['key_from_log'] is False, r)
    home = d / 'home'
    home.mkdir()
    shutil.copytree(log, home / 'log')
    check('--home', audit('verify', '--home', home).returncode == 0)
    check('$GATEHOUSE_HOME', audit('verify', env={'GATEHOUSE_HOME': str(home)}).returncode == 0)
    return log


def test_proofs(d, log):
    vkey = (log / 'key.pub').read_text()
    entries = tlog_verify.check_log(log, vkey)[2]
    for i in (0, 1, 255, 256, 511, 699):
        e = json.loads(entries[i])
        for name in (str(i), e['id']):
            out = d / 'x.tlog-proof'
            r = audit('proof', name, '--log', log, '-o', out)
            check(f'proof of {name}', r.returncode == 0, r.stderr)
            check(f'{name}: the independent verifier agrees', tlog_verify.check_proof(out.read_bytes(), entries[i], vkey) == (i, 700))
        (d / 'entry.json').write_bytes(entries[i])
        check(f'{i}: check', audit('check', out, '--entry', d / 'entry.json', '--key', log / 'key.pub').returncode == 0)
        (d / 'other.json').write_bytes(entries[(i + 1) % 700])
        r = audit('check', out, '--entry', d / 'other.json', '--key', log / 'key.pub')
        check(f'{i}: not of another entry', r.returncode == 1 and b'does not show' in r.stderr, r.stderr)
    status, r = audit_json('proof', '5', '--log', log)
    check('proof as JSON', status == 0 and r['entry'] == json.loads(entries[5]) and r['index'] == 5, r)
    for wrong in ('700', 'f' * 32, 'abc', '-1', '5x', ''):
        r = audit('proof', wrong, '--log', log)
        check(f'proof of {wrong!r}: one line, status 2', r.returncode in (2, 64) and r.stderr.count(b'\n') <= 2 and r.stderr, r.stderr)
    # Every byte of the proof counts.
    proof = bytearray(out.read_bytes())
    (d / 'entry.json').write_bytes(entries[699])
    for at in random.Random(1).sample(range(len(proof)), 40):
        proof[at] ^= 1
        (d / 'bad').write_bytes(proof)
        proof[at] ^= 1
        r = audit('check', d / 'bad', '--entry', d / 'entry.json', '--key', log / 'key.pub')
        check(f'proof with another byte {at}', r.returncode == 1, r.stdout + r.stderr)


def test_show(log):
    status, r = audit_json('show', '--log', log)
    check('show: all', status == 0 and len(r['entries']) == 700 and r['entries'][7]['index'] == 7, status)
    status, r = audit_json('show', '--log', log, '--since', '690', '--limit', '3')
    check('show: a part', [e['index'] for e in r['entries']] == [697, 698, 699], r)
    status, r = audit_json('show', '--log', log, '--kind', 'login')
    check('show: none of a kind', status == 0 and r['entries'] == [], r)
    when = r = audit_json('show', '3', '--log', log)[1]['entries'][0]['entry']['time']
    status, r = audit_json('show', '--log', log, '--since', when)
    check('show: since a time', status == 0 and [e['index'] for e in r['entries']][:2] == [3, 4], when)
    check('show: text', audit('show', '5', '--log', log).stdout.count(b'\n') == 1)
    for args in (('--kind', 'prompt'), ('--since', 'yesterday')):
        check(f'show {args}: refused', audit('show', *args, '--log', log).returncode == 2)


def test_history(d, log):
    """A checkpoint that was kept, and a history that was rewritten."""
    kept = d / 'kept'
    check('--save', audit('verify', '--log', log, '--save', kept).returncode == 0 and kept.is_file())
    first = kept.read_bytes()
    r = tool('time', log, 50, 7)
    check('appended', r.returncode == 0, r.stderr)
    check('--since', audit('verify', '--log', log, '--since', kept).returncode == 0)
    status, r = audit_json('consistency', kept, '--log', log)
    check('consistency', status == 0 and r['consistent'] and r['old_size'] == 700 and r['size'] == 750, r)
    entries = tlog_verify.check_log(log, (log / 'key.pub').read_text())[2]
    want = [base64.b64encode(h).decode() for h in tlog_verify.subproof(700, [tlog_verify.leaf_hash(e) for e in entries])]
    check('the proof is the one of the definition', r['proof'] == want, r)
    # The same key signs another history, with other entries: each log is sound by itself.
    forged = d / 'forged'
    check('forged', tool('create', forged).returncode == 0 and tool('run', forged, 800, 100).returncode == 0)
    check('forged: sound by itself', audit('verify', '--log', forged).returncode == 0)
    r = audit('verify', '--log', forged, '--since', kept)
    check('forged: --since', r.returncode == 1 and b'history was rewritten' in r.stdout, r.stdout)
    check('forged: consistency', audit('consistency', kept, '--log', forged).returncode == 1)
    short = make(d, 'short', 10)
    r = audit('verify', '--log', short, '--since', kept)
    check('cut: --since', r.returncode == 1 and b'history was cut' in r.stdout, r.stdout)
    check('cut: consistency', audit('consistency', kept, '--log', short).returncode == 1)
    kept.write_bytes(first[:-5])
    check('a broken checkpoint', audit('verify', '--log', log, '--since', kept).returncode == 1)
    check('no checkpoint', audit('verify', '--log', log, '--since', d / 'none').returncode == 2)


def test_alterations(d, log):
    """A bit in sampled bytes of every file of a log, cuts, files that are gone or do not belong there: all noticed."""
    rng, missed, tried = random.Random(7), [], 0
    files = sorted(p for p in log.rglob('*') if p.is_file() and p.name not in ('lock', 'key.pub'))
    for p in files:
        whole = p.read_bytes()
        for at in {0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(2))}:
            p.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1:])
            tried += 1
            if run('audit', 'verify', '--log', log).returncode != 1:
                missed.append((p.name, at))
        p.write_bytes(whole[:-1])
        tried += 1
        if run('audit', 'verify', '--log', log).returncode != 1:
            missed.append((p.name, 'cut'))
        p.write_bytes(whole)
    check(f'{tried} alterations are noticed', not missed, missed)
    r = audit('verify', '--log', log)
    check('and all is well again', r.returncode == 0, r.stdout)
    # The message names the tile and the entry.
    p = log / 'tile/entries/001'
    whole = p.read_bytes()
    at = whole.index(b'"verdict":"CLEAN"') + 11
    p.write_bytes(whole[:at] + b'DIRTY' + whole[at + 5:])
    r = audit('verify', '--log', log)
    check('names tile and entry', b'tile/0/001: entry 256 ' in r.stdout, r.stdout)
    check('proof of an altered entry is refused', audit('proof', '256', '--log', log, '-o', d / 'never').returncode == 1)
    check('nothing was written', not (d / 'never').exists())
    check('show of an altered entry is refused', audit('show', '--log', log).returncode == 1)
    p.write_bytes(whole)
    (log / 'tile/0/notes.txt').write_text('x')
    check('a foreign file', b'does not belong' in audit('verify', '--log', log).stdout)
    (log / 'tile/0/notes.txt').unlink()
    other = d / 'other.pub'
    other.write_text('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n')
    r = audit('verify', '--log', log, '--key', other)
    check('another key', r.returncode == 1 and b'none of the 1 signature' in r.stdout, r.stdout)
    other.write_text('nonsense')
    check('a key that is none', audit('verify', '--log', log, '--key', other).returncode == 2)
    check('no log', audit('verify', '--log', d / 'nowhere').returncode == 2)


def test_export(d, log):
    pack = d / 'pack'
    r = audit('export', '--log', log, '-o', pack)
    check('export', r.returncode == 0, r.stderr)
    key = log / 'key.pub'
    check('the pack is valid', audit('check', pack, '--key', key).returncode == 0)
    entries = tlog_verify.check_log(log, key.read_text())[2]
    lines = (pack / 'entries.jsonl').read_bytes().splitlines()
    check('every entry, byte for byte', [b'{"index":%d,"entry":%s}' % (i, e) for i, e in enumerate(entries)] == lines)
    for i in (0, 300, len(entries) - 1):
        shown = tlog_verify.check_proof((pack / f'proofs/{i}.tlog-proof').read_bytes(), entries[i], key.read_text())
        check(f'proof {i} in the pack', shown == (i, len(entries)))
    controls = json.loads((pack / 'controls.json').read_text())
    kinds = {k['kind']: k for k in controls['kinds']}
    check('controls', kinds['import']['entries'] == len(entries) and 'A.7.5' in kinds['import']['iso_42001'], kinds['import'])
    check('no compliance is claimed', 'no compliance is claimed' in controls['note'])
    check('export never overwrites', audit('export', '--log', log, '-o', pack).returncode == 2)
    # A part of it: other entries stay away.
    part = d / 'part'
    r = audit('export', '--log', log, '--since', '740', '-o', part)
    check('a part', r.returncode == 0 and len((part / 'entries.jsonl').read_bytes().splitlines()) == len(entries) - 740, r.stderr)
    check('a part is valid', audit('check', part, '--key', key).returncode == 0)
    missed, rng = [], random.Random(3)
    for name in ('entries.jsonl', 'checkpoint', 'proofs/741.tlog-proof'):
        whole = (part / name).read_bytes()
        for at in rng.sample(range(len(whole)), 25):
            (part / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            if run('audit', 'check', part, '--key', key).returncode != 1:
                missed.append((name, at))
        (part / name).write_bytes(whole)
    check('altered packs are refused', not missed, missed)
    (part / 'proofs/741.tlog-proof').unlink()
    check('a pack without a proof is refused', audit('check', part, '--key', key).returncode == 1)
    check('check needs a key', audit('check', pack).returncode == 64)
    check('export needs a name', audit('export', '--log', log).returncode == 64)
    leftovers = [p.name for p in d.iterdir() if p.name.startswith(('pack.', 'part.'))]
    check('nothing unfinished is left', not leftovers, leftovers)


# ---- writing ------------------------------------------------------------------------------------------------------------------
def test_kills(d):
    """kill -9 at any instant: what was acknowledged is there, at its index; the signer never had to sign a fork."""
    log = make(d, 'killed', 0)
    vkey = (log / 'key.pub').read_text()
    acknowledged, rng, refused = {}, random.Random(11), 0
    for n in range(KILLS):
        procs = [subprocess.Popen([TOOL, 'run', log, '0', '300'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                 for _ in range(1 + n % 2)] # two writers at once, every other time
        if n % 3: # once the first group was acknowledged, or at any instant from the start on
            select.select([p.stdout for p in procs], [], [], 5)
        time.sleep(rng.random() * 0.12)
        for p in procs:
            p.send_signal(signal.SIGKILL)
        for p in procs:
            out, err = p.communicate()
            refused += b'refuses' in err or p.returncode != -signal.SIGKILL
            for line in out.decode().splitlines(keepends=True):
                if line.endswith('\n'):
                    first, count, id = line.split()
                    acknowledged[int(first)] = (int(count), id)
        if n % 10 == 9:
            r = run('audit', 'verify', '--log', log)
            check(f'after {n + 1} kills: verify', r.returncode in (0, 1) and b'WRONG' not in r.stdout, r.stdout + r.stderr)
    r = tool('run', log, 1, 1)
    check('the log opens after the last kill', r.returncode == 0, r.stderr)
    status, r = audit_json('verify', '--log', log)
    check('verify after the kills', status == 0, r)
    size, _, entries = tlog_verify.check_log(log, vkey)
    check('the independent verifier agrees', size == r.get('size'))
    lost = [(f, c, i) for f, (c, i) in acknowledged.items() if f + c > size or json.loads(entries[f])['id'] != i]
    check(f'{len(acknowledged)} acknowledged groups are there', not lost and acknowledged, lost[:5])
    check('no process failed, no fork was asked for', refused == 0, refused)


# ---- witnesses -----------------------------------------------------------------------------------------------------------------
def cosigner(name, seed):
    key, _ = tlog_verify.ed25519_sign(seed, b'')
    id = hashlib.sha256(name.encode() + b'\n\x04' + key).digest()[:4]
    return {'name': name, 'seed': seed, 'id': id, 'vkey': f'{name}+{id.hex()}+{base64.b64encode(bytes([4]) + key).decode()}'}


def cosign(w, text, when):
    _, sig = tlog_verify.ed25519_sign(w['seed'], b'cosignature/v1\ntime %d\n' % when + text)
    return f'— {w["name"]} '.encode() + base64.b64encode(w['id'] + when.to_bytes(8, 'big') + sig) + b'\n'


def test_witness_policy(d):
    log = make(d, 'witnessed', 5)
    w = [cosigner(f'witness.example/w{i}', bytes([40 + i]) * 32) for i in range(3)]
    policy = d / 'policy'
    policy.write_text(f'# trust\nlog {(log / "key.pub").read_text()}' + ''.join(f'witness w{i} {x["vkey"]}\n' for i, x in enumerate(w)) +
                      'group two 2 w0 w1 w2\nquorum two\n')
    note = (log / 'checkpoint').read_bytes()
    text = tlog_verify.read_note(note)[0]
    for have, met in (((), False), ((0,), False), ((0, 0), False), ((0, 2), True), ((0, 1, 2), True)):
        (log / 'checkpoint').write_bytes(note + b''.join(cosign(w[i], text, 1795348800) for i in have))
        status, r = audit_json('verify', '--log', log, '--witness-policy', policy)
        check(f'witnesses {have}: quorum {met}', (status == 0) == met and r['witness_policy']['met'] == met, r)
    check('the time of a cosignature', r['witness_policy']['witnesses'][0]['time'] == '2026-11-22T12:00:00Z', r)
    check('the independent verifier sees the time', tlog_verify.note_signed((log / 'checkpoint').read_bytes(), w[1]['vkey']) == 1795348800)
    forged = cosign(w[0], text, 1795348800)
    (log / 'checkpoint').write_bytes(note + forged.replace(base64.b64encode(w[0]['id'])[:4], base64.b64encode(w[0]['id'])[:4])[:-6] + b'AAA=\n')
    check('a wrong cosignature', audit('verify', '--log', log, '--witness-policy', policy).returncode == 1)
    (log / 'checkpoint').write_bytes(note)
    for text in ('quorum x\n', '', 'quorum none\nquorum none\n', 'witness a b\nquorum none\n', 'quorum none', 'nonsense\n'):
        (d / 'bad-policy').write_text(text)
        r = audit('verify', '--log', log, '--witness-policy', d / 'bad-policy')
        check(f'policy {text!r}: status 2, one line', r.returncode == 2 and r.stderr.count(b'\n') == 1, r.stderr)
    (d / 'bad-policy').write_text('quorum none\n')
    check('quorum none', audit('verify', '--log', log, '--witness-policy', d / 'bad-policy').returncode == 0)


class Witness(http.server.BaseHTTPRequestHandler):
    """A witness as the specification says, or (by the first part of the path) one that is something else."""
    seen = {} # of which size and root

    def log_message(self, *args):
        pass

    def answer(self, status, body, type='text/plain; charset=utf-8'):
        self.send_response(status)
        self.send_header('Content-Type', type)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        who = self.path.split('/')[1]
        body = self.rfile.read(int(self.headers['Content-Length']))
        head, _, note = body.partition(b'\n\n')
        old, *proof = head.split(b'\n')
        old, text = int(old[4:]), tlog_verify.read_note(note)[0]
        size, root = tlog_verify.read_checkpoint(note, self.server.vkey)
        last = self.seen.get(who, (0, hashlib.sha256(b'').digest()))
        if who == 'garbage':
            return self.answer(200, b'\xff\x00 no signature\n')
        if who == 'large':
            return self.answer(200, b'x' * 10_000_000)
        if who == 'broken':
            return self.answer(500, b'out of order\x1b[31m\n')
        if who == 'gone':
            return self.connection.shutdown(socket.SHUT_RDWR)
        if who == 'ahead':
            return self.answer(409, b'1000000\n', 'text/x.tlog.size')
        if who == 'loop':
            self.seen['loop'] = ((last[0] + 1) % 4, b'')
            return self.answer(409, b'%d\n' % ((last[0] + 1) % 4), 'text/x.tlog.size')
        if old != last[0]:
            return self.answer(409, b'%d\n' % last[0], 'text/x.tlog.size')
        try:
            if old:
                hashes = [base64.b64decode(h, validate=True) for h in proof]
                ok = tlog_verify.roots_of_consistency(old, size, hashes, last[1]) == (last[1], root)
            else:
                ok = not proof
        except tlog_verify.Wrong:
            ok = False
        if not ok:
            return self.answer(422, b'no\n')
        self.seen[who] = (size, root)
        w = self.server.witnesses['honest' if who == 'impostor' else who]
        return self.answer(200, cosign(w, text, 1795348800))


def test_cosign(d):
    log = make(d, 'cosigned', 3)
    names = ['honest', 'second', 'impostor', 'garbage', 'large', 'broken', 'gone', 'ahead', 'loop']
    w = {n: cosigner(f'witness.example/{n}', bytes([60 + i]) * 32) for i, n in enumerate(names)}
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Witness)
    server.handle_error = lambda *args: None # clients that hang up are part of the test
    server.vkey, server.witnesses = (log / 'key.pub').read_text(), w
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f'http://127.0.0.1:{server.server_port}'
    policy = d / 'cosign-policy'

    def write(*who, quorum='all'):
        lines = [f'witness {n} {w[n]["vkey"]} {url}/{n}/\n' for n in who]
        policy.write_text(''.join(lines) + f'group g {quorum} {" ".join(who)}\nquorum g\n')

    write('honest', 'second')
    for n in (3, 4, 300): # from nothing, then with consistency proofs
        if n > 3:
            check('appended', tool('time', log, 1 if n == 4 else 296, 50).returncode == 0)
        status, r = audit_json('cosign', '--log', log, '--witness-policy', policy)
        check(f'{n}: both witnesses cosign', status == 0 and r.get('met') and r.get('size') == n, r)
        check(f'{n}: verify', audit('verify', '--log', log, '--witness-policy', policy).returncode == 0)
        note = (log / 'checkpoint').read_bytes()
        check(f'{n}: the independent verifier agrees', all(tlog_verify.note_signed(note, w[x]['vkey']) for x in ('honest', 'second')))
    proof = audit('proof', '7', '--log', log).stdout
    (d / 'cosigned.proof').write_bytes(proof)
    (d / 'cosigned.entry').write_bytes(json.dumps(audit_json('show', '7', '--log', log)[1]['entries'][0]['entry'], separators=(',', ':')).encode())
    args = ('check', d / 'cosigned.proof', '--entry', d / 'cosigned.entry', '--key', log / 'key.pub', '--witness-policy', policy)
    check('a proof carries the cosignatures', audit(*args).returncode == 0)
    again = audit('cosign', '--log', log, '--witness-policy', policy)
    check('asked again: fine, nothing twice', again.returncode == 0 and (log / 'checkpoint').read_bytes().count(b'honest') == 1, again.stderr)
    for bad, status, words in (('impostor', 2, b'no valid cosignature'), ('garbage', 2, b'no valid cosignature'), ('large', 2, b'NOT'),
                               ('broken', 2, b'status 500'), ('gone', 2, b'NOT'), ('ahead', 1, b'the log was set back'), ('loop', 2, b'409')):
        write(bad)
        r = audit('cosign', '--log', log, '--witness-policy', policy)
        check(f'{bad}: not cosigned', r.returncode == status and words in r.stdout and b'\x1b' not in r.stdout, r.stdout + r.stderr)
        check(f'{bad}: the log is as it was', audit('verify', '--log', log).returncode == 0)
    write('honest', 'broken', quorum='any')
    check('one of two is enough', audit('cosign', '--log', log, '--witness-policy', policy).returncode == 0)
    # The log is set back, or forked, behind the witness's back: it does not cosign that.
    forked = d / 'forked'
    tool('create', forked)
    tool('run', forked, 400, 100)
    write('honest')
    r = audit('cosign', '--log', forked, '--witness-policy', policy)
    check('a fork is not cosigned', r.returncode == 1 and b'422' in r.stdout, r.stdout)
    server.shutdown()
    r = audit('cosign', '--log', log, '--witness-policy', d / 'none')
    check('no policy', r.returncode == 2, r.stderr)
    check('cosign needs a policy', audit('cosign', '--log', log).returncode == 64)


def test_usage():
    for args in ((), ('verfy',), ('verify', 'x'), ('proof',), ('proof', '1', '2'), ('check',), ('consistency',), ('verify', '--limit', '0')):
        check(f'audit {args}: usage', audit(*args).returncode == 64)
    check('help', b'verify' in audit('--help').stdout)


def main():
    if not TOOL.is_file():
        print('skipped: audit_append is not built beside gatehouse')
        return common.end('test_audit')
    shm = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None # a busy disk makes each append slow, and proves nothing more
    with tempfile.TemporaryDirectory(prefix='gh-audit-', dir=shm) as tmp:
        d = pathlib.Path(tmp)
        log = test_verify(d)
        test_proofs(d, log)
        test_show(log)
        test_history(d, log)
        test_export(d, log)
        test_alterations(d, log)
        test_kills(d)
        test_witness_policy(d)
        test_cosign(d)
        test_usage()
    return common.end('test_audit')


if __name__ == '__main__':
    sys.exit(main())
