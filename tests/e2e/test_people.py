#!/usr/bin/python3
"""People as users meet them: tenants, roles, API keys, reviews; nothing is allowed that no role grants. Once on SQLite, the short
way also on PostgreSQL. Usage: test_people.py PATH-OF-GATEHOUSE"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import common
from common import check

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import pg  # noqa: E402


class Home:
    """A home of its own, and commands in the name of somebody."""

    def __init__(self, root, *options):
        self.root = pathlib.Path(root)
        self.path = self.root / 'home'
        secret = self.root / 'key-file'  # opens at once, where a passphrase takes its time
        secret.write_bytes(os.urandom(32))
        secret.chmod(0o600)
        self.env = {'GATEHOUSE_HOME': str(self.path)}
        self.keys = {None: None}
        code, out, said = self.run('init', '--unlock', f'file:{secret}', *options, '--format', 'json')
        check('init', code == 0, said)
        self.keys['admin'] = out.get('admin', {}).get('api_key', '')

    def run(self, *args, who=None):
        """(exit status, the JSON that was answered or {}, what was said on stderr)."""
        env = {**self.env, **({'GATEHOUSE_API_KEY': self.keys[who]} if self.keys[who] else {})}
        r = common.run(*args, env=env)
        try:
            out = json.loads(r.stdout)
        except ValueError:
            out = {'text': r.stdout.decode()}
        return r.returncode, out, r.stderr.decode()

    def ok(self, *args, who=None):
        code, out, said = self.run(*args, '--format', 'json', who=who)
        check(f'{who}: {" ".join(args)}', code == 0, said)
        return out

    def refused(self, says, *args, who=None, status=1):
        code, out, said = self.run(*args, '--format', 'json', who=who)
        check(f'{who}: {" ".join(args)}: refused with {status}', code == status, (code, out, said))
        check(f'{who}: {" ".join(args)}: says "{says}", in one line', says in said and said.count('\n') == 1, said)

    def person(self, name, *grants, options=(), by='admin'):
        self.ok('people', 'add', name, *options, who=by)
        for grant in grants:
            role, scope = grant.split('@')
            self.ok('people', 'grant', name, role, scope, who=by)
        self.keys[name] = self.ok('people', 'key', name, who=by)['key']

    def version(self, model):
        found = [m for m in self.ok('models')['models'] if m['model'] == model]
        return found[0] if found else {}


def tenants(home):
    home.ok('tenant', 'add', 'acme')
    home.ok('tenant', 'add', 'other')
    home.refused('there is a tenant acme already', 'tenant', 'add', 'acme', status=2)
    home.refused('no name of a tenant', 'tenant', 'add', 'Acme', status=64)
    home.refused("word of gatehouse's own", 'tenant', 'add', 'platform', status=64)
    names = [t['name'] for t in home.ok('tenant', 'list')['tenants']]
    check('tenants are listed in order', names == ['acme', 'other'], names)


def people(home):
    home.refused('needs a person', 'people', 'add', 'eve')
    home.refused('needs a person', 'people', 'grant', 'admin', 'publisher', 'acme')
    home.refused('needs a person', 'people', 'key', 'admin')
    home.refused('last platform-admin', 'people', 'disable', 'admin', who='admin')
    home.person('jane', 'security-reviewer@acme')
    home.person('second', 'platform-admin@platform')
    home.person('joe', 'security-reviewer@platform', by='second')  # two who count together: nobody holds keys of both
    home.person('jim', 'security-reviewer@platform')
    home.person('third', 'platform-admin@platform')
    home.person('pat', 'publisher@acme', by='third')  # an author whom no reviewer's maker can act as
    home.person('tina', 'tenant-admin@acme')
    home.person('otto', 'security-reviewer@other')
    home.person('bot', 'robot@acme', options=('--robot',))
    home.person('nobody')
    home.refused('there is a principal jane already', 'people', 'add', 'jane', who='admin', status=2)
    home.refused('no role god', 'people', 'grant', 'jane', 'god', 'acme', who='admin', status=64)
    home.refused('for the platform only', 'people', 'grant', 'jane', 'platform-admin', 'acme', who='admin', status=64)
    home.refused('there is no tenant ghost', 'people', 'grant', 'jane', 'auditor', 'ghost', who='admin', status=2)
    home.refused('themselves', 'people', 'grant', 'admin', 'security-reviewer', 'platform', who='admin')
    # A tenant's administrator: its tenant, and nothing else; no reviewers, no keys of those who may more.
    home.ok('people', 'add', 'new', '--in', 'acme', who='tina')
    home.ok('people', 'grant', 'new', 'consumer', 'acme/nlp', who='tina')
    home.refused('no role of tina grants people.manage in other', 'people', 'grant', 'new', 'consumer', 'other', who='tina')
    home.refused('in platform', 'people', 'add', 'spy', who='tina')
    home.refused('those who manage people on the platform', 'people', 'grant', 'new', 'security-reviewer', 'acme', who='tina')
    # Who is elsewhere is answered like nobody: names are not to be tried out.
    words = set()
    for name in ('admin', 'joe', 'otto', 'second', 'ghost'):
        for what in (('key', name), ('disable', name), ('grant', name, 'consumer', 'acme'), ('revoke', name, 'consumer', 'acme')):
            code, _, said = home.run('people', *what, who='tina')
            words.add((code, said.replace(name, 'NAME').split(': ', 2)[-1]))
    check('what tina may not see is answered like what is not there', words == {(2, 'there is no principal NAME\n')}, words)
    home.refused('where jane', 'people', 'key', 'jane', who='tina')
    home.refused('no role of pat grants people.manage', 'people', 'key', 'admin', who='pat')
    home.refused('no role of nobody', 'people', 'list', who='nobody')
    seen = {p['name'] for p in home.ok('people', 'list', who='tina')['principals']}
    check('a tenant administrator sees who is in the tenant only', {'new', 'jane', 'pat', 'tina', 'bot'} == seen, seen)
    roles = {r['name']: r['permissions'] for r in home.ok('people', 'roles')['roles']}
    check('roles say what they permit', 'review.decide' in roles['security-reviewer'] and 'review.decide' not in roles['platform-admin'],
          roles)


def keys(home):
    listed = home.ok('people', 'keys', 'pat', who='admin')['keys']
    check('a key is known by its prefix, never whole', len(listed) == 1 and home.keys['pat'] not in json.dumps(listed)
          and listed[0]['prefix'] == home.keys['pat'][4:20], listed)
    words = set()
    for wrong in ('', 'x', 'ghk_', home.keys['pat'][:-1], home.keys['pat'][:-1] + ('0' if home.keys['pat'][-1] != '0' else '1'),
                  'ghk_' + '0' * 16 + '_' + '0' * 48, "' OR 1=1 --"):
        home.keys['wrong'] = wrong or ' '
        code, _, said = home.run('models', who='wrong')
        check(f'a wrong key: {wrong!r}: denied', code == 1, (code, said))
        words.add(said)
    home.ok('people', 'revoke-key', listed[0]['prefix'], who='pat')  # one's own
    home.keys['wrong'] = home.keys['pat']
    words.add(home.run('models', who='wrong')[2])
    home.person('gone', 'publisher@acme')
    home.ok('people', 'disable', 'gone', who='admin')
    words.add(home.run('models', who='gone')[2])
    check('whatever is wrong with a key, the words are the same', len(words) == 1, words)
    home.keys['pat'] = home.ok('people', 'key', 'pat', '--days', '1', who='third')['key']
    home.refused('prefix of an API key has 16 digits', 'people', 'revoke-key', '1234', who='pat', status=64)
    code, _, said = home.run('people', 'key', 'pat', '--days', '731', who='admin')
    check('a key for ever is no key', code == 64, said)
    file = home.root / 'key'
    file.write_text(home.keys['pat'] + '\n')
    file.chmod(0o644)
    check('a key file that others can read', home.run('models', '--api-key-file', str(file))[0] == 2)
    file.chmod(0o600)
    check('a key from a file', home.run('models', '--api-key-file', str(file))[0] == 0)
    everything = b''.join(p.read_bytes() for p in home.path.rglob('*') if p.is_file())
    check('no key is kept anywhere in the home', all(k.encode() not in everything for k in home.keys.values() if k and len(k) > 40))


def models(home):
    folder = home.root / 'model'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(common.safetensors())
    check('import by a publisher', home.run('import', str(folder), '--as', 'acme/high:1', '--tier', 'high', who='pat')[0] == 0)
    check('and by the holder of the home', home.run('import', str(folder), '--as', 'acme/more:1', '--tier', 'high')[0] == 0)
    home.refused('no role of pat grants model.import in other', 'import', str(folder), '--as', 'other/m:1', who='pat')
    home.refused('no role of jane grants model.import', 'import', str(folder), '--as', 'acme/m:2', who='jane')
    check('nobody of another tenant sees it', home.ok('models', who='otto')['models'] == [])
    bad = home.root / 'bad'
    bad.mkdir()
    (bad / 'model.pkl').write_bytes(common.EVIL)
    check('what is UNSAFE is quarantined', home.run('import', str(bad), '--as', 'acme/evil:1')[0] == 1
          and home.version('acme/evil:1').get('state') == 'quarantined')
    home.refused('a version whose scan says UNSAFE cannot be approved', 'review', 'open', 'acme/evil:1')
    home.refused('there is no review', 'review', 'approve', 'acme/evil:1', who='jane', status=2)


def reviews(home):
    model = 'acme/high:1'
    check('a version of the tier high waits', home.version(model).get('state') == 'review', home.version(model))
    listed = home.ok('review', 'list')['reviews']
    check('reviews are listed', {r['model'] for r in listed} == {model, 'acme/more:1'}, listed)
    check('of other tenants none are', home.ok('review', 'list', who='otto')['reviews'] == [])
    home.refused('the passphrase identifies no one', 'review', 'approve', model)
    home.refused('no role of pat grants review.decide', 'review', 'approve', model, who='pat')
    home.refused('no role of otto', 'review', 'approve', model, who='otto')
    home.refused('no role of admin grants review.decide', 'review', 'approve', model, who='admin')
    home.refused('bot is a robot', 'review', 'approve', model, who='bot')
    home.refused('without control characters', 'review', 'comment', model, '-m', 'a \x1b[31m b', who='pat', status=64)
    home.ok('review', 'comment', model, '-m', 'what is this \u202e for?', who='pat')
    home.ok('review', 'approve', model, '-m', 'I read the report', who='jane')
    home.refused('the same person counts once', 'review', 'approve', model, who='jane')
    check('one of two is not enough', home.version(model).get('state') == 'review')
    seen = home.ok('review', 'show', model, who='jim')
    check('it is shown before it is tried', seen['may_decide'] and not seen['may_approve'] and 'admin can act as both' in seen['why_not'], seen)
    home.refused('admin can act as both', 'review', 'approve', model, who='jim')
    # Whoever is given a key of somebody can be that person; to revoke it afterwards undoes nothing.
    reset = home.ok('people', 'key', 'joe', who='admin')
    home.refused('admin can act as both', 'review', 'approve', model, who='joe')
    home.ok('people', 'revoke-key', reset['key'][4:20], who='admin')
    home.refused('admin can act as both', 'review', 'approve', model, who='joe')
    home.person('kim', 'security-reviewer@acme', by='second')
    done = home.ok('review', 'approve', model, who='kim')
    check('two are: it is ready and has its badge', done['state'] == 'approved' and done['version_state'] == 'ready'
          and done['badge']['state'] == 'scan-complete', done)
    home.refused('the review is approved', 'review', 'reject', model, who='joe')
    shown = home.ok('review', 'show', model, who='jane')
    said = [(e['act'], e['principal'], e.get('text')) for e in shown['events']]
    check('what was said is shown, decrypted', said == [('comment', 'pat', 'what is this \u202e for?'), ('approve', 'jane', 'I read the report'),
                                                       ('approve', 'kim', None)], said)
    text = home.run('review', 'show', model)[1]['text']
    check('and never misleads on a terminal', '\u202e' not in text and '\\u202e' in text, text)
    everything = b''.join(p.read_bytes() for p in home.path.rglob('*') if p.is_file())
    check('a comment stands nowhere in the open', b'I read the report' not in everything)


def authors(home):
    """Who imported it never counts; one rejection ends it."""
    home.ok('people', 'grant', 'pat', 'security-reviewer', 'acme', who='third')
    folder = home.root / 'own'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(common.safetensors(8))
    home.run('import', str(folder), '--as', 'acme/own:1', '--tier', 'high', who='pat')
    home.refused('the author never counts', 'review', 'approve', 'acme/own:1', who='pat')
    home.ok('review', 'approve', 'acme/own:1', who='jane')
    home.ok('review', 'reject', 'acme/own:1', '-m', 'no', who='joe')
    v = home.version('acme/own:1')
    check('one rejection ends it', v.get('state') == 'rejected' and v.get('badge') == 'rejected', v)
    home.refused('the review is rejected', 'review', 'approve', 'acme/own:1', who='jane')
    home.refused('was rejected on this very report', 'review', 'open', 'acme/own:1')


def signed(home):
    """Decisions signed by a key of one's own."""
    mine, others, rsa = home.root / 'jane.pem', home.root / 'other.pem', home.root / 'rsa.pem'
    for path, kind in ((mine, ['ed25519']), (others, ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256']), (rsa, ['RSA'])):
        subprocess.run(['openssl', 'genpkey', '-algorithm', *kind, '-out', path], check=True, stderr=subprocess.DEVNULL)
    home.refused('needs a person', 'people', 'sign-key', str(mine))
    home.refused('RSA keys do not sign', 'people', 'sign-key', str(rsa), who='jane', status=2)
    fingerprint = home.ok('people', 'sign-key', str(mine), who='jane')['fingerprint']
    home.refused('registered already', 'people', 'sign-key', str(mine), who='joe', status=2)
    home.refused('is not registered for jane', 'review', 'approve', 'acme/more:1', '--sign-key', str(others), who='jane')
    home.refused('is not registered for joe', 'review', 'approve', 'acme/more:1', '--sign-key', str(mine), who='joe')
    home.ok('review', 'approve', 'acme/more:1', '--sign-key', str(mine), '-m', 'signed', who='jane')
    event = home.ok('review', 'show', 'acme/more:1')['events'][-1]
    check('it is signed by her own key', event['signed_by'] == 'own key', event)
    home.ok('people', 'revoke-sign-key', fingerprint, who='jane')
    home.ok('review', 'approve', 'acme/more:1', who='kim')
    check('what a revoked key signed stays valid', home.version('acme/more:1').get('state') == 'ready')
    code, _, said = home.run('fsck')
    check('fsck re-verifies every decision', code == 0, said)


def forged(home):
    """Who writes into the database only makes no approval."""
    import sqlite3
    db = next(home.path.rglob('catalog.db'))
    with sqlite3.connect(db) as c:
        c.execute("UPDATE review_events SET principal = (SELECT id FROM principals WHERE name = 'otto') WHERE kind = 'approve'")
    c.close()
    code, out, said = home.run('fsck')
    check('a decision moved to another person is found', code == 1, (out, said))


def shredding(home):
    home.refused('--confirm acme', 'tenant', 'remove', 'acme', status=64)
    home.refused('confirm it by its name', 'tenant', 'remove', 'acme', '--confirm', 'other')
    gone = home.ok('tenant', 'remove', 'acme', '--confirm', 'acme')
    check('its versions and badges end', gone['versions'] >= 3 and gone['badges'] >= 2, gone)
    home.refused('its keys are destroyed', 'tenant', 'remove', 'acme', '--confirm', 'acme')
    home.refused('is not used again', 'tenant', 'add', 'acme', status=2)
    home.refused('no role of jane', 'review', 'show', 'acme/high:1', who='jane')
    code, _, said = home.run('export', 'acme/high:1', '-o', str(home.root / 'out'))
    check('and nothing of it opens any more', code != 0 and not (home.root / 'out').exists(), said)
    code, _, said = home.run('audit', 'verify')
    check('all of it stands in the log', code == 0, said)


def short(home):
    """The same on another database: one way through."""
    home.ok('tenant', 'add', 'acme')
    home.person('jane', 'security-reviewer@acme')
    home.person('second', 'platform-admin@platform')
    home.person('joe', 'security-reviewer@acme', by='second')
    folder = home.root / 'model'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(common.safetensors())
    check('import', home.run('import', str(folder), '--as', 'acme/m:1', '--tier', 'high')[0] == 0)
    home.refused('acme/m:1 exists already', 'import', str(folder), '--as', 'acme/m:1', status=2)
    home.ok('review', 'approve', 'acme/m:1', '-m', 'yes', who='jane')
    home.refused('the same person counts once', 'review', 'approve', 'acme/m:1', who='jane')
    check('approved', home.ok('review', 'approve', 'acme/m:1', who='joe').get('version_state') == 'ready')
    check('fsck', home.run('fsck')[0] == 0)
    home.ok('tenant', 'remove', 'acme', '--confirm', 'acme')
    check('audit verify', home.run('audit', 'verify')[0] == 0)


def four_eyes(home):
    """One person with two names is one pair of eyes: the author's hand on a reviewer, the way out, and the setting for small houses."""
    folder = home.root / 'eyes'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(common.safetensors())
    home.ok('tenant', 'add', 'eyes')
    home.person('ann', 'security-reviewer@eyes')
    home.person('bob', 'security-reviewer@eyes')
    check('imported by an administrator', home.run('import', str(folder), '--as', 'eyes/a:1', '--tier', 'high', who='admin')[0] == 0)
    home.refused('admin imported this version, and appointed ann', 'review', 'approve', 'eyes/a:1', who='ann')
    home.ok('review', 'comment', 'eyes/a:1', '-m', 'who may?', who='ann')
    # The way out: another one grants the role and issues the key, before there is a review.
    home.ok('people', 'revoke', 'bob', 'security-reviewer', 'eyes', who='admin')
    home.ok('people', 'grant', 'bob', 'security-reviewer', 'eyes', who='second')
    old = home.keys['bob']
    home.keys['bob'] = home.ok('people', 'key', 'bob', who='second')['key']
    home.ok('people', 'revoke-key', old[4:20], who='second')
    time.sleep(1.1)  # times are seconds: the key ended before the review is opened
    check('another version', home.run('import', str(folder), '--as', 'eyes/b:1', '--tier', 'high')[0] == 0)
    home.ok('review', 'approve', 'eyes/b:1', who='ann')
    check('ann and bob are two', home.ok('review', 'approve', 'eyes/b:1', who='bob')['version_state'] == 'ready')
    # One administrator behind author and reviewer is one pair of eyes, and two names more do not help.
    home.person('pub', 'publisher@eyes')
    check('imported by a publisher of the same maker', home.run('import', str(folder), '--as', 'eyes/d:1', '--tier', 'high', who='pub')[0] == 0)
    home.refused('ann and pub, who imported this version, are one pair of eyes: admin can act as both', 'review', 'approve', 'eyes/d:1',
                 who='ann')
    home.ok('review', 'approve', 'eyes/d:1', who='bob')
    # Nobody knows who `local` is: where one approval would do, two are asked for.
    for model, who, needed in (('eyes/e:1', None, 2), ('eyes/f:1', 'pub', 1)):
        home.run('import', str(folder), '--as', model, who=who)
        home.ok('review', 'open', model)
        seen = home.ok('review', 'show', model)
        check(f'a review of what {who or "local"} imported waits for {needed}', seen['needed'] == needed, seen)
    # A rejection is one person's, whoever appointed them.
    check('rejected', home.ok('review', 'reject', 'eyes/a:1', '-m', 'no', who='ann')['state'] == 'rejected')
    settings = home.path / 'gatehouse.yaml'
    text = settings.read_text()
    check('the setting is there, and says what it is', 'four_eyes: "hands"' in text, text)
    home.run('import', str(folder), '--as', 'eyes/c:1', '--tier', 'high', who='admin')
    settings.write_text(text.replace('four_eyes: "hands"', 'four_eyes: "whatever"'))
    home.refused("'four_eyes' must be hands or persons", 'models', status=2)
    settings.write_text(text.replace('four_eyes: "hands"', 'four_eyes: "persons"'))
    home.ok('review', 'approve', 'eyes/c:1', who='ann')
    check('any two persons, where that was chosen', home.ok('review', 'approve', 'eyes/c:1', who='bob')['version_state'] == 'ready')
    settings.write_text(text)
    check('fsck', home.run('fsck')[0] == 0)


def main():
    with tempfile.TemporaryDirectory() as root:
        home = Home(root)
        for part in (tenants, people, keys, models, reviews, authors, signed, four_eyes, shredding):
            part(home)
    with tempfile.TemporaryDirectory() as root:
        home = Home(root)
        home.ok('tenant', 'add', 'acme')
        home.person('jane', 'security-reviewer@acme')
        home.person('otto', 'security-reviewer@acme')
        folder = home.root / 'model'
        folder.mkdir()
        (folder / 'model.safetensors').write_bytes(common.safetensors())
        home.run('import', str(folder), '--as', 'acme/m:1', '--tier', 'high')
        home.ok('review', 'approve', 'acme/m:1', who='jane')
        forged(home)
    with pg.server() as url:
        if url is not None:
            with tempfile.TemporaryDirectory() as root:
                short(Home(root, '--database', url))
    return common.end('people')


if __name__ == '__main__':
    sys.exit(main())
