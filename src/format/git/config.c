/* The configuration of git (git-config(1), "Syntax"): .git/config, .gitmodules, .gitconfig, .lfsconfig. Much of it is
 * commands that git runs by itself: whoever enters a directory with a prompt that calls git has run core.fsmonitor. The text
 * reader hands over what has such a name; it is believed when it has a section of git's. */
#include "format/formats.h"
#include "format/git/config_keys.h"
#include "format/git/git.h"
#include "format/shell_code.h"
#include "wire/path.h"

enum { FILE_MAX = 1 << 20, VALUE = 16 << 10, NAME = 200, SHOWN = 2000 };
enum { A_RUN, A_DOOR, A_ADDRESS, A_SYNTAX, A_SECRET };

static const struct gh_rule rules[] = {
	[A_RUN] = { "GH-GIT-0101", GH_CRITICAL, GH_UNSAFE, "Git runs a command that this configuration names",
		    "Using git in this directory, or a prompt or an editor that does, runs the author's command.",
		    "Do not use git here; clone the repository again from its origin.",
		    "CWE-78 CVE-2022-24765 AML.T0011" },
	[A_DOOR] = { "GH-GIT-0102", GH_HIGH, GH_REVIEW, "Configuration that lets others decide what git does",
		     "Hooks, settings or files from a place of the author's choice.",
		     "Remove the setting, or look at what it leads to.", "CWE-829" },
	[A_ADDRESS] = { "GH-GIT-0103", GH_CRITICAL, GH_UNSAFE,
			"An address or a path that git takes for a command or an option",
			"Fetching runs the author's command, or writes outside of the clone.",
			"Do not fetch, pull or update submodules here.",
			"CWE-88 CVE-2018-17456 CVE-2017-1000117 CVE-2018-11235" },
	[A_SYNTAX] = { "GH-GIT-0104", GH_MEDIUM, GH_REVIEW, "Configuration that git does not read to its end",
		       "Readers that stop later, or that do not stop, obey what follows.",
		       "Look at the file; git config --list says where it is wrong.", "CWE-436" },
	[A_SECRET] = { "GH-GIT-0105", GH_HIGH, GH_REVIEW, "The configuration of a clone holds a credential",
		       "Everybody who has the directory can use the account.",
		       "Revoke the credential; use a credential helper.", "CWE-312 CWE-798 AML.T0055" },
	GH_RULES_END
};

struct config {
	struct gh_walk *w;
	struct gh_span all;
	size_t at;
	char section[NAME], sub[NAME], name[NAME];
	char *value; /* VALUE bytes */
	size_t n;
	unsigned shown;
	bool git; /* a section of git's was seen */
};

static char small(uint8_t c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }
static bool letter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool word(uint8_t c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; }
static int peek(const struct config *c) { return c->at < c->all.n ? c->all.p[c->at] : -1; }
static void blanks(struct config *c)
{
	while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\r')
		c->at++;
}
static void rest_of_line(struct config *c)
{
	while (peek(c) >= 0 && peek(c) != '\n')
		c->at++;
}

/* ---- syntax ------------------------------------------------------------------------------------------------------ */

/* [section], [section "sub"], [section.sub]; after the bracket. */
static bool section(struct config *c)
{
	size_t n = 0, m = 0;
	while (peek(c) >= 0 && (word((uint8_t)peek(c)) || peek(c) == '.')) {
		if (n + 1 >= NAME)
			return false;
		c->section[n++] = small(c->all.p[c->at++]);
	}
	c->section[n] = '\0';
	char *dot = strchr(c->section, '.');
	c->sub[0] = '\0';
	if (dot != NULL) {
		*dot = '\0';
		memmove(c->sub, dot + 1, strlen(dot + 1) + 1);
	}
	blanks(c);
	if (peek(c) == '"') {
		for (c->at++; peek(c) != '"'; c->at++) {
			if (peek(c) == '\\')
				c->at++;
			if (peek(c) < 0 || peek(c) == '\n')
				return false;
			if (m + 1 < NAME)
				c->sub[m++] = (char)peek(c);
		}
		c->sub[m] = '\0';
		c->at++;
	}
	if (peek(c) != ']' || n == 0)
		return false;
	c->at++;
	for (size_t i = 0; i < sizeof git_sections / sizeof git_sections[0]; i++)
		c->git = c->git || strcmp(c->section, git_sections[i]) == 0;
	return true;
}

