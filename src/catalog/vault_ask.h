/* vault_ask.h - how a client of the vault asks: shared by vault.c and vault_keys.c, and by nobody else. */
#ifndef GH_CATALOG_VAULT_ASK_H
#define GH_CATALOG_VAULT_ASK_H
#include "catalog/vault.h"

struct gh_vault {
	int sock;
	uint32_t seq;
	gh_vault_log_fn *log;
	void *arg;
	bool logging;	   /* inside log(): only a checkpoint may be asked for */
	uint8_t *out, *in; /* GH_VP_PACKET each */
};

struct gh_vc_answer {
	const struct gh_vp_head *h;
	const uint8_t *body;
	size_t n; /* bytes of body and records */
};

/* Put a request into v->out: body, then n records. Its number is v->seq. */
void gh_vc_put(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, const void *records,
	       size_t records_n, uint32_t n);
uint32_t gh_vc_next(struct gh_vault *v); /* number of the next question */
bool gh_vc_emit(struct gh_vault *v, int fd);
/* The channel is of no use any more: why, by errno. */
enum gh_rc gh_vc_lost(struct gh_vault *v, struct gh_err *err);
enum gh_rc gh_vc_unsent(struct gh_vault *v, struct gh_err *err);
/* The answer to the question with this number. What the vault asks in between is served. */
enum gh_rc gh_vc_await(struct gh_vault *v, uint32_t kind, uint32_t seq, struct gh_vc_answer *a, struct gh_err *err);
/* Ask with a body and n records of `record` bytes. */
enum gh_rc gh_vc_ask_all(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n,
			 const void *records, size_t record, uint32_t n, int fd, struct gh_vc_answer *a,
			 struct gh_err *err);
/* Ask with a body; the answer has exactly `want` bytes, and its number goes to *answer (may be NULL). */
enum gh_rc gh_vc_ask(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, int fd,
		     void *out, size_t want, uint64_t *answer, struct gh_err *err);
const char *gh_vc_word(const char *const *list, size_t n, unsigned i);
#endif
