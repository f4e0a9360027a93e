#include "check/srccode.h"

#include "check/shcode.h"
#include "format/format.h"

enum { TEXT_MAX = 16 << 20, ARGS = 3000, LITERAL = 2000 };

static const struct gh_rule rules[] = {
	[GH_SRC_FETCH] = { "GH-SRC-0101", GH_CRITICAL, GH_UNSAFE, "Source code fetches something and runs it",
			   "Whoever controls the address runs any code, and may change it at any time.",
			   "Do not run it.", "CWE-494 CWE-829 AML.T0011.001" },
	[GH_SRC_DECODE] = { "GH-SRC-0102", GH_CRITICAL, GH_UNSAFE, "Source code decodes something and runs it",
			    "What really runs is hidden from whoever reads the code.", "Do not run it.",
			    "CWE-506 CWE-94 AML.T0011" },
	[GH_SRC_REVERSE] = { "GH-SRC-0103", GH_CRITICAL, GH_UNSAFE, "Source code lets somebody else type commands",
			     "Whoever is at the other end rules the machine.", "Do not run it; report the source.",
			     "CWE-506 CWE-912 AML.T0011" },
	[GH_SRC_STEAL] = { "GH-SRC-0104", GH_CRITICAL, GH_UNSAFE,
			   "Source code sends credentials or the environment away",
			   "Keys, tokens and accounts are the author's.", "Do not run it; report the source.",
			   "CWE-200 CWE-522 AML.T0025" },
	[GH_SRC_SYSTEM] = { "GH-SRC-0105", GH_HIGH, GH_UNSAFE, "Source code disarms, destroys or settles in the system",
			    "Defences are off, files are gone, or the code runs again with every start.",
			    "Do not run it.", "CWE-506 CWE-693" },
	[GH_SRC_COMMAND] = { "GH-SRC-0106", GH_CRITICAL, GH_UNSAFE, "Source code runs a harmful command",
			     "The command does what a harmful script does.", "Do not run it.", "CWE-78 CWE-506" },
	GH_RULES_END
};

/* ---- text without what hides it ---------------------------------------------------------------------------------------- */
enum family { F_C, F_HASH, F_PHP, F_LUA, F_POWERSHELL, F_BATCH, F_SQL };

