#!/usr/bin/python3
"""What others say about a model, from end to end: VEX documents and test results as facts for the policy, signed and not; our own
test-result statement; exceptions of policies and what others say on the card; facts that an import states; a policy whose key is gone."""
import base64
import hashlib
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
from common import check, safetensors  # noqa: E402
from home import doc, explain, gh, key, openssl, path, person, refused, start, write  # noqa: E402

INTOTO = 'application/vnd.in-toto+json'
TESTS = 'https://in-toto.io/attestation/test-result/v0.1'
OPENVEX = 'https://openvex.dev/ns/v0.2.0'


def envelope(signer, predicate_type, digest, predicate):
    """A DSSE envelope of somebody else, made with openssl alone."""
    body = json.dumps({'_type': 'https://in-toto.io/Statement/v1', 'predicateType': predicate_type, 'predicate': predicate,
                       'subject': [{'name': 'model', 'digest': {'sha256': digest}}]}).encode()
    pae = f'DSSEv1 {len(INTOTO)} {INTOTO} {len(body)} '.encode() + body
    sig = openssl('dgst', '-sha256', '-sign', path(signer + '.key'), input=pae)
    return json.dumps({'payloadType': INTOTO, 'payload': base64.b64encode(body).decode(),
                       'signatures': [{'sig': base64.b64encode(sig).decode()}]})


def vex(*statements, author='vendor'):
    return {'@context': OPENVEX, '@id': 'https://example.com/vex', 'author': author, 'timestamp': '2026-01-02T03:04:05Z', 'version': 1,
            'statements': [{'vulnerability': {'name': v}, 'status': s,
                            **({'justification': 'component_not_present'} if s == 'not_affected' else {}),
                            **({'products': [{'@id': p}]} if p else {})} for v, s, p in statements]}


def add(model, name, text, signer=None, want=0):
    return doc('evidence', 'add', model, write(name, text), *(('--key', path(signer + '.pem')) if signer else ()), want=want)


def setup():
    admin = start('acme')
    for i, name in enumerate(('m', 'n', 'one', 'three')):
        write(f'{name}/model.safetensors', safetensors(8 * (i + 1)))
    for k in ('vendor', 'tester', 'stranger'):
        key(k)
    return admin, {n: doc('import', path(n), '--as', f'acme/{n}:1')['root'] for n in ('m', 'n')}


RULES = '''policy: 1
name: house
version: "1"
rules:
  - id: no-word-of-cve-7
    on: [deploy]
    when: not any(evidence.vex, .vulnerability == "CVE-7" and .status in [not_affected, fixed] and .signer == "{vendor}")
    effect: deny
    message: the vendor has to say that CVE-7 does not matter
  - id: vendor-objects
    on: [deploy]
    when: any(evidence.vex, .status == affected)
    effect: deny
    message: the vendor says that it is affected
  - id: evaluated
    on: [deploy]
    when: not any(evidence.tests, .name == "harmbench" and .result == pass and .signer == "{tester}")
    effect: deny
    message: the evaluation is missing
  - id: others
    on: [deploy]
    when: any(evidence.findings, .severity >= high)
    effect: deny
    message: somebody else objects
  - id: failed
    on: [deploy]
    when: any(evidence.verified, .kind == test-result and .result == fail)
    effect: deny
    message: a test was failed
'''


def fingerprint(name):
    return 'sha256:' + hashlib.sha256(openssl('ec', '-in', path(name + '.key'), '-pubout', '-outform', 'DER')).hexdigest()


