#include "catalog/home.h"

#include "base/arena.h"
#include "base/buf.h"
#include "os/file.h"
#include "wire/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 << 10, CLEAR_DEPTH = 6 };
#define SETTINGS "gatehouse.yaml"

static const char *const rooms[] = { "keys", "db", "blobs", "log", "run" };

enum gh_rc gh_home_find(const char *option, char out[GH_HOME_PATH], struct gh_err *err)
{
	const char *dir = option != NULL ? option : getenv("GATEHOUSE_HOME"), *under = "";
	if (dir == NULL || dir[0] == '\0') {
		dir = geteuid() == 0 ? "/var/lib/gatehouse" : getenv("XDG_DATA_HOME");
		under = geteuid() == 0 ? "" : "/gatehouse";
	}
	if (dir == NULL || dir[0] == '\0') {
		dir = getenv("HOME");
		under = "/.local/share/gatehouse";
	}
	if (dir == NULL || dir[0] == '\0')
		return gh_fail(err, GH_E_ABSENT, "no home directory is known: set GATEHOUSE_HOME");
	char cwd[GH_HOME_PATH] = "";
	if (dir[0] != '/' && getcwd(cwd, sizeof cwd) == NULL)
		return gh_fail_sys(err, errno, "the working directory");
	int n = snprintf(out, GH_HOME_PATH, "%s%s%s%s", cwd, cwd[0] != '\0' ? "/" : "", dir, under);
	if (n < 0 || n >= GH_HOME_PATH)
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	for (; n > 1 && out[n - 1] == '/'; n--)
		out[n - 1] = '\0';
	return GH_OK;
}

const char *gh_home_path(const struct gh_home *h, const char *name, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "%s/%s", h->dir, name);
	return n > 0 && (size_t)n < cap ? buf : NULL;
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

#define TEXT(field, about) { #field, offsetof(struct gh_home, field), sizeof(((struct gh_home *)0)->field), about }
static const struct setting {
	const char *name;
	size_t at, cap;
	const char *about;
} settings[] = {
	TEXT(origin, "Name of the audit log. Never change it: badges and proofs name it."),
	TEXT(database, "sqlite:PATH or postgresql://…"),
	TEXT(blobs, "file:PATH or s3://BUCKET/PREFIX?…; empty: files in blobs/."),
	TEXT(unlock, "How the root key is opened: passphrase, file:PATH, credential:NAME, tpm, tpm:TCTI."),
	TEXT(policy, "Profile for tenants that set no policy: lenient, enterprise, high-risk."),
	TEXT(opa, "URL of an Open Policy Agent that is asked as well; empty: none."),
	TEXT(anchor,
	     "File outside of the home that remembers its audit log, so that an older copy is noticed; empty: none."),
	TEXT(evidence_tpm, "The TPM that vouches for deployments with --evidence tpm: tpm, tpm:TCTI."),
	TEXT(tpm_enrolment, "Record of that TPM's enrolment (gatehouse attest enrol); empty: none."),
	TEXT(enrolled_by, "The key that signed it: SHA-256 of its public key, as attest enrol prints it; empty: none."),
	TEXT(four_eyes, "What counts as two: hands (nobody can act as both), or persons (any two)."),
};

static unsigned line_of(struct gh_span s, uint64_t off)
{
	unsigned line = 1;
	for (size_t i = 0; i < s.n && i < off; i++)
		line += s.p[i] == '\n';
	return line;
}

static bool number(struct gh_span s, int64_t *out)
{
	int64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > 1000000000)
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*out = v;
	return s.n > 0;
}

static const char *set(struct gh_home *h, struct gh_span key, struct gh_span value, int64_t *format)
{
	if (gh_span_is(key, "format"))
		return number(value, format) ? NULL : "is no number";
	if (gh_span_is(key, "badge_days"))
		return number(value, &h->badge_days) && h->badge_days > 0 && h->badge_days <= 3650
			       ? NULL
			       : "must be 1 to 3650";
	if (gh_span_is(key, "four_eyes") && !gh_span_is(value, "hands") && !gh_span_is(value, "persons"))
		return "must be hands or persons";
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (gh_span_is(key, settings[i].name)) {
			char *to = (char *)h + settings[i].at;
			if (value.n >= settings[i].cap || memchr(value.p, 0, value.n) != NULL)
				return "is too long";
			memcpy(to, value.p, value.n);
			to[value.n] = '\0';
			return NULL;
		}
	return "is no setting";
}

