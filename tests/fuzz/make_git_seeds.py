#!/usr/bin/python3
"""Write tests/fuzz/seeds/git-*: a small repository made by git itself, and broken variations by hand."""
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import zlib

SEEDS = pathlib.Path(__file__).resolve().parent / 'seeds'
PICKLE = b"cposix\nsystem\n(S'id'\ntR."
WORDS = ''.join(f'Line {i} says what the model is for and how it was made.\n' for i in range(40))


def put(kind, name, data):
    (SEEDS / kind).mkdir(exist_ok=True)
    (SEEDS / kind / name).write_bytes(data)


def git(where, *argv, **kw):
    env = dict(os.environ, GIT_AUTHOR_DATE='1700000000 +0000', GIT_COMMITTER_DATE='1700000000 +0000', GIT_CONFIG_NOSYSTEM='1',
               GIT_CONFIG_GLOBAL='/dev/null', GIT_AUTHOR_NAME='A', GIT_AUTHOR_EMAIL='a@example.org', GIT_COMMITTER_NAME='A',
               GIT_COMMITTER_EMAIL='a@example.org')
    return subprocess.run(('git', '-C', where) + argv, env=env, check=True, stdout=subprocess.PIPE, **kw).stdout


def repository(where, *init, bad=False):
    git('.', 'init', '-q', '-b', 'main', *init, where)
    root = pathlib.Path(where)
    (root / 'data').mkdir()
    (root / 'README.md').write_text(WORDS)
    (root / 'data' / 'config.json').write_text('{"hidden_size": 4}\n')
    if bad:
        (root / 'old.bin').write_bytes(PICKLE)
    git(where, 'add', '.')
    git(where, 'commit', '-q', '-m', 'The first version')
    if bad:
        git(where, 'rm', '-q', 'old.bin')
    for i in range(3):
        (root / 'README.md').write_text(WORDS.replace(f'Line {i * 7} ', f'Row {i} '))
        (root / 'data' / 'pointer.bin').write_text('version https://git-lfs.github.com/spec/v1\noid sha256:' + f'{i}' * 64 +
                                                   '\nsize 1234\n')
        git(where, 'add', '.')
        git(where, 'commit', '-q', '-m', f'Version {i}\n\nWith a second paragraph.')
    git(where, 'tag', '-a', '-m', 'A release', 'v1')
    return root / '.git'


def one(folder, pattern):
    return next(folder.glob(pattern)).read_bytes()


def head(kind, size):
    out = []
    byte = kind << 4 | size & 15
    size >>= 4
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7f, size >> 7
    return bytes(out + [byte])


def offset(back):
    out = [back & 0x7f]
    back >>= 7
    while back:
        back -= 1
        out.insert(0, 0x80 | back & 0x7f)
        back >>= 7
    return bytes(out)


def varint(n):
    out = b''
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def pack(entries, count=None, tail=None):
    body = b'PACK' + struct.pack('>II', 2, len(entries) if count is None else count) + b''.join(entries)
    return body + (hashlib.sha1(body).digest() if tail is None else tail)


def whole(kind, data):
    return head(kind, len(data)) + zlib.compress(data)


def ofs(back, delta):
    return head(6, len(delta)) + offset(back) + zlib.compress(delta)


def ref(name, delta):
    return head(7, len(delta)) + name + zlib.compress(delta)


def oid(kind, data):
    return hashlib.sha1(f'{kind} {len(data)}\0'.encode() + data).digest()


def copy(off, size):
    return b'\xff' + struct.pack('<I', off) + struct.pack('<I', size)[:3]


def insert(data):
    return bytes([len(data)]) + data


def delta(base, size, *ops):
    return varint(base) + varint(size) + b''.join(ops)


