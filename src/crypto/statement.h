/* statement.h - in-toto statements, version 1 (in-toto/attestation, spec/v1/statement.md): something is said (the predicate)
 * about things that are known by digest (the subjects).
 *
 * Written canonically (wire/jcanon.h): the same content gives the same bytes, on every machine. Read leniently where the
 * specification says so: unknown members are ignored, subjects are matched by digest and never by name. */
#ifndef GH_CRYPTO_STATEMENT_H
#define GH_CRYPTO_STATEMENT_H
#include "base/buf.h"
#include "wire/jdom.h"

#define GH_STATEMENT_V1 "https://in-toto.io/Statement/v1"
#define GH_STATEMENT_V01 "https://in-toto.io/Statement/v0.1" /* read, never written */

enum { GH_STATEMENT_MAX = 64 << 20, GH_STATEMENT_SUBJECTS = 4096 };

struct gh_subject {
	struct gh_span name;
	const char *sha256; /* 64 lower-case hexadecimal digits */
};

/* Append the statement. predicate: a JSON object in any spelling. GH_E_MALFORMED: predicate is none, a digest is none, or
 * no subject. GH_E_LIMIT: out is full. */
enum gh_rc gh_statement_write(struct gh_buf *out, const struct gh_subject *subject, size_t n,
			      const char *predicate_type, struct gh_span predicate, struct gh_err *err);

struct gh_statement {
	const struct gh_jval *subjects; /* array; each is an object with a digest object */
	size_t n;
	const char *predicate_type;
	const struct gh_jval *predicate; /* object; NULL: it has none */
};
/* Everything lies in the arena. GH_E_MALFORMED says what is wrong. */
enum gh_rc gh_statement_read(struct gh_arena *a, struct gh_span json, struct gh_statement *out, struct gh_err *err);
/* Does a subject have this digest? algorithm: "sha256", "sha384", "sha512"; hex: lower case. */
bool gh_statement_has(const struct gh_statement *s, const char *algorithm, const char *hex);
#endif
