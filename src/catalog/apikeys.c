/* API keys: made once, kept as a hash, and refused in one way whatever is wrong. */
#include "catalog/apikeys.h"
#include "catalog/row.h"
#include "wire/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { PREFIX_BYTES = GH_APIKEY_PREFIX / 2, SECRET_BYTES = 24, MINUTE = 60 };
static const char word[] = "ghk_";

static void hash_of(struct gh_span text, char out[GH_DIGEST_HEX + 1])
{
	uint8_t raw[GH_SHA256_BYTES];
	struct gh_sha256_state s = gh_sha256_begin();
	gh_sha256_put(&s, text);
	gh_sha256_end(&s, raw);
	gh_hex_put(out, raw, sizeof raw);
	explicit_bzero(&s, sizeof s);
}

void gh_apikey_says(const char *hash, int64_t expires, char out[GH_DIGEST_HEX + 1])
{
	char text[GH_DIGEST_HEX + 32];
	int n = snprintf(text, sizeof text, "%.64s %lld", hash, (long long)expires);
	hash_of((struct gh_span){ (const uint8_t *)text, n > 0 ? (size_t)n : 0 }, out);
}

/* In a time that does not depend on where they differ. */
static bool same(const char *a, const char *b, size_t n)
{
	volatile uint8_t differs = 0;
	for (size_t i = 0; i < n; i++)
		differs = (uint8_t)(differs | (a[i] ^ b[i]));
	return differs == 0;
}

/* ---- making ---- */
#define COLUMNS "id, prefix, principal, created, expires, revoked, last_used"

static void key_of(const struct gh_db_rows *r, size_t i, struct gh_apikey *k)
{
	*k = (struct gh_apikey){
		.id = gh_row_id(r, i, 0),
		.principal = gh_row_id(r, i, 2),
		.created = gh_db_int(r, i, 3),
		.expires = gh_db_int(r, i, 4),
		.revoked = gh_db_int(r, i, 5),
		.last_used = gh_db_int(r, i, 6),
	};
	GH_ROW_TEXT(k->prefix, r, i, 1);
}

static enum gh_rc random_text(char text[GH_APIKEY_TEXT + 1], struct gh_err *err)
{
	uint8_t r[PREFIX_BYTES + SECRET_BYTES];
	ssize_t n;
	do
		n = getrandom(r, sizeof r, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof r)
		return gh_fail_sys(err, n < 0 ? errno : EIO, "random numbers");
	char *at = text;
	memcpy(at, word, sizeof word - 1);
	at += sizeof word - 1;
	gh_hex_put(at, r, PREFIX_BYTES);
	at += GH_APIKEY_PREFIX;
	*at++ = '_';
	gh_hex_put(at, r + PREFIX_BYTES, SECRET_BYTES);
	explicit_bzero(r, sizeof r);
	return GH_OK;
}

enum gh_rc gh_apikey_create(struct gh_db *db, const struct gh_id *principal, const struct gh_id *by, int64_t now,
			    int64_t expires, char text[GH_APIKEY_TEXT + 1], struct gh_apikey *out, struct gh_err *err)
{
	struct gh_principal p;
	char hash[GH_DIGEST_HEX + 1];
	*out = (struct gh_apikey){ .principal = *principal, .created = now, .expires = expires };
	enum gh_rc rc = gh_principal_get(db, principal, &p, err);
	if (rc != GH_OK)
		return rc;
	if (!p.active)
		return gh_fail(err, GH_E_DENIED, "%s is disabled", p.name);
	if (expires <= now || expires - now > (int64_t)GH_APIKEY_DAYS_MAX * 86400)
		return gh_fail(err, GH_E_MALFORMED, "an API key is valid for 1 to %d days", GH_APIKEY_DAYS_MAX);
	rc = gh_id_new(&out->id, err);
	if (rc == GH_OK)
		rc = random_text(text, err);
	if (rc != GH_OK)
		return rc;
	hash_of((struct gh_span){ (const uint8_t *)text, GH_APIKEY_TEXT }, hash);
	gh_apikey_says(hash, expires, out->says);
	memcpy(out->prefix, text + sizeof word - 1, GH_APIKEY_PREFIX);
	rc = gh_db_exec(db, NULL, err,
			"INSERT INTO api_keys (id, prefix, hash, principal, created, created_by, expires) VALUES (?, "
			"?, ?, ?, ?, ?, ?)",
			GH_DBV(gh_dbs(out->id.s), gh_dbs(out->prefix), gh_dbs(hash), gh_dbs(principal->s), gh_dbi(now),
			       gh_dbid(by), gh_dbi(expires)));
	if (rc != GH_OK)
		explicit_bzero(text, GH_APIKEY_TEXT + 1);
	return rc;
}