static enum family family_of(const char *language)
{
	static const struct {
		const char *language;
		enum family f;
	} t[] = { { "Ruby source", F_HASH }, { "Perl source", F_HASH },	      { "R source", F_HASH },
		  { "PHP source", F_PHP },   { "Lua source", F_LUA },	      { "PowerShell script", F_POWERSHELL },
		  { "batch file", F_BATCH }, { "build description", F_HASH }, { "script", F_HASH } };
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (strcmp(t[i].language, language) == 0)
			return t[i].f;
	return F_C;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static int hexval(uint8_t c)
{
	c = lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Where a comment that starts at i ends; i itself when none does. */
static size_t comment(enum family f, const uint8_t *p, size_t n, size_t i, bool *endless)
{
	bool two = i + 1 < n, slashes = f == F_C || f == F_PHP;
	bool line = (f == F_HASH || f == F_PHP || f == F_POWERSHELL) && p[i] == '#' &&
		    (i == 0 || memchr(" \t\n;(){", p[i - 1], 8) != NULL);
	line = line || (slashes && two && p[i] == '/' && p[i + 1] == '/' && (i == 0 || p[i - 1] != ':'));
	line = line || ((f == F_LUA || f == F_SQL) && two && p[i] == '-' && p[i + 1] == '-');
	line = line || (f == F_BATCH && (i == 0 || p[i - 1] == '\n') && n - i > 4 &&
			((lower(p[i]) == 'r' && lower(p[i + 1]) == 'e' && lower(p[i + 2]) == 'm' && p[i + 3] <= ' ') ||
			 (p[i] == ':' && p[i + 1] == ':')));
	if (line) {
		const uint8_t *nl = memchr(p + i, '\n', n - i);
		return nl == NULL ? n : (size_t)(nl - p);
	}
	const char *end = slashes && two && p[i] == '/' && p[i + 1] == '*'	       ? "*/"
			  : f == F_POWERSHELL && two && p[i] == '<' && p[i + 1] == '#' ? "#>"
										       : NULL;
	const uint8_t *e = end == NULL || *endless || i + 2 >= n ? NULL : memmem(p + i + 2, n - i - 2, end, 2);
	*endless = *endless || (end != NULL && e == NULL); /* of this one, and so of all that follow */
	return e == NULL ? i : (size_t)(e - p) + 2;
}

/* "a" + "b", 'a' . 'b', "a" .. "b": from the closing quote at i to behind the opening one; i when it is nothing of that. */
static size_t joint(const uint8_t *p, size_t n, size_t i)
{
	size_t k = i + 1;
	unsigned marks = 0;
	while (k < n && (p[k] == ' ' || p[k] == '\t' || p[k] == '\n' || p[k] == '\r' ||
			 ((p[k] == '+' || p[k] == '.') && marks < 2))) {
		marks += p[k] == '+' || p[k] == '.';
		k++;
	}
	return marks != 0 && k < n && (p[k] == '"' || p[k] == '\'') ? k + 1 : i;
}

/* Rewrites in place, small letters, what is left is never longer. */
static size_t plain_code(enum family f, uint8_t *p, size_t n)
{
	size_t o = 0;
	uint8_t quote = 0;
	bool endless = false;
	for (size_t i = 0; i < n;) {
		uint8_t c = p[i];
		if (quote == 0) {
			size_t end = comment(f, p, n, i, &endless);
			if (end != i) {
				i = end;
				continue;
			}
			quote = c == '"' || c == '\'' ? c : 0;
		} else if (c == quote || c == '\n') {
			size_t next = c == quote ? joint(p, n, i) : i;
			if (next != i) {
				quote = p[next - 1];
				i = next;
				continue;
			}
			quote = 0;
		}
		if (c == '\\' && i + 1 < n && f != F_BATCH && f != F_POWERSHELL) {
			uint8_t e = p[i + 1];
			size_t digits = e == 'x' ? 2 : e == 'u' ? 4 : 0;
			uint32_t v = 0;
			bool ok = digits != 0 && n - i > digits + 2;
			for (size_t k = 0; ok && k < digits; k++) {
				int h = hexval(p[i + 2 + k]);
				ok = h >= 0;
				v = v * 16 + (uint32_t)(ok ? h : 0);
			}
			if (ok && v >= ' ' && v < 0x7f) {
				p[o++] = lower((uint8_t)v);
				i += digits + 2;
				continue;
			}
			p[o++] = c;
			p[o++] = lower(e);
			i += 2;
			continue;
		}
		i++;
		if ((c == '`' && f == F_POWERSHELL) || (c == '^' && f == F_BATCH))
			continue;
		p[o++] = lower(c);
	}
	return o;
}

/* ---- signs ----------------------------------------------------------------------------------------------------------- */
static bool find(struct gh_span s, const char *const *list, size_t n, size_t *at)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = s.n == 0 ? NULL : memmem(s.p, s.n, list[i], strlen(list[i]));
		if (p != NULL) {
			*at = (size_t)(p - s.p);
			return true;
		}
	}
	return false;
}
#define FIND(s, list, at) find((s), (list), sizeof(list) / sizeof(list)[0], (at))

static const char *const runs[] = { "eval(",
				    "eval ",
				    "function(",
				    "exec(",
				    "execsync(",
				    "execfile(",
				    "spawn(",
				    "spawnsync(",
				    "system(",
				    "system ",
				    "popen(",
				    "shell_exec(",
				    "passthru(",
				    "proc_open(",
				    "os.execute(",
				    "loadstring(",
				    "load(",
				    "processbuilder(",
				    "assert(",
				    "create_function(",
				    "runinthiscontext(",
				    "runinnewcontext(",
				    "exec.command(",
				    "command::new(",
				    "%x(",
				    ".run ",
				    "shellexecute",
				    "source(",
				    "parse(text" };
