/* Configuration of the form `key = value` in sections: INI, setup.cfg, pip.conf, .npmrc, .env, Java properties, desktop
 * entries and systemd units. There is no one grammar: every line is shown to the checks as text, and the keys that
 * installers and systems act on are known. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/shell_code.h"
#include "format/signs.h"
#include "wire/environ.h"

enum { FILE_MAX = 8 << 20, SHOWN = 2000 };
enum { A_START, A_LOADS, A_OWN, A_COMMAND, A_HOOK, A_SIGN };
static const struct gh_rule rules[] = {
	[A_START] = { "GH-INI-0001", GH_MEDIUM, GH_REVIEW, "A configuration that makes the system start a program",
		      "Whoever installs or opens it runs the author's command.", "Read the command; do not install it.",
		      "CWE-829" },
	[A_LOADS] = { "GH-INI-0002", GH_MEDIUM, GH_REVIEW, "A variable that makes programs load or run something",
		      "Every program that starts with it runs what the variable names.",
		      "Remove the variable, or make sure of what it names.", "CWE-426 CWE-427" },
	[A_OWN] = { "GH-INI-0003", GH_HIGH, GH_UNSAFE, "A variable makes programs load what came along",
		    "Every program that starts with it runs the author's library or script.", "Do not use it.",
		    "CWE-426 CWE-427 CWE-506 AML.T0011" },
	[A_COMMAND] = { "GH-INI-0004", GH_INFO, GH_CLEAN, "A configuration of developers' tools holds commands",
			"None by itself: the commands were read as a script.",
			"Read the commands before running the tool.", "CWE-829" },
	[A_HOOK] = { "GH-INI-0005", GH_HIGH, GH_REVIEW, "A configuration names code that a tool imports by itself",
		     "Building, installing, testing or checking this directory runs the author's code, unasked.",
		     "Read the code that is named; remove the setting.", "CWE-829 CWE-427 AML.T0011" },
	GH_SIGN_RULES("GH-INI", A_SIGN),
	[A_SIGN + GH_SIGNS] = GH_RULES_END,
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

struct ini {
	struct gh_walk *w;
	struct gh_span section, key;
	unsigned shown;
};

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }
static struct gh_span trim(struct gh_span s)
{
	while (s.n != 0 && blank(s.p[0]))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool ends_with(struct gh_span name, const char *s) { return gh_span_ends(name, s); }
static bool any_of(struct gh_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(s, list[i]))
			return true;
	return false;
}
/* pip's parser makes names small. */
static bool any_case(struct gh_span s, const char *const *list, size_t n)
{
	uint8_t small[64];
	for (size_t i = 0; i < s.n && s.n <= sizeof small; i++)
		small[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i];
	return any_of(s, list, n) || (s.n <= sizeof small && any_of((struct gh_span){ small, s.n }, list, n));
}
#define ANY_OF(s, list) any_of((s), (list), sizeof(list) / sizeof(list)[0])

/* Does `-p module` ask pytest for a plugin that is none of the usual ones? */
static bool foreign_plugin(struct gh_span options)
{
	static const char *const usual[] = { "no:", "pytest", "_pytest", "xdist", "anyio", "asyncio", "hypothesis" };
	for (size_t i = 0; i + 2 < options.n; i++) {
		bool starts = i == 0 || blank(options.p[i - 1]);
		if (!starts || options.p[i] != '-' || options.p[i + 1] != 'p')
			continue;
		struct gh_span v = trim(gh_span_cut(options, i + 2, options.n));
		bool known = v.n == 0 || v.p[0] == '-';
		for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
			known = known || gh_span_starts(v, usual[k]);
		if (!known)
			return true;
	}
	return false;
}

