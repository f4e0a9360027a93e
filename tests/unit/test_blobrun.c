/* The blob format, and the blob process as main and the vault see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/blobrun.h"
#include "catalog/vault_proto.h"
#include "crypto/digest.h"
#include "daemon/blob.h"
#include "os/ipc.h"

enum { RING = 1 << 20 };
static const char BLOB[] = "0123456789abcdef0123456789abcdef", TENANT[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* ---- the format -------------------------------------------------------------------------------------------------------- */
static void a_head_is_read_as_it_was_written(void **state)
{
	struct gh_blobfmt h = { { 1 }, { 2 }, { 3 }, 123456789, 7 }, g;
	uint8_t b[GH_BLOB_HEAD];
	struct gh_err err = { 0 };
	char line[1024];
	(void)state;
	gh_blobfmt_write(&h, b);
	assert_int_equal(gh_blobfmt_read((struct gh_span){ b, sizeof b }, &g, &err), GH_OK);
	assert_memory_equal(&h, &g, offsetof(struct gh_blobfmt, generation) + sizeof h.generation);
	for (size_t n = 0; n < sizeof b; n++)
		assert_int_equal(gh_blobfmt_read((struct gh_span){ b, n }, &g, NULL), GH_E_MALFORMED);
	b[8] = 2;
	assert_int_equal(gh_blobfmt_read((struct gh_span){ b, sizeof b }, &g, &err), GH_E_UNREAD);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "newer version"));
	b[8] = 1;
	/* Fields that have one value only, and the zeros. */
	static const size_t fixed[] = { 0, 7, 12, 15, 87, 88, 91, 96, 100, 127 };
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		b[fixed[i]] ^= 0x10;
		assert_int_not_equal(gh_blobfmt_read((struct gh_span){ b, sizeof b }, &g, NULL), GH_OK);
		b[fixed[i]] ^= 0x10;
	}
}

static void ranges_lie_in_segments(void **state)
{
	static const struct {
		uint64_t size, off, len;
		bool ok;
		uint64_t first, count;
	} rows[] = {
		{ 0, 0, 0, true, 0, 1 },
		{ 0, 0, 1, false, 0, 0 },
		{ 10, 10, 0, true, 0, 1 },
		{ 10, 11, 0, false, 0, 0 },
		{ 65536, 0, 65536, true, 0, 1 },
		{ 65536, 65536, 0, true, 0, 1 },
		{ 65537, 65536, 1, true, 1, 1 },
		{ 65537, 65535, 2, true, 0, 2 },
		{ 1 << 20, 65536, 65536, true, 1, 1 },
		{ 1 << 20, 1, (1 << 20) - 1, true, 0, 16 },
		{ 1 << 20, 5, UINT64_MAX - 2, false, 0, 0 },
	};
	uint64_t first, count, off;
	size_t plain;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(gh_blobfmt_range(rows[i].size, rows[i].off, rows[i].len, &first, &count), rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(first, rows[i].first);
			assert_int_equal(count, rows[i].count);
			assert_true(gh_blobfmt_segment(rows[i].size, first + count - 1, &off, &plain));
		}
	}
	assert_false(gh_blobfmt_segment(65536, 1, &off, &plain));
	assert_true(gh_blobfmt_segment(65537, 1, &off, &plain));
	assert_int_equal(off, 128 + 65552);
	assert_int_equal(plain, 1);
	assert_int_equal(gh_blobfmt_stored(65537), 128 + 65537 + 32);
}

/* ---- the process ------------------------------------------------------------------------------------------------------- */
struct rig {
	struct gh_blobrun *b;
	int vault;
	pid_t pid;
	struct gh_err err;
};

static void give_keys(struct rig *r, const char *tenant, const char *const *ids, uint32_t n)
{
	struct {
		struct gh_vp_head h;
		struct gh_vp_tenant t;
		struct gh_vp_plain_key k[4];
	} m = { 0 };
	m.h = (struct gh_vp_head){ .kind = GH_VP_KEYS, .n = n };
	m.h.size = (uint32_t)(sizeof m.h + sizeof m.t + n * sizeof m.k[0]);
	assert_true(gh_hex_get(gh_span_str(tenant), m.t.tenant, 16));
	for (uint32_t i = 0; i < n; i++) {
		assert_true(gh_hex_get(gh_span_str(ids[i]), m.k[i].id, 16));
		memset(m.k[i].key, (int)(i + 1), 32);
		m.k[i].generation = 1;
	}
	assert_true(gh_ipc_send(r->vault, &m, m.h.size, -1, 0));
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	int control[2], vault[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, vault), 0);
	r->pid = fork();
	if (r->pid == 0) {
		(void)close(control[0]);
		(void)close(vault[0]);
		_exit(gh_blob_serve(control[1], vault[1], false));
	}
	(void)close(control[1]);
	(void)close(vault[1]);
	r->vault = vault[0];
	r->b = gh_blobrun_new(control[0], &r->err);
	assert_non_null(r->b);
	const char *ids[] = { BLOB, "ffffffffffffffffffffffffffffffff" };
	give_keys(r, TENANT, ids, 2);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	int status = 0;
	gh_blobrun_free(r->b);
	(void)close(r->vault);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_int_equal(status, 0);
	free(r);
	return 0;
}

