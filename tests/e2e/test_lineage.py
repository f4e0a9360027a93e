#!/usr/bin/python3
"""What a version rests on and what rests on it: shown on cards of both sides, to those who may read it, across tenants and over several
steps; a base that is taken back is seen by the policy of everything made from it."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
from common import check, safetensors  # noqa: E402
from home import doc, explain, gh, path, person, start, write  # noqa: E402

HOUSE = '''policy: 1
name: house
version: "1"
extends: enterprise
quarantine:
  period: 0s
'''


def lineage(admin):
    anna = person('anna', admin, ('publisher', 'acme'), ('deployer', 'acme'))
    gus = person('gus', admin, ('publisher', 'globex'), ('deployer', 'globex'))
    ivy = person('ivy', admin, ('publisher', 'initech'), ('deployer', 'initech'))
    doc('import', path('base'), '--as', 'acme/root:1', env=anna)
    doc('import', path('one'), '--as', 'acme/base:1', '--base', 'acme/root:1', '--lineage', 'fine-tune', env=anna)
    for t in ('globex', 'initech'):
        check(f'share with {t}', gh('share', 'add', 'acme/base:1', '--to', t).returncode == 0)
    doc('import', path('two'), '--as', 'globex/lora:1', '--base', 'acme/base:1', '--lineage', 'adapter', env=gus)
    doc('import', path('two'), '--as', 'initech/secret-project:1', '--base', 'acme/base:1', '--lineage', 'adapter', env=ivy)

    def derived(env, model='acme/base:1'):
        return [d['model'] for d in doc('card', model, env=env).get('derived', [])]
    check('the owner sees none of theirs', derived(anna) == [], derived(anna))
    check('each sees its own', (derived(gus), derived(ivy)) == (['globex/lora:1'], ['initech/secret-project:1']))
    check('the holder of the home sees all', sorted(derived(None)) == ['globex/lora:1', 'initech/secret-project:1'], derived(None))
    check('of the same tenant', derived(anna, 'acme/root:1') == ['acme/base:1'], derived(anna, 'acme/root:1'))
    for form in ('text', 'json', 'html'):
        seen = {who: gh('card', 'acme/base:1', '--format', form, env=env).stdout.decode() for who, env in (('gus', gus), ('ivy', ivy), ('anna', anna))}
        check(f'{form}: the adapter is shown', 'globex/lora:1' in seen['gus'] and 'adapter' in seen['gus'], seen['gus'][:800])
        check(f'{form}: to nobody else', 'secret-project' not in seen['gus'] and 'lora' not in seen['ivy'] and
              not any(w in seen['anna'] for w in ('lora', 'secret-project', 'globex', 'initech')), seen['anna'][:800])
    mine = doc('card', 'globex/lora:1', env=gus)
    check('its lineage', mine['lineage']['base'] == 'acme/base:1' and 'warning' not in mine['lineage'] and
          [a['relation'] for a in mine['ancestors']] == ['fine-tune'], mine.get('lineage'))
    text = gh('card', 'globex/lora:1', env=gus).stdout.decode() + explain('globex/lora:1', gus)[1]
    check('a base of the base that was never shared has no name here', mine['ancestors'][0]['base'] == '' and 'acme/root' not in text, text[:800])

    def says(word, model='globex/lora:1', env=None):
        card = doc('card', model, env=env or gus)
        shown = gh('policy', 'explain', model, '--all', env=env or gus)
        return word in card['lineage'].get('warning', ''), shown.returncode, shown.stdout.decode()
    clear = says('revoked')
    check('before: nothing against the base', clear[0] is False and clear[1] == 0, clear)
    check('revoke', gh('badge', 'revoke', 'acme/root:1', '--reason', 'finding').returncode == 0)
    refusal = gh('badge', 'show', 'acme/root:1')
    check('badge show of a revoked one: 1', refusal.returncode == 1 and b'revoked' in refusal.stdout, refusal)
    warned = says('had its badge revoked')
    check('the base of the base: on the card', warned[0] and 'a version, which the base was made from' in
          doc('card', 'globex/lora:1', env=gus)['lineage']['warning'], warned)
    check('and in the policy', warned[1] == 1 and 'A model that it was made from' in warned[2], warned[2][:1500])
    check('with the name where it may be known', 'acme/root:1' not in explain('globex/lora:1', gus)[1])
    for state, how, word in (('disabled', ('disable', 'acme/base:1'), 'taken out of use'),
                             ('deleted', ('delete', 'acme/base:1', '--confirm', 'acme/base:1'), 'was deleted')):
        check(state, gh(*how).returncode == 0)
        seen = says(word)
        check(f'{state}: on the card', seen[0], doc('card', 'globex/lora:1', env=gus).get('lineage'))
        check(f'{state}: in the policy', seen[1] == 1 and state in seen[2], seen[2][:1500])
    check('the adapter itself is as it was', doc('card', 'globex/lora:1', env=gus)['state'] == 'ready')


def main():
    admin = start('acme', 'globex', 'initech')
    for i, name in enumerate(('base', 'one', 'two')):
        write(f'{name}/model.safetensors', safetensors(8 * (i + 1)))
    r = gh('policy', 'set', write('house.yaml', HOUSE))
    check('a policy without a quarantine', r.returncode == 0, r.stderr)
    lineage(admin)
    check('fsck: nothing is wrong', gh('fsck').returncode == 0, gh('fsck').stdout)
    sys.exit(common.end('test_lineage'))


main()
