/* The vault, asked over its socket as main and the catalog ask it; a process of its own for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attest/software.h"
#include "base/buf.h"
#include "catalog/vault.h"
#include "crypto/dsse.h"
#include "crypto/hpke.h"
#include "crypto/note.h"
#include "crypto/pubkey.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"
#include "os/ipc.h"
#include "runtime/stub_proto.h"

struct rig {
	char dir[64], keys[96];
	pid_t pid;
	struct gh_vault *main, *cat;
	uint64_t logged; /* entries so far */
	struct gh_vp_log last;
	enum gh_rc log_says;
	bool log_signs;	    /* log() asks for a checkpoint, as the real one does */
	uint64_t index_off; /* … and lies about the index by so much */
	struct gh_err err;
};

static const char passphrase[] = "correct horse battery staple";
static const char TENANT[] = "0123456789abcdef0123456789abcdef", OTHER[] = "ffffffffffffffffffffffffffffffff",
		  VERSION[] = "11111111111111111111111111111111", PERSON[] = "22222222222222222222222222222222",
		  SESSION[] = "33333333333333333333333333333333";

static struct gh_id id(const char *s) { return gh_id(gh_span_str(s)); }

static int memory(const char *text, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	return fd;
}

static struct gh_vault_secret secret(enum gh_vault_method m, const char *text)
{
	return (struct gh_vault_secret){ .method = m, .fd = memory(text, strlen(text)) };
}

static const char *said(struct rig *r)
{
	static char line[1024];
	gh_err_line(&r->err, line, sizeof line);
	r->err = (struct gh_err){ 0 };
	return line;
}
#define SAYS(rig, part) assert_non_null(strstr(said(rig), part))

/* The log of a rig: a tree of leaves that do not matter. */
static struct gh_mhash leaves[4096];
static bool subtree(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	(void)arg;
	if (level == 0) {
		*out = leaves[index];
		return true;
	}
	struct gh_mhash a, b;
	if (!subtree(arg, level - 1, 2 * index, &a) || !subtree(arg, level - 1, 2 * index + 1, &b))
		return false;
	*out = gh_merkle_node(&a, &b);
	return true;
}

static enum gh_rc log_it(void *arg, const struct gh_vp_log *e, uint64_t *index, struct gh_err *err)
{
	struct rig *r = arg;
	struct gh_mhash root;
	struct gh_merkle_proof proof;
	gh_auto_buf note = gh_buf(512);
	uint8_t sig[64];
	r->last = *e;
	if (r->log_says != GH_OK)
		return gh_fail(err, r->log_says, "the disk is full");
	*index = r->logged++ + r->index_off;
	leaves[r->logged - 1] = gh_merkle_leaf((struct gh_span){ e->entry, sizeof e->entry });
	if (!r->log_signs)
		return GH_OK;
	assert_true(gh_merkle_root(subtree, NULL, r->logged, &root));
	assert_true(gh_merkle_prove_consistency(subtree, NULL, r->logged - 1, r->logged, &proof));
	gh_checkpoint_write("test.example/log", r->logged, &root, &note);
	return gh_vault_checkpoint(r->cat, gh_buf_view(&note), &proof, sig, err);
}

static void start(struct rig *r)
{
	int pair[2], cat[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	r->pid = fork();
	if (r->pid == 0) {
		(void)close(pair[0]);
		_exit(gh_vault_serve(r->keys, NULL, pair[1], false));
	}
	(void)close(pair[1]);
	r->main = gh_vault_new(pair[0], NULL, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, cat), 0);
	assert_int_equal(gh_vault_attach_catalog(r->main, cat[1], &r->err), GH_OK);
	(void)close(cat[1]);
	r->cat = gh_vault_new(cat[0], log_it, r);
}

static int stop(struct rig *r)
{
	int status = 0;
	gh_vault_free(r->cat);
	gh_vault_free(r->main);
	r->cat = r->main = NULL;
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	return status;
}

static enum gh_rc unlock(struct rig *r, enum gh_vault_method m, const char *text)
{
	struct gh_vault_secret s = secret(m, text);
	enum gh_rc rc = gh_vault_unlock(r->main, &s, &r->err);
	(void)close(s.fd);
	return rc;
}

static char recovery[GH_VP_RECOVERY];
/* Making keys stretches a passphrase: one home is made and copied for each test. */
static char home_made[64];

static void copy(const char *from, const char *to)
{
	char cmd[256];
	pid_t pid = fork();
	(void)snprintf(cmd, sizeof cmd, "%s/.", from);
	if (pid == 0) {
		execlp("cp", "cp", "-a", cmd, to, (char *)NULL);
		_exit(127);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void copy_file(const char *from, const char *to)
{
	uint8_t all[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_TRUNC);
	ssize_t n = read(in, all, sizeof all);
	assert_true(n > 0);
	assert_int_equal(write(out, all, (size_t)n), n);
	(void)close(in);
	(void)close(out);
}

static void fresh(struct rig *r)
{
	*r = (struct rig){ 0 };
	(void)snprintf(r->dir, sizeof r->dir, "/tmp/gh-vault-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	(void)snprintf(r->keys, sizeof r->keys, "%s/keys", r->dir);
	assert_int_equal(mkdir(r->keys, 0700), 0);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	fresh(r);
	if (home_made[0] == '\0') {
		struct gh_vault_secret s = secret(GH_VAULT_PASSPHRASE, passphrase);
		start(r);
		assert_int_equal(gh_vault_init(r->main, &s, recovery, &r->err), GH_OK);
		(void)close(s.fd);
		struct gh_id t = id(TENANT);
		assert_int_equal(gh_vault_tenant_new(r->cat, &t, &r->err), GH_OK);
		assert_int_equal(stop(r), 0);
		(void)snprintf(home_made, sizeof home_made, "%s", r->dir);
		fresh(r);
	}
	copy(home_made, r->dir);
	r->log_signs = true;
	start(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK); /* the fast way */
	*state = r;
	return 0;
}

static void removed(const char *dir)
{
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static int teardown(void **state)
{
	struct rig *r = *state;
	if (r->main != NULL)
		(void)stop(r);
	removed(r->dir);
	free(r);
	return 0;
}

static void again(struct rig *r)
{
	(void)stop(r);
	start(r);
}

/* ---- opening ----------------------------------------------------------------------------------------------------------- */
static void opens_only_with_the_right_secret(void **state)
{
	struct rig *r = *state;
	char wrong[GH_VP_RECOVERY];
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, "correct horse battery stapler"), GH_E_DENIED);
	SAYS(r, "wrong passphrase");
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, ""), GH_E_MALFORMED);
	SAYS(r, "empty");
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, "seven77"), GH_E_MALFORMED);
	SAYS(r, "at least 8 bytes");
	assert_int_equal(unlock(r, GH_VAULT_KEYFILE, "0123456789abcdef0123456789abcdef"), GH_E_DENIED);
	SAYS(r, "no such way was set up");
	assert_int_equal(unlock(r, GH_VAULT_TPM, ""), GH_E_DENIED);
	SAYS(r, "no such way was set up");
	memcpy(wrong, recovery, sizeof wrong);
	wrong[0] = wrong[0] == 'A' ? 'B' : 'A';
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, wrong), GH_E_MALFORMED);
	SAYS(r, "checksum");
	uint8_t other[20] = { 7 };
	gh_vd_recovery_text(other, wrong);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, wrong), GH_E_DENIED);
	SAYS(r, "not of this home");
	/* Locked, nothing else is permitted: the channel that asks ends. */
	struct gh_id t = id(TENANT);
	assert_int_equal(gh_vault_tenant_new(r->cat, &t, &r->err), GH_E_IO);
	SAYS(r, "has ended");
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, "correct horse battery staple\n"), GH_OK);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_EXISTS);
	SAYS(r, "open already");
}

