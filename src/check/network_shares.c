/* Shares of files: Windows logs in to one by itself as soon as something opens it. Universal Naming Convention ([MS-DTYP] 2.2.57),
 * RFC 8089 appendix E for "file://host/". */
#include "check/network_int.h"

static bool linked(struct gh_span s, size_t at)
{
	static const char *const before[] = { "](",	 "](<",	   "src=\"", "src='", "src=",
					      "href=\"", "href='", "href=",  "url(",  "url=" };
	struct gh_span near = gh_span_cut(s, at < 8 ? 0 : at - 8, at < 8 ? at : 8);
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (gh_span_ends(near, before[i]))
			return true;
	return false;
}

struct gh_net_share gh_net_share(struct gh_span s, size_t at, size_t host)
{
	struct gh_host h;
	struct gh_net_share x = { .shown = gh_span_cut(s, at, GH_NET_SHARE_TEXT), .link = linked(s, at) };
	if (host < s.n && s.p[host] != '/' && gh_host_at(gh_span_cut(s, host, 300), &h) && h.net != GH_NET_LOCAL)
		x.name = gh_span_cut(s, host, h.end);
	for (size_t i = 0; i < x.shown.n; i++)
		if (x.shown.p[i] <= ' ' || memchr("\"')>]`", x.shown.p[i], 6) != NULL)
			x.shown.n = i;
	x.value = !gh_net_in_comment(s, at) && !gh_net_in_prose(s, at);
	return x;
}

size_t gh_net_backslashes(struct gh_span s, size_t from, size_t to, size_t *host)
{
	while (from < to) {
		const uint8_t *p = memchr(s.p + from, '\\', to - from);
		if (p == NULL)
			break;
		size_t at = (size_t)(p - s.p), n = 0;
		while (at + n < s.n && n < 5 && s.p[at + n] == '\\')
			n++;
		from = at + n;
		struct gh_host h;
		if ((n != 2 && n != 4) || (at > 0 && s.p[at - 1] == '\\') || !gh_host_at(gh_span_cut(s, from, 300), &h))
			continue;
		struct gh_span name = gh_span_cut(s, from, h.end);
		size_t behind = from + h.end;
		bool dotted = memchr(name.p, '.', name.n) != NULL;
		if (dotted && behind < s.n && (s.p[behind] == '\\' || s.p[behind] == '@')) {
			*host = from;
			return at;
		}
	}
	return SIZE_MAX;
}
