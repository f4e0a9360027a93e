/* Commands that fetch, send and talk, and code of other languages on a command line. */
#include "check/shcode_int.h"

#include "check/source.h"

static bool url_like(struct gh_span w)
{
	return gh_sc_has(w, "://") || gh_span_starts(w, "www.") ||
	       (w.n > 4 && w.p[0] != '-' && gh_sc_has(w, ".") && gh_sc_has(w, "/") && w.p[0] != '.' && w.p[0] != '/' &&
		w.p[0] != '~');
}

/* The last part of an address: what wget calls the file. */
static struct gh_span last_part(struct gh_span url)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			url.n = i;
	for (size_t i = url.n; i-- > 0;)
		if (url.p[i] == '/')
			return gh_span_cut(url, i + 1, url.n);
	return url;
}

/* The value of an option, given as `-o FILE`, `-oFILE`, `--output=FILE`; p == NULL: not at word i. */
static struct gh_span value_at(const struct gh_sh_cmd *c, size_t i, char letter, const char *name, bool *next)
{
	struct gh_span w = c->word[i].text, none = { 0 };
	*next = false;
	if (gh_span_starts(w, "--")) {
		size_t n = strlen(name);
		if (!gh_span_starts(w, name))
			return none;
		if (w.n == n) {
			*next = true;
			return i + 1 < c->n ? c->word[i + 1].text : none;
		}
		return w.p[n] == '=' ? gh_span_cut(w, n + 1, w.n) : none;
	}
	const uint8_t *at = w.n > 1 && w.p[0] == '-' ? memchr(w.p + 1, letter, w.n - 1) : NULL;
	if (at == NULL)
		return none;
	struct gh_span rest = gh_span_cut(w, (uint64_t)(at - w.p) + 1, w.n);
	if (rest.n != 0)
		return rest;
	*next = true;
	return i + 1 < c->n ? c->word[i + 1].text : none;
}

static bool sends(struct gh_span w)
{
	static const char *const options[] = {
		"-d",	       "-F",	 "-T",	  "--data", "--form", "--upload-file", "--post-data", "--post-file",
		"--body-file", "-XPOST", "-XPUT", "POST",   "PUT"
	};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (options[i][1] == '-' ? gh_span_starts(w, options[i])
		    : options[i][0] == '-' && options[i][2] == '\0'
			    ? gh_span_starts(w, options[i]) && w.p[0] == '-' && w.p[1] != '-'
			    : gh_span_is(w, options[i]))
			return true;
	return false;
}

/* Does a word hand over a secret: by its marks, or as a file (@FILE, --post-file=FILE)? */
static bool secret_word(struct gh_sh *sh, const struct gh_sh_val *v, bool upload)
{
	struct gh_span w = v->text;
	if ((v->marks & M_SECRET) != 0)
		return true;
	const uint8_t *at = w.n == 0 ? NULL : memchr(w.p, '@', w.n);
	const uint8_t *eq = w.n == 0 ? NULL : memchr(w.p, '=', w.n);
	struct gh_span file = at != NULL ? gh_span_cut(w, (uint64_t)(at - w.p) + 1, w.n) : w;
	bool names = at != NULL || upload;
	if (eq != NULL && at == NULL && w.p[0] == '-') {
		file = gh_span_cut(w, (uint64_t)(eq - w.p) + 1, w.n);
		names = gh_sc_has(w, "file");
	}
	return names && file.n > 1 && !gh_sc_has(file, "://") && (gh_sh_file(sh, file).marks & M_SECRET) != 0;
}

static unsigned origin(const struct gh_sh_cmd *c)
{
	bool known = false;
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (!gh_sc_has(w, "://"))
			continue;
		if (!gh_sc_installer_url(w))
			return M_NET;
		known = true;
	}
	return known ? M_KNOWN : M_NET;
}