static void a_secret_that_is_long_or_a_pipe(void **state)
{
	struct rig *r = *state;
	char *big = malloc(5001);
	int p[2];
	memset(big, 'x', 5000);
	big[5000] = '\0';
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, big), GH_E_LIMIT);
	SAYS(r, "at most 4,096");
	free(big);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], passphrase, strlen(passphrase)), (ssize_t)strlen(passphrase));
	(void)close(p[1]);
	struct gh_vault_secret s = { .method = GH_VAULT_PASSPHRASE, .fd = p[0] };
	assert_int_equal(gh_vault_unlock(r->main, &s, &r->err), GH_OK);
	(void)close(p[0]);
}

static void slots_are_added_and_removed(void **state)
{
	struct rig *r = *state;
	struct gh_vp_slot slot[GH_VP_SLOTS];
	struct gh_vault_secret s = secret(GH_VAULT_KEYFILE, "this file holds more than thirty-two bytes");
	unsigned number = 0;
	size_t n;
	s.label = "usb stick";
	assert_int_equal(gh_vault_slot_add(r->main, &s, &number, &r->err), GH_OK);
	(void)close(s.fd);
	assert_int_equal(number, 3);
	assert_int_equal(gh_vault_slots(r->main, slot, &n, &r->err), GH_OK);
	assert_int_equal(n, 3);
	assert_int_equal(slot[0].method, GH_VAULT_PASSPHRASE);
	assert_true(slot[0].memory_kib >= 64 << 10 && slot[0].passes >= 2);
	assert_string_equal(slot[2].label, "usb stick");
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_KEYFILE, "this file holds more than thirty-two byteS"), GH_E_DENIED);
	SAYS(r, "key file is not the one");
	assert_int_equal(unlock(r, GH_VAULT_KEYFILE, "this file holds more than thirty-two bytes"), GH_OK);
	assert_int_equal(gh_vault_slot_remove(r->main, 9, &r->err), GH_E_ABSENT);
	assert_int_equal(gh_vault_slot_remove(r->main, 1, &r->err), GH_OK);
	assert_int_equal(gh_vault_slot_remove(r->main, 2, &r->err), GH_OK);
	assert_int_equal(gh_vault_slot_remove(r->main, 3, &r->err), GH_E_DENIED);
	SAYS(r, "the last way");
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_DENIED);
	assert_int_equal(unlock(r, GH_VAULT_KEYFILE, "this file holds more than thirty-two bytes"), GH_OK);
}

static void a_new_recovery_key_ends_the_old_one(void **state)
{
	struct rig *r = *state;
	char now[GH_VP_RECOVERY], lower[GH_VP_RECOVERY];
	assert_int_equal(gh_vault_recovery_new(r->main, now, &r->err), GH_OK);
	assert_int_equal(strlen(now), 44);
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_E_DENIED);
	for (size_t i = 0; i < sizeof lower; i++) /* as a person types it */
		lower[i] = (char)(now[i] == '-'			   ? ' '
				  : now[i] == '0'		   ? 'o'
				  : now[i] >= 'A' && now[i] <= 'Z' ? now[i] - 'A' + 'a'
								   : now[i]);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, lower), GH_OK);
}

static void init_never_overwrites(void **state)
{
	struct rig *r = *state;
	char text[GH_VP_RECOVERY];
	struct gh_vault_secret s = secret(GH_VAULT_PASSPHRASE, passphrase);
	again(r);
	assert_int_equal(gh_vault_init(r->main, &s, text, &r->err), GH_E_EXISTS);
	SAYS(r, "has keys already");
	(void)close(s.fd);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK);
}

/* ---- what is altered is found ---------------------------------------------------------------------------------------------- */
static void flip(struct rig *r, const char *file, off_t at)
{
	char path[256];
	uint8_t b;
	(void)snprintf(path, sizeof path, "%s/%s", r->keys, file);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= 1;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	(void)close(fd);
}

static void every_altered_byte_of_root_is_refused(void **state)
{
	struct rig *r = *state;
	for (size_t at = 0; at < sizeof(struct gh_vf_root); at += 61) {
		again(r);
		flip(r, "root", (off_t)at);
		enum gh_rc rc = unlock(r, GH_VAULT_RECOVERY, recovery);
		if (rc == GH_OK)
			fail_msg("byte %zu of keys/root was altered and nobody noticed", at);
		const char *why = said(r);
		assert_true(strstr(why, "keys/root") != NULL || strstr(why, "newer version") != NULL);
		flip(r, "root", (off_t)at);
	}
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK);
}

/* As somebody would write it who knows the format. */
static void summed(int fd, struct gh_vf_root *f)
{
	struct gh_mhash sum = gh_merkle_sha256((struct gh_span){ (uint8_t *)f, offsetof(struct gh_vf_root, sum) });
	memcpy(f->sum, sum.b, sizeof sum.b);
	assert_int_equal(pwrite(fd, f, sizeof *f, 0), (ssize_t)sizeof *f);
}

static void cheaper_passphrases_and_newer_files_are_refused(void **state)
{
	struct rig *r = *state;
	char path[256];
	struct gh_vf_root f;
	(void)snprintf(path, sizeof path, "%s/root", r->keys);
	int fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &f, sizeof f, 0), (ssize_t)sizeof f);
	f.slot[0].memory_kib = 8;
	summed(fd, &f);
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_UNREAD);
	SAYS(r, "below the floor");
	f.slot[0].memory_kib = UINT32_MAX; /* … and the vault does not work for ever either */
	summed(fd, &f);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_UNREAD);
	f.head.version = 2;
	summed(fd, &f);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_UNREAD);
	SAYS(r, "newer version");
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_E_UNREAD);
	SAYS(r, "damaged");
	(void)close(fd);
}