/* Settings of setuptools, pbr, pytest, nose, pylint, flake8, mypy and others by which they import what lies beside them. */
static bool hook(const struct ini *c, struct gh_span v)
{
	static const char *const keys[] = { "setup_hooks", "setup-hooks", "command_packages", "command-packages",
					    "cmdclass",	   "pre_hook",	  "post_hook",	      "local-plugins",
					    "pre-hook",	   "post-hook" };
	static const char *const points[] = { "distutils.commands", "distutils.setup_keywords",
					      "egg_info.writers",   "pytest11",
					      "nose.plugins",	    "nose.plugins.0.10",
					      "flake8.extension",   "flake8.report",
					      "pylint.plugins",	    "console_scripts.pre" };
	bool entry = ends_with(c->section, "entry_points") || gh_span_starts(c->section, "distutils.") ||
		     gh_span_starts(c->section, "setuptools.") || gh_span_is(c->section, "pytest11");
	bool inside = ANY_OF(c->section, points) || gh_span_starts(c->section, "setuptools.");
	if (ANY_OF(c->key, keys) || gh_span_starts(c->key, "pre-hook.") || gh_span_starts(c->key, "post-hook.") ||
	    inside)
		return true;
	if (entry && (ANY_OF(c->key, points) || gh_span_starts(c->key, "setuptools.")))
		return true;
	if (gh_span_is(c->key, "addopts") || gh_span_is(c->key, "PYTEST_ADDOPTS"))
		return foreign_plugin(v);
	if (gh_span_is(c->key, "PYTEST_PLUGINS"))
		return !gh_span_starts(v, "pytest");
	if (gh_span_is(c->key, "load-plugins") || gh_span_is(c->key, "load_plugins"))
		return !gh_span_starts(v, "pylint");
	bool file = memmem(v.p, v.n, ".py", 3) != NULL || memchr(v.p, '/', v.n) != NULL;
	return gh_span_is(c->key, "plugins") && gh_span_starts(c->section, "mypy") && file;
}

/* A value that installers act on. */
static enum gh_rc acts(struct ini *c, struct gh_span v, uint64_t off, uint64_t len)
{
	static const char *const indexes[] = {
		"index-url",	"extra-index-url",    "index_url",  "extra_index_url", "find-links",
		"find_links",	"registry",	      "repository", "PIP_INDEX_URL",   "PIP_EXTRA_INDEX_URL",
		"UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "proxy"
	};
	static const char *const starts[] = { "Exec",	  "ExecStart",	"ExecStartPre", "ExecStartPost",
					      "ExecStop", "ExecReload", "TryExec",	"RunProgram" };
	static const char *const lists[] = { "install_requires", "setup_requires", "tests_require", "deps",
					     "requires" };
	static const char *const unchecked[] = { "trusted-host", "trusted_host" };
	if (any_case(c->key, indexes, sizeof indexes / sizeof indexes[0]) && memmem(v.p, v.n, "://", 3) != NULL)
		return gh_package_index(c->w, v, off, len);
	if (any_case(c->key, unchecked, sizeof unchecked / sizeof unchecked[0]) && !ends_with(c->w->name, "tox.ini")) {
		gh_anomaly(c->w, &gh_package_rules[GH_PKG_INDEX], off, len, "certificates are not checked: %s",
			   gh_safe(v).s);
		return GH_OK;
	}
	if (hook(c, v)) {
		gh_anomaly(c->w, &rules[A_HOOK], off, len, "%s: %s", gh_safe(c->key.n != 0 ? c->key : c->section).s,
			   gh_safe(v).s);
		return GH_OK;
	}
	if (gh_span_is(c->key, "init-hook") || gh_span_is(c->key, "init_hook")) { /* of pylint: a text of Python */
		struct gh_src_mem mem;
		struct gh_code code = { .language = "python", .name = c->w->name, .src = gh_src_mem(&mem, v) };
		return gh_emit(c->w, GH_EV_CODE, off, len, &code);
	}
	if (ANY_OF(c->key, starts)) {
		gh_anomaly(c->w, &rules[A_START], off, len, "%s", gh_safe(v).s);
		while (v.n != 0 && memchr("-@:+!", v.p[0], 5) != NULL)
			v = gh_span_cut(v, 1, v.n);
		return gh_shell_code(c->w, v, off, len, NULL);
	}
	/* tox, nox and setuptools run these */
	static const char *const commands[] = {
		"commands", "commands_pre", "commands_post", "install_command", "list_dependencies_command",
		"entry",    "cmd",	    "command",	     "pre_command",	"post_command",
		"script"
	};
	if (ANY_OF(c->key, commands)) {
		gh_anomaly(c->w, &rules[A_COMMAND], off, len, "%s", gh_safe(v).s);
		while (v.n != 0 && (v.p[0] == '-' || v.p[0] == '!'))
			v = trim(gh_span_cut(v, 1, v.n));
		return gh_shell_code(c->w, v, off, len, NULL);
	}
	enum gh_environ does = gh_environ_judge(c->key, v);
	if (does != GH_ENVIRON_PLAIN) {
		gh_anomaly(c->w, &rules[does == GH_ENVIRON_OWN ? A_OWN : A_LOADS], off, len, "%s=%s", gh_safe(c->key).s,
			   gh_safe(v).s);
		return gh_span_is(c->key, "PROMPT_COMMAND") || ends_with(c->key, "_COMMAND")
			       ? gh_shell_code(c->w, v, off, len, NULL)
			       : GH_OK;
	}
	bool options = gh_span_starts(c->section, "options");
	if (options && (ANY_OF(c->key, lists) || gh_span_is(c->section, "options.extras_require"))) {
		struct gh_dep d = gh_dep_line(v);
		bool ok = d.kind != GH_DEP_UNKNOWN && !gh_span_starts(v, "file:");
		return ok ? gh_package_line(c->w, v, off, len) : GH_OK;
	}
	return GH_OK;
}