void gh_sc_fetch(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks)
{
	bool wget = strncmp(base, "wget", 4) == 0, named = false, next = false, leaks = false, uploads = false,
	     keeps = wget;
	unsigned from = origin(c);
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		struct gh_span out = value_at(c, i, wget ? 'O' : 'o', wget ? "--output-document" : "--output", &next);
		if (strcmp(base, "aria2c") == 0 && out.p == NULL)
			out = value_at(c, i, 'o', "--out", &next);
		bool send = sends(w);
		leaks = leaks || secret_word(sh, &c->word[i], uploads);
		uploads = send && (gh_span_starts(w, "-T") || gh_span_starts(w, "--upload"));
		leaks = leaks || (send && c->fed && (c->in.marks & M_SECRET) != 0);
		keeps = keeps || gh_span_is(w, "--remote-name") ||
			(!wget && w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && memchr(w.p, 'O', w.n) != NULL);
		if (out.p != NULL && out.n != 0 && !gh_span_is(out, "-") && gh_sh_known(out)) {
			named = true;
			gh_sh_set(sh, GH_SH_FILE, out, gh_sh_any(from));
		}
		i += next && out.p != NULL;
	}
	for (size_t i = 1; i < c->n && keeps && !named; i++)
		if (url_like(c->word[i].text) && last_part(c->word[i].text).n != 0)
			gh_sh_set(sh, GH_SH_FILE, last_part(c->word[i].text), gh_sh_any(from));
	if (c->fed && (c->in.marks & M_SECRET) != 0) /* piped into something that reads `-` */
		for (size_t i = 1; i < c->n; i++)
			leaks = leaks || gh_span_is(c->word[i].text, "@-") || gh_span_is(c->word[i].text, "-");
	if (leaks)
		gh_sc_say(j, SC_EXFIL, c, "sends it with the request");
	else
		gh_sc_say(j, SC_FETCH, c, "");
	*marks |= from;
	for (size_t i = 1; i < c->n; i++)
		if (gh_sc_secret_path(c->word[i].text) && gh_sc_has(c->word[i].text, "://"))
			*marks |= M_SECRET; /* the cloud's own address for credentials */
}

void gh_sc_talk(struct judge *j, const struct gh_sh_cmd *c, const char *base)
{
	bool runs = false;
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		bool letters = w.n > 1 && w.p[0] == '-' && w.p[1] != '-';
		runs = runs || gh_span_is(w, "--exec") || gh_span_is(w, "--sh-exec") || gh_span_starts(w, "--exec=") ||
		       gh_span_starts(w, "--sh-exec=") || gh_span_is(w, "--lua-exec");
		runs = runs || (letters && strcmp(base, "socat") != 0 && strcmp(base, "openssl") != 0 &&
				(memchr(w.p, 'e', w.n) != NULL || memchr(w.p, 'c', w.n) != NULL));
		runs = runs || gh_sc_has(w, "EXEC:") || gh_sc_has(w, "SYSTEM:") || gh_sc_has(w, "exec:") ||
		       gh_sc_has(w, "system:");
	}
	unsigned in = c->fed ? c->in.marks : 0;
	for (size_t i = 0; i < c->n; i++)
		in |= c->word[i].marks & M_SECRET;
	if (runs || (in & M_SHELL) != 0)
		gh_sc_say(j, SC_REVERSE, c, "a program answers whoever is at the other end");
	else if ((in & M_SECRET) != 0)
		gh_sc_say(j, SC_EXFIL, c, "sends it through a connection");
	else
		gh_sc_say(j, SC_REMOTE, c, "");
}

/* ---- code of other languages -------------------------------------------------------------------------------------------- */
static bool any_of(struct gh_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_sc_has(s, list[i]))
			return true;
	return false;
}
#define ANY_OF(s, list) any_of((s), (list), sizeof(list) / sizeof(list)[0])

