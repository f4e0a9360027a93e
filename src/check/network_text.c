/* What stands around a host in a text. */
#include "check/network_int.h"

#include "wire/hosts.h"

/* A comment of a program: what stands there is read by people. */
bool gh_net_in_comment(struct gh_span s, size_t at)
{
	size_t from = at, most = 200;
	while (from > 0 && at - from < most && s.p[from - 1] != '\n')
		from--;
	while (from < at && (s.p[from] == ' ' || s.p[from] == '\t'))
		from++;
	struct gh_span line = { s.p + from, at - from };
	return gh_span_starts(line, "#") || gh_span_starts(line, "//") || gh_span_starts(line, "*") ||
	       gh_span_starts(line, "/*") || gh_span_starts(line, "--") || gh_span_starts(line, "%") ||
	       gh_span_starts(line, "\"\"\"");
}

/* Words before it and no command that fetches: a sentence, in a program that is the description of something. */
bool gh_net_in_prose(struct gh_span s, size_t at)
{
	static const char *const commands[] = { "curl", "wget", "git ", "pip", "://", "fetch", "get" };
	size_t from = at;
	if (at == 0 || memchr(" (<[", s.p[at - 1], 4) == NULL)
		return false;
	while (from > 0 && at - from < 120 && s.p[from - 1] != '\n')
		from--;
	struct gh_span line = { s.p + from, at - from };
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (memmem(line.p, line.n, commands[i], strlen(commands[i])) != NULL)
			return false;
	return true;
}

/* Is something put into the address, or is it that of a picture with a query? s: from the address on. */
bool gh_net_takes_content(struct gh_span s, size_t at, size_t host)
{
	size_t i = at + host, stop = s.n - i < 300 ? s.n : i + 300;
	bool query = false, path = false;
	struct gh_span before = gh_span_cut(s, at < 40 ? 0 : at - 40, at < 40 ? at : 40);
	bool picture = memmem(before.p, before.n, "![", 2) != NULL || memmem(before.p, before.n, "<img", 4) != NULL;
	for (; i < stop && s.p[i] > ' ' && s.p[i] != ')' && s.p[i] != '>' && s.p[i] != '"' && s.p[i] != '\'' &&
	       s.p[i] != '`';
	     i++) {
		query = query || s.p[i] == '?' || s.p[i] == '=';
		path = true;
		if (s.p[i] == '{' && i + 1 < stop && (s.p[i + 1] == '{' || s.p[i + 1] == '%'))
			return true;
	}
	/* The string ends and something is appended to it. */
	size_t k = i + 1;
	bool quote = i < stop && (s.p[i] == '"' || s.p[i] == '\'');
	while (k < stop && (s.p[k] == ' ' || s.p[k] == '\\'))
		k++;
	bool joined = quote && k < stop && (s.p[k] == '+' || s.p[k] == '~');
	return joined || (picture && (query || path));
}

/* In what is no text, "://" may be chance; these schemes before it are not. */
bool gh_net_scheme(struct gh_span scheme)
{
	static const char *const names[] = { "http", "https", "ftp", "ftps", "sftp", "ws", "wss",  "tcp",
					     "udp",  "ssh",   "git", "s3",   "gs",   "hf", "ipfs", "smb" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(scheme, names[i]))
			return true;
	return false;
}

bool gh_net_mail(struct gh_span s, size_t at, size_t *start, size_t *stop)
{
	size_t from = at, to = at + 1, dots = 0;
	while (from > 0 && at - from < 64 && (gh_net_name_byte(s.p[from - 1]) || s.p[from - 1] == '+') &&
	       s.p[from - 1] < 0x80)
		from--;
	while (to < s.n && to - at < 100 && gh_net_name_byte(s.p[to]) && s.p[to] < 0x80 && s.p[to] != '_')
		dots += s.p[to++] == '.';
	while (to > at + 1 && (s.p[to - 1] == '.' || s.p[to - 1] == '-'))
		dots -= s.p[--to] == '.';
	*start = from;
	*stop = to;
	return at != from && dots != 0 && to - at >= 5 && (s.p[to - 1] | 0x20) >= 'a' && (s.p[to - 1] | 0x20) <= 'z' &&
	       !(from > 0 && (s.p[from - 1] == '/' || s.p[from - 1] == ':'));
}

bool gh_net_quad(struct gh_span s, size_t dot, size_t *start, struct gh_host *h)
{
	size_t from = dot, end = dot;
	unsigned dots = 0;
	while (from > 0 && dot - from < 3 && s.p[from - 1] >= '0' && s.p[from - 1] <= '9')
		from--;
	while (end < s.n && end - from < 16 && ((s.p[end] >= '0' && s.p[end] <= '9') || s.p[end] == '.'))
		dots += s.p[end++] == '.';
	if (from == dot || dots != 3 || s.p[end - 1] == '.' || s.p[from] == '0')
		return false;
	if (from > 0 && (gh_net_name_byte(s.p[from - 1]) || memchr("/@<>~!^+[({", s.p[from - 1], 11) != NULL))
		return false;
	if (from > 1 && s.p[from - 1] == '=' && memchr("=<>~!", s.p[from - 2], 5) != NULL)
		return false;
	if (end < s.n && (gh_net_name_byte(s.p[end]) || s.p[end] == '+'))
		return false;
	struct gh_span before = gh_span_cut(s, from < 32 ? 0 : from - 32, from < 32 ? from : 32);
	const uint8_t *nl = before.n == 0 ? NULL : memrchr(before.p, '\n', before.n);
	before = nl == NULL ? before : gh_span_cut(before, (uint64_t)(nl - before.p) + 1, before.n);
	if (before.n != 0 &&
	    (memmem(before.p, before.n, "ersion", 6) != NULL || memmem(before.p, before.n, "VERSION", 7) != NULL))
		return false;
	*start = from;
	return gh_host_at(gh_span_cut(s, from, end - from), h) && h->net != GH_NET_NAME && h->net != GH_NET_METADATA &&
	       !h->odd;
}