static const char *const decodes[] = { "atob(",
				       "'base64'",
				       "\"base64\"",
				       "base64_decode(",
				       "unescape(",
				       "fromcharcode(",
				       "gzinflate(",
				       "gzuncompress(",
				       "str_rot13(",
				       "base64.decode",
				       "base64::decode",
				       "decode_base64(",
				       "base64.stdencoding",
				       "frombase64string(",
				       "unpack(\"m",
				       "unpack('m",
				       "'hex'",
				       "\"hex\"",
				       "base64decode(",
				       "convert_uudecode(" };
static const char *const fetches[] = { "http.get(",
				       "https.get(",
				       "fetch(\"http",
				       "fetch('http",
				       "xmlhttprequest",
				       "file_get_contents('http",
				       "file_get_contents(\"http",
				       "curl_exec(",
				       "uri.open(",
				       "net::http.get",
				       "lwp::simple",
				       "get('http",
				       "get(\"http",
				       "socket.http",
				       "download.file(",
				       "url(\"http",
				       "open(\"http",
				       "open('http",
				       "http.request(" };
static const char *const shells[] = { "\"/bin/sh", "'/bin/sh", "\"/bin/bash", "'/bin/bash", "cmd.exe",
				      "\"sh\"",	   "'sh'",     "\"bash\"",    "'bash'",	    "powershell" };
static const char *const sockets[] = { "net.socket(",	       "net.connect(",	 "net.createconnection(",
				       "fsockopen(",	       "tcpsocket.",	 "io::socket",
				       "use socket",	       "net.dial(",	 "new socket(",
				       "tcpstream::connect",   "socket(af_inet", "socket.tcp(",
				       "sockets.tcpclient",    "socket.connect", "socketconnection(",
				       "stream_socket_client(" };
static const char *const starts[] = { "spawn(",	    "exec(",	   "exec ",	    "execl",	       "execv",
				      "proc_open(", "shell_exec(", "exec.command(", "processbuilder(", "command::new(",
				      "popen(",	    "system(",	   "dup2(",	    "os.execute(" };
_Static_assert(sizeof runs / sizeof runs[0] <= 32, "WORDS");
static const char *const given[] = { "$_post",	    "$_get",	 "$_request", "$_cookie",
				     "php://input", "req.query", "req.body",  "request.getparameter" };

/* Where the next of some words stands, for places that only grow: each of them is looked for once in a text, however many places
 * ask. */
enum { WORDS = 32 };
struct ahead {
	const char *const *list;
	size_t n, at[WORDS];
	bool known[WORDS];
};

static size_t ahead(struct ahead *a, struct gh_span s, size_t k, size_t from)
{
	if (!a->known[k] || a->at[k] < from) {
		const uint8_t *p = from >= s.n ? NULL : memmem(s.p + from, s.n - from, a->list[k], strlen(a->list[k]));
		a->at[k] = p == NULL ? SIZE_MAX : (size_t)(p - s.p);
		a->known[k] = true;
	}
	return a->at[k];
}

/* Behind the first of them that ends; SIZE_MAX: none does. */
static size_t ahead_of(struct ahead *a, struct gh_span s, size_t from)
{
	size_t end = SIZE_MAX;
	for (size_t k = 0; k < a->n; k++) {
		size_t at = ahead(a, s, k, from), len = strlen(a->list[k]);
		end = at != SIZE_MAX && at + len < end ? at + len : end;
	}
	return end;
}
#define AHEAD(words) { .list = (words), .n = sizeof(words) / sizeof(words)[0] }

/* The arguments of a call: from behind its parenthesis to the closing one, no more than `most` of them. */
static struct gh_span arguments(struct gh_span s, size_t at, size_t most)
{
	struct gh_span a = gh_span_cut(s, at, most < ARGS ? most : ARGS);
	unsigned depth = 1;
	for (size_t i = 0; i < a.n; i++) {
		depth += a.p[i] == '(';
		depth -= a.p[i] == ')';
		if (depth == 0 || (a.p[i] == '\n' && i > 400))
			return gh_span_cut(a, 0, i);
	}
	return a;
}