static enum gh_rc value(struct ini *c, struct gh_span v, uint64_t off, uint64_t len)
{
	if (v.n > 1 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
		v = gh_span_cut(v, 1, v.n - 2);
	if (v.n == 0)
		return GH_OK;
	enum gh_rc rc = acts(c, v, off, len);
	if (rc != GH_OK || v.n < 8 || c->shown >= SHOWN)
		return rc;
	c->shown++;
	(void)gh_signs_report(c->w, rules, A_SIGN, c->key, gh_span_cut(v, 0, 4096), off, len);
	struct gh_text t = { .role = "configuration", .key = c->key, .text = v };
	return gh_emit(c->w, GH_EV_TEXT, off, len, &t);
}

static enum gh_rc line_of(struct ini *c, struct gh_span line, uint64_t off)
{
	uint64_t len = line.n;
	bool goes_on = line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t') && c->key.n != 0;
	struct gh_span s = trim(line);
	if (s.n == 0 || memchr("#;!", s.p[0], 3) != NULL)
		return GH_OK;
	/* configparser: up to the last bracket; what stands behind it does not count */
	const uint8_t *close = s.p[0] == '[' && !goes_on ? memrchr(s.p, ']', s.n) : NULL;
	if (close != NULL && close != s.p + 1) {
		c->section = gh_span_cut(s, 1, (uint64_t)(close - s.p) - 1);
		c->key = (struct gh_span){ 0 };
		return GH_OK;
	}
	if (goes_on)
		return value(c, s, off, len);
	size_t cut = 0;
	while (cut < s.n && s.p[cut] != '=' && s.p[cut] != ':')
		cut++;
	/* `//host/:_authToken=…`: a colon inside of a name */
	const uint8_t *eq = memchr(s.p, '=', s.n);
	if (gh_span_starts(s, "//") && eq != NULL)
		cut = (size_t)(eq - s.p);
	c->key = trim(gh_span_cut(s, 0, cut));
	if (gh_span_starts(c->key, "export "))
		c->key = trim(gh_span_cut(c->key, 7, c->key.n));
	return value(c, cut < s.n ? trim(gh_span_cut(s, cut + 1, s.n)) : s, off, len);
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "a configuration of more than %u MiB", (unsigned)FILE_MAX >> 20);
	struct gh_span text = gh_text_whole(w, FILE_MAX);
	if (text.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT,
			       "no room for the configuration");
	struct ini c = { .w = w };
	for (size_t at = 0; at < text.n;) {
		size_t n = 0; /* Python opens such a file as text: a carriage return alone ends a line */
		while (n < text.n - at && text.p[at + n] != '\n' && text.p[at + n] != '\r')
			n++;
		GH_TRY(line_of(&c, gh_span_cut(text, at, n), at), w->err, "at byte %zu", at);
		at += n + 1;
	}
	gh_claim(w, 0, text.n, GH_CLAIM_DATA);
	return GH_OK;
}

const struct gh_fmt gh_fmt_ini = {
	.name = "ini",
	.about = "configuration of keys and values: INI, setup.cfg, .env, properties, desktop entries, units",
	.exts = "ini cfg conf properties env npmrc pypirc desktop service txt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
