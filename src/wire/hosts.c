#include "wire/hosts.h"

#include "base/utf8.h"

struct row {
	char name[28]; /* stands for all below it */
	enum gh_host_class class;
};

#include "wire/hosts_names.h"

/* Not in rows[]: addresses rather than names. */
const char *const gh_host_bare[] = {
	"webhook.site",
	".ngrok.io",
	".ngrok.app",
	".ngrok-free.app",
	".ngrok.dev",
	".loca.lt",
	".serveo.net",
	".trycloudflare.com",
	".pipedream.net",
	".requestbin.",
	"hookbin.com",
	".beeceptor.com",
	".requestcatcher.com",
	".burpcollaborator.net",
	".oastify.com",
	".interact.sh",
	".oast.",
	".canarytokens.",
	".dnslog.cn",
	".ceye.io",
	".onion",
	".i2p",
	"169.254.169.254",
	"metadata.google.internal",
	"100.100.100.200",
	"pastebin.com",
	"transfer.sh",
	".duckdns.org",
	".ddns.net",
	".hopto.org",
	"api.telegram.org",
};
const unsigned gh_host_bare_n = sizeof gh_host_bare / sizeof gh_host_bare[0];

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool name_byte(uint8_t c)
{
	return digit(c) || (small(c) >= 'a' && small(c) <= 'z') || c == '-' || c == '_' || c >= 0x80;
}

const char *gh_host_class_name(enum gh_host_class c)
{
	static const char *const names[GH_HOST_CLASSES] = {
		[GH_HOST_PLAIN] = "a host",
		[GH_HOST_HIDDEN] = "a host whose owner is hidden",
		[GH_HOST_TUNNEL] = "a tunnel to somebody's own machine",
		[GH_HOST_CATCHER] = "a place that shows what is sent to it",
		[GH_HOST_BEACON] = "a place that tells its maker who asked",
		[GH_HOST_PASTE] = "texts and files of unnamed people",
		[GH_HOST_DYNAMIC] = "a name for an address that changes",
		[GH_HOST_SHORT] = "a shortened address",
		[GH_HOST_RESOLVER] = "a resolver that goes past the network's own",
		[GH_HOST_REPORTS] = "a collector of reports",
		[GH_HOST_LOOKALIKE] = "a name in letters that look like others",
	};
	return (unsigned)c < GH_HOST_CLASSES ? names[c] : names[0];
}

