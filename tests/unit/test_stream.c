/* Segments, wrapped keys, boxes and locked memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/box.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"
#include "crypto/stream.h"
#include "crypto/wrap.h"

static const uint8_t key[32] = { 1, 2, 3 }, salt[32] = { 9 };

static struct gh_stream *stream(const char *head) { return gh_stream_new(key, salt, gh_span_str(head)); }

static void segments_are_counted(void **state)
{
	static const struct {
		uint64_t n, segments, stored;
	} rows[] = {
		{ 0, 1, 16 },
		{ 1, 1, 17 },
		{ 65535, 1, 65551 },
		{ 65536, 1, 65552 },
		{ 65537, 2, 65569 },
		{ 131072, 2, 131104 },
		{ GH_STREAM_MAX, 1ull << 32, GH_STREAM_MAX + (16ull << 32) },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(gh_stream_segments(rows[i].n), rows[i].segments);
		assert_int_equal(gh_stream_stored(rows[i].n), rows[i].stored);
	}
}

static void a_segment_opens_only_where_it_was(void **state)
{
	enum { N = 1000 };
	uint8_t text[N], sealed[N], tag[16], out[N], zero[N] = { 0 };
	struct gh_stream *s = stream("head"), *other_head = stream("heaD"), *again = stream("head");
	(void)state;
	memset(text, 'w', sizeof text);
	assert_true(gh_stream_seal(s, 7, false, text, N, sealed, tag));
	assert_true(gh_stream_open(again, 7, false, sealed, N, tag, out));
	assert_memory_equal(out, text, N);
	assert_false(gh_stream_open(s, 8, false, sealed, N, tag, out)); /* another place */
	assert_memory_equal(out, zero, N);				/* nothing of it is handed out */
	assert_false(gh_stream_open(s, 7, true, sealed, N, tag, out));	/* as the last one: cut */
	assert_false(gh_stream_open(s, 7, false, sealed, N - 1, tag, out));
	assert_false(gh_stream_open(other_head, 7, false, sealed, N, tag, out));
	for (size_t bit = 0; bit < 16 * 8; bit++) {
		tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(gh_stream_open(s, 7, false, sealed, N, tag, out));
		tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t i = 0; i < N; i++) {
		sealed[i] ^= 0x40;
		assert_false(gh_stream_open(s, 7, false, sealed, N, tag, out));
		sealed[i] ^= 0x40;
	}
	assert_true(gh_stream_open(s, 7, false, sealed, N, tag, sealed)); /* in place */
	assert_memory_equal(sealed, text, N);
	gh_stream_free(s);
	gh_stream_free(other_head);
	gh_stream_free(again);
}

static void the_first_and_the_last_and_the_limits(void **state)
{
	static uint8_t big[GH_STREAM_SEGMENT + 1];
	uint8_t tag[16], tag2[16], out[4];
	struct gh_stream *s = stream("x");
	(void)state;
	assert_true(gh_stream_seal(s, 0, true, (const uint8_t *)"", 0, out, tag)); /* an empty text */
	assert_true(gh_stream_open(s, 0, true, out, 0, tag, out));
	assert_false(gh_stream_open(s, 0, false, out, 0, tag, out));
	assert_true(gh_stream_seal(s, UINT32_MAX, true, (const uint8_t *)"ab", 2, out, tag));
	assert_true(gh_stream_seal(s, 255, true, (const uint8_t *)"ab", 2, out, tag2));
	assert_memory_not_equal(tag, tag2, 16);
	assert_false(gh_stream_seal(s, (uint64_t)UINT32_MAX + 1, true, (const uint8_t *)"ab", 2, out, tag));
	assert_false(gh_stream_seal(s, 0, true, big, sizeof big, big, tag));
	gh_stream_free(s);
	uint8_t head[257] = { 0 };
	assert_null(gh_stream_new(key, salt, (struct gh_span){ head, sizeof head }));
}

