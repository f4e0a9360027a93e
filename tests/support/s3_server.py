#!/usr/bin/python3
"""An S3 store in memory, for tests: it checks signatures by the specification (sharing nothing with the C code) and fails on
command. Not for anything else.

  s3_server.py [--tls CERT KEY] [--small]     prints its port, serves until standard input ends

What it knows: PUT, GET with Range and If-Match, HEAD, DELETE, If-None-Match, ListObjectsV2, multipart uploads. Access key
"test-access", secret "test-secret", bucket "bucket", region "us-east-1".

POST /-/fault with a JSON body orders faults for requests to come:
  {"what": "status", "status": 503, "code": "SlowDown", "times": 2, "method": "PUT"}
  what: status | reset (closes without an answer) | lost (does it, closes before the answer) | hang (seconds) | cut (half of the
  body) | flip (a changed byte of the body) | huge | junk | xml (body "text") | skew | wrongrange | gone
  method: only such requests; contains: only when the URL contains it; skip: let so many pass first."""
import hashlib
import hmac
import http.server
import json
import re
import ssl
import sys
import threading
import time
import urllib.parse
import xml.sax.saxutils

ACCESS, SECRET, BUCKET, REGION = 'test-access', 'test-secret', 'bucket', 'us-east-1'
objects, uploads, faults, seen = {}, {}, [], []
lock = threading.Lock()


def quote(s, safe='-_.~'):
    return urllib.parse.quote(s, safe=safe)


def escape(s):
    return xml.sax.saxutils.escape(s)