/* The row of exactly this name; NULL: none. */
static const struct row *row_of(struct gh_span name)
{
	size_t lo = 0, hi = sizeof rows / sizeof rows[0];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, i = 0;
		const uint8_t *w = (const uint8_t *)rows[mid].name;
		while (i < name.n && w[i] != 0 && small(name.p[i]) == w[i])
			i++;
		if (i == name.n && w[i] == 0)
			return &rows[mid];
		if (i == name.n || (w[i] != 0 && small(name.p[i]) < w[i]))
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static bool below(struct gh_span host, const char *name, size_t n)
{
	if (host.n < n || (host.n > n && host.p[host.n - n - 1] != '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (small(host.p[host.n - n + i]) != (uint8_t)name[i])
			return false;
	return true;
}

/* Latin letters beside Cyrillic or Greek ones, or punycode, which shows as such a name. */
static bool lookalike(struct gh_span name)
{
	bool latin = false, other = false;
	for (size_t i = 0; i < name.n;) {
		uint32_t cp;
		unsigned n = gh_utf8_next(gh_span_cut(name, i, 4), &cp);
		if (n == 0)
			return false;
		bool start = i == 0 || name.p[i - 1] == '.';
		if (start && name.n - i > 4 && small(name.p[i]) == 'x' && small(name.p[i + 1]) == 'n' &&
		    name.p[i + 2] == '-' && name.p[i + 3] == '-')
			return true;
		latin = start ? false : latin;
		other = start ? false : other;
		latin = latin || (cp < 0x80 && small((uint8_t)cp) >= 'a' && small((uint8_t)cp) <= 'z');
		other = other || (cp >= 0x370 && cp < 0x530) || (cp >= 0x2c60 && cp < 0x2c80) ||
			(cp >= 0xff00 && cp < 0xff60);
		if (latin && other)
			return true;
		i += n;
	}
	return false;
}

enum { LABELS = 4 };

enum gh_host_class gh_host_class_of(struct gh_span name)
{
	/* The name, then what it is below: no more labels than the longest row has. */
	unsigned labels = 0;
	for (size_t i = name.n; i > 0 && labels < LABELS; i--) {
		if (i > 1 && name.p[i - 2] != '.')
			continue;
		const struct row *r = row_of(gh_span_cut(name, i - 1, name.n));
		if (r != NULL)
			return r->class;
		labels++;
	}
	return lookalike(name) ? GH_HOST_LOOKALIKE : GH_HOST_PLAIN;
}

static enum gh_host_net net_of(uint32_t a)
{
	static const struct {
		uint32_t net, bits;
		enum gh_host_net is;
	} nets[] = {
		{ 0xa9fea9fe, 32, GH_NET_METADATA }, { 0xa9feaa02, 32, GH_NET_METADATA },
		{ 0x646464c8, 32, GH_NET_METADATA }, { 0x7f000000, 8, GH_NET_LOCAL },
		{ 0x00000000, 8, GH_NET_LOCAL },     { 0x0a000000, 8, GH_NET_PRIVATE },
		{ 0xac100000, 12, GH_NET_PRIVATE },  { 0xc0a80000, 16, GH_NET_PRIVATE },
		{ 0x64400000, 10, GH_NET_PRIVATE },  { 0xa9fe0000, 16, GH_NET_PRIVATE },
		{ 0xc0000200, 24, GH_NET_SHOWN },    { 0xc6336400, 24, GH_NET_SHOWN },
		{ 0xcb007100, 24, GH_NET_SHOWN },    { 0xe0000000, 3, GH_NET_SHOWN },
		{ 0xc0000000, 24, GH_NET_SHOWN },    { 0xc6120000, 15, GH_NET_SHOWN },
	};
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
		if (((a ^ nets[i].net) & (nets[i].bits == 32 ? 0xffffffffu : ~(0xffffffffu >> nets[i].bits))) == 0)
			return nets[i].is;
	return GH_NET_PUBLIC;
}

/* As inet_aton() reads it: one to four numbers, each decimal, octal or hexadecimal; the last fills what is left. */
static bool ipv4(struct gh_span s, struct gh_host *out)
{
	uint64_t part[4] = { 0 };
	unsigned n = 0;
	bool odd = false;
	for (size_t i = 0; i < s.n; n++) {
		unsigned base = 10;
		size_t from = i;
		if (n == 4)
			return false;
		if (s.n - i > 2 && s.p[i] == '0' && small(s.p[i + 1]) == 'x') {
			base = 16;
			i += 2;
			from = i;
		} else if (s.n - i > 1 && s.p[i] == '0' && digit(s.p[i + 1]))
			base = 8;
		for (; i < s.n && s.p[i] != '.'; i++) {
			uint8_t c = small(s.p[i]);
			unsigned d = digit(c) ? c - 48u : c >= 'a' && c <= 'f' ? c - 87u : 99u;
			if (d >= base || i - from > 11)
				return false;
			part[n] = part[n] * base + d;
		}
		if (i == from)
			return false;
		odd = odd || base != 10;
		if (i < s.n && ++i == s.n)
			return false;
	}
	if (n == 0)
		return false;
	uint64_t last = part[n - 1], a = 0;
	for (unsigned i = 0; i + 1 < n; i++) {
		if (part[i] > 255)
			return false;
		a |= part[i] << (24 - 8 * i);
	}
	if (last >= (uint64_t)1 << (8 * (5 - n)))
		return false;
	out->odd = odd || n != 4;
	if (n == 1 && !odd && last < 0x1000000) /* a plain number */
		return false;
	out->net = net_of((uint32_t)(a | last));
	return true;
}

static bool ipv6(struct gh_span s, struct gh_host *out)
{
	unsigned colons = 0, run = 0;
	bool gap = s.n > 1 && memmem(s.p, s.n, "::", 2) != NULL, dots = s.n != 0 && memchr(s.p, '.', s.n) != NULL;
	for (size_t i = 0; i < s.n && s.p[i] != '%'; i++) {
		uint8_t c = small(s.p[i]);
		colons += c == ':';
		run = c == ':' || c == '.' ? 0 : run + 1;
		if (run > 4)
			return false;
		if (!digit(c) && !(c >= 'a' && c <= 'f') && c != ':' && c != '.' && c != '%')
			return false;
	}
	out->v6 = true;
	out->net = gh_span_is(s, "::1") || gh_span_is(s, "::")					      ? GH_NET_LOCAL
		   : gh_span_starts(s, "fd00:ec2:")						      ? GH_NET_METADATA
		   : gh_span_starts(s, "fe80:") || gh_span_starts(s, "fc") || gh_span_starts(s, "fd") ? GH_NET_PRIVATE
		   : gh_span_starts(s, "2001:db8:") || gh_span_starts(s, "ff")			      ? GH_NET_SHOWN
												      : GH_NET_PUBLIC;
	const uint8_t *last = dots ? memrchr(s.p, ':', s.n) : NULL;
	struct gh_host mapped = { 0 };
	if (last != NULL && ipv4(gh_span_cut(s, (uint64_t)(last - s.p) + 1, s.n), &mapped))
		out->net = mapped.net; /* "::ffff:169.254.169.254" reaches what its last part names */
	/* Eight groups, the last two of which may be an IPv4 address; or a gap that stands for those that are missing. */
	return gap ? colons >= 2 && colons <= 8 : colons == (dots ? 6 : 7);
}

bool gh_host_at(struct gh_span s, struct gh_host *out)
{
	enum { LONGEST = 253 };
	size_t n = 0;
	*out = (struct gh_host){ 0 };
	if (s.n != 0 && s.p[0] == '[') {
		const uint8_t *close = memchr(s.p, ']', s.n < 64 ? s.n : 64);
		if (close == NULL)
			return false;
		out->text = (struct gh_span){ s.p + 1, (size_t)(close - s.p) - 1 };
		out->end = out->text.n + 2;
		return ipv6(out->text, out);
	}
	while (n < s.n && n <= LONGEST && (name_byte(s.p[n]) || (s.p[n] == '.' && n > 0 && s.p[n - 1] != '.')))
		n++;
	out->end = n;
	while (n > 0 && s.p[n - 1] == '.')
		n--;
	out->text = (struct gh_span){ s.p, n };
	if (out->end < s.n && s.p[out->end] == ':') {
		size_t i = out->end + 1;
		while (i < s.n && digit(s.p[i]))
			i++;
		out->end = i;
	}
	if (n == 0 || n > LONGEST || s.p[0] == '-')
		return false;
	if (digit(s.p[0]) && ipv4(out->text, out))
		return true;
	bool dot = memchr(s.p, '.', n) != NULL;
	if (below(out->text, "localhost", 9))
		out->net = GH_NET_LOCAL;
	else if (below(out->text, "metadata.google.internal", 24))
		out->net = GH_NET_METADATA;
	else if (below(out->text, "example", 7) || below(out->text, "example.com", 11) ||
		 below(out->text, "example.org", 11) || below(out->text, "example.net", 11) ||
		 below(out->text, "invalid", 7) || below(out->text, "test", 4))
		out->net = GH_NET_SHOWN;
	else if (!dot || below(out->text, "local", 5) || below(out->text, "internal", 8))
		out->net = GH_NET_PRIVATE;
	return dot ? !digit(s.p[n - 1]) || out->net != GH_NET_NAME : true;
}
