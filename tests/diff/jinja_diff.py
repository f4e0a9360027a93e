#!/usr/bin/python3
"""Compare the evaluator of templates with jinja2 (the reference) and with @huggingface/jinja.

Usage: tests/diff/jinja_diff.py PATH-OF-JINJA_RENDER [--npm DIRECTORY] [--expressions N] [--seed N]

Each template of tests/templates/ordinary is rendered with each conversation, and N generated expressions are evaluated. What
jinja2 renders must be rendered alike; it may raise where the evaluator is more patient with types. @huggingface/jinja is installed into
the directory given (or one below the system's place for temporary files) unless it is there; without it and without a
registry that half is skipped and says so. Where the two references differ, jinja2 counts."""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent / 'templates'
NOW = '26 Jul 2024'


def jinja2_environment():
    import jinja2
    from jinja2 import nodes
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        tags = {'generation'}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(['name:endgeneration'], drop_needle=True)
            return nodes.CallBlock(self.call_method('_body'), [], [], body).set_lineno(line)

        def _body(self, caller):
            return caller()

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def fail(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                        extensions=[Generation, 'jinja2.ext.loopcontrols', 'jinja2.ext.do'])
    env.filters['tojson'] = tojson
    env.globals['raise_exception'] = fail
    env.globals['strftime_now'] = lambda f: NOW
    return env


class Program:
    """A program that answers each line of JSON with a line of JSON."""

    def __init__(self, command):
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, template, context):
        self.p.stdin.write(json.dumps({'template': template, 'context': context}) + '\n')
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            sys.exit(f'it ended: exit status {self.p.wait()}, at {template!r}')
        return json.loads(line)


SCRIPT = r"""
import { Template } from '@huggingface/jinja';
import readline from 'node:readline';
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { template, context } = JSON.parse(line);
  let answer;
  try {
    answer = { out: new Template(template).render(context) };
  } catch (e) { answer = { err: String(e).slice(0, 200) }; }
  console.log(JSON.stringify(answer));
}
"""


def huggingface(where):
    where = pathlib.Path(where or pathlib.Path(tempfile.gettempdir()) / 'jinja-diff-npm')
    where.mkdir(parents=True, exist_ok=True)
    if not (where / 'node_modules/@huggingface/jinja').exists():
        try:
            subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--prefix', str(where), '@huggingface/jinja'], check=True,
                           capture_output=True, timeout=180)
        except (OSError, subprocess.SubprocessError) as e:
            print(f'skipped: @huggingface/jinja cannot be had ({type(e).__name__})')
            return None
    script = where / 'render.mjs'
    script.write_text(SCRIPT)
    return Program(['node', str(script)])


def outcome(env, template, context):
    try:
        return {'out': env.from_string(template).render(**json.loads(json.dumps(context)))}
    except Exception as e:  # whatever a template does to the engine
        return {'err': f'{type(e).__name__}: {e}'}


# ---- generated expressions ---------------------------------------------------------------------------------------------
STRINGS = ["'abc'", "'a b  c'", "''", "'x_y'", "'Hello, World'", "' \\n pad\\t'", "'漢字'", "'a,b,,c'", "'12'", "'-3.5'", "'%s!'", "'<b>'",
           "'aXbXc'", "\"it's\"", "'\\x41\\u0042\\103'", "'{}-{}'", "s", "m.content", "m['role']"]
NUMBERS = ['0', '1', '2', '-1', '3', '7', '10', '2.5', '0.1', '1e3', '100', 'n', 'x', 'true', 'none']
LISTS = ["[1, 2, 3]", "['b', 'a', 'C']", "[]", "(1, 2)", "[[1, 'a'], [2, 'b']]", "l", "d.keys()|list", "range(4)|list", "'abc'|list", "[3,1,2,1]"]
DICTS = ["{'a': 1, 'b': [1, 2]}", "{}", "d", "{'k': 'v', 'z': none}", "dict(p=1, q='w')"]
CONTEXT = {'s': 'some Text here', 'n': 5, 'x': 1.5, 'l': ['x', 1, None, True, 2.5], 'd': {'one': 1, 'two': 'zwei', 'three': {'deep': [1, 2]}},
           'm': {'role': 'user', 'content': ' Say <hi> & go '}, 'rows': [{'k': 'b', 'v': 2}, {'k': 'a', 'v': 1}, {'k': 'b', 'v': 0}]}
