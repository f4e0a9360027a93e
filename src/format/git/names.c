/* Names in trees and in the index. Git refuses the dangerous ones, each release those it knows (fsck.c, read-cache.c:
 * verify_path); other programs check less. */
#include "format/git/git.h"
#include "base/utf8.h"

bool gh_git_mode_ok(unsigned mode)
{
	static const unsigned known[] = { 0100644, 0100755, 0100664, 0120000, 040000, 0160000 };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i] == mode)
			return true;
	return false;
}

/* Characters that HFS+ leaves out when it compares names. */
static bool ignored(uint32_t c)
{
	return (c >= 0x200c && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x206a && c <= 0x206f) ||
	       c == 0xfeff;
}

/* The name as file systems compare it: small letters, without what HFS+ ignores, without the dots and blanks at the end
 * and the stream (":…") that Windows leaves out. Longer names are cut: none of the names looked for is long. */
static size_t folded(struct gh_span s, char *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n + 1 < cap;) {
		uint32_t c = 0;
		unsigned len = s.p[i] < 0x80 ? 0 : gh_utf8_next(gh_span_cut(s, i, 4), &c);
		if (len > 1 && ignored(c)) {
			i += len;
			continue;
		}
		uint8_t b = s.p[i++];
		if (b == ':')
			break;
		out[n++] = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
	}
	while (n != 0 && (out[n - 1] == '.' || out[n - 1] == ' '))
		n--;
	out[n] = '\0';
	return n;
}

/* Is the component `name`, or its short form on Windows (GITMOD~1)? */
static bool is(const char *f, const char *name, const char *brief)
{
	size_t n = strlen(brief);
	return strcmp(f, name) == 0 ||
	       (strncmp(f, brief, n) == 0 && f[n] == '~' && f[n + 1] >= '1' && f[n + 1] <= '4' && f[n + 2] == '\0');
}

static void component(struct git *g, struct gh_span s, unsigned mode, uint64_t off, uint64_t len)
{
	char f[64];
	(void)folded(s, f, sizeof f);
	bool dots = gh_span_is(s, ".") || gh_span_is(s, "..") || s.n == 0;
	if (dots || is(f, ".git", "git"))
		gh_git_say(g, GIT_A_NAME, off, len, "\"%s\"", gh_safe(s).s);
	else if (mode == 0120000 && (is(f, ".gitmodules", "gitmod") || is(f, ".gitattributes", "gitatt") ||
				     is(f, ".gitignore", "gitign") || is(f, ".mailmap", "mailma")))
		gh_git_say(g, GIT_A_LINK, off, len, "\"%s\"", gh_safe(s).s);
}

void gh_git_check_path(struct git *g, struct gh_span path, unsigned mode, uint64_t off, uint64_t len)
{
	for (size_t at = 0; at <= path.n;) {
		size_t n = 0;
		/* A backslash divides on Windows: there, `..\x` and `.git\x` are two components. */
		while (at + n < path.n && path.p[at + n] != '/' && path.p[at + n] != '\\')
			n++;
		struct gh_span part = { path.p + at, n };
		bool last = at + n == path.n, slash = !last && path.p[at + n] == '/';
		/* `a\` or `\\x` is an odd name, but none that leads anywhere. */
		if (n != 0 || slash || path.n == 0)
			component(g, part, last ? mode : 040000, off, len);
		at += n + 1;
	}
	if (path.n > 2 && path.p[1] == ':' && ((path.p[0] | 32) >= 'a' && (path.p[0] | 32) <= 'z') &&
	    (path.p[2] == '/' || path.p[2] == '\\'))
		gh_git_say(g, GIT_A_NAME, off, len, "\"%s\"", gh_safe(path).s);
}