static bool word_before(struct gh_span s, size_t at)
{
	uint8_t c = at == 0 ? ' ' : s.p[at - 1];
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static void note(unsigned *bits, size_t at[GH_SRC_SIGNS], enum gh_src_sign sign, size_t where)
{
	if ((*bits & 1u << sign) == 0)
		at[sign] = where;
	*bits |= 1u << sign;
}

/* A command as a string: what a shell would make of it. */
static bool harmful_command(struct gh_span args)
{
	size_t i = 0;
	while (i < args.n && (args.p[i] == ' ' || args.p[i] == '('))
		i++;
	if (i >= args.n || (args.p[i] != '"' && args.p[i] != '\'' && args.p[i] != '`'))
		return false;
	const uint8_t *end = memchr(args.p + i + 1, args.p[i], args.n - i - 1);
	size_t to = end == NULL ? args.n : (size_t)(end - args.p);
	return to - i < LITERAL && to - i > 8 && gh_shell_verdict(gh_span_cut(args, i + 1, to - i - 1)) == GH_UNSAFE;
}

/* Do the arguments that begin at `at` hold one of these words? */
static bool holds(struct ahead *words, struct gh_span s, size_t at)
{
	size_t end = ahead_of(words, s, at);
	return end != SIZE_MAX && end - at <= ARGS && arguments(s, at, end - at).n == end - at;
}

static bool begins_call(enum family f, struct gh_span s, size_t k, size_t at)
{
	const uint8_t *p = s.p + at;
	if (word_before(s, at) || (at > 9 && memcmp(p - 9, "function ", 9) == 0))
		return false;
	if (f != F_PHP && strcmp(runs[k], "assert(") == 0)
		return false; /* runs a string in PHP only */
	return strcmp(runs[k], "function(") != 0 || (at >= 4 && memcmp(p - 4, "new ", 4) == 0);
}

static unsigned calls(enum family f, struct gh_span s, size_t at[GH_SRC_SIGNS])
{
	struct ahead run = AHEAD(runs), decode = AHEAD(decodes), fetch = AHEAD(fetches), give = AHEAD(given);
	unsigned bits = 0, judged = 0;
	size_t from[WORDS] = { 0 };
	for (;;) {
		size_t k = 0, i = SIZE_MAX;
		for (size_t x = 0; x < run.n; x++)
			if (ahead(&run, s, x, from[x]) < i) {
				i = run.at[x];
				k = x;
			}
		if (i == SIZE_MAX)
			return bits;
		size_t args = from[k] = i + strlen(runs[k]);
		if (!begins_call(f, s, k, i))
			continue;
		if (holds(&decode, s, args))
			note(&bits, at, GH_SRC_DECODE, i);
		else if (holds(&fetch, s, args))
			note(&bits, at, GH_SRC_FETCH, i);
		else if (holds(&give, s, args))
			note(&bits, at, GH_SRC_REVERSE, i);
		else if (judged++ < 200 && harmful_command(arguments(s, args, ARGS)))
			note(&bits, at, GH_SRC_COMMAND, i);
	}
}

/* What only makes sense in one place: PowerShell, batch files, Windows' script hosts. All: words that must all be there. */
static const struct {
	enum gh_src_sign sign;
	const char *all[3];
} windows[] = {
	{ GH_SRC_FETCH, { "iex", "downloadstring" } },
	{ GH_SRC_FETCH, { "invoke-expression", "downloadstring" } },
	{ GH_SRC_FETCH, { "iex", "invoke-webrequest" } },
	{ GH_SRC_FETCH, { "iex", "irm " } },
	{ GH_SRC_FETCH, { "iex", "iwr " } },
	{ GH_SRC_FETCH, { "invoke-expression", "invoke-webrequest" } },
	{ GH_SRC_FETCH, { "invoke-expression", "invoke-restmethod" } },
	{ GH_SRC_FETCH, { "iex", "invoke-restmethod" } },
	{ GH_SRC_FETCH, { "downloadfile", "start-process" } },
	{ GH_SRC_FETCH, { "downloadfile", "start " } },
	{ GH_SRC_FETCH, { "invoke-webrequest", "-outfile", "start-process" } },
	{ GH_SRC_FETCH, { "invoke-webrequest", "-outfile", ".exe" } },
	{ GH_SRC_FETCH, { "iwr ", "start-process" } },
	{ GH_SRC_FETCH, { "start-bitstransfer", "start-process" } },
	{ GH_SRC_FETCH, { "bitsadmin", "/transfer" } },
	{ GH_SRC_FETCH, { "certutil", "-urlcache" } },
	{ GH_SRC_FETCH, { "certutil", "/urlcache" } },
	{ GH_SRC_FETCH, { "mshta", "http" } },
	{ GH_SRC_FETCH, { "regsvr32", "/i:http" } },
	{ GH_SRC_FETCH, { "msxml2.xmlhttp", "adodb.stream" } },
	{ GH_SRC_FETCH, { "powershell", "downloadstring" } },
	{ GH_SRC_FETCH, { "powershell", "downloadfile" } },
	{ GH_SRC_FETCH, { "curl ", ".exe", "start " } },
	{ GH_SRC_FETCH, { "scriptblock]::create", "http" } },
	{ GH_SRC_FETCH, { "scriptblock]::create", "download" } },
	{ GH_SRC_FETCH, { "reflection.assembly", "download" } },
	{ GH_SRC_FETCH, { "invoke-command", "downloadstring" } },
	{ GH_SRC_FETCH, { "downloadfile", "invoke-item" } },
	{ GH_SRC_FETCH, { "iwr ", "invoke-item" } },
	{ GH_SRC_FETCH, { "invoke-webrequest", "invoke-item" } },
	{ GH_SRC_FETCH, { "irm ", "| iex" } },
	{ GH_SRC_FETCH, { "set-alias", "invoke-expression", "http" } },
	{ GH_SRC_FETCH, { "msiexec", "/i http" } },
	{ GH_SRC_FETCH, { "rundll32", "http" } },
	{ GH_SRC_FETCH, { "rundll32", "\\\\" } },
	{ GH_SRC_FETCH, { "regsvr32", "\\\\" } },
	{ GH_SRC_FETCH, { "cscript", "http" } },
	{ GH_SRC_FETCH, { "wmic", "process", "http" } },
	{ GH_SRC_DECODE, { "scriptblock]::create", "frombase64string" } },
	{ GH_SRC_DECODE, { "certutil", "-decode" } },
	{ GH_SRC_DECODE, { "powershell", " -enc" } },
	{ GH_SRC_DECODE, { "powershell", " -e " } },
	{ GH_SRC_DECODE, { "frombase64string", "iex" } },
	{ GH_SRC_DECODE, { "frombase64string", "invoke-expression" } },
	{ GH_SRC_DECODE, { "frombase64string", "reflection.assembly" } },
	{ GH_SRC_DECODE, { "rundll32", "javascript:" } },
	{ GH_SRC_REVERSE, { "sockets.tcpclient", "getstream", "iex" } },
	{ GH_SRC_REVERSE, { "sockets.tcpclient", "getstream", "invoke-expression" } },
	{ GH_SRC_REVERSE, { "virtualalloc", "createthread" } },
	{ GH_SRC_SYSTEM, { "set-mppreference", "-disable" } },
	{ GH_SRC_SYSTEM, { "add-mppreference", "-exclusion" } },
	{ GH_SRC_SYSTEM, { "schtasks", "/create" } },
	{ GH_SRC_SYSTEM, { "register-scheduledtask" } },
	{ GH_SRC_SYSTEM, { "reg add", "currentversion\\run" } },
	{ GH_SRC_SYSTEM, { "new-itemproperty", "currentversion\\run" } },
	{ GH_SRC_SYSTEM, { "set-itemproperty", "currentversion\\run" } },
	{ GH_SRC_SYSTEM, { "vssadmin", "delete shadows" } },
	{ GH_SRC_SYSTEM, { "wevtutil", " cl " } },
	{ GH_SRC_SYSTEM, { "netsh", "firewall", " off" } },
	{ GH_SRC_SYSTEM, { "format c:" } },
	{ GH_SRC_SYSTEM, { "del /", " c:\\windows" } },
	{ GH_SRC_SYSTEM, { "rd /s", " c:\\" } },
	{ GH_SRC_SYSTEM, { "rmdir /s", " c:\\" } },
	{ GH_SRC_SYSTEM, { "remove-item", "-recurse", "c:\\ " } },
	{ GH_SRC_STEAL, { "lsass", "minidump" } },
};

/* A file that one command fetches and another one runs: `-OutFile x.exe … x.exe`. */
static bool runs_fetched(struct gh_span s, size_t *where)
{
	static const char *const options[] = {
		"-outfile ", "-out ", " -o ", "--output ", "-destination ", "/transfer "
	};
	static const char *const ends[] = { ".exe", ".bat", ".cmd", ".ps1", ".vbs", ".msi",
					    ".scr", ".hta", ".dll", ".js",  ".py" };
	for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
		size_t len = strlen(options[k]);
		for (size_t i = 0; i + len < s.n; i += len) {
			const uint8_t *p = memmem(s.p + i, s.n - i, options[k], len);
			if (p == NULL)
				break;
			i = (size_t)(p - s.p);
			size_t from = i + len, to = from;
			while (to < s.n && memchr(" \t\r\n;&|)", s.p[to], 8) == NULL)
				to++;
			for (size_t x = from; x < to; x++)
				if (memchr("\\/\"'%}", s.p[x], 6) != NULL && x + 1 < to && s.p[x + 1] > ' ' &&
				    memchr("\"'", s.p[x + 1], 2) == NULL)
					from = x + 1;
			while (to > from && memchr("\"'", s.p[to - 1], 2) != NULL)
				to--;
			struct gh_span name = gh_span_cut(s, from, to - from), rest = gh_span_cut(s, to, s.n);
			bool program = name.n > 0 && name.p[0] == '$';
			for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++)
				program = program || gh_span_ends(name, ends[e]);
			if (name.n > 2 && program && memmem(rest.p, rest.n, name.p, name.n) != NULL) {
				*where = i;
				return true;
			}
		}
	}
	return false;
}

