#include "format/signs.h"

#include "format/json_keys.h"
#include "wire/entropy.h"

/* A row matches when `a` occurs (letters in either case; a space stands for one or more white-space characters) and,
 * if given, `b` follows it within NEAR bytes. A row that starts with a letter matches only at the start of a word.
 * Sorted by the first byte: the rows for a byte stand together. */
struct sign_row {
	enum gh_sign sign;
	const char *a, *b;
};
enum { NEAR = 240, URL_MAX = 2048, TOKEN_MAX = 128 };

static const struct sign_row rows[] = {
	{ GH_SIGN_SHELL, "$(curl ", NULL },
	{ GH_SIGN_SHELL, "$(wget ", NULL },
	{ GH_SIGN_SECRET, "-----begin ", "private key-----" },
	{ GH_SIGN_SHELL, "/bin/sh -", NULL },
	{ GH_SIGN_SHELL, "/bin/bash -", NULL },
	{ GH_SIGN_SHELL, "/dev/tcp/", NULL },
	{ GH_SIGN_SCRIPT, "<script>", NULL },
	{ GH_SIGN_SCRIPT, "<script ", ">" },
	{ GH_SIGN_SCRIPT, "<iframe ", ">" },
	{ GH_SIGN_SCRIPT, "<object ", ">" },
	{ GH_SIGN_SCRIPT, "<embed ", ">" },
	{ GH_SIGN_SCRIPT, "<svg", "onload" },
	{ GH_SIGN_SCRIPT, "<img ", "onerror" },
	{ GH_SIGN_SCRIPT, "<body ", "onload" },
	{ GH_SIGN_SCRIPT, "<?php", NULL },
	{ GH_SIGN_CODE, "__import__", "(" },
	{ GH_SIGN_CODE, "__builtins__", NULL },
	{ GH_SIGN_ENCODED, "atob(", NULL },
	{ GH_SIGN_SHELL, "bash -i ", NULL },
	{ GH_SIGN_SHELL, "bash -c ", NULL },
	{ GH_SIGN_ENCODED, "b64decode", "(" },
	{ GH_SIGN_ENCODED, "base64.b64decode", "(" },
	{ GH_SIGN_ENCODED, "base64.decode", "(" },
	{ GH_SIGN_ENCODED, "bytes.fromhex", "(" },
	{ GH_SIGN_ENCODED, "base64 -d", NULL },
	{ GH_SIGN_CODE, "ctypes.", "(" },
	{ GH_SIGN_CODE, "child_process", "exec" },
	{ GH_SIGN_SHELL, "chmod 777 ", NULL },
	{ GH_SIGN_SHELL, "chmod +x ", NULL },
	{ GH_SIGN_SHELL, "chmod a+x ", NULL },
	{ GH_SIGN_SHELL, "chmod u+s ", NULL },
	{ GH_SIGN_SHELL, "curl ", "| sh" },
	{ GH_SIGN_SHELL, "curl ", "|sh" },
	{ GH_SIGN_SHELL, "curl ", "| bash" },
	{ GH_SIGN_SHELL, "curl ", "|bash" },
	{ GH_SIGN_SHELL, "curl ", "| sudo" },
	{ GH_SIGN_SHELL, "curl ", "| python" },
	{ GH_SIGN_SHELL, "curl ", ".sh" },
	{ GH_SIGN_SHELL, "curl -d ", "http" },
	{ GH_SIGN_SHELL, "curl -x post ", "http" },
	{ GH_SIGN_SHELL, "cmd.exe /c", NULL },
	{ GH_SIGN_SHELL, "cmd /c ", NULL },
	{ GH_SIGN_SHELL, "certutil -", NULL },
	{ GH_SIGN_SHELL, "crontab -", NULL },
	{ GH_SIGN_ENCODED, "codecs.decode", "(" },
	{ GH_SIGN_SHELL, "dd if=/", NULL },
	{ GH_SIGN_SCRIPT, "data:text/html", "," },
	{ GH_SIGN_SCRIPT, "document.cookie", NULL },
	{ GH_SIGN_CODE, "eval(", "__" },
	{ GH_SIGN_CODE, "exec(", "__" },
	{ GH_SIGN_CODE, "eval(", "import" },
	{ GH_SIGN_CODE, "exec(", "import" },
	{ GH_SIGN_CODE, "eval(", "decode" },
	{ GH_SIGN_CODE, "exec(", "decode" },
	{ GH_SIGN_CODE, "eval(", "open(" },
	{ GH_SIGN_CODE, "exec(", "open(" },
	{ GH_SIGN_CODE, "eval(", "compile(" },
	{ GH_SIGN_CODE, "exec(", "compile(" },
	{ GH_SIGN_CODE, "exec(", "requests." },
	{ GH_SIGN_ENCODED, "frombase64string", "(" },
	{ GH_SIGN_CODE, "getruntime().exec", "(" },
	{ GH_SIGN_CODE, "importlib.import_module", "(" },
	{ GH_SIGN_SCRIPT, "javascript:", "(" },
	{ GH_SIGN_CODE, "marshal.loads", "(" },
	{ GH_SIGN_SHELL, "mkfifo /", NULL },
	{ GH_SIGN_SHELL, "nc -e ", NULL },
	{ GH_SIGN_CODE, "os.system", "(" },
	{ GH_SIGN_CODE, "os.popen", "(" },
	{ GH_SIGN_CODE, "os.exec", "(" },
	{ GH_SIGN_CODE, "os.spawn", "(" },
	{ GH_SIGN_CODE, "posix.system", NULL },
	{ GH_SIGN_CODE, "pty.spawn", "(" },
	{ GH_SIGN_CODE, "pickle.loads", "(" },
	{ GH_SIGN_SHELL, "powershell -", NULL },
	{ GH_SIGN_SHELL, "powershell.exe", NULL },
	{ GH_SIGN_SHELL, "python -c ", NULL },
	{ GH_SIGN_SHELL, "python3 -c ", NULL },
	{ GH_SIGN_SHELL, "perl -e ", NULL },
	{ GH_SIGN_CODE, "runpy.run_", "(" },
	{ GH_SIGN_SHELL, "rm -rf ", NULL },
	{ GH_SIGN_SHELL, "rm -fr ", NULL },
	{ GH_SIGN_SHELL, "rm -r -f ", NULL },
	{ GH_SIGN_CODE, "subprocess.", "(" },
	{ GH_SIGN_CODE, "socket.socket", "(" },
	{ GH_SIGN_SHELL, "sh -c ", NULL },
	{ GH_SIGN_SHELL, "sudo rm ", NULL },
	{ GH_SIGN_ENCODED, "string.fromcharcode", "(" },
	{ GH_SIGN_CODE, "urllib.request.url", "(" },
	{ GH_SIGN_SCRIPT, "vbscript:", NULL },
	{ GH_SIGN_SHELL, "wget ", "| sh" },
	{ GH_SIGN_SHELL, "wget ", "|sh" },
	{ GH_SIGN_SHELL, "wget ", "| bash" },
	{ GH_SIGN_SHELL, "wget ", "|bash" },
	{ GH_SIGN_SHELL, "wget ", "&& " },
	{ GH_SIGN_SHELL, "wget ", "; " },
	{ GH_SIGN_SHELL, "wget ", ".sh" },
	{ GH_SIGN_ENCODED, "zlib.decompress", "(" },
};

