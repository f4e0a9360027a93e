/* The TPM as a way to open the keys, with swtpm as TPM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "catalog/vault.h"
#include "daemon/vault.h"

static const char passphrase[] = "correct horse battery staple";
static char dir[64], keys[96], tcti[64], vault_tcti[64];
static unsigned port;
static pid_t tpm;

static pid_t run(char *const *argv, bool wait)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		(void)freopen("/dev/null", "w", stdout);
		(void)freopen("/dev/null", "w", stderr);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait && (waitpid(pid, &status, 0) != pid || status != 0))
		return -1;
	return pid;
}

/* Two free ports in a row: swtpm's TCTI takes the control channel to be the next one. */
static unsigned free_port(void)
{
	for (unsigned at = 20000 + (unsigned)getpid() % 20000; at < 60000; at += 2) {
		bool both = true;
		for (unsigned i = 0; both && i < 2; i++) {
			struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(at + i)) };
			a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			int s = socket(AF_INET, SOCK_STREAM, 0);
			both = bind(s, (struct sockaddr *)&a, sizeof a) == 0;
			(void)close(s);
		}
		if (both)
			return at;
	}
	return 0;
}

static bool reachable(unsigned p)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)p) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = connect(s, (struct sockaddr *)&a, sizeof a) == 0;
	(void)close(s);
	return ok;
}