static bool contains(struct gh_span s, const char *w, size_t *at)
{
	const uint8_t *p = s.n == 0 ? NULL : memmem(s.p, s.n, w, strlen(w));
	if (p != NULL)
		*at = (size_t)(p - s.p);
	return p != NULL;
}

/* Procfile, crontab, Modelfile: lines that are commands behind a name, or behind when they run. */
static bool harmful_line(struct gh_span s, size_t *where)
{
	unsigned judged = 0;
	for (size_t at = 0; at < s.n && judged < 200;) {
		const uint8_t *nl = memchr(s.p + at, '\n', s.n - at);
		size_t n = nl == NULL ? s.n - at : (size_t)(nl - (s.p + at)), i = 0;
		struct gh_span line = gh_span_cut(s, at, n);
		while (i < line.n && i < 40 &&
		       memchr("abcdefghijklmnopqrstuvwxyz0123456789_-*/,@", line.p[i], 42) != NULL)
			i++;
		bool named = i < line.n && line.p[i] == ':';
		struct gh_span command = named ? gh_span_cut(line, i + 1, line.n) : line;
		for (unsigned field = 0;
		     !named && field < 5 && command.n != 0 && memchr("*@0123456789", command.p[0], 12); field++) {
			while (command.n != 0 && command.p[0] > ' ')
				command = gh_span_cut(command, 1, command.n);
			while (command.n != 0 && command.p[0] == ' ')
				command = gh_span_cut(command, 1, command.n);
		}
		bool worth = command.n > 8 && command.n < LITERAL;
		judged += worth;
		if (worth && gh_shell_verdict(command) == GH_UNSAFE) {
			*where = at;
			return true;
		}
		at += n + 1;
	}
	return false;
}