static bool space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool alnum(uint8_t c) { return digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }
static bool ident(uint8_t c) { return alnum(c) || c == '_'; }

/* Length of the match of pattern a at the start of s, 0 when none. */
static size_t match(struct gh_span s, const char *a)
{
	size_t i = 0;
	for (; *a != '\0'; a++) {
		if (i >= s.n)
			return 0;
		if (*a == ' ') {
			if (!space(s.p[i]))
				return 0;
			while (i < s.n && space(s.p[i]))
				i++;
		} else if (lower(s.p[i++]) != (uint8_t)*a) {
			return 0;
		}
	}
	return i;
}

/* Does b start within [from, from + near)? */
static bool follows(struct gh_span text, size_t from, size_t near, const char *b)
{
	for (size_t i = from; i < text.n && i - from < near; i++)
		if (match(gh_span_cut(text, i, text.n), b) != 0)
			return true;
	return false;
}

static void note(unsigned *bits, size_t at[GH_SIGNS], enum gh_sign sign, size_t where)
{
	if ((*bits & 1u << sign) == 0)
		at[sign] = where;
	*bits |= 1u << sign;
}

/* `import os` as a statement: the name is one that reaches the system, and the statement ends there. */
static bool import_statement(struct gh_span s)
{
	static const char *const modules[] = { "os",	 "sys",	   "subprocess", "socket",	    "ctypes",
					       "pty",	 "pickle", "marshal",	 "base64",	    "importlib",
					       "shutil", "urllib", "requests",	 "builtins",	    "posix",
					       "nt",	 "runpy",  "codecs",	 "multiprocessing", "http" };
	size_t n = match(s, "import ");
	bool from = n == 0 && (n = match(s, "from ")) != 0;
	if (n == 0)
		return false;
	size_t e = n;
	while (e < s.n && ident(s.p[e]))
		e++;
	struct gh_span name = { s.p + n, e - n };
	bool known = false;
	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		known = known || gh_span_is(name, modules[i]);
	if (!known)
		return false;
	struct gh_span rest = gh_span_cut(s, e, s.n);
	if (from)
		return match(rest, " import ") != 0 || follows(rest, 0, 40, " import ");
	if (rest.n == 0 || match(rest, " as ") != 0)
		return true;
	while (rest.n > 0 && rest.p[0] == ' ')
		rest = gh_span_cut(rest, 1, rest.n);
	return rest.n == 0 || memchr(";,\n\r.'\"", rest.p[0], 7) != NULL;
}