static const char *said(struct rig *r)
{
	static char line[1024];
	gh_err_line(&r->err, line, sizeof line);
	r->err = (struct gh_err){ 0 };
	return line;
}
#define SAYS(rig, part) assert_non_null(strstr(said(rig), part))

static int memory(const void *p, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	if (n > 0)
		assert_int_equal(pwrite(fd, p, n, 0), (ssize_t)n);
	return fd;
}

static uint8_t *pattern(size_t n)
{
	uint8_t *p = malloc(n + 1);
	uint32_t x = 12345;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
	return p;
}

static struct gh_blobrun_job job_of(uint64_t size)
{
	struct gh_blobrun_job j = { .size = size, .digest_plain = true, .digest_cipher = true };
	j.blob = gh_id(gh_span_str(BLOB));
	j.tenant = gh_id(gh_span_str(TENANT));
	return j;
}

static void sha(const uint8_t *p, size_t n, char out[65])
{
	struct gh_sha256 *h = gh_sha256_new();
	assert_true(gh_sha256_start(h) && gh_sha256_add(h, (struct gh_span){ p, n }) && gh_sha256_hex(h, out));
	gh_sha256_free(h);
}

/* Through the ring, as the scanner fills it. */
static enum gh_rc through_ring(struct rig *r, const struct gh_blobrun_job *j, const uint8_t *p, int out,
			       struct gh_blobrun_result *res)
{
	int shm = memfd_create("ring", MFD_CLOEXEC);
	assert_int_equal(ftruncate(shm, RING), 0);
	uint8_t *ring = mmap(NULL, RING, PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0);
	uint64_t head = 0, taken = 0;
	enum gh_rc rc = gh_blobrun_encrypt_ring(r->b, j, shm, RING, out, &r->err);
	while (rc == GH_OK && head < j->size) {
		uint64_t n = RING - (head - taken);
		n = n < j->size - head ? n : j->size - head;
		n = n < 100000 ? n : 100000; /* blocks that fit nothing */
		if (n == 0) {
			struct pollfd f = { .fd = gh_blobrun_fd(r->b), .events = POLLIN };
			(void)poll(&f, 1, 5000);
		}
		for (uint64_t i = 0; i < n; i++)
			ring[(head + i) % RING] = p[head + i];
		head += n;
		rc = gh_blobrun_head(r->b, head, &r->err);
		if (rc == GH_OK)
			rc = gh_blobrun_taken(r->b, &taken, &r->err);
	}
	if (rc == GH_OK)
		rc = gh_blobrun_end(r->b, res, &r->err);
	(void)munmap(ring, RING);
	(void)close(shm);
	return rc;
}

static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 16 * 65536, 16 * 65536 + 1, 3 * RING + 4711 };

static void what_goes_in_comes_out(void **state)
{
	struct rig *r = *state;
	for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
		size_t n = sizes[i / 2];
		uint8_t *p = pattern(n), *back = malloc(n + 1);
		char want[65], cipher[65];
		struct gh_blobrun_job j = job_of(n);
		struct gh_blobrun_result res;
		int out = memory("", 0), clear = memory("", 0);
		if (i % 2 == 0) {
			int in = memory(p, n);
			assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, out, &r->err), GH_OK);
			assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
			(void)close(in);
		} else {
			assert_int_equal(through_ring(r, &j, p, out, &res), GH_OK);
		}
		sha(p, n, want);
		assert_string_equal(res.sha_plain, want);
		assert_int_equal(res.stored, gh_blobfmt_stored(n));
		assert_int_equal(lseek(out, 0, SEEK_END), (off_t)res.stored);
		memcpy(cipher, res.sha_cipher, sizeof cipher);
		assert_int_equal(gh_blobrun_decrypt(r->b, &j, out, 0, n, clear, &r->err), GH_OK);
		assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
		assert_string_equal(res.sha_plain, want);
		assert_string_equal(res.sha_cipher, cipher);
		assert_int_equal(lseek(clear, 0, SEEK_END), (off_t)n);
		assert_int_equal(pread(clear, back, n, 0), (ssize_t)n);
		assert_memory_equal(back, p, n);
		assert_int_equal(gh_blobrun_verify(r->b, &j, out, &r->err), GH_OK);
		assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
		(void)close(out);
		(void)close(clear);
		free(p);
		free(back);
	}
}

