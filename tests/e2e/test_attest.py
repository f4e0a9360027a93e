#!/usr/bin/python3
"""Evidence of hardware, judged as a user would have it judged: verdicts, exit statuses, what is said. Usage: test_attest.py
PATH-OF-GATEHOUSE"""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

import common
from common import check

VECTORS = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'vectors' / 'attestation'
STATUS = {'accepted': 0, 'rejected': 1, 'incomplete': 2}


def attest(*args):
    p = subprocess.run([common.GATEHOUSE, 'attest', *map(str, args)], env=common.ENV, capture_output=True, text=True)
    return p.returncode, p.stdout, p.stderr


def verify(what, verdict, kind, evidence, *args, bad=None):
    """The verdict, its exit status, and the checks that did not pass."""
    code, out, err = attest('verify', evidence, '--kind', kind, '--format', 'json', *args)
    report = json.loads(out) if out.startswith('{') else {}
    missed = [c['name'] for c in report.get('checks', []) if c['outcome'] in ('fail', 'unknown')]
    check(f'{what}: {verdict}', report.get('verdict') == verdict and code == STATUS[verdict], (code, missed, err))
    if bad is not None:
        check(f'{what}: {bad}', bad in missed, missed)
    check(f'{what}: has claims', bool(report.get('claims')) or verdict != 'accepted', report)
    check(f'{what}: details are sentences', all(c['detail'] for c in report.get('checks', [])), report)
    return report


def snp(tmp):
    v = VECTORS / 'snp'
    at = ('--at', '2024-01-01T00:00:00Z')
    good = verify('Milan', 'accepted', 'snp', v / 'milan_v2_report.bin', '-e', v / 'milan_v2_vcek.der', *at)
    check('claims are trusted', good['claims_trusted'] is True and good['class'] == 'vm-tee', good)
    data, measured = good['claims']['report_data'], good['claims']['measurement']
    verify('with its report data', 'accepted', 'snp', v / 'milan_v2_report.bin', '-e', v / 'milan_v2_vcek.der', *at,
           '--report-data', data)
    verify('with other report data', 'rejected', 'snp', v / 'milan_v2_report.bin', '-e', v / 'milan_v2_vcek.der', *at,
           '--report-data', '00' + data[2:], bad='report_data')
    verify('without certificate', 'incomplete', 'snp', v / 'milan_v2_report.bin', *at, bad='certificate')
    verify('today', 'rejected', 'snp', v / 'vlek_report.bin', '-e', v / 'vlek.der', bad='validity')
    verify('debug', 'rejected', 'snp', v / 'gosev_attestation.bin', '-e', v / 'gosev_vcek.der', '--at', '2023-01-01T00:00:00Z',
           bad='debug')
    for bad in ('bad_vcek_new.der', 'bad_vcek_legacy.der'):
        r = verify(bad, 'rejected', 'snp', v / 'milan_v2_report.bin', '-e', v / bad, *at, bad='chain')
        check(f'{bad}: claims are not trusted', r['claims_trusted'] is False, r)
    policy = tmp / 'policy.yaml'
    policy.write_text(f'measurement: ["{measured}"]\nmin_snp: 8\n')
    verify('a policy that fits', 'accepted', 'snp', v / 'milan_v2_report.bin', '-e', v / 'milan_v2_vcek.der', *at, '-p', policy)
    policy.write_text('min_snp: 9\n')
    verify('a policy that does not', 'rejected', 'snp', v / 'milan_v2_report.bin', '-e', v / 'milan_v2_vcek.der', *at, '-p',
           policy, bad='tcb_minimum')
    policy.write_text('min_spn: 9\n')
    code, out, err = attest('verify', v / 'milan_v2_report.bin', '-k', 'snp', '-e', v / 'milan_v2_vcek.der', '-p', policy)
    check('a policy with a misspelt name is an error', code == 2 and 'line 1' in err and 'min_spn' in err, err)


