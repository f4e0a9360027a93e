#!/usr/bin/python3
"""A TPM is enrolled as its owner would do it: identity, challenge, answer, record; and a quote is judged by that record. With swtpm, whose
authority is nobody's: the class stays software. Usage: test_enrol.py PATH-OF-GATEHOUSE"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import common
from common import check
from swtpm import Tpm, missing


def attest(*args):
    p = subprocess.run([common.GATEHOUSE, 'attest', *map(str, args)], env=common.ENV, capture_output=True, text=True)
    return p.returncode, p.stdout, p.stderr


def key_pair(here, name):
    key, pub = here / f'{name}.pem', here / f'{name}.der'
    subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key], check=True, capture_output=True)
    subprocess.run(['openssl', 'ec', '-in', key, '-pubout', '-outform', 'DER', '-out', pub], check=True, capture_output=True)
    return key, hashlib.sha256(pub.read_bytes()).hexdigest()


def collected(here, tpm, data):
    """Evidence of this machine, and how it says to judge it."""
    code, out, err = attest('collect', 'tpm', '--report-data', data, '-o', here / 'evidence', '--tcti', tpm.tcti)
    check('collect: evidence, and the command that judges it', code == 0 and out.startswith('gatehouse attest verify'), (out, err))
    return out.split()[2:]


def enrolment(here, tpm, other):
    d = here / 'id'
    code, out, err = attest('identity', '-o', d, '--tcti', tpm.tcti)
    check('identity: certificate and keys', code == 0 and all((d / n).stat().st_size for n in ('ek.crt', 'ek.pub', 'ak.pub')), err)
    shown = subprocess.run(['openssl', 'x509', '-inform', 'DER', '-in', d / 'ek.crt', '-noout', '-subject'], capture_output=True)
    check('the certificate is one', shown.returncode == 0, shown.stderr)
    code, out, err = attest('challenge', d / 'ek.crt', d / 'ak.pub', '-o', here / 'c', '--secret', here / 's')
    check('challenge: made, and the key is named', code == 0 and '000b' in out, (out, err))
    check('the secret is for the enroller alone', (here / 's').stat().st_mode & 0o077 == 0)
    code, out, err = attest('activate', here / 'c', '-o', here / 'wrong', '--tcti', other.tcti)
    check('another TPM cannot answer', code == 1 and 'another TPM' in err and not (here / 'wrong').exists(), err)
    code, out, err = attest('activate', here / 'c', '-o', here / 'a', '--tcti', tpm.tcti)
    check('this one can', code == 0 and (here / 'a').stat().st_size == 32, err)
    key, digest = key_pair(here, 'enroller')
    args = ('enrol', d / 'ek.crt', d / 'ak.pub', '--secret', here / 's', '--answer', here / 'a', '--key', key)
    code, out, err = attest(*args, '-o', here / 'record.json')
    check('enrol: a record, and what policies say', code == 0 and digest in out, (out, err))
    (here / 'bad').write_bytes(bytes(32))
    code, out, err = attest(*args[:-3], here / 'bad', '--key', key, '-o', here / 'no.json')
    check('a wrong answer enrols nobody', code == 1 and 'answer is wrong' in err and not (here / 'no.json').exists(), err)
    attest('identity', '-o', here / 'id2', '--tcti', other.tcti)
    code, out, err = attest('enrol', d / 'ek.crt', here / 'id2' / 'ak.pub', *args[3:], '-o', here / 'no.json')
    check('nor does the right one for another key', code == 1 and 'another key' in err and not (here / 'no.json').exists(), err)
    return key, digest


def judged(here, tpm, digest):
    how = collected(here, tpm, '00112233')
    code, out, err = attest(*how)
    check('judged as it says: accepted, class software', code == 0 and 'class software' in out, (code, out))
    code, out, err = attest(*how[:-1], how[-1][:-2] + '00')
    check('and not for another challenge', code == 1 and 'FAIL    nonce' in out, out)
    policy = here / 'policy.yaml'
    policy.write_text(f'enrolled_by: ["{digest}"]\n')
    ak = how.index(str(here / 'evidence' / 'ak.pub'))
    args = [*how[:ak - 1], *how[ak + 1:], '-e', here / 'record.json', '-f', 'json'] # the record instead of the caller's word
    code, out, err = attest(*args, '-p', policy)
    r = json.loads(out)
    passed = {c['name'] for c in r['checks'] if c['outcome'] == 'pass'}
    check('a quote by the enrolled key', code == 0 and {'enrolment', 'ek_certificate', 'ak_attributes', 'signature'} <= passed, out)
    check('a TPM of software stays software', r['class'] == 'software', r['class'])
    policy.write_text(f'enrolled_by: ["{digest}"]\nrequire_hardware: true\n')
    code, out, err = attest(*args, '-p', policy)
    bad = [c['name'] for c in json.loads(out)['checks'] if c['outcome'] == 'fail']
    check('who demands hardware gets none', code == 1 and bad == ['ek_chain', 'hardware'], bad)
    code, out, err = attest(*args)
    check('without a policy the record says nothing', code == 2 and '"attestation_key"' in out, out[-300:])


def wrong(here):
    (here / 'junk').write_bytes(b'junk')
    for args, code_wanted, says in ((('identity',), 64, '--output'), (('challenge', 'x'), 64, 'certificate'),
                                    (('challenge', 'x', 'y'), 64, '--secret'), (('activate',), 64, 'one challenge'),
                                    (('activate', here / 'junk', '-o', here / 'o'), 1, 'no challenge'),
                                    (('challenge', here / 'junk', here / 'junk', '-o', here / 'o', '--secret', here / 'o2'), 1,
                                     'no certificate'),
                                    (('enrol', 'x', 'y', '--key', 'z'), 64, '--answer'), (('kinds', '--tcti', 'x'), 64, 'enrolment'),
                                    (('collect', 'tpm'), 64, '--report-data'), (('collect', 'air', '--report-data', '00', '-o', 'x'), 64,
                                                                               'none of tsm, tpm'),
                                    (('collect', 'tpm', '--report-data', '00', '-o', here / 'o', '--tcti', 'device:/nowhere'), 2,
                                     'there is none')):
        code, out, err = attest(*args)
        check(f'wrong: {" ".join(map(str, args))[:40]}', code == code_wanted and says in err and not (here / 'o').exists(), (code, err))


if missing('openssl'):
    print(f'skipped: {missing("openssl")} is not installed')
    sys.exit(0)
with tempfile.TemporaryDirectory() as root:
    top = pathlib.Path(root)
    tpms = []
    try:
        tpms = [Tpm(top, 'one'), Tpm(top, 'two')]
    except (OSError, subprocess.CalledProcessError) as e:
        print(f'skipped: swtpm cannot be set up here: {e}')
        for t in tpms:
            t.stop()
        sys.exit(0)
    try:
        _, known = enrolment(top, *tpms)
        judged(top, tpms[0], known)
        wrong(top)
    finally:
        for t in tpms:
            t.stop()
    sys.exit(common.end('test_enrol.py'))