static bool start_tpm(const char *state)
{
	char server[64], ctrl[64], where[128];
	char program[] = "swtpm", sock[] = "socket", two[] = "--tpm2", flags[] = "--flags",
	     how[] = "not-need-init,startup-clear", s[] = "--server", c[] = "--ctrl", st[] = "--tpmstate";
	port = free_port();
	(void)snprintf(server, sizeof server, "type=tcp,port=%u", port);
	(void)snprintf(ctrl, sizeof ctrl, "type=tcp,port=%u", port + 1);
	(void)snprintf(where, sizeof where, "dir=%s", state);
	char *argv[] = { program, sock, two, flags, how, s, server, c, ctrl, st, where, NULL };
	tpm = run(argv, false);
	(void)snprintf(tcti, sizeof tcti, "swtpm:host=127.0.0.1,port=%u", port);
	for (unsigned i = 0; i < 100 && !reachable(port + 1); i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	return reachable(port + 1);
}

static void stop_tpm(void)
{
	if (tpm > 0) {
		(void)kill(tpm, SIGTERM);
		(void)waitpid(tpm, NULL, 0);
	}
	tpm = 0;
}

static pid_t vault_pid;
static struct gh_vault *start(const char *with)
{
	int pair[2];
	(void)snprintf(vault_tcti, sizeof vault_tcti, "%s", with == NULL ? "" : with);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	vault_pid = fork();
	if (vault_pid == 0) {
		(void)close(pair[0]);
		_exit(gh_vault_serve(keys, with == NULL ? NULL : vault_tcti, pair[1], true));
	}
	(void)close(pair[1]);
	return gh_vault_new(pair[0], NULL, NULL);
}

static void stop(struct gh_vault *v)
{
	gh_vault_free(v);
	(void)waitpid(vault_pid, NULL, 0);
}

static struct gh_vault_secret secret(enum gh_vault_method m, const char *text, uint32_t pcrs)
{
	struct gh_vault_secret s = { .method = m, .fd = -1, .pcrs = pcrs };
	if (m != GH_VAULT_TPM) {
		s.fd = memfd_create("secret", MFD_CLOEXEC);
		(void)!write(s.fd, text, strlen(text));
	}
	return s;
}

static enum gh_rc try(const char *with, char *line, size_t cap)
{
	struct gh_err err = { 0 };
	struct gh_vault *v = start(with);
	struct gh_vault_secret s = secret(GH_VAULT_TPM, "", 0);
	enum gh_rc rc = gh_vault_unlock(v, &s, &err);
	gh_err_line(&err, line, cap);
	stop(v);
	return rc;
}

static void extend(const char *pcr)
{
	char program[] = "tpm2_pcrextend", t[] = "-T", what[128];
	(void)snprintf(what, sizeof what, "%s:sha256=%064d", pcr, 7);
	char *argv[] = { program, t, tcti, what, NULL };
	if (run(argv, true) < 0)
		fail_msg("tpm2_pcrextend failed");
}

static void sealed_to_a_tpm_and_its_pcrs(void **state)
{
	char line[1024], rec[GH_VP_RECOVERY];
	struct gh_err err = { 0 };
	(void)state;
	struct gh_vault *v = start(tcti);
	struct gh_vault_secret pass = secret(GH_VAULT_PASSPHRASE, passphrase, 0), chip = secret(GH_VAULT_TPM, "", 0);
	unsigned number;
	if (gh_vault_init(v, &pass, rec, &err) != GH_OK || gh_vault_slot_add(v, &chip, &number, &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	stop(v);
	assert_int_equal(try(tcti, line, sizeof line), GH_OK);
	assert_int_equal(try(NULL, line, sizeof line), GH_E_UNREAD);
	assert_non_null(strstr(line, "cannot be reached"));
	extend("16"); /* not bound to PCRs: does not matter */
	assert_int_equal(try(tcti, line, sizeof line), GH_OK);

	/* Bound to PCR 16, in place of the other. */
	v = start(tcti);
	(void)lseek(pass.fd, 0, SEEK_SET);
	assert_int_equal(gh_vault_unlock(v, &pass, &err), GH_OK);
	assert_int_equal(gh_vault_slot_remove(v, number, &err), GH_OK);
	chip.pcrs = 1u << 16;
	assert_int_equal(gh_vault_slot_add(v, &chip, &number, &err), GH_OK);
	assert_int_equal(gh_vault_rotate(v, GH_VAULT_ROOT, NULL, &err), GH_OK);
	stop(v);
	assert_int_equal(try(tcti, line, sizeof line), GH_OK);
	extend("16");
	assert_int_equal(try(tcti, line, sizeof line), GH_E_DENIED);
	assert_non_null(strstr(line, "PCRs changed"));
	close(pass.fd);
}

static void another_tpm_does_not_open_it(void **state)
{
	char line[1024], other[96], rec[GH_VP_RECOVERY];
	struct gh_err err = { 0 };
	(void)state;
	(void)snprintf(keys, sizeof keys, "%s/keys2", dir);
	char mk[] = "mkdir", m[] = "-m", mode[] = "700";
	char *make[] = { mk, m, mode, keys, NULL };
	assert_true(run(make, true) > 0);
	struct gh_vault *v = start(tcti);
	struct gh_vault_secret chip = secret(GH_VAULT_TPM, "", 0);
	assert_int_equal(gh_vault_init(v, &chip, rec, &err), GH_OK); /* the TPM alone, and the recovery key */
	stop(v);
	assert_int_equal(try(tcti, line, sizeof line), GH_OK);
	stop_tpm();
	assert_int_equal(try(tcti, line, sizeof line), GH_E_UNREAD);
	assert_non_null(strstr(line, "cannot be reached"));
	(void)snprintf(other, sizeof other, "%s/other", dir);
	char *make2[] = { mk, other, NULL };
	assert_true(run(make2, true) > 0);
	assert_true(start_tpm(other));
	assert_int_equal(try(tcti, line, sizeof line), GH_E_DENIED);
	assert_non_null(strstr(line, "another one"));
	v = start(NULL);
	struct gh_vault_secret r = secret(GH_VAULT_RECOVERY, rec, 0);
	assert_int_equal(gh_vault_unlock(v, &r, &err), GH_OK);
	stop(v);
	(void)close(r.fd);
}

int main(void)
{
	char mk[] = "mkdir", m[] = "-m", mode[] = "700", state[96];
	(void)snprintf(dir, sizeof dir, "/tmp/gh-tpm-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(keys, sizeof keys, "%s/keys", dir);
	(void)snprintf(state, sizeof state, "%s/tpm", dir);
	char *make[] = { mk, m, mode, keys, state, NULL };
	(void)run(make, true);
	char which[] = "tpm2_pcrextend", version[] = "--version", *have[] = { which, version, NULL };
	int failed = 0;
	if (run(have, true) < 0 || !start_tpm(state)) {
		puts("skipped: swtpm or tpm2-tools is not installed, or swtpm does not start");
	} else {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(sealed_to_a_tpm_and_its_pcrs),
			cmocka_unit_test(another_tpm_does_not_open_it),
		};
		failed = cmocka_run_group_tests_name("vault_tpm", tests, NULL, NULL);
	}
	stop_tpm();
	char rm[] = "rm", rf[] = "-rf", *clean[] = { rm, rf, dir, NULL };
	(void)run(clean, true);
	return failed;
}