def tpm():
    v = VECTORS / 'tpm' / 'swtpm_guest_tis-ovmf'
    nonce = ('--nonce', '00112233445566778899aabbccddeeff')
    r = verify('a quote and its directory', 'accepted', 'tpm', v / 'q.msg', '-e', v, *nonce)
    check('a software TPM is of class software', r['class'] == 'software', r)
    verify('another nonce', 'rejected', 'tpm', v / 'q.msg', '-e', v, '--nonce', 'ff', bad='nonce')
    verify('no key', 'incomplete', 'tpm', v / 'q.msg', '-e', v / 'q.sig', v / 'q.pcrs', bad='attestation_key')
    verify('its own key', 'rejected', 'tpm', VECTORS / 'tpm' / 'trustee_tpm_evidence.json', bad='attestation_key')
    other = VECTORS / 'tpm' / 'swtpm_guest_tis-seabios'
    verify('the log of another machine', 'rejected', 'tpm', v / 'q.msg', '-e', v / 'ak.pub', v / 'q.sig', v / 'q.pcrs',
           other / 'eventlog', bad='event_log')


def azure():
    v = VECTORS / 'azure-snp-vtpm'
    at = ('--at', '2025-02-01T00:00:00Z')
    for name in ('v0', 'v1', 'v2', 'genoa'):
        verify(f'Azure {name}', 'accepted', 'azure', v / f'evidence-{name}.json', *at)
    r = verify('Azure v1 today', 'rejected', 'azure', v / 'evidence-v1.json', '--at', '2040-01-01T00:00:00Z', bad='snp.validity')
    check('claims of a machine whose hardware is not proven are not trusted', r['claims_trusted'] is False, r)
    r = verify('Azure on TDX without collateral', 'incomplete', 'azure', VECTORS / 'azure-tdx-vtpm' / 'evidence-v1.json', *at)
    check('nor those without collateral', r['claims_trusted'] is False, r)