STRING_OPS = ['{}|upper', '{}|lower', '{}|title', '{}|capitalize', '{}|trim', '{}|length', '{}|list', '{}|reverse', '{}|first', '{}|last',
              '{}|string', '{}|tojson', "{}|replace('a', 'Z')", "{}|replace('', '-')", '{}|e', "{}|default('d')", "{}|default('d', true)", '{}|int',
              '{}|float', '{}|wordcount', "{}|indent(2)", "{}|indent(3, true)", '{}|urlencode', '{}.upper()', '{}.lower()', '{}.title()', '{}.capitalize()',
              '{}.strip()', '{}.lstrip()', '{}.rstrip()', "{}.strip('a')", "{}.split()", "{}.split(',')", "{}.split('X', 1)", "{}.rsplit('X', 1)",
              "{}.rsplit('b')", '{}.splitlines()', "{}.startswith('a')", "{}.endswith(('c', 'd'))", "{}.find('b')", "{}.rfind('b')", "{}.count('a')",
              "{}.replace('a', 'bb')", "{}.replace('a', 'b', 1)", '{}.isdigit()', '{}.isalpha()', '{}.isspace()', '{}.isupper()', '{}.islower()',
              '{}.swapcase()', '{}.zfill(6)', "{}.center(9)", "{}.ljust(7, '.')", "{}.rjust(7)", "{}.partition('b')", "{}.rpartition('b')", "'-'.join({})",
              '{}[0]', '{}[-1]', '{}[1:]', '{}[:-1]', '{}[::-1]', '{}[::2]', '{}[5:1:-2]', '{} * 3', "{} ~ 1", "{} + 'z'", "'a' in {}", '{} is string',
              '{} is lower', '{} is upper', "{}.removeprefix('a')", "{}.removesuffix('c')", "'[%s]' % {}", "'%5s|%-5s|' % ({0}, {0})", "'%r' % {}",
              "'{{}}'.format({})", "'{{0:>8}}|{{0:<8}}|'.format({})", '{}.encode().hex()', '{}|join("+")',
              '{} < "b"', '{} == "abc"', '{}|unique|list', '{}|batch(2)|list', '{}|map("upper")|list', '{}|center(11)|length']
NUMBER_OPS = ['{} + 1', '{} - 2', '{} * 3', '{} / 2', '{} // 2', '{} % 3', '{} ** 2', '-{}', '{}|abs', '{}|round', '{}|round(1)', '{}|int', '{}|float',
              '{}|string', '{}|tojson', "'%d' % {}", "'%05.2f' % {}", "'%x' % 255", "'%c' % 65", '{} is number', '{} is integer', '{} is odd',
              '{} is divisibleby 2', '{} == 1', '{} < 3', '1 < {} < 9', '{} in [1, 2]', 'not {}', '{} and 5', '{} or 6', '1 if {} else 2', "'{{:.2f}}'.format({})",
              "'{{:5d}}'.format({})", '{}|default(9)', '{} is none', '{} is boolean', '{} is true', '{} >= 2', '{} != 0', "'{{:,}}'.format({})"]
LIST_OPS = ["{}|join(', ')", '{}|length', '{}|first', '{}|last', '{}|list', '{}|reverse|list', '{}|sort', '{}|unique|list', '{}|sum', '{}|min', '{}|max',
            '{}|tojson', '{}|string', '{}[0]', '{}[-1]', '{}[1:]', '{}[::-1]', '{} + [9]', '{} * 2', '1 in {}', "{}|map('string')|join", "{}|select('string')|list",
            "{}|reject('none')|list", "{}|select('equalto', 1)|list", '{} is iterable', '{} is sequence', '{} is string', '{} == []', '{}|batch(2)|list',
            "{}|batch(2, 'f')|list", '{}|slice(2)|list', '{}|tojson(indent=2)', '{}.index(1)', '{}.count(1)', '{} or "empty"', "{}|map('upper')|list",
            '{}|sort(reverse=true)', '{} < [2]', "{}|join('', attribute=0)"]
DICT_OPS = ['{}|length', '{}|tojson', '{}|string', '{}|list', '{}|items|list', '{}.items()|list', '{}.keys()|list', '{}.values()|list', '{}|dictsort',
            "{}|dictsort(false, 'value')", "{}.get('a')", "{}.get('zz', 3)", "{}['one']", '{}.one', '{}.nothing is defined', "'a' in {}", '{} is mapping', '{} == {{}}',
            '{}|tojson(indent=4)', "{}|tojson(sort_keys=true)", "{}|tojson(separators=(',', ':'))", '{}.copy()', '{}|first', "{}|join(',')", '{} or 7']
