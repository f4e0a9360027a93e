/* Verified endorsements, kept by digest: a handful, so a list that is searched from its start will do. */
#include "attest/attest.h"

#include <stdlib.h>

struct gh_attest_cache {
	struct {
		uint8_t key[32];
		void *v;
		void (*free_v)(void *);
	} e[GH_ATTEST_CACHED];
	size_t n, oldest;
};

struct gh_attest_cache *gh_attest_cache_new(void) { return calloc(1, sizeof(struct gh_attest_cache)); }

void gh_attest_cache_free(struct gh_attest_cache *c)
{
	for (size_t i = 0; c != NULL && i < c->n; i++)
		c->e[i].free_v(c->e[i].v);
	free(c);
}

void *gh_attest_cached(struct gh_attest_cache *c, const uint8_t key[32])
{
	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (memcmp(c->e[i].key, key, 32) == 0)
			return c->e[i].v;
	return NULL;
}

void gh_attest_keep(struct gh_attest_cache *c, const uint8_t key[32], void *v, void (*free_v)(void *))
{
	size_t at = 0;
	if (c == NULL) {
		free_v(v);
		return;
	}
	while (at < c->n && memcmp(c->e[at].key, key, 32) != 0)
		at++;
	if (at == GH_ATTEST_CACHED) {
		at = c->oldest;
		c->oldest = (c->oldest + 1) % GH_ATTEST_CACHED;
	}
	if (at < c->n)
		c->e[at].free_v(c->e[at].v);
	else
		c->n++;
	memcpy(c->e[at].key, key, 32);
	c->e[at].v = v;
	c->e[at].free_v = free_v;
}