static bool put(struct config *c, int ch)
{
	if (c->n + 1 >= VALUE)
		return false;
	c->value[c->n++] = (char)ch;
	return true;
}

/* A backslash and what follows it. */
static bool escaped(struct config *c)
{
	int ch = peek(c);
	c->at += ch >= 0;
	if (ch == '\r' && peek(c) == '\n') {
		c->at++;
		return true;
	}
	switch (ch) {
	case '\n': return true;
	case 't': return put(c, '\t');
	case 'b': return put(c, '\b');
	case 'n': return put(c, '\n');
	case '"':
	case '\\': return put(c, ch);
	default: return false;
	}
}

/* After the equals sign, to the end of the line; comments and blanks outside of quotes do not count. */
static bool value(struct config *c)
{
	bool quoted = false;
	size_t keep = 0;
	c->n = 0;
	blanks(c);
	for (int ch; (ch = peek(c)) >= 0 && ch != '\n';) {
		c->at++;
		bool ok = true;
		if (ch == '"')
			quoted = !quoted;
		else if (!quoted && (ch == '#' || ch == ';')) {
			rest_of_line(c);
			break;
		} else
			ok = ch == '\\' ? escaped(c) : put(c, ch);
		if (!ok)
			return false;
		if (quoted || ch == '"' || ch == '\\' || (ch != ' ' && ch != '\t' && ch != '\r'))
			keep = c->n;
	}
	c->n = keep;
	c->value[c->n] = '\0';
	return !quoted;
}

/* ---- what it means ------------------------------------------------------------------------------------------------ */

static enum git_act act_of(const struct config *c)
{
	for (size_t i = 0; i < sizeof git_acts / sizeof git_acts[0]; i++)
		if (strcmp(git_acts[i].section, c->section) == 0 &&
		    (strcmp(git_acts[i].name, "*") == 0 || strcmp(git_acts[i].name, c->name) == 0))
			return git_acts[i].act;
	for (size_t i = 0; i < sizeof git_act_endings / sizeof git_act_endings[0]; i++)
		if (gh_span_ends(gh_span_str(c->name), git_act_endings[i]))
			return GIT_ACT_RUN;
	return GIT_ACT_NONE;
}

static bool boolean(struct gh_span v)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "1", "0", "", "auto" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		bool same = strlen(words[i]) == v.n;
		for (size_t k = 0; same && k < v.n; k++)
			same = small(v.p[k]) == words[i][k];
		if (same)
			return true;
	}
	return false;
}

static bool plain_name(struct gh_span v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!word(v.p[i]) && v.p[i] != '_' && v.p[i] != '.')
			return false;
	return true;
}

static bool leads_out(struct gh_span v)
{
	return gh_path_flags(v) & (GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_DOTDOT) ||
	       gh_span_starts(v, "~");
}

/* scheme://user:password@host */
static bool has_password(struct gh_span v)
{
	const uint8_t *p = v.n < 4 ? NULL : memmem(v.p, v.n, "://", 3);
	if (p == NULL)
		return false;
	struct gh_span host = gh_span_cut(v, (size_t)(p - v.p) + 3, v.n);
	size_t n = 0, colon = 0;
	while (n < host.n && host.p[n] != '/' && host.p[n] != '@') {
		colon = host.p[n] == ':' ? n + 1 : colon;
		n++;
	}
	/* A long user name without a password is a token, too. */
	return n < host.n && host.p[n] == '@' && ((colon != 0 && n > colon) || n >= 30);
}

static bool runs_address(struct gh_span v)
{
	const uint8_t *two = v.n < 2 ? NULL : memmem(v.p, v.n, "::", 2);
	size_t n = two == NULL ? 0 : (size_t)(two - v.p);
	bool helper = n != 0 && plain_name((struct gh_span){ v.p, n }); /* ext::, fd::, any git-remote-NAME */
	const uint8_t *dash = v.n < 4 ? NULL : memmem(v.p, v.n, "://-", 4);
	return helper || dash != NULL || gh_span_starts(v, "-") || memchr(v.p, '\n', v.n) != NULL;
}

