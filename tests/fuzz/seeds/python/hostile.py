import os, base64
f = getattr(os, "sys" + "tem")
f("id")
exec(base64.b64decode(b"aW1wb3J0IG9z"))
(lambda o: o.system("id"))(__import__("os"))
[c for c in ().__class__.__base__.__subclasses__()]
exec("".join(chr(c ^ 1) for c in [104, 108]))