/* Tokens of known shape: a prefix and at least n characters of an alphabet. */
static bool credential(struct gh_span s)
{
	static const struct {
		const char *prefix;
		size_t n;
		bool upper; /* capital letters and digits only */
	} t[] = {
		{ "AKIA", 16, true },	{ "ASIA", 16, true },	      { "ghp_", 36, false },	{ "gho_", 36, false },
		{ "ghs_", 36, false },	{ "github_pat_", 40, false }, { "glpat-", 20, false },	{ "hf_", 30, false },
		{ "sk-", 16, false },	{ "sk-proj-", 20, false },    { "sk-ant-", 20, false }, { "xoxb-", 20, false },
		{ "xoxp-", 20, false }, { "AIza", 35, false },	      { "pypi-", 50, false },	{ "npm_", 36, false },
	};
	if (s.n < 18 || memchr("Aghsxpn", s.p[0], 7) == NULL)
		return false;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		size_t k = strlen(t[i].prefix), n = 0, digits = 0;
		if (t[i].prefix[0] != (char)s.p[0] || !gh_span_starts(s, t[i].prefix))
			continue;
		for (; k + n < s.n && n < TOKEN_MAX; n++) {
			uint8_t c = s.p[k + n];
			if (t[i].upper ? !(digit(c) || (c >= 'A' && c <= 'Z')) : !(ident(c) || (n > 0 && c == '-')))
				break;
			digits += digit(c);
		}
		if (n >= t[i].n && (t[i].upper || digits >= 2)) /* words joined by hyphens are no tokens */
			return true;
	}
	return false;
}

static bool any_in(struct gh_span s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < n; k++)
			if (match(gh_span_cut(s, i, s.n), words[k]) != 0)
				return true;
	return false;
}

/* A value under a name that says it is secret, unless it says itself that it is only a placeholder. */
static bool named_credential(struct gh_span key, struct gh_span text)
{
	static const char *const names[] = { "secret_access_key", "api_key",	 "apikey",     "passwd",
					     "password",	  "private_key", "auth_token", "access_token",
					     "client_secret",	  "secret_key" };
	static const char *const placeholders[] = { "your",	   "xxx",      "***", "example",
						    "placeholder", "changeme", "env", "token>" };
	if (text.n < 8 || text.n > 512)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f || memchr("<>{}$/:", text.p[i], 7) != NULL)
			return false;
	/* "ModelHubAuthTokenProvider1" is the name of something. People make passwords of words, machines no tokens. */
	static const char *const by_people[] = { "passw" };
	struct gh_mix m = gh_mix_of(text);
	if (m.pairs >= 8 && m.wordy > 60 && m.digit * 5 < m.n &&
	    !any_in(gh_span_cut(key, 0, 128), by_people, sizeof by_people / sizeof by_people[0]))
		return false;
	return any_in(gh_span_cut(key, 0, 128), names, sizeof names / sizeof names[0]) &&
	       !any_in(text, placeholders, sizeof placeholders / sizeof placeholders[0]);
}

static bool public_ipv4(struct gh_span host)
{
	unsigned part[4] = { 0 }, n = 0, digits = 0;
	for (size_t i = 0; i < host.n; i++) {
		if (digit(host.p[i]) && ++digits <= 3)
			part[n] = part[n] * 10 + (unsigned)(host.p[i] - '0');
		else if (host.p[i] == '.' && digits > 0 && n < 3)
			n++, digits = 0;
		else
			return false;
	}
	if (n != 3 || digits == 0 || part[0] > 255 || part[1] > 255 || part[2] > 255 || part[3] > 255)
		return false;
	return part[0] != 127 && part[0] != 10 && part[0] != 0 && !(part[0] == 192 && part[1] == 168) &&
	       !(part[0] == 172 && part[1] >= 16 && part[1] < 32);
}

