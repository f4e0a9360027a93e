/* secrets_int.h - what the parts of the check "secrets" share: secrets.c (the row, what was told already), secrets_kinds.c
 * (tokens of providers), secrets_keys.c (private keys), secrets_assign.c (names with values, addresses with passwords),
 * secrets_quiet.c (what is published as an example). */
#ifndef GH_CHECK_SECRETS_INT_H
#define GH_CHECK_SECRETS_INT_H
#include "check/check.h"
#include "wire/entropy.h"
#include "wire/keywords.h"

enum gh_secret_rule {
	GH_SECRET_TOKEN,      /* of a provider, by its documented form */
	GH_SECRET_KEY,	      /* a private key that is not encrypted */
	GH_SECRET_KEY_LOCKED, /* a private key under a passphrase */
	GH_SECRET_URL,	      /* an address with user and password */
	GH_SECRET_VALUE,      /* a random value under a name that says what it is */
	GH_SECRET_LOGIN,      /* a login file: .netrc, .npmrc, Docker, HTTP headers */
	GH_SECRET_DUD,	      /* the form of a token, but its checksum says that it is none */
	GH_SECRET_PUBLIC,     /* made to be public, or for tests only */
	GH_SECRET_MORE,
	GH_SECRET_PART, /* the beginning of a private key */
	GH_SECRET_RULES
};

/* What was recognised. */
struct gh_secret {
	enum gh_secret_rule rule;
	const char *kind;     /* "GitHub personal access token": constant */
	struct gh_span value; /* the secret itself: shown masked only */
	const char *note;     /* constant, or NULL */
	uint64_t same;	      /* equal for the same secret in another spelling; 0: compare the values */
};

/* Texts as a check sees them: s is a window of a source, `at` a place in it where a keyword starts. Each recogniser looks
 * at most some kilobytes ahead and some hundred bytes back, fills *out and returns true, or says that it is nothing. */

/* ---- secrets_kinds.c */
/* Keywords of the check: those of tokens first, then the others, whose meaning gh_secret_word() tells. */
extern const char *const gh_secret_words[];
extern const unsigned gh_secret_words_n;
enum gh_secret_word {
	GH_WORD_TOKEN, /* the prefix of a token */
	GH_WORD_PEM,
	GH_WORD_PEM64, /* "-----BEGIN " in base64 */
	GH_WORD_PUTTY,
	GH_WORD_JWK,
	GH_WORD_URL,
	GH_WORD_NAME, /* a name that says that its value is secret */
	GH_WORD_NETRC,
	GH_WORD_HEADER, /* "basic ", "bearer " */
	GH_WORD_AUTH,	/* "auth" of Docker and npm: base64 of user and password */
	GH_WORD_KAGGLE, /* "username" of kaggle.json: its key stands beside it */
	GH_WORD_PGPASS, /* the port in a line of .pgpass */
	GH_WORD_HASHED, /* what follows a login in .htpasswd and /etc/shadow */
};
enum gh_secret_word gh_secret_word(unsigned which);
bool gh_secret_token(struct gh_span s, size_t at, unsigned which, struct gh_secret *out);
/* JSON Web Tokens: header and payload are parsed. */
bool gh_secret_jwt(struct gh_span s, size_t at, struct gh_secret *out);

/* ---- secrets_keys.c */
bool gh_secret_pem(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_pem64(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_putty(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_jwk(struct gh_span s, size_t at, struct gh_secret *out);

/* ---- secrets_assign.c */
bool gh_secret_url(struct gh_span s, size_t at, struct gh_secret *out);
/* at: the keyword within a name; len: its length. */
bool gh_secret_named(struct gh_span s, size_t at, size_t len, struct gh_secret *out);
bool gh_secret_netrc(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_header(struct gh_span s, size_t at, size_t len, struct gh_secret *out);
bool gh_secret_auth(struct gh_span s, size_t at, size_t len, struct gh_secret *out);
/* A password that a person made up, or one that chance made. */
bool gh_secret_password(struct gh_span v);

/* ---- secrets_logins.c: files in which programs keep logins */
bool gh_secret_kaggle(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_pgpass(struct gh_span s, size_t at, struct gh_secret *out);
bool gh_secret_hashed(struct gh_span s, size_t at, size_t len, struct gh_secret *out);

/* ---- secrets_quiet.c */
/* A value that documentation of a provider shows, or that everybody has. */
bool gh_secret_published(struct gh_span value);
/* Does the user or the host of an address stand for one that the reader is to put in ("user", "your-server")? host: what
 * follows the "@", to its end or longer. */
bool gh_secret_user_stands_in(struct gh_span user);
bool gh_secret_host_stands_in(struct gh_span host);

/* ---- characters */
static inline bool gh_c_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline bool gh_c_alpha(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static inline bool gh_c_alnum(uint8_t c) { return gh_c_digit(c) || gh_c_alpha(c); }
static inline bool gh_c_word(uint8_t c) { return gh_c_alnum(c) || c == '_'; }
static inline bool gh_c_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
#endif