def claims(roots):
    """VEX and test results, signed and not, as facts."""
    text = RULES.format(vendor=fingerprint('vendor'), tester=fingerprint('tester'))
    r = gh('policy', 'set', write('house.yaml', text), '--tenant', 'acme')
    if not check('policy set', r.returncode == 0, r.stderr):
        return
    m = 'acme/m:1'
    rc, t = explain(m)
    check('nobody said anything: denied', rc == 1 and 'CVE-7' in t and 'evaluation is missing' in t, t)
    check('and nobody objects', 'somebody else objects' not in t and 'a test was failed' not in t, t)
    plain = add(m, 'plain.vex', json.dumps(vex(('CVE-7', 'not_affected', 'pkg:pypi/a'))))
    check('a VEX of nobody: kept, read, no fact', plain.get('kind') == 'vex' and plain.get('read') is True and plain.get('claims') == 1 and
          plain.get('verified') is False and plain.get('findings') == 0, plain)
    rc, t = explain(m)
    check('nobody stands for it: it excuses nothing', rc == 1 and 'has to say that CVE-7' in t, t)
    stranger = add(m, 's.vex', envelope('stranger', OPENVEX, roots['m'], vex(('CVE-7', 'fixed', ''))), 'stranger')
    check('a VEX of a stranger whose key was trusted for it', stranger.get('verified') is True, stranger)
    rc, t = explain(m)
    check('another signer than the one that the policy names', rc == 1 and 'has to say that CVE-7' in t, t)
    good = add(m, 'v.vex', envelope('vendor', OPENVEX, roots['m'], vex(('CVE-7', 'not_affected', 'pkg:pypi/a'), ('CVE-8', 'fixed', ''))),
               'vendor')
    check('the VEX of the vendor', good.get('verified') and good['kind'] == 'vex' and good.get('claims') == 2, good)
    rc, t = explain(m)
    check('the vendor has spoken', rc == 1 and 'has to say that CVE-7' not in t and 'evaluation is missing' in t, t)
    other = add(m, 'o.vex', envelope('vendor', OPENVEX, roots['n'], vex(('CVE-9', 'affected', ''))), 'vendor', want=1)
    check('a VEX of other files is not verified', other.get('verified') is False, other)
    rc, t = explain(m)
    check('it may still object, as what nobody stands for', 'somebody else objects' in t and 'CVE-9' in t and
          'the vendor says that it is affected' not in t, t)

    n = 'acme/n:1'
    add(n, 'vn.vex', envelope('vendor', OPENVEX, roots['n'], vex(('CVE-7', 'fixed', ''))), 'vendor')
    tests = add(n, 't.json', envelope('tester', TESTS, roots['n'], {'result': 'PASSED', 'configuration': [{'name': 'suite'}],
                                                                    'passedTests': ['harmbench', 'jailbreak']}), 'tester')
    check('a test result', tests.get('kind') == 'test-result' and tests.get('verified') and tests.get('result') == 'pass' and
          tests.get('claims') == 2, tests)
    rc, t = explain(n)
    check('all that the policy asks for is there', rc == 0, t)
    again = doc('rescan', n)
    check('rescan', again['models'][0]['verdict'] == 'CLEAN', again)
    rc, t = explain(n)
    check('after a rescan, too', rc == 0, t)
    made = gh('badge', 'export', n, '--statement', 'test-result', '-o', path('own.json'))
    check('our own test-result', made.returncode == 0, made.stderr)
    own = json.loads(base64.b64decode(json.load(open(path('own.json')))['dsseEnvelope']['payload']))
    check('its form', own['predicateType'] == TESTS and own['predicate']['result'] == 'PASSED' and
          own['predicate']['passedTests'] == ['evidence/' + fingerprint('tester')] and own['predicate']['failedTests'] == [], own)
    check('its subject', own['subject'][0]['digest']['sha256'] == roots['n'], own)
    check('what it was made from', [c.get('annotations', {}).get('signer') for c in own['predicate']['configuration']] ==
          [None, fingerprint('tester')], own)
    add(n, 'f.json', envelope('tester', TESTS, roots['n'], {'result': 'PASSED', 'configuration': [], 'failedTests': ['harmbench']}), 'tester')
    rc, t = explain(n)
    check('a failed test that calls itself passed', rc == 1 and 'a test was failed' in t and 'somebody else objects' in t, t)
    gh('badge', 'export', n, '--statement', 'test-result', '-o', path('own.json'))
    own = json.loads(base64.b64decode(json.load(open(path('own.json')))['dsseEnvelope']['payload']))
    check('ours follows', own['predicate']['result'] == 'FAILED', own)

    facts = gh('policy', 'explain', n, '--all').stdout.decode()
    check('facts are shown with their signers', fingerprint('tester') in facts, facts[:1500])
    refused('half a VEX', ('evidence', 'add', n, write('h.vex', json.dumps({**vex(), 'statements': [{}]}))), 64, 'statement 1', 'status')
    refused('a test result that says nothing', ('evidence', 'add', n, write('h.json', envelope('tester', TESTS, roots['n'], {}))), 64, 'PASSED')
    csaf = add(n, 'c.json', json.dumps({'document': {'category': 'csaf_vex'}}))
    check('CSAF is kept and not read', csaf.get('read') is False and csaf['kind'] == 'vex', csaf)
    rc, t = explain(n)
    check('what was not read is not known: denied', rc == 1 and 'evidence.findings' in t, t)
    lowered = RULES.replace('when: any(evidence.vex, .status == affected)',
                            'when: any(findings, .severity >= low) and none(evidence.vex, .status == not_affected)')
    r = gh('policy', 'check', write('lowered.yaml', lowered.format(vendor='v', tester='t')))
    check('a word of others cannot excuse a finding of ours', r.returncode != 0 and b'evidence' in r.stderr + r.stdout, r.stderr + r.stdout)