static enum gh_rc runs(struct config *c, struct gh_span command, uint64_t off, uint64_t len)
{
	gh_anomaly(c->w, &rules[A_RUN], off, len, "%s.%s = %s", c->section, c->name, gh_safe(command).s);
	struct gh_span kept = gh_keep(c->w->arena, command);
	return kept.p == NULL ? GH_E_LIMIT : gh_shell_code(c->w, kept, off, len, NULL);
}

static bool lfs_filter(struct gh_span v)
{
	for (size_t i = 0; i < sizeof git_lfs_filters / sizeof git_lfs_filters[0]; i++)
		if (gh_span_is(v, git_lfs_filters[i]))
			return true;
	return false;
}

static void say(struct config *c, unsigned rule, struct gh_span v, uint64_t off, uint64_t len)
{
	gh_anomaly(c->w, &rules[rule], off, len, "%s.%s = %s", c->section, c->name, gh_safe(v).s);
}

static enum gh_rc act(struct config *c, struct gh_span v, uint64_t off, uint64_t len)
{
	struct gh_span sub = gh_span_str(c->sub);
	if (strcmp(c->section, "url") == 0 && runs_address(sub))
		say(c, A_ADDRESS, sub, off, len);
	if (has_password(v) || (strcmp(c->section, "url") == 0 && has_password(sub)))
		gh_anomaly(c->w, &rules[A_SECRET], off, len, "in %s.%s", c->section, c->name);
	if (v.n == 0)
		return GH_OK;
	switch (act_of(c)) {
	case GIT_ACT_NONE: break;
	case GIT_ACT_RUN: return runs(c, v, off, len);
	case GIT_ACT_MONITOR: return boolean(v) ? GH_OK : runs(c, v, off, len);
	case GIT_ACT_FILTER: return lfs_filter(v) ? GH_OK : runs(c, v, off, len);
	case GIT_ACT_RUN_BANG: return v.p[0] == '!' ? runs(c, gh_span_cut(v, 1, v.n), off, len) : GH_OK;
	case GIT_ACT_HELPER:
		if (v.p[0] == '!')
			return runs(c, gh_span_cut(v, 1, v.n), off, len);
		if (!plain_name(v)) { /* "cache --timeout=60" is an installed helper with options, "/x" a program */
			size_t n = 0;
			while (n < v.n && v.p[n] != ' ')
				n++;
			bool odd = !plain_name(gh_span_cut(v, 0, n));
			for (size_t i = 0; i < v.n; i++)
				odd = odd || memchr("/\\;&|$`<>()'\"\n", v.p[i], 15) != NULL;
			return odd ? runs(c, v, off, len) : GH_OK;
		}
		break;
	case GIT_ACT_URL:
		if (runs_address(v))
			say(c, A_ADDRESS, v, off, len);
		break;
	case GIT_ACT_READ: say(c, A_DOOR, v, off, len); break;
	case GIT_ACT_HOOKS:
		if (leads_out(v))
			return runs(c, v, off, len);
		say(c, A_DOOR, v, off, len);
		break;
	case GIT_ACT_PATH:
		if (strcmp(c->section, "submodule") != 0)
			say(c, A_DOOR, v, off, len);
		else if (leads_out(v) || gh_span_starts(v, "-") || gh_span_starts(sub, "-"))
			say(c, A_ADDRESS, v, off, len);
		break;
	case GIT_ACT_ALLOW:
		if (!gh_span_is(v, "never"))
			say(c, gh_span_is(sub, "ext") || sub.n == 0 ? A_ADDRESS : A_DOOR, v, off, len);
		break;
	case GIT_ACT_TRUE:
		if (!gh_span_is(v, "true"))
			say(c, A_DOOR, v, off, len);
		break;
	case GIT_ACT_SECRET: gh_anomaly(c->w, &rules[A_SECRET], off, len, "in %s.%s", c->section, c->name); break;
	}
	return GH_OK;
}

