/* The vault, open, and a peer that says anything: packets are handled or end the channel, and nothing is released that was not
 * logged. Input: packets, each with a byte that says what to do, two of length, and its bytes. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcntl.h>

#include "crypto/secret.h"
#include "daemon/vault_int.h"
#include "os/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct gh_vaultd v;
static char dir[64];
static uint8_t seen[GH_VP_PACKET];

static int64_t now(void) { return 1800000000; }

static void clean(void)
{
	char line[128];
	(void)snprintf(line, sizeof line, "rm -rf '%s'", dir); /* made by mkdtemp() */
	(void)!system(line);
}

static int peer(struct gh_vd_chan *c, enum gh_vd_who who)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		abort();
	*c = (struct gh_vd_chan){ .fd = pair[1], .who = who, .when = GH_VD_IDLE };
	return pair[0];
}

static void begin(void)
{
	(void)snprintf(dir, sizeof dir, "/dev/shm/gh-fuzz-XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	(void)atexit(clean);
	v.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	v.now = now;
	v.in = malloc(GH_VP_PACKET);
	v.out = malloc(GH_VP_PACKET);
	v.s = gh_secret_new(sizeof *v.s);
	v.plain = gh_secret_new(sizeof(struct gh_vp_head) + sizeof(struct gh_vp_tenant) +
				GH_VP_KEYS_MAX * sizeof(struct gh_vp_plain_key));
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		v.chan[i].fd = -1;
	struct {
		struct gh_vp_head h;
		struct gh_vp_slot_add a;
	} m = { { .kind = GH_VP_INIT, .size = sizeof m, .seq = 1 }, { .method = GH_VAULT_KEYFILE } };
	int secret = memfd_create("secret", MFD_CLOEXEC), sock = peer(&v.chan[0], GH_VD_MAIN);
	if (write(secret, dir, sizeof dir) != sizeof dir ||
	    !gh_vd_take(&v, &v.chan[0], (uint8_t *)&m, sizeof m, secret))
		abort();
	assert(v.open);
	(void)close(sock);
	(void)close(secret);
	gh_vd_close(&v.chan[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum { PACKETS = 24 };
	static unsigned runs;
	if (!v.open)
		begin();
	if (++runs % 2000 == 0) { /* tenants that were made */
		char line[128];
		(void)snprintf(line, sizeof line, "rm -rf '%s/tenants'", dir);
		(void)!system(line);
	}
	int blob = peer(&v.chan[2], GH_VD_BLOB),
	    ends[2] = { peer(&v.chan[0], GH_VD_MAIN), peer(&v.chan[1], GH_VD_CATALOG) };
	memset(v.chan[2].session, 3, GH_VP_ID);
	for (unsigned k = 0; k < PACKETS && n >= 3; k++) {
		unsigned how = data[0];
		size_t len = data[1] | (size_t)data[2] << 8;
		data += 3;
		n -= 3;
		len = len < n ? len : n;
		uint8_t *p = calloc(1, len + sizeof(struct gh_vp_head) + 1);
		memcpy(p, data, len);
		data += len;
		n -= len;
		if ((how & 4) != 0 && len >= sizeof(struct gh_vp_head)) /* most packets name their length right */
			((struct gh_vp_head *)p)->size = (uint32_t)len;
		struct gh_vd_chan *c = &v.chan[how & 1];
		/* What is to be logged may be acknowledged: the entry's id cannot be guessed, so it is put in. */
		bool acknowledged = false;
		if (c->fd >= 0 && c->when == GH_VD_AWAITING && (how & 8) != 0 &&
		    len >= sizeof(struct gh_vp_head) + GH_VP_ID) {
			memcpy(p + sizeof(struct gh_vp_head), c->log.entry, GH_VP_ID);
			acknowledged = ((struct gh_vp_head *)p)->why == 0 &&
				       ((struct gh_vp_head *)p)->kind == GH_VP_LOGGED;
		}
		if (c->fd >= 0)
			(void)gh_vd_take(&v, c, p, len, (how & 16) != 0 ? ends[0] : -1);
		free(p);
		while (gh_ipc_recv(ends[how & 1], seen, sizeof seen, NULL, MSG_DONTWAIT) > 0)
			;
		ssize_t got = gh_ipc_recv(blob, seen, sizeof seen, NULL, MSG_DONTWAIT);
		if (got > 0 && !acknowledged)
			abort(); /* a key without an entry in the log */
	}
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		if (v.chan[i].fd >= 0)
			gh_vd_close(&v.chan[i]);
	(void)close(blob);
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (!v.open)
		abort(); /* nobody may lock it from outside */
	return 0;
}