static void a_tenant_file_moved_or_altered_does_not_open(void **state)
{
	struct rig *r = *state;
	char from[256], to[256];
	struct gh_id t = id(TENANT), o = id(OTHER), blob[1];
	struct gh_vault_wrapped w[1];
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	(void)snprintf(from, sizeof from, "%s/tenants/%s", r->keys, TENANT);
	(void)snprintf(to, sizeof to, "%s/tenants/%s", r->keys, OTHER);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(gh_vault_new_keys(r->cat, &o, 1, blob, w, &r->err), GH_E_UNREAD);
	SAYS(r, "belongs to another tenant");
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_E_ABSENT);
	assert_int_equal(rename(to, from), 0);
	for (size_t at = 0; at < sizeof(struct gh_vf_tenant); at += 97) {
		char name[64];
		(void)snprintf(name, sizeof name, "tenants/%s", TENANT);
		flip(r, name, (off_t)at);
		assert_int_not_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
		flip(r, name, (off_t)at);
	}
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
}

/* ---- releases ---------------------------------------------------------------------------------------------------------- */
static int attach_session(struct rig *r, const char *session)
{
	int pair[2];
	struct gh_id s = id(session);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(gh_vault_attach_blob(r->main, pair[1], &s, &r->err), GH_OK);
	(void)close(pair[1]);
	return pair[0];
}

static struct gh_vault_release release_of(const struct gh_id *blob, const struct gh_vault_wrapped *w, size_t n)
{
	return (struct gh_vault_release){
		GH_VAULT_IMPORT, id(TENANT), id(VERSION), id(PERSON), id(SESSION), n, blob, w
	};
}

static void keys_arrive_after_the_log_and_not_before(void **state)
{
	enum { N = 700 };
	struct rig *r = *state;
	struct gh_id t = id(TENANT), *blob = calloc(N, sizeof *blob);
	struct gh_vault_wrapped *w = calloc(N, sizeof *w);
	uint64_t index = 99;
	int blobs = attach_session(r, SESSION);
	uint8_t *packet = malloc(GH_VP_PACKET);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, N, blob, w, &r->err), GH_OK);
	struct gh_vault_release rel = release_of(blob, w, N);
	r->log_says = GH_E_IO;
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_IO);
	SAYS(r, "could not be logged: the disk is full");
	assert_int_equal(gh_ipc_recv(blobs, packet, GH_VP_PACKET, NULL, MSG_DONTWAIT), -1);
	r->log_says = GH_OK;
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	assert_int_equal(index, 0);
	assert_int_equal(r->last.keys, N);
	assert_int_equal(r->last.purpose, GH_VAULT_IMPORT);
	size_t got = 0;
	while (got < N) {
		ssize_t n = gh_ipc_recv(blobs, packet, GH_VP_PACKET, NULL, MSG_DONTWAIT);
		assert_true(n > 64);
		const struct gh_vp_head *h = (const struct gh_vp_head *)packet;
		const struct gh_vp_plain_key *k = (const struct gh_vp_plain_key *)(packet + 64);
		char hex[33];
		assert_int_equal(h->kind, GH_VP_KEYS);
		gh_hex_put(hex, k[0].id, 16);
		assert_string_equal(hex, blob[got].s);
		got += h->n;
	}
	(void)close(blobs);
	free(packet);
	free(blob);
	free(w);
}

static void an_index_that_no_checkpoint_covers_is_no_entry(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT), blob[1];
	struct gh_vault_wrapped w[1];
	uint64_t index;
	int blobs = attach_session(r, SESSION);
	uint8_t packet[512];
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	struct gh_vault_release rel = release_of(blob, w, 1);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	assert_true(gh_ipc_recv(blobs, packet, sizeof packet, NULL, 0) > 0);
	r->index_off = 1; /* behind the end of what was signed */
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_UNREAD);
	SAYS(r, "could not be logged");
	r->index_off = (uint64_t)-1; /* an entry that stood there before */
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_UNREAD);
	r->index_off = 0;
	r->log_signs = false; /* nothing was signed */
	r->err = (struct gh_err){ 0 };
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_UNREAD);
	SAYS(r, "could not be logged");
	assert_int_equal(gh_ipc_recv(blobs, packet, sizeof packet, NULL, MSG_DONTWAIT), -1);
	(void)close(blobs);
}

static void what_does_not_fit_is_not_released(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT), o = id(OTHER), blob[2];
	struct gh_vault_wrapped w[2], changed;
	uint64_t index;
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 2, blob, w, &r->err), GH_OK);
	struct gh_vault_release rel = release_of(blob, w, 2);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_ABSENT);
	SAYS(r, "no blob process of this session");
	int blobs = attach_session(r, SESSION);
	/* Another blob's key, an altered one, another tenant's. */
	struct gh_id swapped[2] = { blob[1], blob[0] };
	rel.id = swapped;
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_UNREAD);
	SAYS(r, "a wrapped key does not open");
	rel.id = blob;
	for (size_t i = 0; i < GH_WRAPPED; i++) {
		changed = w[0];
		changed.b[i] ^= 0x80;
		rel.wrapped = &changed;
		rel.n = 1;
		assert_int_not_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	}
	rel.wrapped = w;
	assert_int_equal(gh_vault_tenant_new(r->cat, &o, &r->err), GH_OK);
	rel.tenant = o;
	r->err = (struct gh_err){ 0 };
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_UNREAD);
	SAYS(r, "does not open");
	assert_int_equal(r->logged, 0); /* none of these stands in the log */
	/* One session, one model. */
	rel.tenant = t;
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	rel.version = id(OTHER);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_DENIED);
	SAYS(r, "another model");
	(void)close(blobs);
}

/* ---- deployments: a challenge, its answer, keys that only the stub can open ------------------------------------------------- */
static void have(struct rig *r, const struct gh_id *tenant)
{
	enum gh_rc rc = gh_vault_tenant_new(r->cat, tenant, &r->err);
	assert_true(rc == GH_OK || rc == GH_E_EXISTS);
	r->err = (struct gh_err){ 0 };
}

struct stub {
	uint8_t secret[GH_HPKE_KEY];
	struct gh_stub_bind bind;
	struct gh_vp_attested a;
};

static struct gh_vp_challenge challenge(void)
{
	struct gh_vp_challenge c = { .least = GH_RELEASE_SOFTWARE, .n = 1 };
	memset(c.deployment, 7, sizeof c.deployment);
	gh_hex_get(gh_span_str(TENANT), c.tenant, sizeof c.tenant);
	gh_hex_get(gh_span_str(VERSION), c.version, sizeof c.version);
	memset(c.model, 8, sizeof c.model);
	memset(c.policy, 9, sizeof c.policy);
	memset(c.measurement[0], 10, sizeof c.measurement[0]);
	return c;
}

