/* What people type and send: names of models and scopes, public keys. Whatever is accepted is what it says, and nothing else. */
#include "catalog/name.h"
#include "catalog/spki.h"
#include "crypto/pubkey.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
	if (!ok)
		abort();
}

/* A part that was accepted can stand in a path, a message and a statement as it is. */
static void part(const char *p)
{
	size_t n = strlen(p);
	need(n <= GH_NAME_PART && strstr(p, "..") == NULL &&
	     strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n);
	need(n == 0 || (p[0] != '.' && p[0] != '-' && p[0] != '_'));
}

static void name(struct gh_span s, enum gh_name_kind kind)
{
	struct gh_name n;
	struct gh_err err = { 0 };
	char text[GH_NAME_TEXT], line[GH_ERR_LINKS * GH_ERR_TEXT];
	if (gh_name_parse(s, kind, &n, &err) != GH_OK) {
		need(n.tenant[0] == '\0' && err.n > 0);
		for (const char *c = gh_err_line(&err, line, sizeof line); *c != '\0'; c++)
			need((uint8_t)*c >= 0x20 && *c != 0x7f); /* nothing that attacks a terminal */
		return;
	}
	part(n.tenant);
	part(n.project);
	part(n.name);
	part(n.version);
	need(n.tenant[0] != '\0' && n.name[0] != '\0');
	need((kind == GH_NAME_VERSION && n.version[0] != '\0') || (kind == GH_NAME_MODEL && n.version[0] == '\0') ||
	     kind == GH_NAME_EITHER);
	need(gh_span_is(s, gh_name_text(&n, text))); /* one name has one spelling */
}

static void scope(struct gh_span s)
{
	struct gh_name n;
	char text[GH_NAME_TEXT];
	if (gh_scope_parse(s, &n, NULL) != GH_OK)
		return;
	part(n.tenant);
	part(n.project);
	need(n.name[0] == '\0' && (n.tenant[0] != '\0' || n.project[0] == '\0'));
	need(gh_span_is(s, gh_name_text(&n, text)));
}

static void key(struct gh_span s)
{
	struct gh_key *k = NULL;
	const char *alg = gh_spki_alg(s);
	if (alg == NULL)
		return;
	if (gh_key_public(s, &k, NULL) == GH_OK) { /* a point may still lie beside the curve */
		need((gh_key_kind(k) == GH_KEY_ED25519) == (strcmp(alg, "ed25519") == 0));
		need((gh_key_kind(k) == GH_KEY_P256) == (strcmp(alg, "ecdsa-p256") == 0));
	}
	gh_key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gh_span s = { data, size };
	name(s, GH_NAME_VERSION);
	name(s, GH_NAME_MODEL);
	name(s, GH_NAME_EITHER);
	scope(s);
	key(s);
	return 0;
}
