#include "wire/purl.h"

#include "wire/dep.h"

static const char *type_of(struct gh_span eco)
{
	static const char *const types[][2] = { { "PyPI", "pypi" },	  { "npm", "npm" },   { "conda", "conda" },
						{ "crates.io", "cargo" }, { "Go", "golang" }, { "docker", "docker" },
						{ "R", "cran" } };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (gh_span_is(eco, types[i][0]))
			return types[i][1];
	return "generic";
}

static bool plain(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static void put(char *out, size_t *n, char c)
{
	if (*n + 1 < GH_PURL)
		out[(*n)++] = c;
}

/* What is not unreserved as %XX; slashes within a name separate its parts. */
static void encode(char *out, size_t *n, struct gh_span s, bool slash)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (plain(c) || (slash && c == '/')) {
			put(out, n, (char)c);
			continue;
		}
		if (*n + 4 > GH_PURL)
			return;
		put(out, n, '%');
		put(out, n, hex[c >> 4]);
		put(out, n, hex[c & 15]);
	}
}

size_t gh_purl(struct gh_span ecosystem, struct gh_span name, struct gh_span version, char out[GH_PURL])
{
	size_t n = 0;
	char normal[80];
	encode(out, &n, GH_SPAN("pkg"), false);
	put(out, &n, ':');
	encode(out, &n, gh_span_str(type_of(ecosystem)), false);
	put(out, &n, '/');
	if (gh_span_is(ecosystem, "PyPI")) {
		gh_dep_normalise(name, normal);
		name = gh_span_str(normal);
	}
	encode(out, &n, name, true);
	if (version.n != 0) {
		put(out, &n, '@');
		encode(out, &n, version, false);
	}
	out[n] = '\0';
	return n;
}

bool gh_purl_valid(struct gh_span s)
{
	if (!gh_span_starts(s, "pkg:") || s.n >= GH_PURL)
		return false;
	const uint8_t *slash = memchr(s.p, '/', s.n);
	if (slash == NULL || slash == s.p + 4 || slash + 1 == s.p + s.n || slash[1] == '@')
		return false;
	for (size_t i = 4; i < s.n; i++)
		if (!plain(s.p[i]) && s.p[i] != '/' && s.p[i] != '%' && s.p[i] != '@')
			return false;
	return true;
}

void gh_purl_split(struct gh_span s, struct gh_span *name, struct gh_span *version)
{
	const uint8_t *slash = s.n == 0 ? NULL : memchr(s.p, '/', s.n);
	*name = slash == NULL ? s : gh_span_cut(s, (uint64_t)(slash - s.p) + 1, s.n);
	*version = (struct gh_span){ 0 };
	const uint8_t *at = name->n == 0 ? NULL : memrchr(name->p, '@', name->n);
	if (at == NULL)
		return;
	*version = gh_span_cut(*name, (uint64_t)(at - name->p) + 1, name->n);
	*name = gh_span_cut(*name, 0, (uint64_t)(at - name->p));
}