/* What an honest stub and an honest appraisal make of a nonce. */
static struct stub prove(struct rig *r, const struct gh_vp_challenge *c)
{
	struct stub s = { 0 };
	struct gh_vp_nonce n;
	assert_int_equal(gh_vault_challenge(r->cat, c, &n, &r->err), GH_OK);
	assert_true(n.expires > time(NULL) && n.expires <= time(NULL) + GH_VP_NONCE_S);
	assert_true(gh_hpke_pair(s.secret, s.bind.key));
	memcpy(s.bind.nonce, n.nonce, sizeof n.nonce);
	memcpy(s.bind.model, c->model, sizeof s.bind.model);
	memcpy(s.bind.policy, c->policy, sizeof s.bind.policy);
	memcpy(s.bind.deployment, c->deployment, sizeof s.bind.deployment);
	memset(s.bind.files, 11, sizeof s.bind.files);
	s.a.cls = GH_RELEASE_SOFTWARE;
	memcpy(s.a.nonce, n.nonce, sizeof s.a.nonce);
	memcpy(s.a.key, s.bind.key, sizeof s.a.key);
	memcpy(s.a.files, s.bind.files, sizeof s.a.files);
	memset(s.a.evidence, 12, sizeof s.a.evidence);
	memcpy(s.a.measurement, c->measurement[0], sizeof s.a.measurement);
	memcpy(s.a.deployment, c->deployment, sizeof s.a.deployment);
	assert_true(gh_stub_report_data(&s.bind, s.a.report_data));
	return s;
}

static struct gh_vault_deploy keys_of(const struct gh_id *blob, const struct gh_vault_wrapped *w, size_t n)
{
	return (struct gh_vault_deploy){ .tenant = id(TENANT),
					 .version = id(VERSION),
					 .requester = id(PERSON),
					 .n = n,
					 .nown = n,
					 .id = blob,
					 .wrapped = w };
}

static void a_deployment_gets_its_keys_sealed_and_once(void **state)
{
	struct rig *r = *state;
	struct gh_id blob[3], t = id(TENANT);
	struct gh_vault_wrapped w[3];
	uint8_t enc[32], aad[GH_STUB_AAD];
	gh_auto_buf sealed = gh_buf(4096), again_sealed = gh_buf(4096);
	struct gh_stub_blob_key plain[3];
	have(r, &t);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 3, blob, w, &r->err), GH_OK);
	struct gh_vp_challenge c = challenge();
	struct stub s = prove(r, &c);
	struct gh_vault_deploy d = keys_of(blob, w, 3);
	/* Not logged: no key, and the challenge is used up. */
	r->log_says = GH_E_IO;
	assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &sealed, &r->err), GH_E_IO);
	r->log_says = GH_OK;
	assert_int_equal(sealed.n, 0);
	r->err = (struct gh_err){ 0 };
	assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &sealed, &r->err), GH_E_DENIED);
	SAYS(r, "replay");
	s = prove(r, &c);
	uint64_t before = r->logged;
	assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &sealed, &r->err), GH_OK);
	assert_int_equal(r->logged, before + 1);
	assert_int_equal(r->last.what, GH_VP_LOG_DEPLOY);
	assert_memory_equal(r->last.measurement, s.a.measurement, 32);
	assert_int_equal(sealed.n, sizeof plain + 16);
	gh_stub_aad(&s.bind, s.a.evidence, aad);
	assert_true(gh_hpke_open(s.secret, enc, GH_SPAN(GH_STUB_INFO), (struct gh_span){ aad, sizeof aad },
				 gh_buf_view(&sealed), (uint8_t *)plain));
	for (size_t i = 0; i < 3; i++) {
		uint8_t raw[16];
		gh_hex_get(gh_span_str(blob[i].s), raw, sizeof raw);
		assert_memory_equal(plain[i].blob, raw, sizeof raw);
	}
	/* Another list of files: the stub opens nothing. */
	s.bind.files[0] ^= 1;
	gh_stub_aad(&s.bind, s.a.evidence, aad);
	assert_false(gh_hpke_open(s.secret, enc, GH_SPAN(GH_STUB_INFO), (struct gh_span){ aad, sizeof aad },
				  gh_buf_view(&sealed), (uint8_t *)plain));
	assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &again_sealed, &r->err), GH_E_DENIED);
	SAYS(r, "replay");
	assert_int_equal(again_sealed.n, 0);
}

static void what_does_not_prove_itself_gets_none(void **state)
{
	struct rig *r = *state;
	struct gh_id blob, foreign, t = id(TENANT), o = id(OTHER);
	struct gh_vault_wrapped w, fw;
	uint8_t enc[32];
	have(r, &t);
	have(r, &o);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, &blob, &w, &r->err), GH_OK);
	assert_int_equal(gh_vault_new_keys(r->cat, &o, 1, &foreign, &fw, &r->err), GH_OK);
	for (unsigned k = 0; k < 9; k++) {
		static const char *const says[] = { "nonce",	      "report_data", "report_data",
						    "evidence_class", "measurement", "deployment",
						    "model",	      "tenant",	     "evidence_class" };
		gh_auto_buf sealed = gh_buf(4096);
		struct gh_vp_challenge c = challenge();
		if (k == 8)
			c.least = GH_RELEASE_TPM;
		struct stub s = prove(r, &c);
		struct gh_vault_deploy d = keys_of(&blob, &w, 1);
		struct gh_id two[2] = { blob, foreign };
		struct gh_vault_wrapped both[2] = { w, fw };
		switch (k) {
		case 0: s.a.nonce[31] ^= 1; break;
		case 1: s.a.key[0] ^= 1; break;
		case 2: s.a.report_data[63] ^= 1; break;
		case 3: s.a.cls = GH_RELEASE_NOTHING; break;
		case 4: s.a.measurement[0] ^= 1; break;
		case 5: s.a.deployment[0] ^= 1; break;
		case 6: d.version = id(OTHER); break;
		case 7: /* another tenant's file, which the challenge says nothing of */
			d = keys_of(two, both, 2);
			d.nown = 1;
			d.other = o;
			break;
		default: break;
		}
		uint64_t before = r->logged;
		assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &sealed, &r->err), GH_E_DENIED);
		const char *line = said(r);
		if (strstr(line, says[k]) == NULL)
			fail_msg("case %u: '%s' says nothing of %s", k, line, says[k]);
		assert_int_equal(sealed.n, 0);
		assert_int_equal(r->logged, before);
	}
	/* With the challenge saying so, a shared base's key goes along. */
	gh_auto_buf sealed = gh_buf(4096);
	struct gh_id two[2] = { blob, foreign };
	struct gh_vault_wrapped both[2] = { w, fw };
	struct gh_vp_challenge c = challenge();
	gh_hex_get(gh_span_str(OTHER), c.other, sizeof c.other);
	struct stub s = prove(r, &c);
	struct gh_vault_deploy d = keys_of(two, both, 2);
	d.nown = 1;
	d.other = o;
	assert_int_equal(gh_vault_release_sealed(r->cat, &d, &s.a, enc, &sealed, &r->err), GH_OK);
}