/* s starts at a scheme? Its length in *len; true for an address of a raw machine, with a user name, of a drop place, or
 * of a program. */
static bool address(struct gh_span key, struct gh_span s, size_t *len)
{
	static const char *const acts[] = { "callback", "webhook", "download", "upload",     "beacon",
					    "exfil",	"payload", "post_url", "update_url", "install",
					    "fetch",	"command", "telemetry" };
	static const char *const drops[] = { ".onion",
					     "pastebin.com",
					     "webhook.site",
					     ".ngrok",
					     "transfer.sh",
					     "requestbin",
					     "burpcollaborator",
					     "interact.sh",
					     ".oast.",
					     "discord.com/api/webhooks",
					     "api.telegram.org/bot",
					     "hooks.slack.com" };
	static const char *const programs[] = { ".exe", ".dll", ".scr", ".bat", ".cmd", ".ps1", ".vbs",
						".sh",	".msi", ".apk", ".jar", ".hta", ".elf", ".so",
						".dmg", ".pkg", ".deb", ".rpm", ".pkl" };
	size_t n = match(s, "http://");
	n = n != 0 ? n : match(s, "https://");
	n = n != 0 ? n : match(s, "ftp://");
	*len = n;
	if (n == 0)
		return false;
	s = gh_span_cut(s, 0, URL_MAX);
	size_t e = n, slash = 0;
	while (e < s.n && s.p[e] > ' ' && memchr("\"'<>)]}`\\", s.p[e], 9) == NULL) {
		if (s.p[e] == '/' && slash == 0)
			slash = e;
		e++;
	}
	*len = e;
	if (e == n)
		return false;
	struct gh_span url = { s.p, e }, host = { s.p + n, (slash != 0 ? slash : e) - n };
	const uint8_t *user = memchr(host.p, '@', host.n);
	if (user != NULL)
		return true;
	struct gh_span path = gh_span_cut(url, slash != 0 ? slash : e, e);
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '?' || path.p[i] == '#')
			path.n = i;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		size_t k = strlen(programs[i]);
		if (path.n > k && match(gh_span_cut(path, path.n - k, k), programs[i]) == k)
			return true;
	}
	const uint8_t *port = memchr(host.p, ':', host.n);
	struct gh_span bare = { host.p, port != NULL ? (size_t)(port - host.p) : host.n };
	return public_ipv4(bare) || any_in(url, drops, sizeof drops / sizeof drops[0]) ||
	       any_in(gh_span_cut(key, 0, 256), acts, sizeof acts / sizeof acts[0]);
}

/* Four bytes spelled as \xNN or chr(N) in a row. */
static bool spelled_bytes(struct gh_span s)
{
	unsigned n = 0;
	size_t i = 0;
	while (n < 4) {
		if (i + 4 <= s.n && s.p[i] == '\\' && s.p[i + 1] == 'x' && alnum(s.p[i + 2]) && alnum(s.p[i + 3])) {
			i += 4;
		} else if (match(gh_span_cut(s, i, 4), "chr(") != 0) {
			for (i += 4;
			     i < s.n && (digit(s.p[i]) || (s.p[i] != '\0' && memchr(")+ ,", s.p[i], 4) != NULL)); i++)
				;
		} else {
			return false;
		}
		n++;
	}
	return true;
}

/* A value that is nothing but the name of a function that reaches the system: the text as a whole, or a string in it. */
static bool names_system(struct gh_span text, size_t i)
{
	if (i > 0 && text.p[i - 1] != '"' && text.p[i - 1] != '\'')
		return false;
	size_t e = i;
	while (e < text.n && e - i < TOKEN_MAX && (ident(text.p[e]) || text.p[e] == '.' || text.p[e] == ':'))
		e++;
	bool ends = i == 0 ? e == text.n : e < text.n && memchr("\"'\\", text.p[e], 3) != NULL;
	return ends && gh_json_names_system(gh_span_cut(text, i, e - i));
}

enum { ROWS = sizeof rows / sizeof rows[0] };
_Static_assert(ROWS < 255, "rows are numbered in a byte");