static void inline_code(struct judge *j, const struct gh_sh_cmd *c, struct gh_sh_val code, bool python, unsigned *marks)
{
	static const char *const sockets[] = {
		"socket", "Socket", "fsockopen", "net.connect", "TCPSocket", "/inet/tcp"
	};
	static const char *const shells[] = { "subprocess", "pty.spawn", "dup2",  "os.system", "exec",
					      "/bin/sh",    "/bin/bash", "spawn", "popen",     "system(" };
	static const char *const fetchers[] = { "urlopen",   "urlretrieve", "requests.get",   "http.get",
						"LWP::",     "Net::HTTP",   "fetch(",	      "file_get_contents(",
						"https.get", "open-uri",    "DownloadString", "Invoke-WebRequest",
						"iwr ",	     "httpx.get" };
	static const char *const runners[] = {
		"exec(",      "eval(",	       "eval ",	    "system(", "os.system",
		"subprocess", "child_process", "iex",	    "IEX",     "Invoke-Expression",
		"qx",	      "popen",	       "Function(", "compile("
	};
	static const char *const decoders[] = { "b64decode",	 "base64_decode", "decode_base64",    "atob(",
						"fromhex",	 "unhexlify",	  "FromBase64String", "decompress(",
						"codecs.decode", "unpack(",	  "'base64'",	      "\"base64\"",
						"marshal.loads", "Base64.decode" };
	struct gh_source lines = { .python = python };
	bool fetches = ANY_OF(code.text, fetchers), runs = ANY_OF(code.text, runners);
	gh_sc_foreign(j, c, code.marks, "given to an interpreter");
	if (ANY_OF(code.text, sockets) && ANY_OF(code.text, shells))
		gh_sc_say(j, SC_REVERSE, c, "code that connects and starts a program");
	else if ((fetches && runs) || (python && gh_source_runs_foreign(&lines, code.text)))
		gh_sc_say(j, SC_FETCH_RUN, c, "code on the command line");
	else if (ANY_OF(code.text, decoders) && runs)
		gh_sc_say(j, SC_DECODE_RUN, c, "code on the command line");
	else if (!python)
		gh_sc_say(j, SC_CODE, c, "");
	if (fetches)
		*marks |= M_NET;
	if (ANY_OF(code.text, decoders))
		*marks |= (unsigned)GH_SH_DECODED;
	if (gh_sc_has(code.text, "environ") || gh_sc_secret_path(code.text))
		*marks |= M_SECRET;
}

/* python -m pip install … is pip install …; true when it was judged as such. */
static bool module(struct judge *j, const struct gh_sh_cmd *c, size_t i)
{
	if (i + 1 >= c->n || !gh_span_is(c->word[i].text, "-m"))
		return false;
	struct gh_span m = c->word[i + 1].text;
	if (gh_span_is(m, "pip") || gh_span_is(m, "conda") || gh_span_is(m, "easy_install") || gh_span_is(m, "pipx") ||
	    gh_span_is(m, "ensurepip"))
		gh_sc_say(j, SC_INSTALL, c, "");
	else if (gh_span_is(m, "http.server") || gh_span_is(m, "SimpleHTTPServer") || gh_span_is(m, "smtpd"))
		gh_sc_say(j, SC_REMOTE, c, "serves the files of this folder");
	return true;
}

void gh_sc_interpret(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks)
{
	bool python = strncmp(base, "python", 6) == 0 || strncmp(base, "pypy", 4) == 0 ||
		      strncmp(base, "ipython", 7) == 0;
	bool script = false, powershell = strncmp(base, "pwsh", 4) == 0 || strncmp(base, "powershell", 10) == 0;
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n > 1 && w.p[0] == '-') {
			bool code = python	 ? gh_span_is(w, "-c") || (w.n == 3 && w.p[2] == 'c')
				    : powershell ? (w.p[1] | 0x20) == 'c' || (w.p[1] | 0x20) == 'e'
						 : w.p[1] != '-' && (w.p[w.n - 1] == 'e' || w.p[w.n - 1] == 'E' ||
								     gh_span_is(w, "-r"));
			if (code && i + 1 < c->n) {
				inline_code(j, c, c->word[i + 1], python, marks);
				return;
			}
			if (python && module(j, c, i))
				return;
			continue;
		}
		if (gh_span_is(w, "-") || gh_span_is(w, "/dev/stdin"))
			break;
		gh_sc_foreign(j, c, gh_sh_file(sh, w).marks | c->word[i].marks, "a file that an interpreter runs");
		if (gh_sc_called_data(w) && !gh_span_ends(w, ".zip"))
			gh_sc_say(j, SC_DISGUISED, c, "given to an interpreter");
		if (j->cloned == 2)
			gh_sc_ran(j, c, w);
		if (python && (gh_span_is(w, "setup.py") || gh_span_ends(w, "/setup.py")))
			gh_sc_say(j, SC_INSTALL, c, "");
		else if (!python && !gh_span_starts(w, "--"))
			gh_sc_say(j, SC_PROGRAM, c, "");
		script = true;
		break;
	}
	if (!script && c->fed)
		inline_code(j, c, c->in, python, marks);
}