/* The purpose deploy gets no key to a process of ours, and the node key signs nothing but software evidence. */
static void no_way_around_the_evidence(void **state)
{
	struct rig *r = *state;
	struct gh_id blob, t = id(TENANT);
	struct gh_vault_wrapped w;
	uint64_t index;
	have(r, &t);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, &blob, &w, &r->err), GH_OK);
	int fd = attach_session(r, SESSION);
	struct gh_vault_release rel = release_of(&blob, &w, 1);
	rel.purpose = GH_VAULT_DEPLOY;
	assert_int_not_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	r->err = (struct gh_err){ 0 };
	close(fd);
	assert_int_equal(gh_vault_tenant_new(r->cat, &t, &r->err), GH_E_IO); /* the channel ended: that was an attack */
}

static void the_node_signs_nothing_else(void **state)
{
	struct rig *r = *state;
	struct gh_vp_signature s;
	struct gh_software e = { .isolation = GH_SI_SANDBOX, .kernel = "6.1", .profile = "llama" };
	uint8_t tbs[GH_SOFTWARE_TBS];
	assert_true(gh_software_tbs(&e, tbs));
	assert_int_equal(gh_vault_node_sign(r->cat, (struct gh_span){ tbs, sizeof tbs }, &s, &r->err), GH_OK);
	assert_int_equal(s.sig_n, 64);
	tbs[0] ^= 1;
	assert_int_equal(gh_vault_node_sign(r->cat, (struct gh_span){ tbs, sizeof tbs }, &s, &r->err), GH_E_IO);
	r->err = (struct gh_err){ 0 };
}

static void a_session_ends_with_its_process(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT), blob[1];
	struct gh_vault_wrapped w[1];
	struct gh_vp_status s;
	uint64_t index;
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	int blobs = attach_session(r, SESSION);
	assert_int_equal(gh_vault_status(r->main, &s, &r->err), GH_OK);
	assert_int_equal(s.sessions, 1);
	(void)close(blobs);
	struct gh_vault_release rel = release_of(blob, w, 1);
	assert_int_not_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	assert_int_equal(gh_vault_status(r->main, &s, &r->err), GH_OK);
	assert_int_equal(s.sessions, 0);
}

/* ---- tenants ----------------------------------------------------------------------------------------------------------- */
static void tenant_keys_rotate_and_shred(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT), who = id(PERSON), blob[600];
	struct gh_vault_wrapped w[600], old;
	struct gh_vp_tenant_status s;
	uint32_t generation;
	uint64_t index;
	assert_int_equal(gh_vault_tenant_new(r->cat, &t, &r->err), GH_E_EXISTS);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 600, blob, w, &r->err), GH_OK);
	assert_int_equal(gh_vault_tenant_rotate(r->cat, &t, &generation, &r->err), GH_OK);
	assert_int_equal(generation, 2);
	old = w[0];
	assert_int_equal(gh_vault_rewrap(r->cat, &t, 600, blob, w, &r->err), GH_OK);
	assert_int_equal(gh_vault_wrapped_generation(&old), 1);
	assert_int_equal(gh_vault_wrapped_generation(&w[599]), 2);
	int blobs = attach_session(r, SESSION);
	struct gh_vault_release rel = release_of(blob, &old, 1);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK); /* until it is retired */
	assert_int_equal(gh_vault_tenant_retire(r->cat, &t, 2, &r->err), GH_OK);
	assert_int_equal(gh_vault_tenant_status(r->cat, &t, &s, &r->err), GH_OK);
	assert_int_equal(s.oldest, 2);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_ABSENT);
	SAYS(r, "retired");
	rel.wrapped = w;
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK);
	r->log_says = GH_E_IO;
	assert_int_equal(gh_vault_tenant_shred(r->cat, &t, &who, &r->err), GH_E_IO);
	SAYS(r, "could not be logged");
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_IO);
	r->log_says = GH_OK;
	r->err = (struct gh_err){ 0 };
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_OK); /* nothing was shredded */
	assert_int_equal(gh_vault_tenant_shred(r->cat, &t, &who, &r->err), GH_OK);
	assert_int_equal(r->last.what, GH_VP_LOG_SHRED);
	uint64_t entries = r->logged;
	assert_int_equal(gh_vault_tenant_shred(r->cat, &t, &who, &r->err), GH_OK); /* once more: nothing happens */
	assert_int_equal(r->logged, entries);
	assert_int_equal(gh_vault_release(r->cat, &rel, &index, &r->err), GH_E_DENIED);
	SAYS(r, "were destroyed");
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_E_DENIED);
	assert_int_equal(gh_vault_tenant_new(r->cat, &t, &r->err), GH_E_DENIED); /* nor does it come back */
	assert_int_equal(gh_vault_tenant_status(r->cat, &t, &s, &r->err), GH_OK);
	assert_int_equal(s.state, 2);
	assert_true(s.shredded > 0);
	(void)close(blobs);
}

/* ---- rotation ---------------------------------------------------------------------------------------------------------- */
static void the_root_key_rotates_under_everything(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT), blob[1];
	struct gh_vault_wrapped w[1];
	struct gh_vp_signature sig;
	uint32_t generation;
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	for (uint32_t i = 2; i < 5; i++) {
		assert_int_equal(gh_vault_rotate(r->main, GH_VAULT_ROOT, &generation, &r->err), GH_OK);
		assert_int_equal(generation, i);
	}
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_PASSPHRASE, passphrase), GH_OK); /* every slot still opens it */
	assert_int_equal(gh_vault_rewrap(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	assert_int_equal(gh_vault_sign(r->cat, GH_SIGN_STATEMENT, GH_SPAN("{}"), &sig, &r->err), GH_OK);
}

/* Whatever of a rotation was done when it was cut: the next start finishes it. */
static void a_rotation_that_was_cut_is_finished(void **state)
{
	struct rig *r = *state;
	char saved[96], path[256], other[256];
	struct gh_id t = id(TENANT), blob[1];
	struct gh_vault_wrapped w[1];
	uint32_t generation;
	(void)snprintf(saved, sizeof saved, "%s/saved", r->dir);
	assert_int_equal(mkdir(saved, 0700), 0);
	copy(r->keys, saved);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	/* A link in place of the tenant's file: reading it fails, and the rotation stops half way. */
	(void)snprintf(path, sizeof path, "%s/tenants/%s", r->keys, TENANT);
	(void)snprintf(other, sizeof other, "%s/tenants/moved", r->keys);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("moved", path), 0);
	assert_int_equal(gh_vault_rotate(r->main, GH_VAULT_ROOT, &generation, &r->err), GH_E_IO);
	r->err = (struct gh_err){ 0 };
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_E_IO); /* still: nothing is opened half */
	r->err = (struct gh_err){ 0 };
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(other, path), 0);
	again(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK);
	assert_int_equal(gh_vault_rewrap(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	/* The old root key is gone: a file from before does not open any more. */
	(void)snprintf(other, sizeof other, "%s/tenants/%s", saved, TENANT);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(gh_vault_rewrap(r->cat, &t, 1, blob, w, &r->err), GH_E_UNREAD);
	SAYS(r, "root key");
}

static void two_vaults_of_one_home(void **state)
{
	struct rig *r = *state, second = *r;
	struct gh_id t = id(TENANT), blob[1];
	struct gh_vault_wrapped w[1];
	uint32_t generation;
	start(&second);
	assert_int_equal(unlock(&second, GH_VAULT_RECOVERY, recovery), GH_OK);
	assert_int_equal(gh_vault_tenant_rotate(second.cat, &t, &generation, &second.err), GH_OK);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_OK);
	assert_int_equal(gh_vault_wrapped_generation(w), 2); /* seen at once */
	assert_int_equal(gh_vault_rotate(second.main, GH_VAULT_ROOT, &generation, &second.err), GH_OK);
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 1, blob, w, &r->err), GH_E_EXISTS);
	SAYS(r, "rotated by another process");
	(void)stop(&second);
}