unsigned gh_signs(struct gh_span key, struct gh_span text, size_t at[GH_SIGNS])
{
	unsigned bits = 0;
	uint8_t first[128] = { 0 }; /* 1 + index of the first row that starts with a byte */
	for (size_t r = ROWS; r-- > 0;)
		first[(uint8_t)rows[r].a[0]] = (uint8_t)(r + 1);
	if (named_credential(key, text))
		note(&bits, at, GH_SIGN_SECRET, 0);
	/* Where each row's b was looked for in vain: never looked at twice, so that no text costs more than its length
	 * times the number of rows. */
	size_t none_before[ROWS] = { 0 }, url_end = 0;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = lower(text.p[i]);
		bool word = i == 0 || !ident(text.p[i - 1]) || !alnum(c);
		struct gh_span s = { text.p + i, text.n - i };
		if (!word || c < '$' || c > 'z')
			continue;
		for (size_t r = first[c] != 0 ? first[c] - 1u : ROWS; r < ROWS && (uint8_t)rows[r].a[0] == c; r++) {
			if ((bits & 1u << rows[r].sign) != 0)
				continue;
			size_t n = match(s, rows[r].a), from = i + n, to = i + n + NEAR;
			if (n == 0)
				continue;
			if (from < none_before[r])
				from = none_before[r];
			if (rows[r].b == NULL || (from < to && follows(text, from, to - from, rows[r].b)))
				note(&bits, at, rows[r].sign, i);
			none_before[r] = to;
		}
		if ((c == 'i' || c == 'f') && import_statement(s))
			note(&bits, at, GH_SIGN_CODE, i);
		if ((c == 'h' || c == 'f') && i >= url_end) {
			if (address(key, s, &url_end))
				note(&bits, at, GH_SIGN_ADDRESS, i);
			url_end += i;
		}
		if ((c == '\\' || c == 'c') && spelled_bytes(s))
			note(&bits, at, GH_SIGN_ENCODED, i);
		if ((bits & 1u << GH_SIGN_CODE) == 0 && (i == 0 || !ident(text.p[i - 1])) && names_system(text, i))
			note(&bits, at, GH_SIGN_CODE, i);
		if (alnum(c) && credential(s))
			note(&bits, at, GH_SIGN_SECRET, i);
	}
	return bits;
}

unsigned gh_signs_report(struct gh_walk *w, const struct gh_rule *rules, size_t first, struct gh_span key,
			 struct gh_span text, uint64_t off, uint64_t len)
{
	size_t at[GH_SIGNS];
	unsigned bits = gh_signs(key, text, at);
	for (unsigned i = 0; i < GH_SIGNS; i++) {
		if ((bits & 1u << i) == 0)
			continue;
		if (i == GH_SIGN_SECRET) /* a report must not spread what it warns of */
			gh_anomaly(w, &rules[first + i], off, len, "in \"%s\", a token that starts with \"%s…\"",
				   gh_safe(key).s, gh_safe(gh_span_cut(text, at[i], 4)).s);
		else
			gh_anomaly(w, &rules[first + i], off, len, "in \"%s\": %s", gh_safe(key).s,
				   gh_safe(gh_span_cut(text, at[i], 80)).s);
	}
	return bits;
}

bool gh_signs_template(struct gh_span text, size_t *at)
{
	static const char *const names[] = { "class",	 "base",   "bases",   "mro",	      "subclasses", "globals",
					     "builtins", "import", "init",    "getattribute", "getattr",    "dict",
					     "code",	 "func",   "self",    "loader",	      "reduce",	    "reduce_ex",
					     "getitem",	 "module", "closure", "wrapped",      "call",	    "new",
					     "doc",	 "spec" };
	for (size_t i = 0; i < text.n; i++) {
		struct gh_span s = { text.p + i, text.n - i };
		size_t n = match(s, "__");
		n = n != 0 ? n : match(s, "\\x5f\\x5f");
		n = n != 0 ? n : match(s, "\\u005f\\u005f");
		n = n != 0 ? n : match(s, "\\137\\137");
		for (size_t k = 0; n != 0 && k < sizeof names / sizeof names[0]; k++) {
			size_t m = match(gh_span_cut(s, n, s.n), names[k]);
			struct gh_span end = gh_span_cut(s, n + m, s.n);
			if (m != 0 && (gh_span_starts(end, "__") || gh_span_starts(end, "\\"))) {
				*at = i;
				return true;
			}
		}
	}
	return false;
}