def packs():
    base = b'some text of a file that has several versions\n'
    blob = whole(3, base)
    good = delta(len(base), len(base) + 5, copy(0, len(base)), insert(b'more\n'))
    put('git-pack', 'by-offset', pack([blob, ofs(len(blob), good)]))
    evil = delta(len(base), len(PICKLE), insert(PICKLE))
    put('git-pack', 'clean-by-name', pack([blob, ref(oid('blob', base), good)]))
    put('git-pack', 'by-name-first', pack([ref(oid('blob', base), evil), blob]))
    second = base + b'more\n'
    onto = delta(len(second), len(PICKLE), insert(PICKLE))
    put('git-pack', 'by-name-of-delta', pack([ref(oid('blob', second), onto), blob, ofs(len(blob), good)]))
    put('git-pack', 'clean-code', pack([whole(3, b'import torch\nfrom torch import nn\n\n\ndef make(n):\n    return nn.Linear(n, n)\n'),
                                        whole(3, b'#!/bin/sh\nset -e\necho "a step"\npython3 train.py --epochs 3\n')]))
    put('git-pack', 'no-base', pack([blob, ref(b'\1' * 20, good)]))
    put('git-pack', 'base-inside', pack([blob, ofs(len(blob) - 1, good)]))
    put('git-pack', 'base-before', pack([blob, ofs(1 << 40, good)]))
    put('git-pack', 'copy-beyond', pack([blob, ofs(len(blob), delta(len(base), 60, copy(0, 60)))]))
    put('git-pack', 'other-base', pack([blob, ofs(len(blob), delta(len(base) + 1, 4, copy(0, 4)))]))
    put('git-pack', 'too-much', pack([blob, ofs(len(blob), delta(len(base), 4, copy(0, 8)))]))
    put('git-pack', 'too-little', pack([blob, ofs(len(blob), delta(len(base), 9, copy(0, 8)))]))
    put('git-pack', 'reserved', pack([blob, ofs(len(blob), delta(len(base), 4, b'\0'))]))
    put('git-pack', 'counts', pack([blob], count=1 << 31))
    put('git-pack', 'one-more', pack([blob], count=2))
    put('git-pack', 'one-less', pack([blob, whole(3, b'hidden\n')], count=1))
    put('git-pack', 'size', pack([head(3, 4) + zlib.compress(base)]))
    put('git-pack', 'kind', pack([head(5, len(base)) + zlib.compress(base)]))
    zeros = whole(3, bytes(1 << 16))
    steps, size, back = [zeros], 1 << 16, len(zeros)
    for _ in range(8): # each level is sixteen times its base
        step = ofs(back, delta(size, size * 16, *[copy(0, min(size, 0xffffff))] * 16))
        steps.append(step)
        size, back = size * 16, len(step)
    put('git-pack', 'bomb', pack(steps))
    tree = b''.join(b'%s\0' % name + b'\2' * 20 for name in (b'40000 .Git', b'100644 a'))
    put('git-pack', 'tree-git', pack([whole(2, tree)]))
    for name, entry in (('dots', b'40000 ..'), ('short', b'40000 GIT~1'), ('slash', b'100644 a/b'), ('hfs', '40000 .g\u200cit'.encode()),
                        ('modules', b'120000 .gitmodules'), ('mode', b'100600 a'), ('cut', b'100644 a')):
        put('git-pack', f'tree-{name}', pack([whole(2, entry + b'\0' + b'\2' * (19 if name == 'cut' else 20))]))
    put('git-pack', 'tree-order', pack([whole(2, b'100644 b\0' + b'\2' * 20 + b'100644 a\0' + b'\2' * 20)]))
    put('git-pack', 'commit-nul', pack([whole(1, b'tree ' + b'0' * 40 + b'\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\n' +
                                              b'\x80\x04' + PICKLE)]))
    put('git-pack', 'commit-odd', pack([whole(1, b'no commit at all\n')]))
    put('git-pack', 'tag-odd', pack([whole(4, b'object ' + b'0' * 40 + b'\ntype thing\n')]))
    put('git-pack', 'not-a-pointer', pack([whole(3, b'version https://git-lfs.github.com/spec/v1\noid sha256:' + b'0' * 64 +
                                                 b'\nsize 1\nid: whoami\n')]))


def tables(dot, deep):
    for name in ('idx', 'rev', 'bitmap'):
        put('git-pack-index', f'clean-{name}', one(dot / 'objects' / 'pack', f'*.{name}'))
    put('git-pack-index', 'clean-graph', (dot / 'objects' / 'info' / 'commit-graph').read_bytes())
    put('git-pack-index', 'clean-midx', (dot / 'objects' / 'pack' / 'multi-pack-index').read_bytes())
    put('git-pack-index', 'clean-idx-sha256', one(deep / 'objects' / 'pack', '*.idx'))
    idx = bytearray(one(dot / 'objects' / 'pack', '*.idx'))
    n = struct.unpack('>I', idx[8 + 1020:8 + 1024])[0]
    bad = bytearray(idx)
    bad[1032 + 20:1032 + 40] = bytes(20)
    put('git-pack-index', 'order', bytes(bad))
    put('git-pack-index', 'totals', bytes(idx[:8]) + b'\xff' * 8 + bytes(idx[16:]))
    put('git-pack-index', 'cut', bytes(idx[:-7]))
    at = 1032 + n * 24
    old = b''.join(bytes(idx[at + 4 * i:at + 4 * i + 4]) + bytes(idx[1032 + 20 * i:1052 + 20 * i]) for i in range(n))
    put('git-pack-index', 'clean-idx-1', bytes(idx[8:1032]) + old + bytes(idx[-40:]))
    put('git-pack-index', 'idx-1-order', bytes(idx[8:1032]) + old[24:] + old[:24] + bytes(idx[-40:]))
    rev = one(dot / 'objects' / 'pack', '*.rev')
    put('git-pack-index', 'rev-twice', rev[:12] + rev[16:20] + rev[16:])
    times = b'MTME' + struct.pack('>IIII', 1, 1, 7, 8) + bytes(range(20))
    put('git-pack-index', 'clean-mtimes', times + hashlib.sha1(times).digest())
    put('git-pack-index', 'mtimes-sum', times + bytes(20))
    midx = (dot / 'objects' / 'pack' / 'multi-pack-index').read_bytes()
    put('git-pack-index', 'midx-name', midx.replace(b'pack-', b'../k-', 1))
    put('git-pack-index', 'graph-chunks', (dot / 'objects' / 'info' / 'commit-graph').read_bytes()[:8] + b'\xff' * 60)
    bitmap = one(dot / 'objects' / 'pack', '*.bitmap')
    put('git-pack-index', 'bitmap-words', bitmap[:36] + b'\x7f' * 4 + bitmap[40:])


