#!/usr/bin/python3
"""Signatures: all vectors with the right verdict, our own with every kind of key, and what happens to a signed model."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

from common import ENV, check, end, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VECTORS = os.path.join(ROOT, '..', 'shared', 'vectors')
try:
    import jsonschema
    with open(os.path.join(ROOT, 'docs', 'schema', 'verify-report.schema.json'), encoding='utf-8') as f:
        SCHEMA = jsonschema.Draft202012Validator(json.load(f))
except ImportError:
    SCHEMA = None
    print('skipped: jsonschema is not installed: reports are not held against their schema')
TMP = tempfile.mkdtemp(prefix='gh-sign-')
BEACON = ('https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/'
          'extremely-dangerous-oidc-beacon.yml@refs/heads/main')


def verify(*args, **kw):
    """(exit status, report)"""
    r = run('verify', '--format', 'json', *args, **kw)
    check(f'verify {args}: a status', r.returncode in (0, 1, 2, 64), f'{r.returncode} {r.stderr!r}')
    try:
        report = json.loads(r.stdout)
    except ValueError:
        report = {'verdict': 'NONE', 'checks': [], 'problems': [], 'reason': r.stderr.decode()}
    if SCHEMA is not None and report['verdict'] != 'NONE':
        wrong = [e.message for e in SCHEMA.iter_errors(report)]
        check(f'verify {args}: as the schema says', wrong == [], wrong)
    want = {0: 'VALID', 1: 'INVALID', 2: 'UNKNOWN', 64: 'NONE'}[r.returncode] if r.returncode in (0, 1, 2, 64) else None
    check(f'verify {args}: status and verdict agree', report['verdict'] in (want, 'NONE'), report)
    return r.returncode, report


def outcome(report, name):
    return next((c['outcome'] for c in report['checks'] if c['name'] == name), None)


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)


def at(*parts):
    return os.path.join(TMP, *parts)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


# ---- vectors ------------------------------------------------------------------------------------------------------------

def sigstore_vectors():
    top = os.path.join(VECTORS, 'sigstore', 'bundle-verify')
    for name in sorted(os.listdir(top)):
        d = os.path.join(top, name)
        if not os.path.isdir(d):
            continue

        def file(n, otherwise=None):
            return os.path.join(d, n) if os.path.exists(os.path.join(d, n)) else otherwise

        def text(n, otherwise):
            return read(file(n)).decode().strip() if file(n) else otherwise
        args = ['--bundle', file('bundle.sigstore.json'), '--artifact', file('artifact', os.path.join(top, 'a.txt'))]
        root = file('trusted_root.json')
        if file('key.pub'):
            args += ['--key', file('key.pub')] + (['--trusted-root', root] if root else [])
        else:
            args += ['--trusted-root', root or os.path.join(VECTORS, 'sigstore', 'trusted_root_public_good.json'),
                     '--identity', text('identity', BEACON),
                     '--issuer', text('issuer', 'https://token.actions.githubusercontent.com')]
        rc, report = verify(*args)
        check(f'sigstore {name}', rc == (1 if name.endswith('_fail') else 0), report['reason'])
        if rc == 0 and not file('key.pub'):
            other = args[:]
            other[other.index('--identity') + 1] += 'x'
            rc, report = verify(*other)
            check(f'sigstore {name}, another identity', rc == 1 and outcome(report, 'identity') == 'fail', report['reason'])
            other = args[:]
            other[other.index('--issuer') + 1] = 'https://accounts.google.com'
            rc, report = verify(*other)
            check(f'sigstore {name}, another issuer', rc == 1 and outcome(report, 'issuer') == 'fail', report['reason'])
            rc, report = verify(*args, '--at', '2021-06-01T00:00:00Z')
            check(f'sigstore {name}, seen before it was signed', rc == 1, report['reason'])


def oms_vectors():
    top = os.path.join(VECTORS, 'oms', 'signed')
    keys = os.path.join(top, 'keys', 'certificate')
    for name in sorted(os.listdir(top)):
        d = os.path.join(top, name)
        if not name.startswith('v'):
            continue
        alone = name in ('v0.3.1-elliptic-key', 'v1.0.0-elliptic-key')  # the model is one file
        args = [os.path.join(d, 'signme-1') if alone else d, '--signature', os.path.join(d, 'model.sig')]
        if name.endswith('key'):
            args += ['--key', os.path.join(keys, 'signing-key-pub.pem')]
        elif name.endswith('certificate'):
            args += ['--ca', os.path.join(keys, 'ca-cert.pem')]
        else:
            args += ['--trusted-root', os.path.join(VECTORS, 'sigstore', 'trusted_root_public_good.json'),
                     '--identity', 'stefanb@us.ibm.com', '--issuer', 'https://sigstore.verify.ibm.com/oauth2']
        rc, report = verify(*args)
        extra = name.startswith('v1.0.1')  # ignore-me is neither signed nor left out
        old = name.startswith('v0.2.0')
        check(f'oms {name}', rc == (1 if extra or old else 0), report['reason'])
        if extra:
            check(f'oms {name}: the file that is not signed is named',
                  any(p['file'] == 'ignore-me' for p in report['problems']), report['problems'])
            check(f'oms {name}, unsigned files allowed', verify(*args, '--allow-unsigned-files')[0] == 0)
            check(f'oms {name}, that file left out', verify(*args, '--ignore', 'ignore-me')[0] == 0)
    bundles = os.path.join(VECTORS, 'oms', 'bundles')
    for kind, names in (('invalid', None), ('invalid-payload', None)):
        for name in sorted(os.listdir(os.path.join(bundles, kind))):
            rc, report = verify(top + '/v1.1.0-elliptic-key', '--signature', os.path.join(bundles, kind, name),
                                '--key', os.path.join(keys, 'signing-key-pub.pem'))
            check(f'oms {kind}/{name}', rc == 1, report['reason'])
    for name in ('key', 'certificate', 'sigstore'):
        rc, report = verify(top + '/v1.1.0-elliptic-key', '--signature', os.path.join(bundles, 'valid', name + '.bundle.json'),
                            '--key', os.path.join(keys, 'signing-key-pub.pem'))
        check(f'oms valid/{name}: its form is good', outcome(report, 'bundle') == 'pass', report['reason'])


# ---- our own ------------------------------------------------------------------------------------------------------------

KINDS = ('P-256', 'P-384', 'P-521', 'Ed25519')


def make_keys():
    for kind in KINDS:
        key = ['-algorithm', 'ED25519'] if kind == 'Ed25519' else ['-algorithm', 'EC', '-pkeyopt', f'ec_paramgen_curve:{kind}']
        openssl('genpkey', *key, '-out', at(kind + '.pem'))
        openssl('pkey', '-in', at(kind + '.pem'), '-pubout', '-out', at(kind + '.pub'))
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('sec1.pem'))
    openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', at('rsa.pem'))
    openssl('pkcs8', '-topk8', '-in', at('P-256.pem'), '-passout', 'pass:x', '-out', at('locked.pem'))


def make_model(name='m'):
    d = at(name)
    shutil.rmtree(d, ignore_errors=True)
    write(d + '/config.json', b'{"a": 1}\n')
    write(d + '/weights/part 1.bin', os.urandom(300_000))
    write(d + '/weights/\u00e9\u4e2d.bin', bytes(250_000))
    write(d + '/empty', b'')
    write(d + '/.git/HEAD', b'ref: x\n')
    return d


def round_trips():
    d = make_model()
    for kind in KINDS:
        for method in (['files'], ['shards', '--shard-size', '100000']):
            what = f'{kind}, {method[0]}'
            r = run('sign', d, '--key', at(kind + '.pem'), '--method', *method, '-o', d + '/model.sig')
            check(f'{what}: signed', r.returncode == 0, r.stderr)
            rc, report = verify(d, '--signature', d + '/model.sig', '--key', at(kind + '.pub'))
            check(f'{what}: verified', rc == 0, report['reason'])
            check(f'{what}: says by which key', report['signer'].get('key_kind') == kind, report['signer'])
            check(f'{what}: counts', report.get('model', {}).get('files') == (4 if method[0] == 'files' else 3), report)
            other = KINDS[(KINDS.index(kind) + 1) % 4]
            check(f'{what}: not with another key', verify(d, '--signature', d + '/model.sig', '--key', at(other + '.pub'))[0] == 1)
    os.unlink(d + '/model.sig')
    sigs = []
    for _ in range(2):
        r = run('sign', d, '--key', at('Ed25519.pem'), '-o', '-')
        sigs.append(r.stdout)
    check('the same model and key give the same bytes', sigs[0] == sigs[1] and sigs[0] != b'')
    payload = json.loads(base64.b64decode(json.loads(sigs[0])['dsseEnvelope']['payload']))
    names = [r['name'] for r in payload['predicate']['resources']]
    check('names are sorted by code point', names == sorted(names) and len(names) == 4, names)
    check('version control stays out', '.git' in payload['predicate']['serialization']['ignore_paths'], payload)
    r = run('sign', d, '--key', at('sec1.pem'), '-o', at('sec1.sig'))
    check('a key in SEC 1 form signs', r.returncode == 0, r.stderr)
    one = d + '/config.json'
    check('one file is signed', run('sign', one, '--key', at('P-256.pem'), '-o', at('one.sig')).returncode == 0)
    check('and verified', verify(one, '--signature', at('one.sig'), '--key', at('P-256.pub'))[0] == 0)
    write(at('other/config.json'), b'{"a": 2}\n')
    check('and not another', verify(at('other/config.json'), '--signature', at('one.sig'), '--key', at('P-256.pub'))[0] == 1)
    r = run('sign', d, '--key', at('P-256.pem'), '--format', 'json', '-o', at('j.sig'))
    check('sign: JSON', r.returncode == 0 and json.loads(r.stdout)['files'] == 4, r.stdout)


def javascript():
    modules = os.path.join(ROOT, 'build', 'npm')
    node = shutil.which('node')
    if node is None or not os.path.isdir(os.path.join(modules, 'node_modules', '@sigstore', 'verify')):
        print('skipped: the JavaScript client of Sigstore is not installed (script/setup test)')
        return
    script = os.path.join(ROOT, 'tests', 'npm', 'verify_bundle.mjs')
    d = make_model('js')

    def client(sig, pub):
        return subprocess.run([node, script, modules, sig, pub], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    for kind in ('P-256', 'Ed25519'):
        run('sign', d, '--key', at(kind + '.pem'), '-o', at('js.sig'))
        r = client(at('js.sig'), at(kind + '.pub'))
        check(f'Sigstore\'s JavaScript client verifies {kind}', r.returncode == 0, r.stdout)
        r = client(at('js.sig'), at('P-384.pub'))
        check(f'and refuses another key than {kind}', r.returncode == 1, r.stdout)


def tampering():
    """What may happen to a signed model, and under which check it is found."""
    def changed(d):
        with open(d + '/weights/part 1.bin', 'r+b') as f:
            f.seek(200_000)
            b = f.read(1)
            f.seek(200_000)
            f.write(bytes([b[0] ^ 1]))

    def link_in_place(d):
        os.rename(d + '/config.json', d + '/../elsewhere.json')
        os.symlink('../elsewhere.json', d + '/config.json')

    rows = [
        ('a bit of a file', changed, 'files', 'weights/part 1.bin'),
        ('a file cut off', lambda d: os.truncate(d + '/weights/part 1.bin', 299_999), 'files', 'weights/part 1.bin'),
        ('a file made longer', lambda d: os.truncate(d + '/weights/part 1.bin', 300_001), 'files', 'weights/part 1.bin'),
        ('a file gone', lambda d: os.unlink(d + '/config.json'), 'files', 'config.json'),
        ('a file renamed', lambda d: os.rename(d + '/config.json', d + '/config2.json'), 'files', 'config.json'),
        ('files exchanged', lambda d: (os.rename(d + '/config.json', d + '/t'), os.rename(d + '/weights/part 1.bin', d + '/config.json'),
                                       os.rename(d + '/t', d + '/weights/part 1.bin')), 'files', 'config.json'),
        ('a file added', lambda d: write(d + '/pytorch_model.bin', b'\x80\x02.'), 'unsigned-files', 'pytorch_model.bin'),
        ('an empty file filled', lambda d: write(d + '/empty', b'x'), None, 'empty'),
        ('a file behind a link', link_in_place, 'files', 'config.json'),
        ('a link added', lambda d: os.symlink('/etc/passwd', d + '/extra'), 'unsigned-files', 'extra'),
        ('a directory that is a link', lambda d: os.symlink('/etc', d + '/extra'), 'unsigned-files', 'extra'),
        ('a pipe added', lambda d: os.mkfifo(d + '/pipe'), 'unsigned-files', 'pipe'),
        ('a pipe in place of a file', lambda d: (os.unlink(d + '/config.json'), os.mkfifo(d + '/config.json')), 'files', 'config.json'),
        ('a name that is not UTF-8', lambda d: write(os.fsencode(d) + b'/\xff', b'x'), 'unsigned-files', None),
        ('a .git deeper down', lambda d: write(d + '/weights/.git/hook', b'x'), 'unsigned-files', 'weights/.git/hook'),
    ]
    for method in (['files'], ['shards', '--shard-size', '100000']):
        for what, act, where, file in rows:
            d = make_model('t')
            run('sign', d, '--key', at('P-256.pem'), '--method', *method, '-o', at('t.sig'))
            act(d)
            rc, report = verify(d, '--signature', at('t.sig'), '--key', at('P-256.pub'))
            check(f'{what} ({method[0]}): not valid', rc == 1, report)
            check(f'{what} ({method[0]}): the check', where is None or outcome(report, where) == 'fail', report['checks'])
            check(f'{what} ({method[0]}): the file is named', file is None or any(p['file'] == file for p in report['problems']), report['problems'])
    d = make_model('t')
    run('sign', d, '--key', at('P-256.pem'), '-o', at('t.sig'))
    write(d + '/.git/config', b'changed')
    write(d + '/.gitignore', b'*')
    check('version control may change', verify(d, '--signature', at('t.sig'), '--key', at('P-256.pub'))[0] == 0)
    os.rename(d, at('renamed'))
    check('the directory may be renamed', verify(at('renamed'), '--signature', at('t.sig'), '--key', at('P-256.pub'))[0] == 0)


def left_out():
    """What the signer leaves out is not what the verifier leaves out."""
    d = make_model('i')
    write(d + '/notes/a.txt', b'x')
    r = run('sign', d, '--key', at('P-256.pem'), '--ignore', 'notes', '-o', at('i.sig'))
    check('something is left out', r.returncode == 0, r.stderr)
    args = [d, '--signature', at('i.sig'), '--key', at('P-256.pub')]
    rc, report = verify(*args)
    check('what the signer left out, and holds something: not valid', rc == 1 and outcome(report, 'ignored-files') == 'fail', report)
    check('unless the verifier says so', verify(*args, '--ignore', 'notes')[0] == 0)
    check('or accepts unsigned files', verify(*args, '--allow-unsigned-files')[0] == 0)
    write(d + '/notes/a.txt', b'')
    check('an empty file is fine', verify(*args)[0] == 0)
    os.unlink(d + '/config.json')
    check('a missing file is no unsigned one', verify(*args, '--allow-unsigned-files')[0] == 1)
    check('what the verifier leaves out may be missing', verify(*args, '--ignore', 'config.json')[0] == 0)


def links():
    d = make_model('l')
    os.symlink('config.json', d + '/link.json')
    r = run('sign', d, '--key', at('P-256.pem'), '-o', at('l.sig'))
    check('a link is refused', r.returncode == 1 and b'link.json' in r.stderr, r.stderr)
    check('and nothing was written', not os.path.exists(at('l.sig')))
    r = run('sign', d, '--key', at('P-256.pem'), '--allow-symlinks', '-o', at('l.sig'))
    check('unless it is allowed', r.returncode == 0, r.stderr)
    check('then it verifies', verify(d, '--signature', at('l.sig'), '--key', at('P-256.pub'))[0] == 0)
    os.unlink(d + '/link.json')
    write(at('outside.json'), read(d + '/config.json'))
    os.symlink('../outside.json', d + '/link.json')
    check('a link that leads out does not', verify(d, '--signature', at('l.sig'), '--key', at('P-256.pub'))[0] == 1)
    r = run('sign', d, '--key', at('P-256.pem'), '--allow-symlinks', '-o', at('l2.sig'))
    check('and is not signed', r.returncode == 1, r.stderr)


def certificates():
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', at('ca.key'), '-out',
            at('ca.pem'), '-subj', '/CN=test ca', '-days', '30', '-addext', 'keyUsage=critical,keyCertSign')
    openssl('req', '-x509', '-key', at('P-384.pem'), '-out', at('ca2.pem'), '-subj', '/CN=test ca', '-days', '30')
    openssl('req', '-new', '-key', at('P-256.pem'), '-subj', '/CN=signer', '-out', at('leaf.csr'))
    write(at('leaf.ext'), b'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=email:dev@example.org\n')
    openssl('x509', '-req', '-in', at('leaf.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '10',
            '-extfile', at('leaf.ext'), '-out', at('leaf.pem'))
    write(at('chain.pem'), read(at('leaf.pem')) + read(at('ca.pem')))
    d = make_model('c')
    r = run('sign', d, '--key', at('P-256.pem'), '--cert', at('chain.pem'), '-o', at('c.sig'))
    check('signed with a certificate', r.returncode == 0, r.stderr)
    certs = json.loads(read(at('c.sig')))['verificationMaterial']['x509CertificateChain']['certificates']
    check('the root stays at home', len(certs) == 1, len(certs))
    args = [d, '--signature', at('c.sig'), '--ca', at('ca.pem')]
    rc, report = verify(*args)
    check('verified', rc == 0 and report['signer']['identity'] == 'dev@example.org', report)
    check('for the right signer', verify(*args, '--identity', 'dev@example.org')[0] == 0)
    check('not for another', verify(*args, '--identity', 'eve@example.org')[0] == 1)
    check('not in 20 years', verify(*args, '--at', '2046-01-01T00:00:00Z')[0] == 1)
    check('not with another authority', verify(d, '--signature', at('c.sig'), '--ca', at('ca2.pem'))[0] == 1)
    check('not with what is no certificate', verify(d, '--signature', at('c.sig'), '--ca', at('P-256.pub'))[0] == 1)
    check('not with a key', verify(d, '--signature', at('c.sig'), '--key', at('P-256.pub'))[0] == 1)
    r = run('sign', d, '--key', at('P-384.pem'), '--cert', at('chain.pem'), '-o', at('c2.sig'))
    check('a certificate of another key is refused', r.returncode == 2 and b'not the key' in r.stderr, r.stderr)


def other_digests():
    """Signatures that list files by other digests than ours do; made here by hand."""
    known = {  # of b'abc'
        'sha256': hashlib.sha256(b'abc').hexdigest(),
        'blake2b': hashlib.blake2b(b'abc').hexdigest(),
        'blake3': '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
    }
    write(at('h/a.bin'), b'abc')
    hint = hashlib.sha256(read(at('P-256.pub'))).hexdigest()
    for name, digest in {**known, 'md5': hashlib.md5(b'abc').hexdigest(), 'wrong': known['blake3']}.items():
        kind = 'blake3' if name == 'wrong' else name
        if name == 'wrong':
            write(at('h/a.bin'), b'abd')
        statement = {'_type': 'https://in-toto.io/Statement/v1', 'predicateType': 'https://model_signing/signature/v1.0',
                     'subject': [{'name': 'h', 'digest': {'sha256': hashlib.sha256(bytes.fromhex(digest)).hexdigest()}}],
                     'predicate': {'serialization': {'method': 'files', 'hash_type': kind, 'allow_symlinks': False},
                                   'resources': [{'name': 'a.bin', 'digest': digest, 'algorithm': kind}]}}
        payload = json.dumps(statement).encode()
        kind_of = b'application/vnd.in-toto+json'
        write(at('pae'), b'DSSEv1 %d %s %d %s' % (len(kind_of), kind_of, len(payload), payload))
        openssl('dgst', '-sha256', '-sign', at('P-256.pem'), '-out', at('raw'), at('pae'))
        bundle = {'mediaType': 'application/vnd.dev.sigstore.bundle.v0.3+json', 'verificationMaterial': {'publicKey': {'hint': hint}},
                  'dsseEnvelope': {'payload': base64.b64encode(payload).decode(), 'payloadType': kind_of.decode(),
                                   'signatures': [{'sig': base64.b64encode(read(at('raw'))).decode()}]}}
        write(at('h.sig'), json.dumps(bundle, indent=1).encode())
        rc, report = verify(at('h'), '--signature', at('h.sig'), '--key', at('P-256.pub'))
        check(f'files listed by {name}', rc == {'md5': 2, 'wrong': 1}.get(name, 0), report['reason'])


def bits():
    """Here a sample, over the whole program; tests/unit/test_signature.c flips every bit."""
    d = make_model('b')
    run('sign', d, '--key', at('P-256.pem'), '-o', at('b.sig'))
    good = read(at('b.sig'))
    for i in range(0, len(good), 61):
        for bit in (0, 5):
            bad = bytearray(good)
            bad[i] ^= 1 << bit
            write(at('b2.sig'), bytes(bad))
            rc, report = verify(d, '--signature', at('b2.sig'), '--key', at('P-256.pub'))
            check(f'bit {bit} of byte {i}', rc == 1, report['reason'])


def wrong_use():
    d = make_model('u')
    run('sign', d, '--key', at('P-256.pem'), '-o', at('u.sig'))
    k, s = at('P-256.pub'), at('u.sig')
    rows = [
        (['verify', d, '--signature', s], 64, b'whom to trust'),
        (['verify', d, '--key', k], 64, b'--signature'),
        (['verify', '--bundle', s, '--key', k], 64, b'--artifact'),
        (['verify', d, '--signature', s, '--key', k, '--ca', k], 64, b'--ca'),
        (['verify', d, '--signature', s, '--trusted-root', k], 64, b'--identity'),
        (['verify', d, '--signature', s, '--key', k, '--identity', 'x'], 64, b'--identity'),
        (['verify', d, '--signature', s, '--key', k, '--at', 'now'], 64, b'--at'),
        (['verify', at('nowhere'), '--signature', s, '--key', k], 2, b'No such file'),
        (['verify', d, '--signature', at('nowhere'), '--key', k], 2, b'No such file'),
        (['verify', d, '--signature', d, '--key', k], 2, b'regular file'),
        (['verify', d, '--signature', s, '--key', at('nowhere')], 2, b'No such file'),
        (['sign', d], 64, b'--key'),
        (['sign', d, '--key', k], 2, b'public key'),
        (['sign', d, '--key', at('rsa.pem'), '-o', at('x.sig')], 2, b'RSA'),
        (['sign', d, '--key', at('locked.pem'), '-o', at('x.sig')], 2, b'passphrase'),
        (['sign', d, '--key', at('P-256.pem'), '-o', at('no/where.sig')], 2, b'No such file'),
        (['sign', at('nowhere'), '--key', at('P-256.pem'), '-o', at('x.sig')], 2, b'No such file'),
        (['sign', d, '--key', at('P-256.pem'), '--shard-size', '10'], 64, b'--method shards'),
        (['sign', d, '--key', at('P-256.pem'), '--ignore', '../x', '-o', at('x.sig')], 1, b'--ignore'),
        (['sign', d + '/config.json', '--key', at('P-256.pem'), '-o', d + '/config.json'], 64, b'overwrite'),
    ]
    for args, status, says in rows:
        r = run(*args, cwd=TMP)
        check(f'{args}: {status}', r.returncode == status and says in r.stderr, f'{r.returncode} {r.stderr}')
    check('nothing was left behind', not os.path.exists(at('x.sig')) and not os.path.exists(at('model.sig')))
    write(at('big.sig'), b'[' * 100_000)
    check('a deep bundle is no signature', verify(d, '--signature', at('big.sig'), '--key', k)[0] in (1, 2))
    with open(at('huge.sig'), 'wb') as f:
        f.truncate(1 << 30)
    check('a huge one neither', verify(d, '--signature', at('huge.sig'), '--key', k)[0] == 2)
    write(at('nokey.pub'), b'-----BEGIN PUBLIC KEY-----\nZm9v\n-----END PUBLIC KEY-----\n')
    check('what is no key verifies nothing', verify(d, '--signature', s, '--key', at('nokey.pub'))[0] == 1)
    r = run('verify', d, '--signature', s, '--key', k)
    check('text: the verdict comes first', r.returncode == 0 and r.stdout.startswith(b'VALID'), r.stdout)
    os.chmod(d + '/config.json', 0)
    if os.getuid() != 0:
        check('what cannot be read cannot be told', verify(d, '--signature', s, '--key', k)[0] == 2)


def main():
    if shutil.which('openssl') is None:
        print('skipped: openssl is not installed')
        return 0
    try:
        make_keys()
        if os.path.isdir(os.path.join(VECTORS, 'sigstore')):
            sigstore_vectors()
            oms_vectors()
        else:
            print('skipped: the vectors of signatures are not there')
        for part in (round_trips, javascript, tampering, left_out, links, certificates, other_digests, bits, wrong_use):
            part()
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    return end('test_sign')


if __name__ == '__main__':
    sys.exit(main())