def tested(admin):
    """test-result of a review."""
    doc('import', path('one'), '--as', 'acme/high:1', '--tier', 'high')

    def result():
        r = gh('badge', 'export', 'acme/high:1', '--statement', 'test-result', '-o', path('h.json'))
        if not check('test-result', r.returncode == 0, r.stderr):
            return {}
        return json.loads(base64.b64decode(json.load(open(path('h.json')))['dsseEnvelope']['payload']))['predicate']
    check('an open review is a warning', result().get('warnedTests') == ['review'], result())
    jane = person('jane', admin, ('security-reviewer', 'acme'))
    said_no = gh('review', 'reject', 'acme/high:1', env=jane)
    check('reject', said_no.returncode == 0, said_no.stderr)
    check('a rejection is a failure', result().get('failedTests') == ['review'] and result().get('result') == 'FAILED', result())
    check('badge show of what was rejected', gh('badge', 'show', 'acme/high:1').returncode == 1)
    doc('import', path('three'), '--as', 'acme/untested:1')
    refused('nothing was tested', ('badge', 'export', 'acme/untested:1', '--statement', 'test-result', '-o', path('x')), 1, 'nothing was tested')
    check('nothing half-written', not os.path.exists(path('x')))


# ---- exceptions ----

EXCEPTIONS = '''policy: 1
name: excepted
version: "1"
rules:
  - id: small
    on: [deploy]
    when: size < 1 MiB
    effect: deny
    message: too small
exceptions:
  - id: EXC-1
    rule: small
    model: "acme/m:*"
    owner: carol@acme.example
    reason: it is meant to be small
    expires: 2999-01-01
  - id: EXC-0
    rule: small
    model: "acme/n:1"
    owner: dave@acme.example
    reason: for a week
    expires: 2020-01-01
'''


def exceptions():
    check('set', gh('policy', 'set', write('exc.yaml', EXCEPTIONS), '--tenant', 'acme').returncode == 0)
    rc, t = explain('acme/m:1')
    check('let pass', rc == 0, t)
    rc, t = explain('acme/n:1')
    check('ended', rc == 1, t)
    for model, state, owner, reason, gone in (('acme/m:1', 'in force', 'carol@acme.example', 'meant to be small', 'EXC-0'),
                                              ('acme/n:1', 'ended', 'dave@acme.example', 'for a week', 'EXC-1')):
        one = doc('card', model).get('exceptions', [])
        check(f'{model}: json', [(x['state'], x['owner'], x['rule']) for x in one] == [(state, owner, 'small')] and reason in one[0]['reason'] and
              one[0]['expires'].endswith('-01-01T00:00:00Z'), one)
        for form in ('text', 'html'):
            card = gh('card', model, '--format', form).stdout.decode()
            check(f'{model}: {form}', all(w in card for w in (state, owner, reason, 'small', '-01-01')) and gone not in card, card)