unsigned gh_src_signs(const char *language, uint8_t *text, size_t n, size_t at[GH_SRC_SIGNS])
{
	static const char *const secrets[] = { ".ssh/id_",    ".aws/credentials", "json.stringify(process.env",
					       "/etc/shadow", ".git-credentials", "login data",
					       "wallet.dat",  "huggingface/token" };
	static const char *const sends[] = { "http.request(", "https.request(", "fetch(",     "axios",
					     ".post(",	      "curl_exec(",	"net::http",  "http.post(",
					     "sendbeacon(",   "dns.resolve",	"dns.lookup", "xmlhttprequest",
					     "uploadstring",  "-method post" };
	enum family f = family_of(language);
	struct gh_span s = { text, plain_code(f, text, n) };
	size_t a = 0, b = 0, c = 0;
	unsigned bits = calls(f, s, at);
	if (FIND(s, sockets, &a) && FIND(s, starts, &b) && FIND(s, shells, &c))
		note(&bits, at, GH_SRC_REVERSE, a);
	if (FIND(s, secrets, &a) && FIND(s, sends, &b))
		note(&bits, at, GH_SRC_STEAL, a);
	if (strcmp(language, "build description") == 0 && harmful_line(s, &a))
		note(&bits, at, GH_SRC_COMMAND, a);
	bool script = f == F_POWERSHELL || f == F_BATCH || strcmp(language, "script") == 0;
	if (script && (contains(s, "http", &c) || contains(s, "ftp:", &c)) && runs_fetched(s, &a))
		note(&bits, at, GH_SRC_FETCH, a);
	for (size_t i = 0; script && i < sizeof windows / sizeof windows[0]; i++) {
		bool all = true;
		for (size_t k = 0; k < 3 && windows[i].all[k] != NULL; k++)
			all = all && contains(s, windows[i].all[k], &a);
		if (all)
			note(&bits, at, windows[i].sign, a);
	}
	return bits;
}