FIXED = ["rows|map(attribute='k')|join", "rows|selectattr('v')|list", "rows|selectattr('k', 'equalto', 'b')|map(attribute='v')|list", "rows|rejectattr('v', 'gt', 1)|list",
         "rows|sort(attribute='k')|list", "rows|sort(attribute='k,v')", "rows|groupby('k')|list", "rows|sum(attribute='v')", "rows|map(attribute='z', default='-')|list",
         "rows|min(attribute='v')", "rows|max(attribute='k')", "rows|unique(attribute='k')|list", "nothing", "nothing.x", "nothing|length", "nothing or 'n'",
         "nothing is defined", "namespace(a=1).a", "'a' 'b' \"c\"", "1 in [1] and 2 not in [1]", "not 1 == 2", "-2 ** 2", "2 ** 3 ** 2", "1 + 2 * 3 - 4 / 2",
         "'a' ~ 1 + 2", "1 ~ 2 * 3", "(1, 'x',)", "()", "(1,)", "{'a': {'b': (1,)}}", "x if false", "d.three.deep[1]", "d['three']['deep'][0]", "l[3]", "l.2", "'%s %s' % (1, 'b')",
         "'%(a)s' % {'a': 5}", "'%%'", "'%%' % ()", "-1|abs", "(-7) // 2", "(-7) % 3", "7 % -3", "10 / 4", "10 / 5", "1e20", "1e16", "123456789.125", "0.1 + 0.2", "1/3", "5e-5", "1_000", "0x1f",
         "'a' < 'b' < 'c'", "[1, 2] < [1, 3]", "true + 1", "none == false", "1 == 1.0", "1 == true", "'1' == 1", "[1] == [1.0]", "{'a': 1}.a", "'abc'.0", "range(10, 0, -3)|list",
         "range(3)|map('string')|join('+')", "[1,2,3]|select('odd')|list", "'x' is in ['x']", "'x' in 'xyz'", "m.content|trim|length", "[none, true, 1.0, 'q']|string", "'a\\tb\\\\'|string|list",
         "['a\\'b', \"c\\\"d\", 'e\\'\"f']|string", "'é'|tojson", "'é'|tojson(ensure_ascii=true)", "'\\u2028<>&'|tojson", "[1.0, 1.5, 100000000000000000000.0]|tojson", "'a-b c(d'|title", "\"they're\".title()",
         "\"they're\"|title", "'AbC dEf'.swapcase()", "loop is defined", "'b'.join(['a'])", "'%s' % [1, 2]", "'%s' % {'a': 1}", "'%.3s|' % 'abcdef'", "'%+d % d' % (1, 2)", "'%e' % 12345.678", "'%g' % 0.00001",
         "'{:>5}|{:^5}|{:*<5}'.format(1, 2, 3)", "'{a} {b[0]} {c.role}'.format(a=1, b=[2], c=m)", "'{0} {1} {0}'.format('x', 'y')", "'{!r}'.format('q')", "'{:%}'.format(0.25)", "'{{}}'.format()"]


def generated(rnd, n):
    kinds = [(STRINGS, STRING_OPS), (NUMBERS, NUMBER_OPS), (LISTS, LIST_OPS), (DICTS, DICT_OPS)]
    yield from FIXED
    for values, ops in kinds:
        for op in ops:
            yield op.format(values[0])
    for _ in range(n):
        values, ops = rnd.choice(kinds)
        e = rnd.choice(ops).format(rnd.choice(values))
        if rnd.random() < 0.5:
            e = rnd.choice(rnd.choice(kinds)[1]).format('(' + e + ')')
        yield e


def main():
    a = argparse.ArgumentParser()
    a.add_argument('program')
    a.add_argument('--npm')
    a.add_argument('--expressions', type=int, default=4000)
    a.add_argument('--seed', type=int, default=1)
    o = a.parse_args()
    try:
        env = jinja2_environment()
    except ImportError:
        print('skipped: python3-jinja2 is not installed')
        return 0
    ours, theirs = Program([o.program]), huggingface(o.npm)
    cases = []
    for path in sorted((ROOT / 'ordinary').glob('*.jinja')):
        for i, c in enumerate(json.loads((ROOT / 'conversations.json').read_text())):
            cases.append((f'{path.name} with conversation {i}', path.read_text(), c))
    for e in generated(random.Random(o.seed), o.expressions):
        cases.append((e, '{{ ' + e + ' }}', CONTEXT))
    wrong = rendered = agree = both = lenient = unread = 0
    for what, template, context in cases:
        want, got = outcome(env, template, context), ours.ask(template, context)
        if 'generator object' in want.get('out', '') or ' at 0x' in want.get('out', ''):
            continue
        rendered += 'out' in want
        if 'err' in want and 'out' in got:
            lenient += 1
        elif 'not evaluated here' in got.get('err', ''):
            unread += 1
        elif want.get('out') != got.get('out'):
            wrong += 1
            if wrong <= 40:
                print(f'{what}\n  jinja2: {want}\n  ours:   {got}')
        if theirs is not None and 'out' in want and 'strftime_now' not in template:  # it has its own clock
            other = theirs.ask(template, context)
            both += 'out' in other
            agree += 'out' in other and other['out'] == got.get('out')
            if other.get('out') != got.get('out') and '.jinja' in what:
                print(f'{what}: @huggingface/jinja differs: {str(other)[:300]}')
    print(f'{len(cases)} cases, {rendered} of them rendered by jinja2, {wrong} differ, {lenient} rendered where jinja2 raises, {unread} not evaluated')
    if theirs is not None:
        print(f'@huggingface/jinja agrees on {agree} of {both} that it renders, too')
    return wrong != 0


if __name__ == '__main__':
    sys.exit(main())