/* A request that is not waited for, and the end at some instant of it. */
static void ask_and_kill(struct rig *r, bool by_main, uint32_t kind, uint64_t arg, const void *body, size_t n, long ns)
{
	uint8_t packet[256] = { 0 };
	struct gh_vp_head h = { .kind = kind, .size = (uint32_t)(sizeof h + n), .seq = 77, .arg = arg };
	memcpy(packet, &h, sizeof h);
	if (n > 0)
		memcpy(packet + sizeof h, body, n);
	assert_true(gh_ipc_send(gh_vault_fd(by_main ? r->main : r->cat), packet, sizeof h + n, -1, 0));
	(void)nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
	(void)kill(r->pid, SIGKILL);
	(void)stop(r);
	start(r);
}

static void killed_at_any_instant_it_opens_again(void **state)
{
	enum { ROUNDS = 120 };
	struct rig *r = *state;
	struct gh_id t = id(TENANT), blob[4];
	struct gh_vault_wrapped w[4];
	struct gh_vp_tenant tenant = { { 0 }, { 0 } };
	struct gh_vp_signature sig;
	struct gh_vp_public p[128];
	unsigned seed = 1;
	size_t n;
	assert_true(gh_hex_get(gh_span_str(TENANT), tenant.tenant, 16));
	assert_int_equal(gh_vault_new_keys(r->cat, &t, 4, blob, w, &r->err), GH_OK);
	for (unsigned i = 0; i < ROUNDS; i++) {
		long ns = (long)(rand_r(&seed) % 6000) * 1000;
		if (i % 3 == 0)
			ask_and_kill(r, true, GH_VP_ROTATE, GH_VAULT_ROOT, NULL, 0, ns);
		else if (i % 3 == 1)
			ask_and_kill(r, true, GH_VP_ROTATE, GH_VAULT_BADGE, NULL, 0, ns);
		else
			ask_and_kill(r, false, GH_VP_TENANT_ROTATE, 0, &tenant, sizeof tenant, ns);
		if (unlock(r, GH_VAULT_RECOVERY, recovery) != GH_OK)
			fail_msg("round %u: %s", i, said(r));
		if (gh_vault_rewrap(r->cat, &t, 4, blob, w, &r->err) != GH_OK)
			fail_msg("round %u: %s", i, said(r));
		assert_int_equal(gh_vault_tenant_retire(r->cat, &t, gh_vault_wrapped_generation(w), &r->err), GH_OK);
		if (gh_vault_sign(r->cat, GH_SIGN_STATEMENT, GH_SPAN("x"), &sig, &r->err) != GH_OK)
			fail_msg("round %u: %s", i, said(r));
		assert_int_equal(gh_vault_public(r->main, p, 128, &n, &r->err), GH_OK);
		for (size_t k = 0; k < n; k++) /* exactly the newest of each kind signs */
			assert_int_equal(p[k].current, k + 1 == n || p[k].key != p[k + 1].key);
	}
}

/* ---- signatures -------------------------------------------------------------------------------------------------------- */
static struct gh_key *public_key(struct rig *r, enum gh_vault_key which, uint32_t generation)
{
	struct gh_vp_public p[64];
	struct gh_key *k = NULL;
	size_t n;
	assert_int_equal(gh_vault_public(r->main, p, 64, &n, &r->err), GH_OK);
	for (size_t i = 0; i < n; i++)
		if (p[i].key == which && p[i].generation == generation)
			assert_int_equal(gh_key_public((struct gh_span){ p[i].spki, p[i].spki_n }, &k, NULL), GH_OK);
	return k;
}

static bool verifies(const struct gh_key *k, const char *type, struct gh_span payload, const uint8_t *sig, size_t n)
{
	gh_auto_buf pae = gh_buf(8 << 20);
	gh_dsse_pae(&pae, gh_span_str(type), payload);
	return gh_key_verify(k, gh_buf_view(&pae), (struct gh_span){ sig, n }, NULL) == GH_OK;
}

static void signs_what_it_was_asked_for_and_nothing_else(void **state)
{
	static const size_t sizes[] = {
		1, 100, GH_VP_PAYLOAD, GH_VP_PAYLOAD + 1, 5 * GH_VP_PAYLOAD - 1, GH_VP_SIGN_MAX
	};
	struct rig *r = *state;
	struct gh_vp_signature s;
	uint8_t *p = malloc(GH_VP_SIGN_MAX), key_id[32];
	memset(p, 'j', GH_VP_SIGN_MAX);
	struct gh_key *k = public_key(r, GH_VAULT_BADGE, 1);
	assert_non_null(k);
	assert_true(gh_key_id(k, key_id));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct gh_span payload = { p, sizes[i] };
		assert_int_equal(gh_vault_sign(r->cat, GH_SIGN_STATEMENT, payload, &s, &r->err), GH_OK);
		assert_true(verifies(k, "application/vnd.in-toto+json", payload, s.sig, s.sig_n));
		assert_false(verifies(k, "application/vnd.gatehouse.review+json", payload, s.sig, s.sig_n));
		assert_memory_equal(s.key_id, key_id, 32);
	}
	for (enum gh_vault_sign w = GH_SIGN_STATEMENT; w < GH_SIGN_END; w++) {
		assert_int_equal(gh_vault_sign(r->cat, w, GH_SPAN("{\"a\":1}"), &s, &r->err), GH_OK);
		assert_true(verifies(k, gh_vault_payload_type(w), GH_SPAN("{\"a\":1}"), s.sig, s.sig_n));
	}
	assert_int_equal(gh_vault_sign(r->cat, GH_SIGN_END, GH_SPAN("x"), &s, &r->err), GH_E_LIMIT);
	gh_key_free(k);
	free(p);
}