static enum gh_rc parse(struct gh_home *h, struct gh_span text, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_yaml y;
	struct gh_span key = { 0 };
	int64_t format = 0;
	bool have_key = false;
	gh_yaml_open(&y, text, &a);
	while (gh_yaml_next(&y) > GH_YAML_END) {
		if (y.ev == GH_YAML_DOC || y.ev == GH_YAML_DOC_END || (y.ev == GH_YAML_MAP && y.depth == 0))
			continue;
		if (y.ev == GH_YAML_MAP_END && !y.duplicate && y.depth == 0)
			continue;
		if (y.ev != GH_YAML_SCALAR)
			return gh_fail(err, GH_E_MALFORMED, "line %u: a setting is a name and a text",
				       line_of(text, y.off));
		if (y.key) {
			key = gh_keep(&a, y.text);
			have_key = key.p != NULL;
			continue;
		}
		const char *why = have_key ? set(h, key, y.text, &format) : "has no name";
		if (why != NULL)
			return gh_fail(err, GH_E_MALFORMED, "line %u: '%.40s' %s", line_of(text, y.off),
				       have_key ? (const char *)key.p : "", why);
	}
	if (y.ev == GH_YAML_BAD)
		return gh_fail(err, GH_E_MALFORMED, "line %u: %s", line_of(text, y.off), y.why);
	if (format > GH_HOME_VERSION)
		return gh_fail(err, GH_E_UNREAD,
			       "format %lld is newer than this program knows (%d): use a newer gatehouse",
			       (long long)format, GH_HOME_VERSION);
	if (format < 1)
		return gh_fail(err, GH_E_MALFORMED, "'format' is missing");
	return GH_OK;
}

static enum gh_rc slurp(const char *path, struct gh_buf *out, struct gh_err *err)
{
	struct stat st;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return gh_fail_sys(err, errno, "cannot be read");
	char block[4096];
	for (uint64_t off = 0; off < (uint64_t)st.st_size && !out->full;) {
		size_t n = (uint64_t)st.st_size - off < sizeof block ? (size_t)((uint64_t)st.st_size - off)
								     : sizeof block;
		if (!gh_os_read_at(fd, block, n, off)) {
			int e = errno;
			(void)close(fd);
			return gh_fail_sys(err, e, "cannot be read");
		}
		gh_buf_put(out, block, n);
		off += n;
	}
	(void)close(fd);
	return out->full ? gh_fail(err, GH_E_LIMIT, "is larger than settings can be") : GH_OK;
}

enum gh_rc gh_home_load(const char *dir, struct gh_home *out, struct gh_err *err)
{
	char path[GH_HOME_PATH + 32];
	struct stat st;
	gh_auto_buf text = gh_buf(SETTINGS_MAX);
	gh_home_defaults(dir, out);
	if (gh_home_path(out, SETTINGS, path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	if (stat(dir, &st) != 0 || access(path, F_OK) != 0)
		return gh_fail(err, GH_E_ABSENT, "there is no gatehouse home in '%s': run `gatehouse init` first", dir);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return gh_fail(err, GH_E_DENIED, "others may write to '%s': chmod go-w it", dir);
	enum gh_rc rc = slurp(path, &text, err);
	if (rc == GH_OK)
		rc = parse(out, gh_buf_view(&text), err);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", path);
}

/* ---- a new one --------------------------------------------------------------------------------------------------- */

void gh_home_defaults(const char *dir, struct gh_home *out)
{
	*out = (struct gh_home){ .badge_days = 180 };
	(void)snprintf(out->dir, sizeof out->dir, "%s", dir);
	(void)snprintf(out->database, sizeof out->database, "sqlite:db/catalog.db");
	(void)snprintf(out->unlock, sizeof out->unlock, "passphrase");
	(void)snprintf(out->evidence_tpm, sizeof out->evidence_tpm, "tpm");
	(void)snprintf(out->four_eyes, sizeof out->four_eyes, "hands");
	(void)snprintf(out->policy, sizeof out->policy, "enterprise");
	(void)snprintf(out->origin, sizeof out->origin, "gatehouse");
}

bool gh_home_one_hand(const struct gh_home *h) { return strcmp(h->four_eyes, "persons") == 0; }

static enum gh_rc make_above(const char *dir, struct gh_err *err)
{
	char path[GH_HOME_PATH];
	(void)snprintf(path, sizeof path, "%s", dir);
	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
		*p = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			return gh_fail_sys(err, errno, "'%s' cannot be made", path);
	}
	return GH_OK;
}

static bool empty(const char *dir)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return false;
	size_t n = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n == 0;
}

/* Does this member of a query hold a secret? libpq decodes names: one that is encoded is not looked through, but taken for one. */
static bool secret_name(struct gh_span name)
{
	static const char *const words[] = { "passw", "secret", "token", "%" };
	char low[64];
	size_t n = name.n < sizeof low - 1 ? name.n : sizeof low - 1;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + ('a' - 'A') : name.p[i]);
	low[n] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(low, words[i]) != NULL)
			return true;
	return false;
}