static void another_salt_is_another_stream(void **state)
{
	uint8_t other[32] = { 10 }, a[8], b[8], tag[16];
	struct gh_stream *s = stream("h"), *t = gh_stream_new(key, other, gh_span_str("h"));
	(void)state;
	assert_true(gh_stream_seal(s, 0, false, (const uint8_t *)"the same", 8, a, tag));
	assert_false(gh_stream_open(t, 0, false, a, 8, tag, b));
	assert_true(gh_stream_seal(t, 0, false, (const uint8_t *)"the same", 8, b, tag));
	assert_memory_not_equal(a, b, 8);
	gh_stream_free(s);
	gh_stream_free(t);
}

static void a_wrapped_key_opens_for_what_it_was_made(void **state)
{
	struct gh_wrap_for w = { .kind = GH_WRAP_BLOB, .generation = 3, .owner = { 1 }, .object = { 2 } }, x;
	uint8_t in[32] = { 42 }, out[32], wrapped[GH_WRAPPED], twice[GH_WRAPPED], zero[32] = { 0 };
	uint32_t generation;
	(void)state;
	assert_true(gh_wrap(key, &w, in, wrapped));
	assert_true(gh_wrap(key, &w, in, twice));
	assert_memory_not_equal(wrapped, twice, GH_WRAPPED);
	assert_true(gh_unwrap(key, &w, wrapped, out));
	assert_memory_equal(in, out, 32);
	assert_true(gh_wrapped_generation(wrapped, GH_WRAP_BLOB, &generation));
	assert_int_equal(generation, 3);
	assert_false(gh_wrapped_generation(wrapped, GH_WRAP_TENANT, &generation));
	for (unsigned i = 0; i < 4; i++) {
		x = w;
		x.kind = i == 0 ? GH_WRAP_TENANT : w.kind;
		x.generation += i == 1;
		x.owner[15] ^= i == 2;
		x.object[0] ^= i == 3;
		assert_false(gh_unwrap(key, &x, wrapped, out));
		assert_memory_equal(out, zero, 32);
	}
	assert_false(gh_unwrap(salt, &w, wrapped, out));
	for (size_t bit = 0; bit < GH_WRAPPED * 8; bit++) {
		wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(gh_unwrap(key, &w, wrapped, out));
		wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void a_box_opens_for_its_holder_only(void **state)
{
	uint8_t mine[32] = { 0, 5 }, theirs[32] = { 0, 6 }, pub[32], in[32] = { 7 }, out[32], box[GH_BOX];
	(void)state;
	assert_true(gh_box_public(mine, pub));
	assert_true(gh_box_seal(pub, gh_span_str("context"), in, box));
	assert_true(gh_box_open(mine, gh_span_str("context"), box, out));
	assert_memory_equal(in, out, 32);
	assert_false(gh_box_open(theirs, gh_span_str("context"), box, out));
	assert_false(gh_box_open(mine, gh_span_str("contexT"), box, out));
	for (size_t i = 0; i < GH_BOX; i++) { /* the top bit of a public key is ignored by X25519, not by us */
		box[i] ^= 0x80;
		assert_false(gh_box_open(mine, gh_span_str("context"), box, out));
		box[i] ^= 0x80;
	}
	memset(pub, 0, sizeof pub); /* a point of small order */
	assert_false(gh_box_seal(pub, gh_span_str("context"), in, box));
}

static void unhex(const char *s, uint8_t *out)
{
	for (size_t i = 0; s[2 * i] != '\0'; i++) {
		char two[3] = { s[2 * i], s[2 * i + 1], '\0' };
		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

/* RFC 5869, A.1 and A.3; RFC 4231, case 2 with a key that is padded to 32 bytes (HMAC pads with zeros itself). */
static void kdf_vectors(void **state)
{
	static uint8_t long_one[255 * 32 + 1];
	uint8_t ikm[22], s[13], info[10], out[42], want[42], k[32] = "Jefe";
	(void)state;
	memset(ikm, 0x0b, sizeof ikm);
	unhex("000102030405060708090a0b0c", s);
	unhex("f0f1f2f3f4f5f6f7f8f9", info);
	unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", want);
	assert_true(
		gh_hkdf((struct gh_span){ ikm, 22 }, (struct gh_span){ s, 13 }, (struct gh_span){ info, 10 }, out, 42));
	assert_memory_equal(out, want, 42);
	unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", want);
	assert_true(gh_hkdf((struct gh_span){ ikm, 22 }, (struct gh_span){ 0 }, (struct gh_span){ 0 }, out, 42));
	assert_memory_equal(out, want, 42);
	assert_false(gh_hkdf((struct gh_span){ ikm, 22 }, (struct gh_span){ 0 }, (struct gh_span){ 0 }, long_one,
			     sizeof long_one));
	unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", want);
	assert_true(gh_hmac_sha256(k, gh_span_str("what do ya want for nothing?"), out));
	assert_memory_equal(out, want, 32);
}

/* AES-256-GCM, test case 16 of the GCM specification (McGrew and Viega). */
static void gcm_vector(void **state)
{
	uint8_t k[32], iv[12], text[60], aad[20], want[60], tag[16], out[60], got[16];
	(void)state;
	unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", k);
	unhex("cafebabefacedbaddecaf888", iv);
	unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5"
	      "aa0de657"
	      "ba637b39",
	      text);
	unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad);
	unhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63"
	      "93ba7a0a"
	      "bcc9f662",
	      want);
	unhex("76fc6ece0f4e1768cddf8853bb2d551b", tag);
	assert_true(gh_aead_seal(k, iv, (struct gh_span){ aad, 20 }, (struct gh_span){ text, 60 }, out, got));
	assert_memory_equal(out, want, 60);
	assert_memory_equal(got, tag, 16);
	assert_true(gh_aead_open(k, iv, (struct gh_span){ aad, 20 }, (struct gh_span){ out, 60 }, tag, out));
	assert_memory_equal(out, text, 60);
}

/* Does the child die of it? */
static bool deadly(void (*what)(uint8_t *), uint8_t *p)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		static const int plain[] = { SIGSEGV, SIGBUS, SIGABRT }; /* cmocka would take them for a failed test */
		for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
			(void)signal(plain[i], SIG_DFL);
		what(p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
static void past_the_end(uint8_t *p) { ((volatile uint8_t *)p)[112] = 1; }
/* One page down is the guard in front; further down lies whatever the kernel put there. */
static void one_page_below(uint8_t *p) { ((volatile uint8_t *)p)[-sysconf(_SC_PAGESIZE)] = 1; }
static void write_it(uint8_t *p) { ((volatile uint8_t *)p)[0] = 1; }
static void must_be_zero(uint8_t *p)
{
	if (((volatile uint8_t *)p)[0] != 0)
		abort();
}

static void secret_memory(void **state)
{
	uint8_t *p = gh_secret_new(112);
	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 112; i++)
		assert_int_equal(p[i], 0);
	memset(p, 0xaa, 112);
	assert_true(deadly(past_the_end, p));
	assert_true(deadly(one_page_below, p));
	assert_false(deadly(must_be_zero, p)); /* a forked child sees nothing of it */
	assert_int_equal(p[0], 0xaa);
	assert_true(gh_secret_seal(p, true));
	assert_true(deadly(write_it, p));
	assert_true(gh_secret_seal(p, false));
	p[0] = 1;
	gh_secret_free(p);
	gh_secret_free(NULL);
	assert_null(gh_secret_new(SIZE_MAX - 5));
	uint8_t a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 2, 3, 5 };
	assert_false(gh_same_bytes(a, b, 4));
	assert_true(gh_same_bytes(a, b, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_counted),
		cmocka_unit_test(a_segment_opens_only_where_it_was),
		cmocka_unit_test(the_first_and_the_last_and_the_limits),
		cmocka_unit_test(another_salt_is_another_stream),
		cmocka_unit_test(a_wrapped_key_opens_for_what_it_was_made),
		cmocka_unit_test(a_box_opens_for_its_holder_only),
		cmocka_unit_test(kdf_vectors),
		cmocka_unit_test(gcm_vector),
		cmocka_unit_test(secret_memory),
	};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