def signature_fault(handler, payload_hash):
    """None, or (status, code): AWS Signature Version 4, from the text of the specification."""
    auth = handler.headers.get('authorization', '')
    m = re.fullmatch(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?'
                     r'Signature=([0-9a-f]{64})', auth)
    if not m:
        return 403, 'AccessDenied'
    access, day, region, names, given = m.groups()
    if access != ACCESS:
        return 403, 'InvalidAccessKeyId'
    if region != REGION:
        return 400, 'AuthorizationHeaderMalformed'
    stamp = handler.headers.get('x-amz-date', '')
    if not stamp.startswith(day):
        return 403, 'AccessDenied'
    if abs(time.time() - time.mktime(time.strptime(stamp, '%Y%m%dT%H%M%SZ')) + time.timezone) > 900:
        return 403, 'RequestTimeTooSkewed'
    for need in ('host', 'x-amz-date', 'x-amz-content-sha256'):
        if need not in names.split(';'):
            return 403, 'AccessDenied'
    for name in handler.headers:
        if name.lower().startswith('x-amz-') and name.lower() not in names.split(';'):
            return 403, 'AccessDenied'
    path, _, query = handler.path.partition('?')
    pairs = sorted((quote(k), quote(v)) for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = '\n'.join([
        handler.command, quote(urllib.parse.unquote(path), '-_.~/'), '&'.join(f'{k}={v}' for k, v in pairs),
        *[f'{n}:{" ".join(handler.headers[n].split())}' for n in names.split(';')], '', names, payload_hash])
    text = f'AWS4-HMAC-SHA256\n{stamp}\n{day}/{region}/s3/aws4_request\n' + hashlib.sha256(canonical.encode()).hexdigest()
    key = ('AWS4' + SECRET).encode()
    for part in (day, region, 's3', 'aws4_request'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), given):
        return 403, 'SignatureDoesNotMatch'
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def handle_expect_100(self):
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def log_message(self, *args):
        pass

    def answer(self, status, body=b'', headers=(), length=None):
        self.send_response(status)
        for k, v in headers:
            self.send_header(k, v)
        self.send_header('Content-Length', str(len(body) if length is None else length))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)
        self.wfile.flush()

    def error(self, status, code, message='as ordered'):
        self.answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}'
                    '</Message><RequestId>1</RequestId></Error>'.encode(), [('Content-Type', 'application/xml')])

    def fault(self):
        with lock:
            for f in faults:
                if f.get('times', 1) <= 0 or f.get('method', self.command) != self.command or \
                        f.get('contains', '') not in self.path:
                    continue
                if f.get('skip', 0) > 0:
                    f['skip'] -= 1
                    continue
                f['times'] = f.get('times', 1) - 1
                return f
        return None

    def handle_all(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0))
        if self.path == '/-/fault':
            with lock:
                faults[:] = json.loads(body)
                seen.clear()
            return self.answer(200)
        if self.path == '/-/seen':
            with lock:
                return self.answer(200, json.dumps([seen, len(uploads), sorted(objects)]).encode())
        with lock:
            seen.append(f'{self.command} {self.path}')
        f = self.fault()
        what = f['what'] if f else None
        if what == 'status':
            return self.error(f['status'], f.get('code', 'InternalError'), f.get('message', 'as ordered'))
        if what == 'skew':
            return self.error(403, 'RequestTimeTooSkewed')
        if what == 'reset':
            return self.drop()
        if what == 'hang':
            time.sleep(f['seconds'])
            return self.drop()
        if what == 'xml':
            return self.answer(200, f['text'].encode())
        if what == 'junk':
            self.wfile.write(b'\x00\xff not http at all\r\n\r\n')
            return self.drop()
        if what == 'huge':
            self.send_response(200)
            self.send_header('X-Fill', 'a' * 40000)
            self.end_headers()
            return self.drop()
        digest = hashlib.sha256(body).hexdigest()
        claimed = self.headers.get('x-amz-content-sha256', '')
        bad = signature_fault(self, claimed)
        if bad:
            return self.error(*bad)
        if claimed != digest:
            return self.error(400, 'XAmzContentSHA256Mismatch')
        return self.serve(body, f, what)

    def drop(self):
        self.close_connection = True
        self.connection.close() if not isinstance(self.connection, ssl.SSLSocket) else self.connection.shutdown(2)

    def serve(self, body, f, what):
        url = urllib.parse.urlsplit(self.path)
        host = self.headers['host'].split(':')[0]
        path = urllib.parse.unquote(url.path)
        if host.startswith(BUCKET + '.'):
            path = '/' + BUCKET + path
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        bucket, _, key = path[1:].partition('/')
        if bucket != BUCKET:
            return self.error(404, 'NoSuchBucket')
        with lock:
            status, out, headers = self.do(key, query, body)
        if what == 'lost':
            return self.drop()
        if what == 'flip' and out:
            out = bytes([out[0] ^ 1]) + out[1:]
        if what == 'wrongrange':
            headers = [(k, v if k != 'Content-Range' else 'bytes 0-0/1') for k, v in headers]
        if what == 'cut':
            self.answer(status, out[:len(out) // 2], headers, length=len(out))
            return self.drop()
        if status >= 400:
            return self.error(status, out)
        return self.answer(status, out, headers)

    def do(self, key, query, body):
        if key == '':
            return self.listing(query)
        if 'uploads' in query and self.command == 'POST':
            ident = f'up/{len(uploads)}+{time.time_ns()}'
            uploads[ident] = {'key': key, 'parts': {}, 'meta': self.meta(), 'at': time.time()}
            return 200, (f'<InitiateMultipartUploadResult><Key>{escape(key)}</Key><UploadId>{ident}</UploadId>'
                         '</InitiateMultipartUploadResult>').encode(), []
        if 'uploadId' in query:
            return self.multipart(key, query, body)
        if self.command == 'PUT':
            if self.headers.get('if-none-match') == '*' and key in objects:
                return 412, 'PreconditionFailed', []
            etag = '"' + hashlib.md5(body).hexdigest() + '"'
            objects[key] = (body, self.meta(), etag, time.time())
            return 200, b'', [('ETag', etag)]
        if self.command == 'DELETE':
            objects.pop(key, None)
            return 204, b'', []
        if key not in objects:
            return 404, 'NoSuchKey', []
        data, meta, etag, at = objects[key]
        headers = [('ETag', etag), ('Last-Modified', time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(at)))] + meta
        if self.headers.get('if-match', etag) != etag:
            return 412, 'PreconditionFailed', []
        m = re.fullmatch(r'bytes=(\d+)-(\d+)', self.headers.get('range', ''))
        if m:
            a, b = int(m[1]), min(int(m[2]), len(data) - 1)
            if a > b:
                return 416, 'InvalidRange', []
            return 206, data[a:b + 1], headers + [('Content-Range', f'bytes {a}-{b}/{len(data)}')]
        if self.command == 'HEAD':
            return 200, data, headers
        return 200, data, headers

    def meta(self):
        return [(k, v) for k, v in self.headers.items() if k.lower().startswith('x-amz-meta-')]

    def multipart(self, key, query, body):
        up = uploads.get(query['uploadId'])
        if up is None or up['key'] != key:
            return 404, 'NoSuchUpload', []
        if self.command == 'PUT':
            up['parts'][int(query['partNumber'])] = body
            return 200, b'', [('ETag', '"' + hashlib.md5(body).hexdigest() + '"')]
        if self.command == 'DELETE':
            del uploads[query['uploadId']]
            return 204, b'', []
        named = re.findall(r'<Part><PartNumber>(\d+)</PartNumber><ETag>"([0-9a-f]{32})"</ETag></Part>', body.decode())
        parts = up['parts']
        if [int(n) for n, _ in named] != sorted(parts) or \
                any(hashlib.md5(parts[int(n)]).hexdigest() != e for n, e in named):
            return 400, 'InvalidPart', []
        if any(len(parts[int(n)]) < 5 << 20 for n, _ in named[:-1]):
            return 400, 'EntityTooSmall', []
        if self.headers.get('if-none-match') == '*' and key in objects:
            return 412, 'PreconditionFailed', []
        objects[key] = (b''.join(parts[n] for n in sorted(parts)), up['meta'], '"whole-1"', time.time())
        del uploads[query['uploadId']]
        return 200, b'<CompleteMultipartUploadResult><ETag>"whole-1"</ETag></CompleteMultipartUploadResult>', []

    def listing(self, query):
        prefix = query.get('prefix', '')
        if 'uploads' in query:
            rows = ''.join(f'<Upload><Key>{escape(u["key"])}</Key><UploadId>{i}</UploadId><Initiated>'
                           f'{time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(u["at"]))}</Initiated></Upload>'
                           for i, u in uploads.items() if u['key'].startswith(prefix))
            return 200, (f'<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{rows}'
                         '</ListMultipartUploadsResult>').encode(), []
        most = int(query.get('max-keys', 1000))
        names = [k for k in sorted(objects) if k.startswith(prefix) and k > query.get('start-after', '')]
        rows = ''.join(f'<Contents><Key>{escape(k)}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>'
                       f'<Size>{len(objects[k][0])}</Size></Contents>' for k in names[:most])
        return 200, (f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{BUCKET}</Name><IsTruncated>'
                     f'{"true" if len(names) > most else "false"}</IsTruncated>{rows}</ListBucketResult>').encode(), []

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_all


def main():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    if '--tls' in sys.argv:
        at = sys.argv.index('--tls')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[at + 1], sys.argv[at + 2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == '__main__':
    main()