/* A URL without the password before its host and without secrets in its query. true: something was left out. */
static bool without_password(const char *url, struct gh_buf *out)
{
	const char *host = strstr(url, "://"), *at = NULL, *colon = NULL, *rest = url;
	bool left = false;
	if (host == NULL) {
		gh_buf_str(out, url);
		return false;
	}
	host += 3;
	for (const char *p = host; *p != '\0' && *p != '/'; p++) {
		if (*p == '@')
			at = p;
		else if (*p == ':' && colon == NULL)
			colon = p;
	}
	if (at != NULL && colon != NULL && colon < at) {
		gh_buf_put(out, url, (size_t)(colon - url));
		rest = at;
		left = true;
	}
	const char *query = strchr(at != NULL ? at : host, '?');
	gh_buf_put(out, rest, query == NULL ? strlen(rest) : (size_t)(query - rest));
	char sign = '?';
	for (const char *p = query; p != NULL;) {
		size_t n = strcspn(++p, "&");
		if (secret_name((struct gh_span){ (const uint8_t *)p, strcspn(p, "=&") }))
			left = true;
		else {
			gh_buf_ch(out, sign);
			gh_buf_put(out, p, n);
			sign = '&';
		}
		p = p[n] == '&' ? p + n : NULL;
	}
	return left;
}

static void settings_text(const struct gh_home *h, bool bare, struct gh_buf *out)
{
	gh_buf_fmt(out, "# Settings of this Gatehouse home.\nformat: %d\n", GH_HOME_VERSION);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *value = (const char *)h + settings[i].at;
		gh_auto_buf url = gh_buf(GH_HOME_VALUE);
		gh_buf_fmt(out, "\n# %s\n", settings[i].about);
		if (bare && without_password(value, &url))
			gh_buf_fmt(out, GH_HOME_LEFT_OUT "%s\n", settings[i].name);
		gh_buf_fmt(out, "%s: ", settings[i].name);
		gh_buf_json(out, bare ? gh_buf_view(&url) : gh_span_str(value));
		gh_buf_ch(out, '\n');
	}
	gh_buf_fmt(out, "\n# How many days a badge is valid.\nbadge_days: %lld\n", (long long)h->badge_days);
}

void gh_home_settings(const struct gh_home *h, struct gh_buf *out) { settings_text(h, true, out); }

static enum gh_rc write_settings(const struct gh_home *h, int dir, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(SETTINGS_MAX);
	settings_text(h, false, &text);
	int fd = openat(dir, SETTINGS, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return gh_fail_sys(err, errno, SETTINGS);
	bool ok = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	int e = errno;
	(void)close(fd);
	return ok && !text.full && fsync(dir) == 0 ? GH_OK : gh_fail_sys(err, e, SETTINGS);
}

enum gh_rc gh_home_make(const struct gh_home *h, struct gh_err *err)
{
	GH_TRY(make_above(h->dir, err), err, "the home directory");
	bool made = mkdir(h->dir, 0700) == 0;
	if (!made && errno != EEXIST)
		return gh_fail_sys(err, errno, "'%s' cannot be made", h->dir);
	if (!made && !empty(h->dir))
		return gh_fail(err, GH_E_EXISTS, "'%s' is not empty: a home is made in a directory of its own", h->dir);
	int dir = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return gh_fail_sys(err, errno, "'%s'", h->dir);
	enum gh_rc rc = fchmod(dir, 0700) == 0 ? GH_OK : gh_fail_sys(err, errno, "'%s'", h->dir);
	for (size_t i = 0; rc == GH_OK && i < sizeof rooms / sizeof *rooms; i++)
		if (mkdirat(dir, rooms[i], 0700) != 0)
			rc = gh_fail_sys(err, errno, "'%s/%s' cannot be made", h->dir, rooms[i]);
	if (rc == GH_OK)
		rc = write_settings(h, dir, err);
	if (rc != GH_OK) {
		(void)unlinkat(dir, SETTINGS, 0);
		for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
			(void)unlinkat(dir, rooms[i], AT_REMOVEDIR);
		if (made)
			(void)rmdir(h->dir);
	}
	(void)close(dir);
	return rc;
}

/* Files of one directory, which are ours since the home was empty when it was made; directories below only one level deep. */
static void clear(int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) != 0 && depth < CLEAR_DEPTH)
			clear(fd, e->d_name, depth + 1);
	}
	(void)closedir(d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

void gh_home_unmake(const struct gh_home *h)
{
	int dir = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
		clear(dir, rooms[i], 0);
	(void)unlinkat(dir, SETTINGS, 0);
	(void)close(dir);
	(void)rmdir(h->dir);
}
