#!/usr/bin/python3
"""Seeds of fuzz_signature, made from scratch with openssl and gatehouse:
	tests/fuzz/make_signature_seeds.py build/release/gatehouse
They are trusted roots, bundles, timestamps, certificates and keys of our own, none of which is of any use elsewhere."""
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

GATEHOUSE = os.path.abspath(sys.argv[1])
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'seeds', 'signature')
os.makedirs(OUT, exist_ok=True)
os.chdir(tempfile.mkdtemp())


def sh(*args, data=None):
    return subprocess.run(args, check=True, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def seed(name, kind, data):
    with open(os.path.join(OUT, name), 'wb') as f:
        f.write(kind.encode() + data)


def b64(b):
    return base64.b64encode(b).decode()


def read(p):
    with open(p, 'rb') as f:
        return f.read()


def write(p, data):
    with open(p, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


sh('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key.pem')
sh('openssl', 'genpkey', '-algorithm', 'ED25519', '-out', 'ed.pem')
sh('openssl', 'pkey', '-in', 'key.pem', '-pubout', '-out', 'key.pub')
sh('openssl', 'req', '-x509', '-key', 'key.pem', '-out', 'ca.pem', '-subj', '/CN=ca', '-days', '3000',
   '-addext', 'keyUsage=critical,keyCertSign')
write('leaf.ext', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=critical,email:a@example.org,'
      'URI:https://example.org/x,otherName:1.3.6.1.4.1.57264.1.7;UTF8:z\n1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://example.org\n'
      '1.3.6.1.4.1.57264.1.1=DER:68747470733a2f2f6578616d706c652e6f7267\n'
      '1.3.6.1.4.1.11129.2.4.2=ASN1:FORMAT:HEX,OCT:00380036' + '00' + '11' * 32 + '0000018f00000000' + '0000' + '0403' + '0007' + '30050201010201' + '\n')
sh('openssl', 'req', '-new', '-key', 'key.pem', '-subj', '/CN=leaf', '-out', 'leaf.csr')
sh('openssl', 'x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'key.pem', '-CAcreateserial', '-days', '2000', '-extfile',
   'leaf.ext', '-out', 'leaf.pem')
write('tsa.ext', 'keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n')
sh('openssl', 'req', '-new', '-key', 'key.pem', '-subj', '/CN=tsa', '-out', 'tsa.csr')
sh('openssl', 'x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'key.pem', '-CAcreateserial', '-days', '2000', '-extfile',
   'tsa.ext', '-out', 'tsa.pem')
der = {n: sh('openssl', 'x509', '-in', n + '.pem', '-outform', 'DER') for n in ('ca', 'leaf', 'tsa')}
spki = sh('openssl', 'pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER')

# Timestamps, with and without certificates.
write('tsa.cnf', '[tsa]\ndefault_tsa=t\n[t]\nserial=./serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\nsigner_key=key.pem\n'
      'signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n')
write('serial', '01')
write('sig', b'signature')
stamps = []
for extra in ([], ['-cert']):
    sh('openssl', 'ts', '-query', '-data', 'sig', '-sha256', '-out', 'q.tsq', *extra)
    sh('openssl', 'ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'q.tsq', '-out', 'r.tsr')
    stamps.append(read('r.tsr'))
for i, s in enumerate(stamps):
    seed(f'timestamp-{i}', 't', struct.pack('<H', len(der['ca'])) + der['ca'] + s)

# Bundles of models.
os.mkdir('m')
write('m/a', 'x')
write('m/b', 'y' * 30)
for name, args in {'files': [], 'shards': ['--method', 'shards', '--shard-size', '10'], 'ignored': ['--ignore', 'b']}.items():
    sh(GATEHOUSE, 'sign', 'm', '--key', 'key.pem', '-o', 'm.sig', *args)
    bundle = read('m.sig')
    seed(f'key-{name}', 'k', bundle)
    seed(f'statement-{name}', 'm', base64.b64decode(json.loads(bundle)['dsseEnvelope']['payload']))
sh(GATEHOUSE, 'sign', 'm', '--key', 'ed.pem', '-o', 'm.sig')
seed('key-ed25519', 'k', read('m.sig'))
sh(GATEHOUSE, 'sign', 'm', '--key', 'key.pem', '--cert', 'leaf.pem', '-o', 'm.sig')
seed('certificate', 'c', read('m.sig'))
signed = json.loads(read('m.sig'))

# A root of our own, and bundles with entries of every kind.
valid = {'start': '2021-01-12T11:53:27Z', 'end': '2036-01-01T00:00:00.5Z'}
log = {'baseUrl': 'https://log.example', 'hashAlgorithm': 'SHA2_256', 'publicKey': {'rawBytes': b64(spki), 'keyDetails':
       'PKIX_ECDSA_P256_SHA_256', 'validFor': valid}, 'logId': {'keyId': b64(hashlib.sha256(spki).digest())}}
ca = {'certChain': {'certificates': [{'rawBytes': b64(der['ca'])}]}, 'validFor': {'start': valid['start']}}
tsa = {'certChain': {'certificates': [{'rawBytes': b64(der['tsa'])}, {'rawBytes': b64(der['ca'])}]}, 'validFor': valid}
root = json.dumps({'mediaType': 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', 'tlogs': [log], 'ctlogs': [log],
                   'certificateAuthorities': [ca], 'timestampAuthorities': [tsa]}).encode()
sig = b64(b'signature')
cert = b64(der['leaf'])
pem = b64(read('leaf.pem'))
zero = b64(bytes(32))
hexzero = '00' * 32
v2 = {'content': sig, 'verifier': {'keyDetails': 'PKIX_ECDSA_P256_SHA_256', 'x509Certificate': {'rawBytes': cert}}}
payload = base64.b64decode(signed['dsseEnvelope']['payload'])
env = {'payload': b64(payload), 'payloadType': 'application/vnd.in-toto+json', 'signatures': [{'sig': sig}]}
ph = hashlib.sha256(payload)
bodies = {
    ('hashedrekord', '0.0.1'): {'data': {'hash': {'algorithm': 'sha256', 'value': hexzero}},
                                'signature': {'content': sig, 'publicKey': {'content': pem}}},
    ('dsse', '0.0.1'): {'payloadHash': {'algorithm': 'sha256', 'value': ph.hexdigest()}, 'signatures': [{'signature': sig, 'verifier': pem}]},
    ('intoto', '0.0.2'): {'content': {'envelope': {'payloadType': env['payloadType'], 'signatures': [
        {'sig': b64(sig.encode()), 'publicKey': pem}]}, 'payloadHash': {'algorithm': 'sha256', 'value': ph.hexdigest()}}},
    ('hashedrekord', '0.0.2'): {'hashedRekordV002': {'data': {'algorithm': 'SHA2_256', 'digest': zero}, 'signature': v2}},
    ('dsse', '0.0.2'): {'dsseV002': {'payloadHash': {'algorithm': 'SHA2_256', 'digest': b64(ph.digest())}, 'signatures': [v2]}},
}
for (kind, version), spec in bodies.items():
    body = json.dumps({'apiVersion': version, 'kind': kind, 'spec': spec}).encode()
    leaf = hashlib.sha256(b'\0' + body).digest()
    note = f'log.example - 1\n1\n{b64(leaf)}\n'
    write('note', note)
    key_id = hashlib.sha256(spki).digest()[:4]
    note += f'\n\u2014 log.example {b64(key_id + sh("openssl", "dgst", "-sha256", "-sign", "key.pem", "note"))}\n'
    promise = json.dumps({'body': b64(body), 'integratedTime': 1770000000, 'logID': hashlib.sha256(spki).hexdigest(), 'logIndex': 0},
                         separators=(',', ':'))
    write('promise', promise)
    entry = {'logIndex': '0', 'logId': log['logId'], 'kindVersion': {'kind': kind, 'version': version}, 'integratedTime': '1770000000',
             'inclusionPromise': {'signedEntryTimestamp': b64(sh('openssl', 'dgst', '-sha256', '-sign', 'key.pem', 'promise'))},
             'inclusionProof': {'logIndex': '0', 'rootHash': b64(leaf), 'treeSize': '1', 'hashes': [], 'checkpoint': {'envelope': note}},
             'canonicalizedBody': b64(body)}
    bundle = {'mediaType': 'application/vnd.dev.sigstore.bundle.v0.3+json', 'verificationMaterial': {
        'certificate': {'rawBytes': cert}, 'tlogEntries': [entry],
        'timestampVerificationData': {'rfc3161Timestamps': [{'signedTimestamp': b64(stamps[0])}]}}}
    if kind == 'hashedrekord':
        bundle['messageSignature'] = {'messageDigest': {'algorithm': 'SHA2_256', 'digest': zero}, 'signature': sig}
    else:
        bundle['dsseEnvelope'] = env
    text = json.dumps(bundle).encode()
    seed(f'root-{kind}-{version}', 'r', struct.pack('<H', len(root)) + root + text)

seed('pem-key', 'p', read('key.pub'))
seed('pem-certificates', 'p', read('leaf.pem') + read('ca.pem'))
seed('der-key', 'p', spki)
seed('der-certificate', 'p', der['leaf'])
print(len(os.listdir(OUT)), 'seeds')
