/* s3_conf.c - where an S3 store is and who we are there: the URL and the credentials. */
#include "catalog/s3.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 10, CA_MAX = 1 << 20, PART_MIB = 64, PART_MIB_LEAST = 5, PART_MIB_MOST = 5120 };

/* ---- the URL ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Decode %XX; false when it is wrong, holds control characters, or does not fit. */
static bool decode(struct gh_span s, char *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int c = s.p[i];
		if (c == '%') {
			int a = i + 2 < s.n ? digit((char)s.p[i + 1]) : -1,
			    b = i + 2 < s.n ? digit((char)s.p[i + 2]) : -1;
			if (a < 0 || b < 0)
				return false;
			c = a << 4 | b;
			i += 2;
		}
		if (c < ' ' || c == 0x7f || n + 1 >= cap)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

static bool only(const char *s, const char *extra, size_t least, size_t most)
{
	size_t n = strlen(s);
	for (const char *p = s; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		      strchr(extra, *p) != NULL))
			return false;
	return n >= least && n <= most;
}

static bool bucket_ok(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			return false;
	return only(s, "-.", 3, 63) && s[0] != '.' && s[0] != '-' && strstr(s, "..") == NULL;
}

static bool prefix_ok(const char *s)
{
	size_t n = strlen(s);
	return only(s, "-._/", 0, GH_S3_NAME - 1) && s[0] != '/' && (n == 0 || s[n - 1] != '/') &&
	       strstr(s, "//") == NULL && strstr(s, "./") == NULL && (n == 0 || s[n - 1] != '.');
}

/* "https://host[:port]" */
static bool set_endpoint(struct gh_s3 *s3, const char *v)
{
	const char *rest = strncmp(v, "https://", 8) == 0 ? v + 8 : strncmp(v, "http://", 7) == 0 ? v + 7 : NULL;
	if (rest == NULL)
		return false;
	size_t n = strlen(rest);
	if (n > 0 && rest[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof s3->host)
		return false;
	memcpy(s3->host, rest, n);
	s3->host[n] = '\0';
	(void)snprintf(s3->scheme, sizeof s3->scheme, "%s", v[4] == 's' ? "https" : "http");
	return only(s3->host, "-.:[]", 1, GH_S3_NAME - 1);
}

static bool set_style(struct gh_s3 *s3, const char *v)
{
	s3->by_host = strcmp(v, "host") == 0;
	return s3->by_host || strcmp(v, "path") == 0;
}

static bool set_part(struct gh_s3 *s3, const char *v)
{
	char *end;
	unsigned long n = strtoul(v, &end, 10);
	s3->part = (uint64_t)n << 20;
	return only(v, "", 1, 5) && *end == '\0' && n >= PART_MIB_LEAST && n <= PART_MIB_MOST;
}

static bool copy(char *to, size_t cap, const char *v)
{
	return (size_t)snprintf(to, cap, "%s", v) < cap && v[0] != '\0';
}
static bool set_region(struct gh_s3 *s3, const char *v)
{
	return copy(s3->region, sizeof s3->region, v) && only(v, "-", 1, 63);
}
static bool set_ca(struct gh_s3 *s3, const char *v) { return copy(s3->ca, sizeof s3->ca, v); }
static bool set_proxy(struct gh_s3 *s3, const char *v) { return copy(s3->proxy, sizeof s3->proxy, v); }
static bool set_credentials(struct gh_s3 *s3, const char *v)
{
	return copy(s3->credentials, sizeof s3->credentials, v);
}
static bool set_profile(struct gh_s3 *s3, const char *v)
{
	return copy(s3->profile, sizeof s3->profile, v) && only(v, "-._", 1, 63);
}

static const struct option {
	const char *name;
	bool (*set)(struct gh_s3 *s3, const char *v);
	const char *form;
} options[] = {
	{ "endpoint", set_endpoint, "http[s]://HOST[:PORT]" },
	{ "region", set_region, "a name like eu-central-1" },
	{ "style", set_style, "path or host" },
	{ "part", set_part, "MiB of one part, 5 to 5120" },
	{ "ca", set_ca, "a PEM file" },
	{ "proxy", set_proxy, "http://HOST:PORT" },
	{ "credentials", set_credentials, "a file" },
	{ "profile", set_profile, "a section of the credentials file" },
};

static enum gh_rc set_option(struct gh_s3 *s3, struct gh_span one, bool *style, struct gh_err *err)
{
	char value[GH_S3_NAME];
	const uint8_t *eq = memchr(one.p, '=', one.n);
	struct gh_span name = { one.p, eq == NULL ? one.n : (size_t)(eq - one.p) };
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (!gh_span_is(name, options[i].name))
			continue;
		*style = *style || options[i].set == set_style;
		if (decode(gh_span_cut(one, name.n + 1, one.n), value, sizeof value) && options[i].set(s3, value))
			return GH_OK;
		return gh_fail(err, GH_E_MALFORMED, "%s= must be %s", options[i].name, options[i].form);
	}
	return gh_fail(err, GH_E_MALFORMED,
		       "unknown option \"%.*s\" (endpoint region style part ca proxy credentials profile)",
		       (int)(name.n < 40 ? name.n : 40), (const char *)name.p);
}

