#!/usr/bin/python3
"""Evidence of hardware, judged as a user would have it judged: verdicts, exit statuses, what is said. Usage: test_attest.py
PATH-OF-GATEHOUSE"""
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
    usage(here)
    sys.exit(common.end('test_attest.py'))