/* ---- the row ------------------------------------------------------------------------------------------------------------ */
bool gh_src_reads(const char *language)
{
	static const char *const names[] = { "JavaScript source", "batch file",	       "PowerShell script",
					     "Ruby source",	  "Perl source",       "PHP source",
					     "Lua source",	  "R source",	       "C source",
					     "Java source",	  "Go or Rust source", "script",
					     "source code",	  "build description", "javascript" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], language) == 0)
			return true;
	return false;
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_code *c = ev->u.code;
	if (!gh_src_reads(c->language))
		return;
	gh_auto_arena arena = { .max = TEXT_MAX + (1 << 20) };
	size_t n = 0, size = c->src->size < TEXT_MAX ? (size_t)c->src->size : TEXT_MAX;
	uint8_t *p = gh_alloc(&arena, size + 1, 1);
	while (p != NULL && n < size) {
		struct gh_span w = gh_src_window(c->src, n, size - n < GH_WINDOW_MAX ? size - n : GH_WINDOW_MAX);
		if (w.n == 0)
			break;
		memcpy(p + n, w.p, w.n);
		n += w.n;
	}
	size_t at[GH_SRC_SIGNS] = { 0 };
	unsigned bits = p == NULL ? 0 : gh_src_signs(c->language, p, n, at);
	for (unsigned i = 0; i < GH_SRC_SIGNS; i++)
		if ((bits & 1u << i) != 0)
			gh_find(s, &rules[i], ev->at, "%s: … %s", c->language,
				gh_safe(gh_span_cut((struct gh_span){ p, n }, at[i], 70)).s);
}

const struct gh_check gh_check_source = {
	.name = "source-code",
	.about = "what source code of other languages does that only attacks do",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CODE,
	.on = on,
	.rules = rules,
};