def card_of_others():
    """What others say stands on the card, too."""
    card = doc('card', 'acme/n:1')
    check('evaluations', {(e['name'], e['result'], e['signer']) for e in card.get('evaluations', [])} ==
          {('harmbench', 'pass', fingerprint('tester')), ('jailbreak', 'pass', fingerprint('tester')), ('harmbench', 'fail', fingerprint('tester'))},
          card.get('evaluations'))
    check('VEX is not known, since a document of that kind was not read', 'vex' not in card or card['vex'], card.get('vex'))
    text, html = (gh('card', 'acme/n:1', '--format', f).stdout.decode() for f in ('text', 'html'))
    check('documents that the program keeps for itself are not shown', '>found<' not in html and '>scan-facts<' not in html, html[:200])
    check('as text and HTML', all('Evaluations by others' in t and 'harmbench' in t for t in (text, html)), text)
    text = gh('card', 'acme/m:1').stdout.decode()
    check('findings of others', 'Findings of others' in text and 'CVE-9' in text and 'as others see them' in text and 'CVE-8' in text, text)


GIVEN = '''policy: 1
name: given
version: "1"
rules:
  - id: publisher
    on: [deploy]
    when: publisher != "acme research"
    effect: deny
    message: not by us
  - id: source
    on: [deploy]
    when: not (source like "https://hub.example/**")
    effect: deny
    message: from nowhere
  - id: licence
    on: [deploy]
    when: none(licences) or not all(licences, . in ["Apache-2.0", "MIT"])
    effect: deny
    message: not under a licence of ours
'''


def given():
    """Who publishes it, where it comes from, under which licences."""
    check('set', gh('policy', 'set', write('given.yaml', GIVEN), '--tenant', 'acme').returncode == 0)
    said = ('--publisher', 'acme research', '--source', 'https://hub.example/x')
    for i, (licence, more, words) in enumerate((('apache-2.0', said, ()), ('mit', (), ('missing: publisher', 'from nowhere')),
                                                ('proprietary-and-odd', said, ('not under a licence',)),
                                                ('gpl-3.0', said, ('not under a licence',)))):
        write(f'l{i}/model.safetensors', safetensors(4))
        write(f'l{i}/README.md', f'---\nlicense: {licence}\n---\n# x\n')
        doc('import', path(f'l{i}'), '--as', f'acme/l:{i}', *more)
        rc, t = explain(f'acme/l:{i}')
        check(f'{licence} {more}', rc == (1 if words else 0) and all(w in t for w in words), t)
    card = doc('card', 'acme/l:0')
    check('on the card', (card.get('publisher'), card.get('source')) == ('acme research', 'https://hub.example/x'), card)
    check('as text', 'acme research' in gh('card', 'acme/l:0').stdout.decode())
    refused('a publisher that is too long', ('import', path('l0'), '--as', 'acme/l:9', '--publisher', 'x' * 300), 64, '200 bytes')
    refused('no such lineage', ('import', path('l0'), '--as', 'acme/l:9', '--base', 'acme/l:0', '--lineage', 'clone'), 64, 'distilled')


def lost_key():
    """A policy whose badge key is gone is not called altered; one that was altered is."""
    key_file = path('home', 'keys', 'signing', 'badge-1')
    check('rotate', gh('key', 'rotate', 'badge').returncode == 0)
    check('signed by the first, in force under the second', explain('acme/l:0')[0] == 0)
    os.rename(key_file, path('kept'))
    refused('the key that signed it is gone', ('policy', 'explain', 'acme/l:0'), 2, 'is not among the keys of this home', 'restore keys/')
    os.rename(path('kept'), key_file)
    check('it is back', explain('acme/l:0')[0] == 0)
    db = sqlite3.connect(path('home', 'db', 'catalog.db'))
    db.execute("UPDATE policies SET body = CAST(replace(CAST(body AS TEXT), 'MIT', 'mit') AS BLOB) WHERE state = 'current'")
    db.commit()
    db.close()
    refused('altered', ('policy', 'explain', 'acme/l:0'), 2, 'not as it was signed')


def main():
    admin, roots = setup()
    claims(roots)
    exceptions()
    card_of_others()
    tested(admin)
    given()
    check('fsck: nothing is wrong', gh('fsck').returncode == 0, gh('fsck').stdout)
    lost_key()
    sys.exit(common.end('test_claims'))


main()
