#!/usr/bin/python3
"""An independent verifier of an audit log, written from the specifications (RFC 6962, RFC 8032, C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-tiles, tlog-proof) with Python's standard library alone: it shares nothing with the program it checks.

Usage: tlog_verify.py log DIR VKEY          every entry, every tile, the signature of the checkpoint
       tlog_verify.py proof FILE ENTRY VKEY a proof file against the bytes of an entry
Prints what it found; exit status 0 when all is well, 1 when not."""
import base64
import hashlib
import pathlib
import sys


class Wrong(Exception):
    pass


def need(ok, why):
    if not ok:
        raise Wrong(why)


# ---- Ed25519 (RFC 8032, section 5.1), slow and plain --------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def recover(y, sign):
    """The point with that y; None when there is none."""
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, d - c, d + c, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, point)
        point = add(point, point)
        n >>= 1
    return out


BASE = recover(4 * pow(5, P - 2, P) % P, 0)


def point_of(b):
    n = int.from_bytes(b, 'little')
    return recover(n & (1 << 255) - 1, n >> 255)


def ed25519_ok(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], 'little')
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), 'little') % L
    left, right = times(s, BASE), add(r, times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def ed25519_sign(seed, message):
    """For a witness in a test."""
    def compress(p):
        z = pow(p[2], P - 2, P)
        return (p[1] * z % P | (p[0] * z % P & 1) << 255).to_bytes(32, 'little')
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], 'little') & (1 << 254) - 8 | 1 << 254
    key = compress(times(a, BASE))
    r = int.from_bytes(hashlib.sha512(h[32:] + message).digest(), 'little') % L
    big_r = compress(times(r, BASE))
    k = int.from_bytes(hashlib.sha512(big_r + key + message).digest(), 'little') % L
    return key, big_r + ((r + k * a) % L).to_bytes(32, 'little')


# ---- RFC 6962, section 2.1 -------------------------------------------------------------------------------------------------
def sha256(b):
    return hashlib.sha256(b).digest()


def leaf_hash(entry):
    return sha256(b'\0' + entry)


def tree(hashes):
    """MTH by the letter of the definition."""
    n = len(hashes)
    if n == 0:
        return sha256(b'')
    if n == 1:
        return hashes[0]
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b'\1' + tree(hashes[:k]) + tree(hashes[k:]))


def path(m, hashes):
    """PATH(m, D[n])."""
    n = len(hashes)
    if n == 1:
        return []
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return path(m, hashes[:k]) + [tree(hashes[k:])]
    return path(m - k, hashes[k:]) + [tree(hashes[:k])]


def subproof(m, hashes, whole=True):
    """SUBPROOF(m, D[n], b); PROOF(m, D[n]) with whole = True."""
    n = len(hashes)
    if m == n:
        return [] if whole else [tree(hashes)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return subproof(m, hashes[:k], whole) + [tree(hashes[k:])]
    return subproof(m - k, hashes[k:], False) + [tree(hashes[:k])]


def root_of_path(m, n, leaf, proof):
    """The root that an audit path leads to, by the same recursion read from the leaf upward."""
    if n == 1:
        need(not proof, 'the path is too long')
        return leaf
    need(proof, 'the path is too short')
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return sha256(b'\1' + root_of_path(m, k, leaf, proof[:-1]) + proof[-1])
    return sha256(b'\1' + proof[-1] + root_of_path(m - k, n - k, leaf, proof[:-1]))


def roots_of_consistency(m, n, proof, old_root, whole=True):
    """The two roots that a consistency proof leads to, by the recursion of SUBPROOF."""
    if m == n:
        need(len(proof) == (0 if whole else 1), 'the proof has another length')
        return (old_root, old_root) if whole else (proof[0], proof[0])
    need(proof, 'the proof is too short')
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        old, new = roots_of_consistency(m, k, proof[:-1], old_root, whole)
        return old, sha256(b'\1' + new + proof[-1])
    old, new = roots_of_consistency(m - k, n - k, proof[:-1], old_root, False)
    return sha256(b'\1' + proof[-1] + old), sha256(b'\1' + proof[-1] + new)


# ---- notes and checkpoints ---------------------------------------------------------------------------------------------------
def b64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw) == text, 'base64 with spare bits')
    return raw


def read_vkey(text):
    name, id, key = text.strip().split('+', 2)
    raw = b64(key.encode())
    need(raw[0] in (1, 4) and len(raw) == 33, 'a verifier key of type 01 or 04 is wanted')
    need(hashlib.sha256(name.encode() + b'\n' + raw).digest()[:4].hex() == id, 'the id of the verifier key is wrong')
    return name, bytes.fromhex(id), raw[0], raw[1:]


