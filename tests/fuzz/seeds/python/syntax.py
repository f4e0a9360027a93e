def f(a, /, b: int = 3, *c, d, **e) -> int:
	async with a as b, c as d: await x
	match a:
		case {"k": [x, *_], **r} if x > 1: yield from y
	return a[1:2, ::-1, ...] if not b else lambda *p, q=1: (p := q)
x = f"{a!r:{w}.{p}} {f'{1}'}" rb"\x41" '''t
'''; y: int = {**a, 1: 2, "b": {3, 4}}; del z
try: raise E from e
except* (A, B) as e: pass
finally: global g
type T = int
