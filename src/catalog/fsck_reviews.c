/* fsck_reviews.c - decisions of people: what counts is said in one place (reviews_verify.h); here are the vault's keys and the
 * words of fsck. */
#include "catalog/fsck_int.h"
#include "catalog/reviews_verify.h"
#include "catalog/vault.h"
#include "crypto/pubkey.h"

#include <string.h>

enum { PUBLIC_KEYS = 256 };

struct keys { /* of the vault, old and new */
	struct gh_vp_public *pub;
	size_t n;
};

static bool vault_key(void *arg, const char *key_id, struct gh_span *spki)
{
	const struct keys *keys = arg;
	for (size_t i = 0; i < keys->n; i++) {
		const struct gh_vp_public *p = &keys->pub[i];
		uint8_t digest[GH_MD_MAX];
		char id[2 * GH_MD_MAX + 1];
		if (p->key != GH_VAULT_BADGE || p->spki_n > sizeof p->spki)
			continue;
		*spki = (struct gh_span){ p->spki, p->spki_n };
		if (!gh_md(GH_MD_SHA256, *spki, digest))
			continue;
		gh_hex_put(id, digest, gh_md_size(GH_MD_SHA256));
		if (strcmp(id, key_id) == 0)
			return true;
	}
	return false;
}

/* Is there a badge key that signs now? */
static bool signs(const struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		if (keys->pub[i].key == GH_VAULT_BADGE && keys->pub[i].current == 1)
			return true;
	return false;
}

static void say(void *arg, const char *subject, const char *todo, const char *line)
{
	gh_fsck_say(arg, subject, todo, "%s", line);
}

enum gh_rc gh_fsck_reviews(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct keys keys = { 0 };
	struct gh_reviews_check check = { .say = say, .say_arg = f };
	f->cursor[0] = '\0';
	if (c->vault != NULL) {
		keys.pub = GH_NEW(&a, struct gh_vp_public, PUBLIC_KEYS);
		if (keys.pub == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory");
		struct gh_err first = { 0 };
		enum gh_rc rc = gh_vault_public(c->vault, keys.pub, PUBLIC_KEYS, &keys.n, &first);
		if (rc != GH_OK && !gh_fsck_key_bad(rc))
			return gh_fail(err, rc, "the keys of receipts");
		/* Where the key itself is gone "keys" told it: the receipts are not to blame. */
		if (rc == GH_OK && signs(&keys)) {
			check.vault_key = vault_key;
			check.key_arg = &keys;
		}
	}
	enum gh_rc rc = gh_reviews_check(c->db, &check, err);
	f->looked += (uint64_t)(check.reviews + check.decisions);
	return rc;
}