enum gh_rc gh_store_s3_setup(struct gh_store *s, const char *url, struct gh_err *err)
{
	struct gh_s3 *s3 = calloc(1, sizeof *s3);
	struct gh_span rest = gh_span_str(url + 5);
	const uint8_t *q = memchr(rest.p, '?', rest.n);
	struct gh_span place = { rest.p, q == NULL ? rest.n : (size_t)(q - rest.p) };
	struct gh_span query = gh_span_cut(rest, place.n + 1, rest.n);
	const uint8_t *slash = memchr(place.p, '/', place.n);
	struct gh_span bucket = { place.p, slash == NULL ? place.n : (size_t)(slash - place.p) };
	struct gh_span prefix = gh_span_cut(place, bucket.n + 1, place.n);
	bool style = false;
	if (s3 == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	s->s3 = s3;
	s3->part = (uint64_t)PART_MIB << 20;
	(void)snprintf(s3->region, sizeof s3->region, "us-east-1");
	if (prefix.n > 0 && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	if (!decode(bucket, s3->bucket, sizeof s3->bucket) || !bucket_ok(s3->bucket))
		return gh_fail(err, GH_E_MALFORMED,
			       "the URL names no bucket: s3://BUCKET[/PREFIX]?endpoint=https://HOST&region=NAME");
	if (!decode(prefix, s3->prefix, sizeof s3->prefix) || !prefix_ok(s3->prefix))
		return gh_fail(err, GH_E_MALFORMED,
			       "the prefix may hold letters, digits, '-', '_', '.' and single '/'");
	while (query.n > 0) {
		const uint8_t *amp = memchr(query.p, '&', query.n);
		struct gh_span one = { query.p, amp == NULL ? query.n : (size_t)(amp - query.p) };
		query = gh_span_cut(query, one.n + 1, query.n);
		if (one.n > 0)
			GH_TRY(set_option(s3, one, &style, err), err, "s3://%s", s3->bucket);
	}
	if (s3->host[0] == '\0') { /* Amazon's own */
		(void)snprintf(s3->scheme, sizeof s3->scheme, "https");
		(void)snprintf(s3->host, sizeof s3->host, "s3.%s.amazonaws.com", s3->region);
		s3->by_host = !style || s3->by_host;
	}
	(void)snprintf(s->where, sizeof s->where, "s3://%s%s%s at %s", s3->bucket, s3->prefix[0] == '\0' ? "" : "/",
		       s3->prefix, s3->host);
	s3->told = gh_s3_credentials(s3, &s3->why);
	return GH_OK;
}

/* ---- the credentials ---- */

static struct gh_span trim(struct gh_span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* Lines "name = value", sections "[profile]"; lines before the first section belong to every profile. */
static enum gh_rc read_lines(struct gh_s3 *s3, struct gh_span text, struct gh_err *err)
{
	const struct {
		const char *name;
		char *to;
		size_t cap;
	} rows[] = { { "aws_access_key_id", s3->access, sizeof s3->access },
		     { "aws_secret_access_key", s3->secret, sizeof s3->secret },
		     { "aws_session_token", s3->token, sizeof s3->token } };
	const char *profile = s3->profile[0] == '\0' ? "default" : s3->profile;
	bool ours = true;
	for (unsigned line = 1; text.n > 0; line++) {
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		struct gh_span l = { text.p, nl == NULL ? text.n : (size_t)(nl - text.p) };
		text = gh_span_cut(text, l.n + 1, text.n);
		l = trim(l);
		if (l.n == 0 || l.p[0] == '#' || l.p[0] == ';')
			continue;
		if (l.p[0] == '[') {
			ours = l.p[l.n - 1] == ']' && gh_span_is(trim(gh_span_cut(l, 1, l.n - 2)), profile);
			continue;
		}
		const uint8_t *eq = memchr(l.p, '=', l.n);
		if (eq == NULL)
			return gh_fail(err, GH_E_MALFORMED, "%s: line %u is not NAME = VALUE", s3->credentials, line);
		struct gh_span name = trim((struct gh_span){ l.p, (size_t)(eq - l.p) });
		struct gh_span value = trim((struct gh_span){ eq + 1, l.n - (size_t)(eq - l.p) - 1 });
		for (size_t i = 0; ours && i < sizeof rows / sizeof rows[0]; i++) {
			if (!gh_span_is(name, rows[i].name))
				continue;
			if (value.n >= rows[i].cap)
				return gh_fail(err, GH_E_MALFORMED, "%s: line %u is too long", s3->credentials, line);
			memcpy(rows[i].to, value.p, value.n);
			rows[i].to[value.n] = '\0';
		}
	}
	return GH_OK;
}

static enum gh_rc read_file(struct gh_s3 *s3, struct gh_err *err)
{
	struct stat st;
	int fd = open(s3->credentials, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return gh_fail_sys(err, errno, "credentials file %s", s3->credentials);
	char *p = malloc(FILE_MAX);
	enum gh_rc rc = GH_OK;
	ssize_t n = 0;
	if (p == NULL || fstat(fd, &st) != 0 || (n = read(fd, p, FILE_MAX)) < 0)
		rc = gh_fail_sys(err, errno, "credentials file %s", s3->credentials);
	else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		rc = gh_fail(err, GH_E_MALFORMED, "credentials file %s is no small file", s3->credentials);
	else if ((st.st_mode & 077) != 0)
		rc = gh_fail(err, GH_E_DENIED, "credentials file %s may be read by others: chmod 600 it",
			     s3->credentials);
	else
		rc = read_lines(s3, (struct gh_span){ (uint8_t *)p, (size_t)n }, err);
	if (p != NULL)
		explicit_bzero(p, FILE_MAX);
	free(p);
	(void)close(fd);
	return rc;
}

static bool from_environment(const char *name, char *to, size_t cap)
{
	const char *v = getenv(name);
	return v == NULL || (size_t)snprintf(to, cap, "%s", v) < cap;
}

static enum gh_rc read_ca(struct gh_s3 *s3, struct gh_err *err)
{
	char block[4096];
	ssize_t n;
	s3->ca_pem = gh_buf(CA_MAX);
	int fd = open(s3->ca, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return gh_fail_sys(err, errno, "ca=%s", s3->ca);
	while ((n = read(fd, block, sizeof block)) > 0)
		gh_buf_put(&s3->ca_pem, block, (size_t)n);
	int sys = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "ca=%s", s3->ca);
	return s3->ca_pem.full || s3->ca_pem.n == 0
		       ? gh_fail(err, GH_E_MALFORMED, "ca=%s is no file of certificates", s3->ca)
		       : GH_OK;
}

enum gh_rc gh_s3_credentials(struct gh_s3 *s3, struct gh_err *err)
{
	if (s3->ca[0] != '\0')
		GH_TRY(read_ca(s3, err), err, "whom to trust");
	if (s3->credentials[0] != '\0')
		GH_TRY(read_file(s3, err), err, "who we are");
	else if (!from_environment("AWS_ACCESS_KEY_ID", s3->access, sizeof s3->access) ||
		 !from_environment("AWS_SECRET_ACCESS_KEY", s3->secret, sizeof s3->secret) ||
		 !from_environment("AWS_SESSION_TOKEN", s3->token, sizeof s3->token))
		return gh_fail(err, GH_E_MALFORMED,
			       "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN is too long");
	if (s3->access[0] == '\0' || s3->secret[0] == '\0')
		return gh_fail(err, GH_E_DENIED,
			       "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or credentials=FILE "
			       "in its URL");
	if (!only(s3->access, "-_.+=/", 1, GH_S3_SECRET))
		return gh_fail(err, GH_E_MALFORMED, "the access key's id is none");
	return GH_OK;
}