/* NAME, or NAME = VALUE */
static enum gh_rc variable(struct config *c, bool *ok)
{
	size_t from = c->at, n = 0;
	while (peek(c) >= 0 && word((uint8_t)peek(c)) && n + 1 < NAME)
		c->name[n++] = small(c->all.p[c->at++]);
	c->name[n] = '\0';
	blanks(c);
	c->n = 0;
	*ok = n != 0 && c->section[0] != '\0';
	if (peek(c) == '=') {
		c->at++;
		*ok = value(c) && *ok;
	} else {
		*ok = *ok && (peek(c) < 0 || memchr("\n#;", peek(c), 3) != NULL);
		rest_of_line(c);
	}
	if (!*ok)
		return GH_OK;
	struct gh_span v = { (const uint8_t *)c->value, c->n };
	GH_TRY(act(c, v, from, c->at - from), c->w->err, "at byte %zu", from);
	if (v.n < 8 || c->shown++ >= SHOWN)
		return GH_OK;
	struct gh_text t = { .role = "configuration", .key = gh_span_str(c->name), .text = v };
	return gh_emit(c->w, GH_EV_TEXT, from, c->at - from, &t);
}

/* Everything; silent, and only the syntax, when !speak. *end: where it stops being a configuration. */
static enum gh_rc pass(struct config *c, bool speak, size_t *end)
{
	c->at = gh_span_starts(c->all, "\xef\xbb\xbf") ? 3 : 0;
	c->section[0] = '\0';
	for (int ch; (ch = peek(c)) >= 0;) {
		size_t from = c->at;
		bool ok = true;
		if (ch == '[') {
			c->at++;
			ok = section(c);
		} else if (ch == '#' || ch == ';') {
			rest_of_line(c);
		} else if (letter((uint8_t)ch)) {
			if (speak)
				GH_TRY(variable(c, &ok), c->w->err, "configuration");
			else
				rest_of_line(c);
		} else if (memchr(" \t\r\n", ch, 4) != NULL) {
			c->at++;
		} else
			ok = false;
		if (!ok) { /* git stops here; other readers may not */
			*end = *end < from ? *end : from;
			c->at = from;
			rest_of_line(c);
		}
	}
	return GH_OK;
}

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return GH_E_NOTTHIS;
	struct config c = { .w = w, .all = gh_text_whole(w, FILE_MAX), .value = gh_alloc(w->arena, VALUE, 1) };
	size_t end = SIZE_MAX;
	if (c.all.p == NULL || c.value == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT,
			       "no room for the configuration");
	(void)pass(&c, false, &end);
	if (!c.git)
		return GH_E_NOTTHIS;
	end = SIZE_MAX;
	enum gh_rc rc = pass(&c, true, &end);
	if (rc != GH_OK)
		return rc;
	if (end != SIZE_MAX)
		gh_anomaly(w, &rules[A_SYNTAX], end, c.all.n - end, "neither a section nor a variable");
	gh_claim(w, 0, c.all.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

/* The names under which git and Git LFS look for it. */
const struct gh_fmt *gh_git_text(struct gh_span name)
{
	static const char *const names[] = { "config", "config.worktree", "gitconfig" };
	static const char *const ends[] = { ".gitmodules", ".gitconfig",
					    ".lfsconfig" }; /* also work.gitconfig, included */
	char low[24] = "";
	size_t n = name.n < sizeof low - 1 ? name.n : sizeof low - 1;
	for (size_t i = 0; i < n; i++)
		low[i] = small(name.p[name.n - n + i]);
	const char *base = low;
	for (const char *p = low; *p != '\0'; p++)
		base = *p == '/' || *p == '\\' ? p + 1 : base;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(base, names[i]) == 0 && (base != low || n == name.n))
			return &gh_fmt_git_config;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (gh_span_ends(gh_span_str(low), ends[i]))
			return &gh_fmt_git_config;
	return &gh_fmt_git_template; /* known by its content alone */
}

const struct gh_fmt gh_fmt_git_config = {
	.name = "git-config",
	.about = "configuration of git: config, .gitmodules, .lfsconfig, and the commands in it",
	.exts = "gitconfig gitmodules lfsconfig",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
