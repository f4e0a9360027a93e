#!/usr/bin/python3
"""A deployment that the host's TPM vouches for: accepted as kind tpm, class software (it is swtpm); refused by name when TPM, register, log,
enrolment or class are not what they have to be; and the same log and quote judged by `attest verify`.

Usage: test_deploy_tpm.py PATH-OF-GATEHOUSE. Skips without swtpm, the embedded engine or name spaces."""
import hashlib
import json
import os
import shutil
import signal
import subprocess

from deployments import Home, check, model, run, skip
from swtpm import Tpm, missing

tpms = []


def setting(h, **values):
    yaml = h.dir / 'gatehouse.yaml'
    lines = [line for line in yaml.read_text().splitlines() if line.split(':')[0] not in values]
    yaml.write_text('\n'.join(lines + [f'{k}: "{v}"' for k, v in values.items()]) + '\n')


def enrolled(h, root, tpm):
    """The record of this TPM's enrolment, and the digest of the key that signed it."""
    key, pub, d = root / 'enroller.pem', root / 'enroller.der', root / 'id'
    for args in (('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key),
                 ('ec', '-in', key, '-pubout', '-outform', 'DER', '-out', pub)):
        subprocess.run(['openssl', *args], check=True, capture_output=True)
    for args in (('identity', '-o', d, '--tcti', tpm.tcti), ('challenge', d / 'ek.crt', d / 'ak.pub', '-o', root / 'c', '--secret', root / 's'),
                 ('activate', root / 'c', '-o', root / 'a', '--tcti', tpm.tcti),
                 ('enrol', d / 'ek.crt', d / 'ak.pub', '--secret', root / 's', '--answer', root / 'a', '--key', key, '-o', root / 'record.json')):
        out = h.run('attest', *args)
        check(f'attest {args[0]}', out.returncode == 0, out.stderr)
    return root / 'record.json', hashlib.sha256(pub.read_bytes()).hexdigest()


def accepted(h, name, *more):
    out = h.deploy(name, '--evidence', 'tpm', *more)
    check(f'{name} is deployed', out.returncode == 0, out.stderr)
    d = json.loads(out.stdout) if out.returncode == 0 else {'evidence': {}, 'measurements': {'digest': ''}}
    check(f'{name}: kind tpm, and class software, since no vendor vouches for swtpm', d['evidence'] == {'class': 'software', 'kind': 'tpm'}, d)
    return d


def keys_for_deployments(h):
    """Besides, reports and cards are read with keys."""
    return sum('deployment' in json.dumps(e) for e in h.entries('key-release'))


def refused(h, name, check_name, *more):
    before = len(h.entries('key-refusal'))
    released = keys_for_deployments(h)
    out = h.deploy(name, '--evidence', 'tpm', *more)
    check(f'{name}: refused by name ({check_name})', out.returncode == 1 and check_name in out.stderr, (out.returncode, out.stderr))
    check(f'{name}: does not run', h.state(name) in ('refused', 'stopped', None), h.state(name))
    check(f'{name}: no key', keys_for_deployments(h) == released)
    return h.entries('key-refusal')[before:]


def settings(h):
    out = h.deploy('s1', '--evidence', 'tpm')
    check('without an enrolment: what to do', out.returncode == 2 and 'tpm_enrolment' in out.stderr and 'attest enrol' in out.stderr, out.stderr)
    check('a word that is none', h.deploy('s1', '--evidence', 'air').returncode == 64)
    setting(h, tpm_enrolment='nowhere.json', enrolled_by='ab' * 32)
    out = h.deploy('s1', '--evidence', 'tpm')
    check('a record that is not there', out.returncode == 2 and 'nowhere.json' in out.stderr, out.stderr)
    setting(h, evidence_tpm='chip')
    out = h.deploy('s1', '--evidence', 'tpm')
    check('a TPM that is none', out.returncode == 2 and 'evidence_tpm' in out.stderr, out.stderr)
    check('nothing was begun', 's1' not in h.ps('--all'), h.ps('--all'))


def good(h, log):
    d = accepted(h, 'one')
    check('ps and inspect say so', h.ps()['one']['evidence']['kind'] == 'tpm', h.ps())
    check('the log names it', log.read_bytes()[16:].hex() == d['measurements']['digest'], log.read_bytes())
    accepted(h, 'two')
    check('both have keys', keys_for_deployments(h) == 2)
    check('the same code is not measured twice', log.stat().st_size == 48)
    said = h.run('chat', 'two', 'What is phishing?', '--temperature', '0', '--max-tokens', '8')
    check('it answers', said.returncode == 0 and len(said.stdout) > 1, said.stderr)
    for name in ('one', 'two'):
        h.run('stop', name)
    return d['measurements']['digest']


def judged(h, root, tpm, log, measurement, digest):
    """The same TPM's registers and the home's log, as anybody may judge them."""
    def collect(name, data):
        out = h.run('attest', 'collect', 'tpm', '--report-data', data, '-o', root / name, '--tcti', tpm.tcti)
        check('collect', out.returncode == 0, out.stderr)
        return out.stdout.split()[2:]

    def verdict(what, how, log, wanted, nonce=None):
        how = list(how)
        if nonce:
            how[how.index('--nonce') + 1] = nonce
        ak = next(i for i, a in enumerate(how) if a.endswith('/ak.pub'))
        out = h.run('attest', *how[:ak - 1], *how[ak + 1:], '-e', root / 'record.json', '-e', log, '-p', policy, '-f', 'json')
        r = json.loads(out.stdout)
        bad = [c['name'] for c in r['checks'] if c['outcome'] in ('fail', 'unknown')]
        check(what, bad == wanted and out.returncode == (1 if wanted else 0), (bad, out.returncode, out.stderr))
        return r

    policy = root / 'judge.yaml'
    policy.write_text(f'enrolled_by: ["{digest}"]\nlaunched: ["{measurement}"]\n')
    first = collect('e1', '0011')
    r = verdict('quote, log, enrolment: accepted', first, log, [])
    check('and it says what was launched', measurement in json.dumps(r['claims']) and r['class'] == 'software', r)
    nonce = lambda how: how[how.index('--nonce') + 1]
    verdict('another nonce', first, log, ['nonce'], nonce='00' * 32)
    second = collect('e2', '0022')
    verdict('a quote replayed for a new challenge', first, log, ['nonce'], nonce=nonce(second))
    altered = root / 'altered'
    altered.write_bytes(log.read_bytes()[:-1] + bytes([log.read_bytes()[-1] ^ 1]))
    verdict('an altered log', first, altered, ['launch_log'])
    altered.write_bytes(log.read_bytes()[:-1])
    verdict('a cut log', first, altered, ['launch_log'])
    policy.write_text(f'enrolled_by: ["{digest}"]\nlaunched: ["{"09" * 32}"]\n')
    verdict('a measurement that was never launched', first, log, ['launched'])


def refusals(h, root, log, record, digest):
    said = refused(h, 'r1', 'evidence_class', '--min-evidence', 'tpm')
    check('it stands in the audit log', len(said) == 1 and 'evidence_class' in json.dumps(said), said)
    setting(h, evidence_tpm=f'tpm:{tpms[1].tcti}')
    said = refused(h, 'r2', 'signature')
    check('another TPM: its key is not the enrolled one', len(said) == 1 and 'signature' in json.dumps(said), said)
    setting(h, evidence_tpm=f'tpm:{tpms[0].tcti}', enrolled_by='ab' * 32)
    refused(h, 'r3', 'enrolment')
    setting(h, enrolled_by=digest)
    text = json.loads(record.read_text())
    forged = root / 'forged.json'
    payload = text['envelope']['payload']
    text['envelope']['payload'] = payload[:40] + ('A' if payload[40] != 'A' else 'B') + payload[41:]
    forged.write_text(json.dumps(text, separators=(',', ':')))
    setting(h, tpm_enrolment=forged)
    refused(h, 'r4', 'enrolment')
    setting(h, tpm_enrolment=record)
    whole = log.read_bytes()
    log.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused(h, 'r5', 'launch_log')
    log.write_bytes(whole[:-1])
    refused(h, 'r6', 'launch_log')
    pending = whole[:12] + bytes([2, 0, 0, 0]) + whole[16:] + b'\xaa' * 32
    log.write_bytes(pending)
    accepted(h, 'three')
    check('what a crash kept from the TPM is told to it', log.read_bytes() == pending, log.read_bytes())
    h.run('stop', 'three')
    log.write_bytes(whole)
    refused(h, 'r6b', 'launch_log')
    log.write_bytes(pending)
    policy = root / 'p.yaml'
    policy.write_text('policy: 1\nname: strict\nextends: lenient\ndeployment:\n  evidence: tpm\n')
    check('a policy that asks for a TPM', h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key).returncode == 0)
    said = refused(h, 'r6c', 'deployment.evidence')
    check('is not satisfied by one of software', len(said) == 1 and '"policy"' in json.dumps(said), said)
    policy.write_text('policy: 1\nname: lax\nextends: lenient\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)
    if shutil.which('tpm2_pcrextend') is None:
        print('skipped: tpm2_pcrextend is not installed')
    else:
        subprocess.run(['tpm2_pcrextend', '-T', tpms[0].tcti, '13:sha256=' + '07' * 32], check=True, capture_output=True)
        refused(h, 'r7', 'launch_log')
    tpms[0].stop()
    setting(h, evidence_tpm=f'tpm:{tpms[0].tcti}')
    out = h.deploy('r8', '--evidence', 'tpm')
    check('a TPM that does not answer', out.returncode == 2 and 'TPM' in out.stderr and h.state('r8') != 'running', out.stderr)
    tpms[0].start()
    setting(h, evidence_tpm=f'tpm:{tpms[0].tcti}')
    accepted(h, 'anew')
    check('a machine started anew begins a new log', log.stat().st_size == 48)


def daemon(h):
    """Through `serve`, and what it starts again is vouched for by the TPM again."""
    serve = subprocess.Popen([h.program, 'serve'], env=h.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    try:
        check('serve answers', h.until(lambda: (h.dir / 'run/gatehouse.sock').exists()))
        accepted(h, 'again', '--restart', 'on-failure')
        now = h.json('inspect', 'again').get('now', {})
        if not now:
            return
        os.kill(now['pid'], signal.SIGKILL)
        check('what failed is started again', h.until(
            lambda: h.ps().get('again', {}).get('restarts') == 1 and h.state('again') == 'running', 40), h.ps('--all'))
        check('by the TPM again', h.ps().get('again', {}).get('evidence', {}).get('kind') == 'tpm', h.ps())
    finally:
        serve.terminate()
        serve.wait(30)
    h.run('stop', 'again')


def body(root, homes):
    h = Home(root, 'h')
    homes.append(h)
    check('import', h.run('import', model, '--as', 'acme/demo:1.0').returncode == 0)
    settings(h)
    log = h.dir / 'run/tpm-log'
    record, digest = enrolled(h, root, tpms[0])
    setting(h, evidence_tpm=f'tpm:{tpms[0].tcti}', tpm_enrolment=record, enrolled_by=digest)
    measurement = good(h, log)
    judged(h, root, tpms[0], log, measurement, digest)
    refusals(h, root, log, record, digest)
    daemon(h)
    out = h.run('audit', 'verify')
    check('the audit log verifies', out.returncode == 0, out.stderr)


def with_tpms(root, homes):
    try:
        for name in ('tpm-one', 'tpm-two'):
            tpms.append(Tpm(root, name))
    except (OSError, subprocess.CalledProcessError) as e:
        for t in tpms:
            t.stop()
        skip(f'swtpm cannot be set up here: {e}')
    try:
        body(root, homes)
    finally:
        for t in tpms:
            t.stop()


if missing('openssl'):
    skip(f'{missing("openssl")} is not installed')
run(with_tpms)