def b64url(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def opened(token, public, curve_bytes):
    """Claims of a JWT whose ECDSA signature openssl finds good; None when it does not."""
    head, body, sig = token.strip().split('.')
    raw = b64url(sig)
    numbers = b''
    for half in (raw[:curve_bytes], raw[curve_bytes:]):
        n = half.lstrip(b'\0')
        n = b'\0' + n if not n or n[0] & 0x80 else n
        numbers += bytes((2, len(n))) + n
    with tempfile.NamedTemporaryFile() as f:
        f.write(b'\x30' + bytes((len(numbers),)) + numbers)
        f.flush()
        p = subprocess.run(['openssl', 'dgst', '-sha256' if curve_bytes == 32 else '-sha384', '-verify', public, '-signature', f.name],
                           input=f'{head}.{body}'.encode(), capture_output=True)
    return (json.loads(b64url(head)), json.loads(b64url(body))) if p.returncode == 0 else None


def token(tmp):
    v = VECTORS / 'snp'
    good = ('verify', v / 'milan_v2_report.bin', '-k', 'snp', '-e', v / 'milan_v2_vcek.der', '--at', '2024-01-01T00:00:00Z')
    for curve, size, alg in (('prime256v1', 32, 'ES256'), ('secp384r1', 48, 'ES384')):
        key, pub = tmp / f'{curve}.pem', tmp / f'{curve}.pub'
        subprocess.run(['openssl', 'ecparam', '-name', curve, '-genkey', '-noout', '-out', key], check=True, capture_output=True)
        subprocess.run(['openssl', 'ec', '-in', key, '-pubout', '-out', pub], check=True, capture_output=True)
        code, out, err = attest(*good, '--token', '--key', key)
        head, claims = opened(out, pub, size) or ({}, {})
        sub = claims.get('submods', {}).get('snp', {})
        check(f'a token by {alg}, which openssl verifies', code == 0 and head.get('alg') == alg, (code, head, err))
        check('it is an EAR: affirming', sub.get('ear.status') == 'affirming' and claims['exp'] - claims['iat'] == 300
              and sub['ear.trustworthiness-vector']['hardware'] == 2, claims)
        check('with the claims of the evidence', len(sub['ear.veraison.annotated-evidence']['measurement']) == 96, claims)
    written = tmp / 'result.jwt'
    code, out, err = attest('verify', v / 'gosev_attestation.bin', '-k', 'snp', '-e', v / 'gosev_vcek.der', '--at',
                            '2023-01-01T00:00:00Z', '--nonce', '00112233', '--token', '--key', key, '-o', written, '-f', 'json')
    head, claims = opened(written.read_text(), pub, 48)
    sub = claims['submods']['snp']
    check('a rejection is a result too: report and token', code == 1 and json.loads(out)['verdict'] == 'rejected'
          and sub['ear.status'] == 'contraindicated' and sub['gatehouse.verdict'] == 'rejected', (code, claims))
    check('and says what had to be answered', claims['eat_nonce'] == 'ABEiMw', claims)
    code, out, err = attest('verify', v / 'milan_v2_report.bin', '-k', 'snp', '--token', '--key', key)
    head, claims = opened(out, pub, 48)
    check('nothing proven, nothing claimed', code == 2 and claims['submods']['snp']['ear.status'] == 'none'
          and claims['submods']['snp']['ear.veraison.annotated-evidence'] == {}, claims)
    code, out, err = attest(*good, '--token')
    check('a token that nobody signs is refused', code == 64 and '--key' in err and out == '', err)
    code, out, err = attest(*good, '--token', '--key', tmp / 'nothing')
    check('no key: nothing is judged', code == 2 and out == '' and 'nothing' in err, err)
    rsa = tmp / 'rsa.pem'
    subprocess.run(['openssl', 'genrsa', '-out', rsa, '2048'], check=True, capture_output=True)
    code, out, err = attest(*good, '--token', '--key', rsa, '-o', tmp / 'rsa.jwt')
    check('an RSA key does not sign', code == 2 and out == '' and 'RSA' in err and not (tmp / 'rsa.jwt').exists(), err)
    code, out, err = attest(*good, '--key', key)
    check('--key without --token is a mistake', code == 64 and '--token' in err, err)


def ccel():
    v = VECTORS / 'dcap'
    quote, at = v / 'gcp_cos113_cos-113-tdx-quote.dat', ('--at', '2024-08-01T00:00:00Z')
    r = verify('a TD and its log', 'incomplete', 'tdx', quote, '-e', v / 'gcp_cos113_ccel_data.dat', *at, bad='tcb_info')
    outcome = {c['name']: c['outcome'] for c in r['checks']}
    check('the log leads to all four registers', all(outcome[f'ccel_rtmr{i}'] == 'pass' for i in range(4)), outcome)
    other = VECTORS / 'eventlog' / 'ccel' / 'cos-113-intel-tdx-dupe-separator.bin'
    r = verify('the log of another TD', 'rejected', 'tdx', quote, '-e', other, *at, bad='ccel_rtmr0')
    outcome = {c['name']: c for c in r['checks']}
    check('a second separator is reported', outcome['ccel_separators']['outcome'] == 'skipped'
          and 'RTMR0 has 2' in outcome['ccel_separators']['detail'], outcome['ccel_separators'])


def usage(tmp):
    v = VECTORS / 'snp' / 'milan_v2_report.bin'
    for args, says in ((('verify', v), '--kind'), (('verify', v, '-k', 'sev'), "'sev' is none of"), (('verify',), 'FILE'),
                       (('prove', v), 'none of verify'), (('verify', v, '-k', 'snp', '--nonce', 'xyz'), '--nonce'),
                       (('verify', v, '-k', 'snp', '--at', 'noon'), '--at'),
                       (('verify', v, '-k', 'snp', '--nonce', '00', '--report-data', '00'), 'two ways')):
        code, out, err = attest(*args)
        check(f'wrong usage: {says}', code == 64 and says in err and out == '', err)
    code, out, err = attest('verify', tmp / 'nothing', '-k', 'snp', '-f', 'json')
    check('no such file: exit status 2 and a document', code == 2 and json.loads(out)['verdict'] == 'incomplete'
          and 'No such file' in err, err)
    code, out, err = attest('kinds')
    check('kinds are listed with their policies', code == 0 and 'snp' in out and 'min_microcode' in out, out)
    code, out, err = attest('bench', v, '-k', 'snp', '-e', VECTORS / 'snp' / 'milan_v2_vcek.der', '--at', '2024-01-01T00:00:00Z',
                            '--rounds', '50', '-f', 'json')
    rates = json.loads(out) if code == 0 else {}
    check('bench gives two rates', rates.get('cold_per_second', 0) > 0 and rates.get('warm_per_second', 0) > 0, (out, err))


if not VECTORS.is_dir():
    print('skipped: the shared vectors are not there')
    sys.exit(0)
with tempfile.TemporaryDirectory() as root:
    here = pathlib.Path(root)
    snp(here)
    tpm()
    azure()
    ccel()
    token(here)
    usage(here)
    sys.exit(common.end('test_attest.py'))