static void old_badge_keys_stay_known_and_vouch_for_new_ones(void **state)
{
	struct rig *r = *state;
	struct gh_vp_endorsement e;
	struct gh_vp_signature s;
	struct gh_vp_public p[64];
	uint32_t generation;
	size_t n;
	assert_int_equal(gh_vault_sign(r->cat, GH_SIGN_STATEMENT, GH_SPAN("old"), &s, &r->err), GH_OK);
	assert_int_equal(gh_vault_endorsement(r->cat, GH_VAULT_BADGE, 1, &e, &r->err), GH_E_ABSENT);
	assert_int_equal(gh_vault_rotate(r->main, GH_VAULT_BADGE, &generation, &r->err), GH_OK);
	assert_int_equal(generation, 2);
	struct gh_key *one = public_key(r, GH_VAULT_BADGE, 1), *two = public_key(r, GH_VAULT_BADGE, 2);
	assert_true(verifies(one, "application/vnd.in-toto+json", GH_SPAN("old"), s.sig, s.sig_n));
	assert_int_equal(gh_vault_sign(r->cat, GH_SIGN_STATEMENT, GH_SPAN("new"), &s, &r->err), GH_OK);
	assert_int_equal(s.generation, 2);
	assert_true(verifies(two, "application/vnd.in-toto+json", GH_SPAN("new"), s.sig, s.sig_n));
	/* The old one says that the new one is ours; the new one says whose the log key is. */
	assert_int_equal(gh_vault_endorsement(r->cat, GH_VAULT_BADGE, 2, &e, &r->err), GH_OK);
	assert_int_equal(e.by, 1);
	assert_true(verifies(one, GH_VAULT_KEY_PAYLOAD, (struct gh_span){ e.payload, e.payload_n }, e.sig, e.sig_n));
	assert_int_equal(gh_vault_endorsement(r->cat, GH_VAULT_LOG, 1, &e, &r->err), GH_OK);
	assert_int_equal(e.by, 2);
	assert_true(verifies(two, GH_VAULT_KEY_PAYLOAD, (struct gh_span){ e.payload, e.payload_n }, e.sig, e.sig_n));
	assert_int_equal(gh_vault_public(r->main, p, 64, &n, &r->err), GH_OK);
	assert_int_equal(n, 4);
	assert_int_equal(p[0].current, 0);
	assert_true(p[0].retired > 0);
	gh_key_free(one);
	gh_key_free(two);
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------------- */
static enum gh_rc sign_tree(struct rig *r, const char *origin, struct gh_merkle_edge *tree,
			    const struct gh_merkle_proof *p, uint8_t sig[64])
{
	struct gh_mhash root = gh_merkle_edge_root(tree);
	gh_auto_buf note = gh_buf(1024);
	gh_checkpoint_write(origin, tree->size, &root, &note);
	return gh_vault_checkpoint(r->cat, gh_buf_view(&note), p, sig, &r->err);
}

static void never_signs_two_histories(void **state)
{
	static const char log[] = "gatehouse.example/log";
	struct rig *r = *state;
	struct gh_merkle_edge five = { 0 }, eight = { 0 }, other = { 0 };
	struct gh_merkle_proof proof;
	struct gh_vp_last last;
	struct gh_vp_status st;
	uint8_t sig[64], once_more[64];
	for (unsigned i = 0; i < 8; i++) {
		leaves[i] = gh_merkle_leaf((struct gh_span){ (const uint8_t *)&i, sizeof i });
		if (i < 5)
			gh_merkle_push(&five, &leaves[i], NULL, NULL);
		gh_merkle_push(&eight, &leaves[i], NULL, NULL);
		gh_merkle_push(&other, &leaves[0], NULL, NULL);
	}
	assert_int_equal(gh_vault_last_checkpoint(r->cat, &last, &r->err), GH_E_ABSENT);
	r->err = (struct gh_err){ 0 };
	assert_int_equal(sign_tree(r, log, &five, NULL, sig), GH_OK);
	assert_int_equal(sign_tree(r, log, &five, NULL, once_more), GH_OK);
	assert_memory_equal(sig, once_more, 64);
	assert_int_equal(sign_tree(r, log, &eight, NULL, sig), GH_E_UNREAD);
	SAYS(r, "does not extend");
	assert_true(gh_merkle_prove_consistency(subtree, NULL, 5, 8, &proof));
	assert_int_equal(sign_tree(r, log, &other, &proof, sig), GH_E_UNREAD);
	SAYS(r, "does not extend");
	assert_int_equal(sign_tree(r, "another.example/log", &eight, &proof, sig), GH_E_UNREAD);
	SAYS(r, "of another log");
	assert_int_equal(sign_tree(r, log, &eight, &proof, sig), GH_OK);
	again(r); /* it is remembered on the disk */
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK);
	assert_int_equal(sign_tree(r, log, &five, NULL, sig), GH_E_UNREAD);
	SAYS(r, "shorter than what was signed");
	assert_int_equal(sign_tree(r, log, &other, NULL, sig), GH_E_UNREAD);
	SAYS(r, "does not extend");
	assert_int_equal(gh_vault_status(r->cat, &st, &r->err), GH_OK);
	assert_int_equal(st.log_size, 8);
	assert_int_equal(gh_vault_last_checkpoint(r->cat, &last, &r->err), GH_OK);
	struct gh_key *k = public_key(r, GH_VAULT_LOG, 1);
	assert_int_equal(
		gh_key_verify(k, (struct gh_span){ last.note, last.note_n }, (struct gh_span){ last.sig, 64 }, NULL),
		GH_OK);
	gh_key_free(k);
	/* A backup: keys/log is older than the log. What carries our own signature is remembered again, and nothing else is. */
	struct gh_mhash root8 = gh_merkle_edge_root(&eight), root9 = gh_merkle_edge_root(&other);
	gh_auto_buf text8 = gh_buf(512), forged = gh_buf(512);
	char saved[256], live[256];
	gh_checkpoint_write(log, 8, &root8, &text8);
	gh_checkpoint_write(log, 99, &root9, &forged);
	(void)snprintf(live, sizeof live, "%s/log", r->keys);
	(void)snprintf(saved, sizeof saved, "%s/keys/log", home_made);
	(void)stop(r);
	copy_file(saved, live);
	start(r);
	assert_int_equal(unlock(r, GH_VAULT_RECOVERY, recovery), GH_OK);
	assert_int_equal(gh_vault_adopt(r->cat, gh_buf_view(&forged), last.sig, &r->err), GH_E_UNREAD);
	SAYS(r, "of another log");
	assert_int_equal(gh_vault_adopt(r->cat, gh_buf_view(&text8), last.sig, &r->err), GH_OK);
	assert_int_equal(sign_tree(r, log, &five, NULL, sig), GH_E_UNREAD);
	SAYS(r, "shorter than what was signed");
	/* The memory of it cannot be removed. */
	char path[256];
	(void)snprintf(path, sizeof path, "%s/log", r->keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sign_tree(r, log, &eight, NULL, sig), GH_E_UNREAD);
	SAYS(r, "altered or is missing");
}

