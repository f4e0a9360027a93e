/* The stub's ear: packets of a launcher that may be anybody, then the blobs it hands over. The input: packets, each u8 flags (1: a
 * descriptor goes along), u16 length (little-endian), bytes; what follows is the content of every descriptor. */
#include "crypto/hpke.h"
#include "os/ipc.h"
#include "runtime/stub/stub.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static struct gh_stub_told told;
static struct gh_stub_input input[GH_STUB_FILES];
static struct gh_stub_blob_key sealed[GH_STUB_FILES];
static uint8_t keys[GH_STUB_FILES][GH_STUB_KEY];

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_rd r = gh_rd((struct gh_span){ d, n });
	struct gh_span packet[PACKETS];
	bool along[PACKETS];
	size_t packets = 0;
	int pair[2];
	while (packets < PACKETS && gh_rd_left(&r) > 3) {
		along[packets] = (gh_rd_u8(&r) & 1) != 0;
		const uint16_t len = gh_rd_u16le(&r);
		if (len == 0)
			break;
		packet[packets] = gh_rd_take(&r, len < gh_rd_left(&r) ? len : gh_rd_left(&r));
		packets++;
	}
	const struct gh_span rest = gh_span_cut(r.s, r.off, r.s.n);
	int blob = memfd_create("blob", MFD_CLOEXEC);
	if (blob < 0 || write(blob, rest.p, rest.n) != (ssize_t)rest.n ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	for (size_t i = 0; i < packets; i++)
		if (packet[i].n != 0)
			(void)gh_ipc_send(pair[0], packet[i].p, packet[i].n, along[i] ? blob : -1, MSG_DONTWAIT);
	(void)shutdown(pair[0], SHUT_WR);
	memset(&told, 0, sizeof told);
	told.input = input;
	told.socket = -1;
	struct gh_stub_at at = { 0 };
	struct gh_stub_bind bind = { .nonce = { 1 } };
	static const uint8_t private_key[GH_STUB_KEY] = { 7 };
	char word[300];
	if (gh_stub_hear(pair[1], &told, &at) == GH_STUB_WHY_FINE) {
		if (told.ninput != told.start.nfile || told.ninput == 0)
			abort();
		for (uint32_t i = 0; i < told.start.nargv + told.start.nenv; i++)
			(void)gh_stub_word_fill(&told, told.word[i], word, sizeof word);
		if (gh_stub_hear_keys(pair[1], &told, private_key, &bind, sealed, keys, &at) == GH_STUB_WHY_FINE)
			abort(); /* nobody sealed anything for this transcript */
		uint64_t locked = 0;
		for (uint32_t i = 0; i < told.ninput && i < 2; i++)
			if (told.input[i].file.size < 1 << 20 &&
			    gh_stub_load(&told.input[i], GH_STUB_DESCRIPTOR, keys[i], &locked, &at) == GH_STUB_WHY_FINE)
				abort(); /* nor encrypted anything under this key */
	}
	for (uint32_t i = 0; i < told.ninput; i++) {
		if (told.input[i].cipher >= 0)
			(void)close(told.input[i].cipher);
		if (told.input[i].plain >= 0)
			(void)close(told.input[i].plain);
	}
	if (told.socket >= 0)
		(void)close(told.socket);
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(blob);
	return 0;
}