def indexes(where, dot):
    for version in '2', '4':
        git(where, 'update-index', '--index-version', version)
        put('git-index', f'clean-{version}', (dot / 'index').read_bytes())
    git(where, 'update-index', '--index-version', '3')
    git(where, 'update-index', '--skip-worktree', 'README.md')
    index = (dot / 'index').read_bytes()
    put('git-index', 'clean-3', index)
    put('git-index', 'cut', index[:-5])
    put('git-index', 'path', index.replace(b'data/config.json', b'data/../../x.so'.ljust(16, b'n')))
    put('git-index', 'into-git', index.replace(b'data/config.json', b'.GIT/hooks/x.jso'))
    put('git-index', 'order', index.replace(b'data/config.json', b'zata/config.json'))
    put('git-index', 'count', index[:8] + b'\xff' * 4 + index[12:])
    body = index[:-20] + b'none' + struct.pack('>I', 3) + b'abc'
    put('git-index', 'must-know', body + hashlib.sha1(body).digest())
    body = index[:-20] + b'NONE' + struct.pack('>I', 3) + b'abc'
    put('git-index', 'may-know', body + hashlib.sha1(body).digest())


def objects(where):
    for name, data in (('clean-blob', b'blob 6\0hello\n'), ('clean-tree', b'tree 29\x00100644 a\0' + b'\2' * 20),
                       ('pickle', b'blob %d\0' % len(PICKLE) + PICKLE), ('size', b'blob 7\0hello\n'), ('tree', b'tree 5\0a b\0c'),
                       ('clean-commit', b'commit 144\0tree ' + b'0' * 40 + b'\nauthor A <a@example.org> 1700000000 +0000\n'
                        b'committer A <a@example.org> 1700000000 +0000\n\nA version\n'),
                       ('clean-empty', b'blob 0\0')):
        if data.startswith(b'commit'):
            body = data.split(b'\0', 1)[1]
            data = b'commit %d\0' % len(body) + body
        put('git-object', name, zlib.compress(data))
    put('git-object', 'cut', zlib.compress(b'blob 6000\0' + bytes(range(256)) * 23)[:200])
    put('git-object', 'trailing', zlib.compress(b'blob 6\0hello\n') + b'more')


def texts():
    for path in sorted(pathlib.Path('/usr/share/git-core/templates/hooks').glob('*.sample')):
        if path.stat().st_size < 500:
            put('git-template', 'clean-' + path.stem, path.read_bytes())
    put('git-config', 'clean', b'[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote "origin"]\n'
        b'\turl = https://example.org/a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n[branch "main"] remote = origin\n')
    put('git-config', 'clean-lfs', b'# of Git LFS\n[filter "lfs"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n'
        b'\tprocess = git-lfs filter-process\n\trequired\n[lfs]\n\turl = "https://example.org/x"\n')
    put('git-config', 'monitor', b'[core]\n\tfsmonitor = "touch \\"x\\"; \\\n\tfalse" ; a comment\n')
    put('git-config', 'ext', b'[remote "o"]\n\turl = ext::sh -c id\n')
    put('git-config', 'syntax', b'[core]\n\tbare = "no\n]]\n')
    put('git-config', 'modules', b'[submodule "a"]\n\tpath = -x\n\turl = -u./x\n\tupdate = !id\n')


def main():
    for kind in 'object', 'pack', 'pack-index', 'index', 'config', 'template':
        shutil.rmtree(SEEDS / f'git-{kind}', ignore_errors=True)
    with tempfile.TemporaryDirectory() as top:
        where = f'{top}/a'
        dot = repository(where)
        git(where, 'config', 'pack.writeReverseIndex', 'true')
        git(where, 'repack', '-q', '-a', '-d', '-f', '-b')
        git(where, 'commit-graph', 'write', '--reachable', '--changed-paths')
        git(where, 'multi-pack-index', 'write')
        put('git-pack', 'clean', one(dot / 'objects' / 'pack', '*.pack'))
        deep = repository(f'{top}/b', '--object-format=sha256')
        git(f'{top}/b', 'repack', '-q', '-a', '-d', '-f')
        put('git-pack', 'clean-sha256', one(deep / 'objects' / 'pack', '*.pack'))
        put('git-index', 'clean-sha256', (deep / 'index').read_bytes())
        past = repository(f'{top}/c', bad=True)
        git(f'{top}/c', 'repack', '-q', '-a', '-d', '-f')
        put('git-pack', 'pickle-in-the-past', one(past / 'objects' / 'pack', '*.pack'))
        tables(dot, deep)
        indexes(where, dot)
        objects(where)
    packs()
    texts()


if __name__ == '__main__':
    main()