/* A blob of three segments and a bit. */
enum { SIZE = 3 * 65536 + 100 };
static int sealed(struct rig *r, const uint8_t *p)
{
	struct gh_blobrun_job j = job_of(SIZE);
	struct gh_blobrun_result res;
	int in = memory(p, SIZE), out = memory("", 0);
	assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
	(void)close(in);
	return out;
}

static enum gh_rc check(struct rig *r, int fd)
{
	struct gh_blobrun_job j = job_of(SIZE);
	struct gh_blobrun_result res;
	r->err = (struct gh_err){ 0 };
	assert_int_equal(gh_blobrun_verify(r->b, &j, fd, &r->err), GH_OK);
	return gh_blobrun_end(r->b, &res, &r->err);
}

static void ranges(void **state)
{
	static const struct {
		uint64_t off, len;
	} rows[] = { { 0, 1 },	      { 65535, 2 }, { 65536, 65536 },  { 1, SIZE - 2 },
		     { SIZE - 1, 1 }, { SIZE, 0 },  { 3 * 65536, 100 } };
	struct rig *r = *state;
	uint8_t *p = pattern(SIZE), back[SIZE], zero = 0;
	struct gh_blobrun_job j = job_of(SIZE);
	struct gh_blobrun_result res;
	int fd = sealed(r, p);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int out = memory("", 0);
		assert_int_equal(gh_blobrun_decrypt(r->b, &j, fd, rows[i].off, rows[i].len, out, &r->err), GH_OK);
		assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
		assert_int_equal(lseek(out, 0, SEEK_END), (off_t)rows[i].len);
		assert_int_equal(pread(out, back, rows[i].len, 0), (ssize_t)rows[i].len);
		assert_memory_equal(back, p + rows[i].off, rows[i].len);
		(void)close(out);
	}
	/* Only what is asked for is read: a damaged segment elsewhere does not matter. */
	assert_int_equal(pwrite(fd, &zero, 1, 128 + 5), 1);
	int out = memory("", 0);
	assert_int_equal(gh_blobrun_decrypt(r->b, &j, fd, 65536, 10, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_decrypt(r->b, &j, fd, 0, 10, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_UNREAD);
	SAYS(r, "segment 0: altered");
	assert_int_equal(lseek(out, 0, SEEK_END), 10); /* nothing of it was written */
	assert_int_equal(gh_blobrun_decrypt(r->b, &j, fd, SIZE - 1, 2, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_ABSENT);
	SAYS(r, "outside");
	(void)close(out);
	(void)close(fd);
	free(p);
}

static void every_change_is_found(void **state)
{
	struct rig *r = *state;
	uint8_t *p = pattern(SIZE), b, *a = malloc(65552), *c = malloc(65552);
	int fd = sealed(r, p);
	off_t stored = lseek(fd, 0, SEEK_END);
	assert_int_equal(check(r, fd), GH_OK);
	for (off_t at = 0; at < stored; at += at < 128 ? 1 : 997) {
		assert_int_equal(pread(fd, &b, 1, at), 1);
		b ^= 4;
		assert_int_equal(pwrite(fd, &b, 1, at), 1);
		if (check(r, fd) == GH_OK)
			fail_msg("byte %ld was altered and nobody noticed", (long)at);
		b ^= 4;
		assert_int_equal(pwrite(fd, &b, 1, at), 1);
	}
	/* Two segments exchanged. */
	assert_int_equal(pread(fd, a, 65552, 128), 65552);
	assert_int_equal(pread(fd, c, 65552, 128 + 65552), 65552);
	assert_int_equal(pwrite(fd, c, 65552, 128), 65552);
	assert_int_equal(pwrite(fd, a, 65552, 128 + 65552), 65552);
	assert_int_equal(check(r, fd), GH_E_UNREAD);
	SAYS(r, "segment 0: altered");
	assert_int_equal(pwrite(fd, a, 65552, 128), 65552);
	assert_int_equal(pwrite(fd, c, 65552, 128 + 65552), 65552);
	/* Cut at segments and elsewhere, and longer. */
	assert_int_equal(ftruncate(fd, stored - 1), 0);
	assert_int_equal(check(r, fd), GH_E_UNREAD);
	SAYS(r, "cut");
	assert_int_equal(ftruncate(fd, 128 + 2 * 65552), 0);
	assert_int_equal(check(r, fd), GH_E_UNREAD);
	SAYS(r, "segment 2: cut");
	assert_int_equal(ftruncate(fd, 60), 0);
	assert_int_equal(check(r, fd), GH_E_UNREAD);
	(void)close(fd);
	fd = sealed(r, p);
	assert_int_equal(pwrite(fd, "x", 1, stored), 1);
	assert_int_equal(check(r, fd), GH_E_UNREAD);
	SAYS(r, "bytes follow");
	(void)close(fd);
	free(p);
	free(a);
	free(c);
}

static void refuses_what_does_not_belong_together(void **state)
{
	struct rig *r = *state;
	uint8_t *p = pattern(SIZE);
	int fd = sealed(r, p), in, out = memory("", 0);
	struct gh_blobrun_job j = job_of(SIZE);
	struct gh_blobrun_result res;
	j.blob = gh_id(gh_span_str("ffffffffffffffffffffffffffffffff"));
	assert_int_equal(gh_blobrun_verify(r->b, &j, fd, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_UNREAD);
	SAYS(r, "another blob");
	j.blob = gh_id(gh_span_str(TENANT));
	assert_int_equal(gh_blobrun_verify(r->b, &j, fd, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_DENIED);
	SAYS(r, "no key for this blob");
	j = job_of(SIZE - 1);
	assert_int_equal(gh_blobrun_verify(r->b, &j, fd, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_UNREAD);
	SAYS(r, "or length");
	in = memory(p, SIZE);
	assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_UNREAD);
	SAYS(r, "more than the length");
	(void)lseek(in, 0, SEEK_SET);
	j = job_of(SIZE + 1);
	assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_UNREAD);
	SAYS(r, "ended before the length");
	assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, open("/dev/full", O_RDWR), &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_IO);
	SAYS(r, "No space left");
	j = job_of(SIZE); /* it works on all the same */
	(void)lseek(in, 0, SEEK_SET);
	assert_int_equal(gh_blobrun_encrypt(r->b, &j, in, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_OK);
	(void)close(in);
	(void)close(out);
	(void)close(fd);
	free(p);
}

static void an_import_that_stops_is_cancelled(void **state)
{
	struct rig *r = *state;
	struct gh_blobrun_job j = job_of(10 * RING);
	struct gh_blobrun_result res;
	int shm = memfd_create("ring", MFD_CLOEXEC), out = memory("", 0);
	assert_int_equal(ftruncate(shm, RING), 0);
	assert_int_equal(gh_blobrun_encrypt_ring(r->b, &j, shm, RING, out, &r->err), GH_OK);
	assert_int_equal(gh_blobrun_head(r->b, 200000, &r->err), GH_OK);
	gh_blobrun_cancel(r->b);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_DENIED);
	SAYS(r, "cancelled");
	assert_int_equal(gh_blobrun_head(r->b, 300000, &r->err), GH_OK); /* comes too late: no harm */
	uint8_t *p = pattern(SIZE);
	int fd = sealed(r, p);
	assert_int_equal(check(r, fd), GH_OK);
	(void)close(fd);
	(void)close(shm);
	(void)close(out);
	free(p);
}

static void two_runs_of_one_blob_share_nothing(void **state)
{
	struct rig *r = *state;
	uint8_t *p = pattern(SIZE), a[256], b[256];
	int one = sealed(r, p), two = sealed(r, p);
	assert_int_equal(pread(one, a, 256, 128), 256);
	assert_int_equal(pread(two, b, 256, 128), 256);
	assert_memory_not_equal(a, b, 256);
	/* Segments of one under the head of the other: found. */
	assert_int_equal(pwrite(two, a, 256, 128), 256);
	assert_int_equal(check(r, two), GH_E_UNREAD);
	(void)close(one);
	(void)close(two);
	free(p);
}

static void a_message_out_of_turn_ends_it(void **state)
{
	struct rig *r = *state;
	struct gh_bp_msg m = { .kind = GH_BP_FD };
	struct gh_blobrun_job j = job_of(1);
	struct gh_blobrun_result res;
	int sock = gh_blobrun_fd(r->b), status = 0;
	assert_true(gh_ipc_send(sock, &m, sizeof m, 0, 0)); /* a second descriptor without a job */
	(void)gh_blobrun_verify(r->b, &j, 0, &r->err);
	assert_int_equal(gh_blobrun_end(r->b, &res, &r->err), GH_E_IO);
	SAYS(r, "has ended");
	gh_blobrun_free(r->b);
	(void)close(r->vault);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	free(r);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_read_as_it_was_written),
		cmocka_unit_test(ranges_lie_in_segments),
		T(what_goes_in_comes_out),
		T(ranges),
		T(every_change_is_found),
		T(refuses_what_does_not_belong_together),
		T(an_import_that_stops_is_cancelled),
		T(two_runs_of_one_blob_share_nothing),
		cmocka_unit_test_setup(a_message_out_of_turn_ends_it, setup),
	};
	return cmocka_run_group_tests_name("blobrun", tests, NULL, NULL);
}
