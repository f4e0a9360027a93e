#!/usr/bin/python3
"""Statements of and about models, from end to end: those that we sign (SVR, VSA, vulnerabilities, bill of materials), those of others
(signatures, attestations, SARIF), shared base models, and taking versions out of use."""
import base64
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
from common import check, safetensors  # noqa: E402
from home import doc, gh, key, openssl, path, refused, write  # noqa: E402

INTOTO = 'application/vnd.in-toto+json'


def pae(payload):
    return f'DSSEv1 {len(INTOTO)} {INTOTO} {len(payload)} '.encode() + payload


def envelope(signer, predicate_type, digest, predicate=None):
    """A DSSE envelope of somebody else, made with openssl alone."""
    body = json.dumps({'_type': 'https://in-toto.io/Statement/v1', 'predicateType': predicate_type, 'predicate': predicate or {},
                       'subject': [{'name': 'model', 'digest': {'sha256': digest}}]}).encode()
    sig = openssl('dgst', '-sha256', '-sign', path(signer + '.key'), input=pae(body))
    return {'payloadType': INTOTO, 'payload': base64.b64encode(body).decode(),
            'signatures': [{'sig': base64.b64encode(sig).decode()}]}


def sarif(*levels):
    rules = [{'id': 'R-bad', 'properties': {'security-severity': '9.8'}}, {'id': 'R-default', 'defaultConfiguration': {'level': 'error'}}]
    results = [{'ruleId': rule, 'message': {'text': 'm'}, **more,
                'locations': [{'physicalLocation': {'artifactLocation': {'uri': 'model.safetensors'}}}]} for rule, more in levels]
    return json.dumps({'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'other scanner', 'rules': rules}}, 'results': results}]})


def setup():
    write('pass', 'correct horse battery staple\n')
    os.chmod(path('pass'), 0o600)
    made = doc('init')
    for t in ('acme', 'globex', 'initech'):
        check(f'tenant {t}', gh('tenant', 'add', t).returncode == 0)
    write('clean/model.safetensors', safetensors(64))
    write('clean/config.json', '{"model_type": "tiny"}')
    write('single/model.safetensors', safetensors(32))
    write('other/model.safetensors', safetensors(16))
    write('vulnerable/model.safetensors', safetensors(8))
    write('vulnerable/requirements.txt', 'numpy==1.0\n')
    a = doc('import', path('clean'), '--as', 'acme/clean:1')
    check('clean', a.get('verdict') == 'CLEAN', a)
    doc('import', path('vulnerable'), '--as', 'acme/vulnerable:1')
    s = doc('import', path('single', 'model.safetensors'), '--as', 'acme/single:1')
    check('key export', gh('key', 'export', '-o', path('pub.pem')).returncode == 0)
    for k in ('vendor', 'stranger'):
        key(k)
    return made['admin']['api_key'], a['root'], s['root']


# ---- ours ----

def statement(model, name):
    out = path(f'{name}.json')
    r = gh('badge', 'export', model, '--statement', name, '-o', out)
    check(f'{model}: {name}', r.returncode == 0, r.stderr)
    with open(out) as f:
        bundle = json.load(f)
    env = bundle['dsseEnvelope']
    check(f'{name}: a bundle of version 0.3', bundle['mediaType'].endswith('v0.3+json') and
          set(bundle) == {'mediaType', 'verificationMaterial', 'dsseEnvelope'}, list(bundle))
    payload = base64.b64decode(env['payload'])
    write('sig', base64.b64decode(env['signatures'][0]['sig']))
    r = subprocess.run(['openssl', 'dgst', '-sha256', '-verify', path('pub.pem'), '-signature', path('sig')], input=pae(payload),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(f'{name}: openssl verifies it with the exported key', r.returncode == 0, r.stderr)
    return json.loads(payload), hashlib.sha256(payload).hexdigest()


def ours(root):
    svr, digest = statement('acme/clean:1', 'svr')
    check('svr: it is the badge', svr['predicateType'] == 'https://in-toto.io/attestation/svr/v0.2', svr)
    vsa, _ = statement('acme/clean:1', 'vsa')
    p = vsa['predicate']
    check('vsa: its type', vsa['predicateType'] == 'https://slsa.dev/verification_summary/v1', vsa)
    check('vsa: about the same files', vsa['subject'] == svr['subject'] and vsa['subject'][0]['digest']['sha256'] == root, vsa)
    check('vsa: the badge was its input', p['inputAttestations'][0]['digest']['sha256'] == digest, p)
    check('vsa: what SLSA wants', all(p.get(k) for k in ('timeVerified', 'resourceUri')) and p['verifier'].get('id') and
          len(p['policy']['digest']['sha256']) == 64 and p['policy']['uri'], p)
    check('vsa: no blanks in URIs', not any(' ' in u for u in (p['resourceUri'], p['policy']['uri'], p['verifier']['id'])), p)
    allowed = gh('policy', 'explain', 'acme/clean:1')
    passed = allowed.returncode == 0
    check('vsa: as the policy decides', p['verificationResult'] == ('PASSED' if passed else 'FAILED') and
          (p['verifiedLevels'] == ['FAILED']) == (not passed), (p, allowed.stdout[:200]))
    vulns, _ = statement('acme/vulnerable:1', 'vulns')
    v = vulns['predicate']
    check('vulns: its type', vulns['predicateType'] == 'https://in-toto.io/attestation/vulns/v0.2', vulns)
    check('vulns: advisories are named', any(r['id'].startswith(('CVE-', 'GHSA-', 'PYSEC-')) for r in v['scanner']['result']), v)
    check('vulns: scores are texts', all(isinstance(s['score'], str) for r in v['scanner']['result'] for s in r['severity']), v)
    check('vulns: when', v['metadata']['scanStartedOn'] <= v['metadata']['scanFinishedOn'] and v['scanner']['db']['lastUpdate'], v)
    empty, _ = statement('acme/clean:1', 'vulns')
    check('vulns: none', empty['predicate']['scanner']['result'] == [], empty)
    failed, _ = statement('acme/vulnerable:1', 'vsa')
    check('vsa: what waits for people did not pass', failed['predicate']['verificationResult'] == 'FAILED' and
          failed['predicate']['inputAttestations'] == [], failed)
    refused('no such statement', ('badge', 'export', 'acme/clean:1', '--statement', 'slsa'), 64, 'vsa')
    r = gh('card', 'acme/vulnerable:1', '--format', 'cyclonedx')
    bom = json.loads(r.stdout or b'{}')
    check('card: the bill of materials', bom.get('bomFormat') == 'CycloneDX' and 'numpy' in r.stdout.decode(), r.stdout[:300])


# ---- theirs ----

def evidence(model):
    return doc('evidence', 'list', model)['evidence']


def theirs(root):
    m = 'acme/clean:1'
    check('no evidence but ours', [(e['kind'], e['signer']) for e in evidence(m)] == [('sbom', 'gatehouse')], evidence(m))
    check('sign', gh('sign', path('clean'), '--key', path('vendor.key'), '-o', path('model.sig')).returncode == 0)
    check('sign others', gh('sign', path('other'), '--key', path('vendor.key'), '-o', path('other.sig')).returncode == 0)
    bad = doc('evidence', 'add', m, path('model.sig'), '--key', path('stranger.pem'), want=1)
    check('a key that is not trusted', bad.get('verified') is False and bad.get('signer') == '' and bad.get('why'), bad)
    other = doc('evidence', 'add', m, path('other.sig'), '--key', path('vendor.pem'), want=1)
    check('a signature over other files', other.get('verified') is False, other)
    refused('the same document, as unverified as before', ('evidence', 'add', m, path('model.sig')), 2, 'already')
    good = doc('evidence', 'add', m, path('model.sig'), '--key', path('vendor.pem'))
    check('a signature of the vendor', good.get('verified') and good['kind'] == 'signature' and good['signer'].startswith('sha256:'), good)
    write('a.json', json.dumps(envelope('vendor', 'https://slsa.dev/provenance/v1', root)))
    a = doc('evidence', 'add', m, path('a.json'), '--key', path('vendor.pem'))
    check('a provenance, as a bare envelope', a.get('verified') and a['kind'] == 'provenance' and a['form'] == 'dsse', a)
    write('b.json', json.dumps(envelope('vendor', 'https://slsa.dev/provenance/v1', '0' * 64)))
    b = doc('evidence', 'add', m, path('b.json'), '--key', path('vendor.pem'), want=1)
    check('a provenance of something else', b.get('verified') is False and 'other artifacts' in b.get('why', ''), b)
    env = envelope('vendor', 'https://example.com/attestation/v1', root)
    env['payload'] = base64.b64encode(base64.b64decode(env['payload']).replace(b'example', b'exemple')).decode()
    write('c.json', json.dumps(env))
    check('altered', doc('evidence', 'add', m, path('c.json'), '--key', path('vendor.pem'), want=1).get('verified') is False)
    with open(path('single', 'model.safetensors'), 'rb') as f:
        one = hashlib.sha256(f.read()).hexdigest()
    write('d.json', json.dumps(envelope('vendor', 'https://example.com/attestation/v1', one)))
    d = doc('evidence', 'add', 'acme/single:1', path('d.json'), '--key', path('vendor.pem'))
    check('one file, known by its own digest', d.get('verified') and d['kind'] == 'attestation', d)
    refused('a kind that it is not', ('evidence', 'add', m, path('a.json'), '--kind', 'sarif'), 64, 'provenance')
    refused('no document', ('evidence', 'add', m, write('x.txt', 'hello')), 64, 'no JSON')
    refused('no model', ('evidence', 'add', 'acme/none:1', path('a.json')), 2, 'acme/none')
    refused('an identity and nobody who vouches', ('evidence', 'add', m, path('a.json'), '--identity', 'jane'), 64, 'identity')
    refused('a key that is none', ('evidence', 'add', m, path('a.json'), '--key', path('gone')), 2, 'gone')
    shown = gh('evidence', 'show', m, a['id'])
    with open(path('a.json'), 'rb') as f:
        check('show: as it was', shown.stdout == f.read(), shown.stderr)
    listed = evidence(m)
    check('list: who stands for what', {(e['kind'], e['verified']) for e in listed} >= {('signature', True), ('signature', False),
          ('provenance', True), ('provenance', False)}, listed)
    log = gh('audit', 'show').stdout.decode()
    check('each is logged', log.count('evidence') >= 6 or not log, log[:500])


RULES = '''policy: 1
name: house
version: "1"
rules:
  - id: signed
    on: [deploy]
    when: not any(evidence.verified, .kind == signature)
    effect: deny
    message: a signature of the vendor is needed
  - id: others
    on: [deploy]
    when: any(evidence.findings, .severity >= high)
    effect: deny
    message: another scanner objects
'''


def explain(model):
    r = gh('policy', 'explain', model)
    return r.returncode, r.stdout.decode() + r.stderr.decode()


def policy():
    """Facts of others reach the policy, and survive a rescan."""
    r = gh('policy', 'set', write('house.yaml', RULES), '--tenant', 'acme')
    if not check('policy set', r.returncode == 0, r.stderr):
        return
    rc, text = explain('acme/clean:1')
    check('signed, nothing found: allowed', rc == 0, text)
    rc, text = explain('acme/single:1')
    check('not signed: denied', rc == 1 and 'signature of the vendor' in text, text)
    harmless = doc('evidence', 'add', 'acme/clean:1', write('low.sarif', sarif(('R-x', {'level': 'note'}), ('R-y', {'kind': 'pass'}))))
    check('a report with one note', harmless.get('findings') == 1 and harmless['kind'] == 'sarif', harmless)
    rc, text = explain('acme/clean:1')
    check('a note denies nothing', rc == 0, text)
    loud = doc('evidence', 'add', 'acme/clean:1', write('high.sarif', '\ufeff' + sarif(('R-bad', {'level': 'none'}), ('R-default', {}))))
    check('another report', loud.get('findings') == 2, loud)
    rc, text = explain('acme/clean:1')
    check('what others found denies', rc == 1 and 'R-bad' in text and 'another scanner objects' in text, text)
    again = doc('rescan', 'acme/clean:1')
    check('rescan', again['models'][0]['verdict'] == 'CLEAN', again)
    rc, text = explain('acme/clean:1')
    check('after a rescan, too', rc == 1 and 'R-bad' in text, text)
    many = json.loads(sarif())
    many['runs'][0]['results'] = [{'ruleId': 'R-n', 'level': 'note', 'message': {'text': 'm'}}] * 6000 + [
        {'ruleId': 'R-worst', 'level': 'error', 'message': {'text': 'm'}}]
    crowd = doc('evidence', 'add', 'acme/single:1', write('many.sarif', json.dumps(many)))
    check('a crowd', crowd.get('findings') == 6001, crowd)
    _, text = explain('acme/single:1')
    check('a crowd hides nothing', 'R-worst' in text, text[:800])
    vsa, _ = statement('acme/clean:1', 'vsa')
    check('the summary follows', vsa['predicate']['verificationResult'] == 'FAILED', vsa)


# ---- shared base models ----

def person(name, admin, *grants):
    env = {'GATEHOUSE_API_KEY': admin}
    doc('people', 'add', name, env=env)
    for role, scope in grants:
        doc('people', 'grant', name, role, scope, env=env)
    return {'GATEHOUSE_API_KEY': doc('people', 'key', name, env=env)['key']}


def shares(admin):
    gus = person('gus', admin, ('publisher', 'globex'), ('deployer', 'globex'))
    ivy = person('ivy', admin, ('publisher', 'initech'), ('deployer', 'initech'))
    doc('import', path('single'), '--as', 'acme/base:1')
    absent = gh('import', path('other'), '--as', 'globex/mine:1', '--base', 'acme/nothing:1').stderr.decode()
    unshared = gh('import', path('other'), '--as', 'globex/mine:1', '--base', 'acme/base:1').stderr.decode()
    check('not shared is not there: the same words', 'there is no acme/base:1' in unshared and 'there is no acme/nothing:1' in absent,
          (absent, unshared))
    for what in (('card', 'acme/base:1'), ('badge', 'show', 'acme/base:1'), ('export', 'acme/base:1', '-o', path('no'))):
        refused('not shared', what, 1, 'no role of gus grants', env=gus)
    refused('to whom?', ('share', 'add', 'acme/base:1'), 64, '--to')
    refused('nobody of that name', ('share', 'add', 'acme/base:1', '--to', 'ghost'), 2, 'ghost')
    refused('who owns it needs no share', ('share', 'add', 'acme/base:1', '--to', 'acme'), 2, 'own')
    refused('not mine to share', ('share', 'add', 'acme/base:1', '--to', 'globex'), 1, 'gus', env=gus)
    refused('what waits for people is not shared', ('share', 'add', 'acme/vulnerable:1', '--to', 'globex'), 1)
    check('share', gh('share', 'add', 'acme/base:1', '--to', 'globex').returncode == 0)
    check('list', [(s['model'], s['with']) for s in doc('share', 'list')['shares']] == [('acme/base:1', 'globex')])
    card = doc('card', 'acme/base:1', env=gus)
    check('the card can be read', card.get('model') == 'acme/base:1' and card.get('content'), card)
    check('its badge too', gh('badge', 'export', 'acme/base:1', '-o', path('b'), env=gus).returncode == 0)
    r = gh('export', 'acme/base:1', '-o', path('theirs'), env=gus)
    check('exported, bit-equal', r.returncode == 0 and open(path('theirs', 'model.safetensors'), 'rb').read() ==
          open(path('single', 'model.safetensors'), 'rb').read(), r.stderr)
    refused('another tenant has nothing of it', ('card', 'acme/base:1'), 1, 'no role of ivy', env=ivy)
    refused('nor of other models', ('card', 'acme/clean:1'), 1, 'no role of gus', env=gus)
    for what in (('rescan', 'acme/base:1'), ('evidence', 'add', 'acme/base:1', path('a.json')), ('badge', 'revoke', 'acme/base:1', '--reason', 'x'),
                 ('share', 'remove', 'acme/base:1', '--to', 'globex'), ('disable', 'acme/base:1')):
        r = gh(*what, env=gus)
        check(f'read only: {what[0]}', r.returncode in (1, 2) and b'gus' in r.stderr, (r.returncode, r.stderr))
    mine = doc('import', path('other'), '--as', 'globex/mine:1', '--base', 'acme/base:1', '--lineage', 'fine-tune', env=gus)
    check('a model of their own', mine.get('state') == 'ready', mine)
    lineage = doc('card', 'globex/mine:1', env=gus).get('lineage', {})
    check('lineage', lineage.get('base') == 'acme/base:1' and lineage.get('shared') is True and 'warning' not in lineage, lineage)
    check('revoke', gh('badge', 'revoke', 'acme/base:1', '--reason', 'finding').returncode == 0)
    text = gh('card', 'globex/mine:1', env=gus).stdout.decode()
    check('the card warns', 'WARNING: the base had its badge revoked' in text, text[:600])
    check('withdraw', gh('share', 'remove', 'acme/base:1', '--to', 'globex').returncode == 0)
    refused('withdrawn', ('card', 'acme/base:1'), 1, 'no role of gus', env=gus)
    refused('withdrawn twice', ('share', 'remove', 'acme/base:1', '--to', 'globex'), 2, 'not shared')
    check('what was derived stays', doc('card', 'globex/mine:1', env=gus).get('state') == 'ready')
    never = RULES.replace('others', 'never').replace('on: [deploy]\n    when: any(evidence.findings, .severity >= high)', 'on: [share]\n    when: size > 0')
    check('policy', gh('policy', 'set', write('never.yaml', never), '--tenant', 'acme').returncode == 0)
    refused('the policy has a say', ('share', 'add', 'acme/base:1', '--to', 'initech'), 1, 'another scanner objects')


# ---- out of use ----

def news_while_disabled(admin):
    """What was found while a version was out of use counts when somebody wants it back."""
    write('needs/requirements.txt', 'gh-made-up==1.0\n')
    doc('import', path('needs'), '--as', 'acme/needs:1')
    doc('disable', 'acme/needs:1')
    write('osv.json', json.dumps({
        'id': 'GHT-1', 'modified': '2026-03-01T00:00:00Z', 'summary': 'made for a test',
        'database_specific': {'severity': 'CRITICAL'},
        'affected': [{'package': {'ecosystem': 'PyPI', 'name': 'gh-made-up'},
                      'ranges': [{'type': 'ECOSYSTEM', 'events': [{'introduced': '0'}, {'fixed': '2.0'}]}]}]}))
    check('advisories import', gh('advisories', 'import', path('osv.json')).returncode == 0)
    r = doc('rescan', 'acme/needs:1').get('models', [{}])[0]
    check('rescan: found, and still disabled', (r.get('verdict'), r.get('state')) == ('REVIEW', 'disabled'), r)
    refused('enabled without an approval of the new report', ('enable', 'acme/needs:1'), 1, 'was not approved',
            env={'GATEHOUSE_API_KEY': admin})


def out_of_use(admin):
    doc('import', path('other'), '--as', 'acme/old:1')
    check('badge', gh('badge', 'export', 'acme/old:1', '-o', path('old.badge')).returncode == 0)
    off = doc('disable', 'acme/old:1', '--reason', 'incident')
    check('disabled', off.get('state') == 'disabled' and off.get('before') == 'ready', off)
    check('its badge is revoked', doc('badge', 'show', 'acme/old:1', want=1).get('state') == 'revoked')
    refused('no export', ('export', 'acme/old:1', '-o', path('o')), 1, 'disabled')
    refused('the holder of the home enables nothing', ('enable', 'acme/old:1'), 1, 'person')
    on = doc('enable', 'acme/old:1', env={'GATEHOUSE_API_KEY': admin})
    check('enabled by a person', on.get('state') == 'ready', on)
    check('a new badge', gh('badge', 'export', 'acme/old:1', '-o', path('new.badge')).returncode == 0)
    refused('enabled twice', ('enable', 'acme/old:1'), 1, 'only what is disabled', env={'GATEHOUSE_API_KEY': admin})
    refused('delete without saying it twice', ('delete', 'acme/old:1'), 64, '--confirm')
    gone = doc('delete', 'acme/old:1', '--confirm', 'acme/old:1')
    check('deleted', gone.get('state') == 'deleted', gone)
    check('not listed', 'acme/old:1' not in gh('models').stdout.decode())
    refused('its name is not used again', ('import', path('other'), '--as', 'acme/old:1'), 2, 'deleted')
    check('fsck: nothing is wrong', gh('fsck').returncode == 0, gh('fsck').stdout)
    check('audit verify', gh('audit', 'verify').returncode == 0)


def main():
    admin, root, _ = setup()
    ours(root)
    theirs(root)
    policy()
    out_of_use(admin)
    shares(admin)
    news_while_disabled(admin)
    sys.exit(common.end('test_evidence'))


main()