def read_note(note):
    text, sep, rest = note.rpartition(b'\n\n')
    need(sep and rest.endswith(b'\n'), 'not a note')
    signatures = []
    for line in rest[:-1].split(b'\n'):
        mark, name, sig = line.split(b' ')
        need(mark == '—'.encode(), 'a signature line is none')
        raw = b64(sig)
        signatures.append((name.decode(), raw[:4], raw[4:]))
    return text + b'\n', signatures


def note_signed(note, vkey):
    """Signed by that key? A cosignature gives its time."""
    name, id, kind, key = read_vkey(vkey)
    text, signatures = read_note(note)
    said = False
    for n, i, sig in signatures:
        if (n, i) != (name, id):
            continue
        if kind == 1:
            need(ed25519_ok(key, text, sig), 'the signature is wrong')
            said = True
        else:
            time = int.from_bytes(sig[:8], 'big')
            need(ed25519_ok(key, b'cosignature/v1\ntime %d\n' % time + text, sig[8:]), 'the cosignature is wrong')
            said = time
    return said


def read_checkpoint(note, vkey):
    need(note_signed(note, vkey), 'the log has not signed the checkpoint')
    lines = read_note(note)[0].split(b'\n')
    need(lines[0].decode() == read_vkey(vkey)[0], 'the origin is not the name of the key')
    need(str(int(lines[1])).encode() == lines[1], 'the size is spelt wrongly')
    root = b64(lines[2])
    need(len(root) == 32, 'the root is none')
    return int(lines[1]), root


# ---- tiles -----------------------------------------------------------------------------------------------------------------------
def tile_path(level, n, width):
    groups = ['%03d' % (n % 1000)]
    while n >= 1000:
        n //= 1000
        groups.append('x%03d' % (n % 1000))
    return f'tile/{level}/' + '/'.join(reversed(groups)) + (f'.p/{width}' if width < 256 else '')


def tiles_of(size):
    """Every tile that a log of that size must serve: (level, index, width)."""
    for level in range(64):
        count = size >> 8 * level
        if count == 0:
            return
        for n in range(count // 256):
            yield level, n, 256
        if count % 256:
            yield level, count // 256, count % 256


def read_bundle(raw):
    at, out = 0, []
    while at < len(raw):
        n = int.from_bytes(raw[at:at + 2], 'big')
        need(at + 2 + n <= len(raw), 'an entry is cut')
        out.append(raw[at + 2:at + 2 + n])
        at += 2 + n
    return out


def read_entries(log, size):
    entries = []
    for level, n, width in tiles_of(size):
        if level == 0:
            bundle = read_bundle((log / tile_path('entries', n, width)).read_bytes())
            need(len(bundle) == width, f'bundle {n} holds {len(bundle)} entries, not {width}')
            entries += bundle
    return entries


def check_log(log, vkey):
    """Everything a log serves agrees with its checkpoint. Returns (size, root, entries)."""
    log = pathlib.Path(log)
    size, root = read_checkpoint((log / 'checkpoint').read_bytes(), vkey)
    entries = read_entries(log, size)
    level_hashes = [leaf_hash(e) for e in entries]
    need(len(level_hashes) == size, 'entries are missing')
    need(tree(level_hashes) == root, 'the entries do not give the root')
    for level in range(64):
        if not level_hashes:
            break
        for n in range((len(level_hashes) + 255) // 256):
            want = level_hashes[256 * n:256 * (n + 1)]
            name = tile_path(level, n, len(want))
            need((log / name).read_bytes() == b''.join(want), f'{name} is wrong')
        level_hashes = [tree(level_hashes[256 * n:256 * (n + 1)]) for n in range(len(level_hashes) // 256)]
    return size, root, entries


def check_proof(text, entry, vkey):
    """Returns (index, size) of what a proof file shows."""
    head, sep, note = text.partition(b'\n\n')
    lines = head.split(b'\n')
    need(sep and lines.pop(0) == b'c2sp.org/tlog-proof@v1', 'not a proof file')
    if lines[0].startswith(b'extra '):
        b64(lines.pop(0)[6:])
    word, index = lines.pop(0).split(b' ')
    need(word == b'index' and str(int(index)).encode() == index, 'no index')
    size, root = read_checkpoint(note, vkey)
    need(int(index) < size, 'the index is beyond the log')
    proof = [b64(line) for line in lines]
    need(root_of_path(int(index), size, leaf_hash(entry), proof) == root, 'the path does not lead to the root')
    return int(index), size


def main():
    try:
        if sys.argv[1] == 'log':
            size, root, _ = check_log(sys.argv[2], pathlib.Path(sys.argv[3]).read_text())
            print(f'{size} entries, root {root.hex()}')
        else:
            entry = pathlib.Path(sys.argv[3]).read_bytes()
            index, size = check_proof(pathlib.Path(sys.argv[2]).read_bytes(), entry, pathlib.Path(sys.argv[4]).read_text())
            print(f'entry {index} of {size}')
    except (Wrong, ValueError, OSError) as e:
        print(f'WRONG: {e}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