/* ---- asking ---- */
static bool shaped(struct gh_span t)
{
	return t.n == GH_APIKEY_TEXT && gh_span_starts(t, word) && t.p[sizeof word - 1 + GH_APIKEY_PREFIX] == '_';
}

enum gh_rc gh_apikey_check(struct gh_db *db, struct gh_arena *a, struct gh_span text, int64_t now,
			   struct gh_principal *who, struct gh_id *key, struct gh_err *err)
{
	/* What is asked when there is no such key: the same work, with an answer that is always no. */
	static const char nobody[] = "00000000000000000000000000000000";
	static const char never[GH_DIGEST_HEX + 1] = "";
	char hash[GH_DIGEST_HEX + 1], prefix[GH_APIKEY_PREFIX + 1] = "";
	gh_auto_arena own = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	hash_of(text, hash);
	bool good = shaped(text);
	if (good)
		memcpy(prefix, text.p + sizeof word - 1, GH_APIKEY_PREFIX);
	GH_TRY(gh_db_query(db, &own, &r, err, "SELECT " COLUMNS ", hash FROM api_keys WHERE prefix = ?",
			   GH_DBV(gh_dbs(prefix))),
	       err, "API keys");
	struct gh_apikey k = { .id = { .s = "" } };
	const char *kept = never;
	struct gh_id owner = gh_id(gh_span_str(nobody));
	if (r.n == 1 && gh_db_span(&r, 0, 7).n == GH_DIGEST_HEX) {
		key_of(&r, 0, &k);
		kept = gh_db_text(&r, 0, 7);
		owner = k.principal;
	} else {
		good = false;
	}
	good &= same(hash, kept, GH_DIGEST_HEX);
	good &= k.revoked == 0;
	good &= k.expires > now;
	struct gh_err lookup = { 0 };
	enum gh_rc rc = gh_principal_load(db, a, &owner, who, &lookup);
	if (rc != GH_OK && rc != GH_E_ABSENT)
		return gh_fail(err, rc, "%s", lookup.text[0]);
	good &= rc == GH_OK && who->active;
	if (!good) {
		*who = (struct gh_principal){ .active = false };
		return gh_fail(err, GH_E_DENIED, "the API key is not accepted");
	}
	*key = k.id;
	/* For people who look for keys nobody uses; to a minute, so that reading does not become writing. */
	if (now - k.last_used >= MINUTE)
		(void)gh_db_exec(db, NULL, NULL, "UPDATE api_keys SET last_used = ? WHERE id = ?",
				 GH_DBV(gh_dbi(now), gh_dbs(k.id.s)));
	return GH_OK;
}

enum gh_rc gh_apikey_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal, struct gh_apikey **out,
			  size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	enum gh_rc rc = principal == NULL
				? gh_db_query(db, a, &r, err,
					      "SELECT " COLUMNS " FROM api_keys ORDER BY created DESC, id", GH_DBV_NONE)
				: gh_db_query(db, a, &r, err,
					      "SELECT " COLUMNS
					      " FROM api_keys WHERE principal = ? ORDER BY created DESC, id",
					      GH_DBV(gh_dbs(principal->s)));
	if (rc != GH_OK)
		return rc;
	struct gh_apikey *v = GH_NEW(a, struct gh_apikey, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu API keys", r.n);
	for (size_t i = 0; i < r.n; i++)
		key_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_apikey_find(struct gh_db *db, const char *prefix, struct gh_apikey *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " COLUMNS " FROM api_keys WHERE prefix = ?",
			   GH_DBV(gh_dbs(prefix))),
	       err, "API keys");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no API key with the prefix %.16s", prefix);
	key_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_apikey_revoke(struct gh_db *db, const char *prefix, int64_t now, struct gh_apikey *out,
			    struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE api_keys SET revoked = ? WHERE prefix = ? AND revoked IS NULL",
			  GH_DBV(gh_dbi(now), gh_dbs(prefix))),
	       err, "API keys");
	enum gh_rc rc = gh_apikey_find(db, prefix, out, err);
	if (rc == GH_OK && changed != 1)
		rc = gh_fail(err, GH_E_EXISTS, "the API key %s is revoked already", out->prefix);
	return rc;
}