static void only_checkpoints_are_signed_by_the_log_key(void **state)
{
	static const char *const notes[] = { "log\n5\n",
					     "log\n5\nQUJD\n",
					     "log\n05\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
					     "log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n",
					     "\n5\nAAAA\n",
					     "DSSEv1 3 abc 1 x" };
	struct rig *r = *state;
	uint8_t sig[64];
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		assert_int_equal(gh_vault_checkpoint(r->cat, gh_span_str(notes[i]), NULL, sig, &r->err),
				 GH_E_MALFORMED);
		SAYS(r, "no checkpoint of three lines");
	}
}

/* ---- the table --------------------------------------------------------------------------------------------------------- */
static void no_channel_says_what_it_may_not(void **state)
{
	struct rig *r = *state;
	struct gh_id t = id(TENANT);
	/* main has nothing to do with tenants; a catalog none with slots. */
	assert_int_equal(gh_vault_slot_remove(r->cat, 1, &r->err), GH_E_IO);
	SAYS(r, "has ended");
	struct gh_vp_status s;
	assert_int_equal(gh_vault_status(r->main, &s, &r->err), GH_OK); /* others live on */
	assert_int_equal(gh_vault_tenant_new(r->main, &t, &r->err), GH_E_IO);
	gh_vault_free(r->cat);
	gh_vault_free(r->main);
	r->main = r->cat = NULL;
	int status;
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_int_equal(status, 0);
}

static void a_packet_fits_or_ends_its_peer(void **state)
{
	struct gh_vp_head h = { .kind = GH_VP_STATUS, .size = sizeof h, .seq = 1 };
	uint8_t b[512] = { 0 };
	struct gh_vd_in in;
	(void)state;
	memcpy(b, &h, sizeof h);
	assert_non_null(gh_vd_check(b, sizeof h, GH_VD_MAIN, GH_VD_IDLE, -1, &in));
	assert_non_null(gh_vd_check(b, sizeof h, GH_VD_CATALOG, GH_VD_LOCKED, -1, &in));
	assert_null(gh_vd_check(b, sizeof h, GH_VD_CATALOG, GH_VD_AWAITING, -1, &in));
	assert_null(gh_vd_check(b, sizeof h, GH_VD_BLOB, GH_VD_IDLE, -1, &in));
	assert_null(gh_vd_check(b, sizeof h, GH_VD_MAIN, GH_VD_IDLE, 3, &in)); /* no descriptor wanted */
	for (size_t n = 0; n < sizeof h; n++)
		assert_null(gh_vd_check(b, n, GH_VD_MAIN, GH_VD_IDLE, -1, &in));
	assert_null(gh_vd_check(b, sizeof h + 1, GH_VD_MAIN, GH_VD_IDLE, -1, &in));
	static const size_t fields[] = { offsetof(struct gh_vp_head, size), offsetof(struct gh_vp_head, why),
					 offsetof(struct gh_vp_head, n), offsetof(struct gh_vp_head, zero) };
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		b[fields[i]] ^= 1;
		assert_null(gh_vd_check(b, sizeof h, GH_VD_MAIN, GH_VD_IDLE, -1, &in));
		b[fields[i]] ^= 1;
	}
	h = (struct gh_vp_head){ .kind = GH_VP_REWRAP, .size = 64 + 96 * 2, .seq = 1, .n = 2 };
	memcpy(b, &h, sizeof h);
	assert_non_null(gh_vd_check(b, h.size, GH_VD_CATALOG, GH_VD_IDLE, -1, &in));
	assert_ptr_equal(in.record, b + 64);
	h.n = 0x2aaaaaac; /* times 96 wraps in 32 bits */
	memcpy(b, &h, sizeof h);
	assert_null(gh_vd_check(b, h.size, GH_VD_CATALOG, GH_VD_IDLE, -1, &in));
}

/* ---- secrets ----------------------------------------------------------------------------------------------------------- */
static void a_home_others_may_read_is_refused(void **state)
{
	struct rig *r = *state;
	(void)stop(r);
	assert_int_equal(chmod(r->keys, 0750), 0);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		_exit(gh_vault_serve(r->keys, NULL, pair[1], false));
	}
	(void)close(pair[1]);
	struct gh_vault *v = gh_vault_new(pair[0], NULL, NULL);
	struct gh_vp_status s;
	assert_int_equal(gh_vault_status(v, &s, &r->err), GH_E_DENIED);
	SAYS(r, "chmod 700");
	gh_vault_free(v);
	int status;
	(void)waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 2);
}

static void no_key_lies_on_the_disk_in_the_open(void **state)
{
	struct rig *r = *state;
	char path[256];
	struct gh_vf_signing f;
	(void)snprintf(path, sizeof path, "%s/signing/log-1", r->keys);
	int fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, &f, sizeof f), (ssize_t)sizeof f);
	(void)close(fd);
	/* If what lies in place of the private key were the key, the public one would belong to it. */
	struct gh_key *k = gh_key_ed25519(f.wrapped + 28), *pub = public_key(r, GH_VAULT_LOG, 1);
	assert_false(gh_key_same(k, pub));
	gh_key_free(k);
	gh_key_free(pub);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(opens_only_with_the_right_secret),
		T(a_secret_that_is_long_or_a_pipe),
		T(slots_are_added_and_removed),
		T(a_new_recovery_key_ends_the_old_one),
		T(init_never_overwrites),
		T(every_altered_byte_of_root_is_refused),
		T(cheaper_passphrases_and_newer_files_are_refused),
		T(a_tenant_file_moved_or_altered_does_not_open),
		T(keys_arrive_after_the_log_and_not_before),
		T(an_index_that_no_checkpoint_covers_is_no_entry),
		T(what_does_not_fit_is_not_released),
		T(a_deployment_gets_its_keys_sealed_and_once),
		T(what_does_not_prove_itself_gets_none),
		T(no_way_around_the_evidence),
		T(the_node_signs_nothing_else),
		T(a_session_ends_with_its_process),
		T(tenant_keys_rotate_and_shred),
		T(the_root_key_rotates_under_everything),
		T(a_rotation_that_was_cut_is_finished),
		T(two_vaults_of_one_home),
		T(killed_at_any_instant_it_opens_again),
		T(signs_what_it_was_asked_for_and_nothing_else),
		T(old_badge_keys_stay_known_and_vouch_for_new_ones),
		T(never_signs_two_histories),
		T(only_checkpoints_are_signed_by_the_log_key),
		T(no_channel_says_what_it_may_not),
		cmocka_unit_test(a_packet_fits_or_ends_its_peer),
		T(a_home_others_may_read_is_refused),
		T(no_key_lies_on_the_disk_in_the_open),
	};
	int failed = cmocka_run_group_tests_name("vault", tests, NULL, NULL);
	if (home_made[0] != '\0')
		removed(home_made);
	return failed;
}
