/* What a peer of the vault may say, and when: one row per message. Pure. */
#include "daemon/vault_int.h"

#define BODY(type) sizeof(struct gh_vp_##type)
enum {
	M = GH_VD_MAIN,
	C = GH_VD_CATALOG,
	ANY = GH_VD_LOCKED | GH_VD_IDLE,
	LOCKED = GH_VD_LOCKED,
	OPEN = GH_VD_IDLE,
	KEY = sizeof(struct gh_vp_blob_key),
	KEYS = GH_VP_KEYS_MAX,
};

static const struct gh_vd_row rows[] = {
	/* kind, from whom, when, body, record, records at most, descriptor, handler */
	{ GH_VP_INIT, M, LOCKED, BODY(slot_add), 0, 0, 2, gh_vd_init },
	{ GH_VP_UNLOCK, M, ANY, BODY(slot_add), 0, 0, 2, gh_vd_unlock },
	{ GH_VP_ATTACH, M, ANY, BODY(attach), 0, 0, 1, gh_vd_attach },
	{ GH_VP_SLOT_ADD, M, OPEN, BODY(slot_add), 0, 0, 2, gh_vd_slot_add },
	{ GH_VP_SLOT_REMOVE, M, OPEN, 0, 0, 0, 0, gh_vd_slot_remove },
	{ GH_VP_SLOT_LIST, M | C, ANY, 0, 0, 0, 0, gh_vd_slot_list },
	{ GH_VP_RECOVERY_NEW, M, OPEN, 0, 0, 0, 0, gh_vd_recovery_new },

	{ GH_VP_STATUS, M | C, ANY, 0, 0, 0, 0, gh_vd_status },
	{ GH_VP_PUBLIC, M | C, OPEN, 0, 0, 0, 0, gh_vd_public },
	{ GH_VP_ROTATE, M | C, OPEN, 0, 0, 0, 0, gh_vd_rotate },
	{ GH_VP_ENDORSE_KEY, M | C, OPEN, BODY(which), 0, 0, 0, gh_vd_endorse },

	{ GH_VP_TENANT_NEW, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_tenant_new },
	{ GH_VP_TENANT_STATUS, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_tenant_status },
	{ GH_VP_TENANT_ROTATE, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_tenant_rotate },
	{ GH_VP_TENANT_RETIRE, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_tenant_retire },
	{ GH_VP_TENANT_SHRED, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_shred },
	{ GH_VP_NEW_KEYS, C, OPEN, BODY(tenant), 0, 0, 0, gh_vd_new_keys },
	{ GH_VP_REWRAP, C, OPEN, BODY(tenant), KEY, KEYS, 0, gh_vd_rewrap },
	{ GH_VP_RELEASE, C, OPEN, BODY(release), 0, 0, 0, gh_vd_release },
	{ GH_VP_RELEASE_KEYS, C, GH_VD_RELEASING, BODY(tenant), KEY, KEYS, 0, gh_vd_release_keys },
	{ GH_VP_RELEASE_GO, C, GH_VD_RELEASING, 0, 0, 0, 0, gh_vd_release_go },
	{ GH_VP_CHALLENGE, C, OPEN, BODY(challenge), 0, 0, 0, gh_vd_challenge },
	{ GH_VP_RELEASE_SEAL, C, GH_VD_RELEASING, BODY(attested), 0, 0, 0, gh_vd_release_seal },
	{ GH_VP_NODE_SIGN, C, OPEN, BODY(node_tbs), 0, 0, 0, gh_vd_node_sign },
	{ GH_VP_LOGGED, C, GH_VD_AWAITING, BODY(tenant), 0, 0, 0, gh_vd_logged },
	{ GH_VP_SIGN, C, OPEN, BODY(sign), 1, GH_VP_PAYLOAD, 0, gh_vd_sign },
	{ GH_VP_SIGN_MORE, C, GH_VD_SIGNING, 0, 1, GH_VP_PAYLOAD, 0, gh_vd_sign_more },
	{ GH_VP_CHECKPOINT, C, OPEN | GH_VD_AWAITING, BODY(checkpoint), 0, 0, 0, gh_vd_checkpoint },
	{ GH_VP_ADOPT, C, OPEN, BODY(last), 0, 0, 0, gh_vd_adopt },
	{ GH_VP_LAST_CHECKPOINT, C, OPEN, 0, 0, 0, 0, gh_vd_last_checkpoint },
};

const struct gh_vd_row *gh_vd_check(const uint8_t *packet, size_t n, enum gh_vd_who who, enum gh_vd_when when, int fd,
				    struct gh_vd_in *in)
{
	const struct gh_vp_head *h = (const struct gh_vp_head *)packet;
	if (n < sizeof *h || n > GH_VP_PACKET || h->size != n || h->zero != 0 || h->seq == 0)
		return NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct gh_vd_row *r = &rows[i];
		if (r->kind != h->kind)
			continue;
		/* Only the answer to LOG carries a code. */
		bool fits = (r->who & (unsigned)who) != 0 && (r->when & (unsigned)when) != 0 && h->n <= r->max &&
			    n == sizeof *h + r->body + (uint64_t)h->n * r->record &&
			    (h->why == 0 || h->kind == GH_VP_LOGGED) && (r->fd == 2 || (r->fd == 1) == (fd >= 0));
		if (!fits)
			return NULL;
		*in = (struct gh_vd_in){ h, packet + sizeof *h, packet + sizeof *h + r->body, fd };
		return r;
	}
	return NULL;
}
