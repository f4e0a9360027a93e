/* What the launcher says to the stub, and the evidence it makes of what the stub says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "crypto/hpke.h"
#include "crypto/pubkey.h"
#include "os/ipc.h"
#include "runtime/launch_int.h"

/* ---- words ----------------------------------------------------------------------------------------------------------------- */

/* What is between braces and is known here. The stub fills in the rest. */
static bool known(const struct gh_launch *l, const char *name, size_t n, char out[300])
{
	const struct gh_launch_spec *s = &l->spec;
	const bool bind = s->image->profile->socket == GH_ENGINE_BIND;
	const struct {
		const char *name, *text;
		unsigned number;
	} vars[] = {
		{ "socket", bind ? "/run/gatehouse/engine.sock" : NULL, GH_STUB_SOCKET_FD },
		{ "context", NULL, s->context != 0 ? s->context : 4096 },
		{ "parallel", NULL, s->parallel != 0 ? s->parallel : 4 },
		{ "threads", NULL, s->threads != 0 ? s->threads : 1 },
		/* In a sandbox a listener refuses and records; in a machine there is none, and the engine refuses by itself. */
		{ "lock", s->vm != NULL ? "on" : "watched", 0 },
		{ "alias", s->alias != NULL ? s->alias : "model", 0 },
	};
	for (size_t i = 0; i < sizeof vars / sizeof *vars; i++)
		if (strlen(vars[i].name) == n && memcmp(vars[i].name, name, n) == 0) {
			if (vars[i].text != NULL)
				return (size_t)snprintf(out, 300, "%s", vars[i].text) < 300;
			return snprintf(out, 300, "%u", vars[i].number) > 0;
		}
	return false;
}

static void word(const struct gh_launch *l, const char *w, struct gh_buf *b)
{
	char text[300];
	while (*w != '\0') {
		const char *close = *w == '{' ? strchr(w, '}') : NULL;
		if (close != NULL && known(l, w + 1, (size_t)(close - w - 1), text)) {
			gh_buf_str(b, text);
			w = close + 1;
		} else
			gh_buf_ch(b, *w++);
	}
	gh_buf_ch(b, '\0');
}

/* "{adapter}" is a file of the model, which the stub knows by its name. */
static void adapter_word(const struct gh_launch *l, const char *w, const char *name, struct gh_buf *b)
{
	if (strcmp(w, "{adapter}") != 0) {
		word(l, w, b);
		return;
	}
	gh_buf_fmt(b, "{file:%s}", name);
	gh_buf_ch(b, '\0');
}

/* The command line, then the environment. How many words the first has. */
static uint32_t words(const struct gh_launch *l, struct gh_buf *b)
{
	const struct gh_engine_profile *p = l->spec.image->profile;
	const size_t first = l->spec.nfile - l->spec.nadapter;
	for (size_t i = 0; i < p->nargv; i++)
		word(l, p->argv[i], b);
	for (size_t i = first; i < l->spec.nfile; i++)
		for (size_t k = 0; k < p->nadapter; k++)
			adapter_word(l, p->adapter[k], l->file[i].name, b);
	for (size_t i = 0; i < p->nenv; i++)
		word(l, p->envp[i], b);
	return (uint32_t)(p->nargv + l->spec.nadapter * p->nadapter);
}

bool gh_launch_tell(struct gh_launch *l, int listening)
{
	const struct gh_launch_spec *s = &l->spec;
	gh_auto_buf b = gh_buf(sizeof(struct gh_stub_start) + GH_STUB_TEXT);
	struct gh_stub_start m = { .head.kind = GH_SP_START,
				   .version = GH_STUB_VERSION,
				   .model = (uint32_t)s->image->profile->model,
				   .nfile = (uint32_t)s->nfile,
				   .nenv = (uint32_t)s->image->profile->nenv,
				   .file = s->disk != 0 ? s->disk : s->image->profile->disk };
	memcpy(m.nonce, s->nonce, sizeof m.nonce);
	memcpy(m.model_digest, s->model, sizeof m.model_digest);
	memcpy(m.policy, s->policy, sizeof m.policy);
	memcpy(m.deployment, s->deployment, sizeof m.deployment);
	gh_buf_put(&b, &m, sizeof m);
	m.nargv = words(l, &b);
	if (b.full)
		return false;
	m.head.size = (uint32_t)b.n;
	memcpy(b.p, &m, sizeof m);
	bool ok = gh_ipc_send(l->talk, b.p, b.n, -1, 0);
	for (size_t i = 0; ok && i < s->nfile; i++) {
		struct gh_stub_file_msg f = { .head = { GH_SP_FILE, sizeof f }, .file = l->file[i] };
		ok = gh_ipc_send(l->talk, &f, sizeof f, s->file[i].fd, 0);
	}
	const struct gh_stub_head socket = { GH_SP_SOCKET, sizeof socket }, begin = { GH_SP_BEGIN, sizeof begin };
	return ok && (listening < 0 || gh_ipc_send(l->talk, &socket, sizeof socket, listening, 0)) &&
	       gh_ipc_send(l->talk, &begin, sizeof begin, -1, 0);
}

bool gh_launch_keys(struct gh_launch *l, const uint8_t enc[GH_STUB_KEY], struct gh_span sealed, size_t n)
{
	gh_auto_buf b = gh_buf(GH_STUB_PACKET);
	uint8_t md[GH_MD_MAX];
	if (l->ended || l->at != GH_AT_PROVED || n == 0 || n > GH_STUB_FILES ||
	    sealed.n != n * sizeof(struct gh_stub_blob_key) + GH_HPKE_TAG ||
	    !gh_md(GH_MD_SHA256, (struct gh_span){ l->evidence, sizeof l->evidence }, md))
		return false;
	struct gh_stub_keys m = { .head = { GH_SP_KEYS, (uint32_t)(sizeof m + sealed.n) }, .n = (uint32_t)n };
	memcpy(m.evidence, md, sizeof m.evidence);
	memcpy(m.enc, enc, sizeof m.enc);
	gh_buf_put(&b, &m, sizeof m);
	gh_buf_span(&b, sealed);
	l->t_keys = gh_launch_now();
	l->at = GH_AT_KEYS;
	return !b.full && gh_ipc_send(l->talk, b.p, b.n, -1, MSG_DONTWAIT);
}

/* ---- evidence -------------------------------------------------------------------------------------------------------------- */

/* "6.1.0-18-amd64": what would not stand in evidence becomes '_'. */
static void plain(char *out, size_t cap, const char *s)
{
	size_t n = 0;
	for (; n + 1 < cap && s[n] != '\0'; n++)
		out[n] = s[n] > 0x20 && s[n] < 0x7f ? s[n] : '_';
	memset(out + n, 0, cap - n);
	if (n == 0)
		out[0] = '_';
}

static void boot_id(uint8_t out[16])
{
	char text[64] = "";
	unsigned digits = 0;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	memset(out, 0, 16);
	for (ssize_t i = 0; i < n && digits < 32; i++) {
		const char c = text[i];
		const int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (v < 0)
			continue;
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | v);
		digits++;
	}
}

static int64_t seconds(clockid_t c)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(c, &t);
	return t.tv_sec;
}

bool gh_launch_evidence(struct gh_launch *l, const struct gh_stub_prove *p)
{
	const struct gh_launch_spec *s = &l->spec;
	struct gh_software e = { .isolation = s->vm != NULL ? GH_SI_MICROVM : GH_SI_SANDBOX };
	struct utsname u;
	uint8_t data[GH_STUB_REPORT_DATA], tbs[GH_SOFTWARE_TBS], sig[GH_SOFTWARE_SIG] = { 0 };
	struct gh_stub_bind *b = &l->bind;
	memcpy(b->nonce, s->nonce, sizeof b->nonce);
	memcpy(b->key, p->key, sizeof b->key);
	memcpy(b->model, s->model, sizeof b->model);
	memcpy(b->policy, s->policy, sizeof b->policy);
	memcpy(b->deployment, s->deployment, sizeof b->deployment);
	if (!gh_stub_files(l->file, s->nfile, b->files) || !gh_stub_report_data(b, data) ||
	    memcmp(data, p->report_data, sizeof data) != 0 || uname(&u) != 0)
		return false;
	memcpy(e.report_data, data, sizeof e.report_data);
	memcpy(e.measurement, s->vm != NULL ? s->vm->measured.digest : s->image->measured.digest, sizeof e.measurement);
	memcpy(e.node, s->node, sizeof e.node);
	memcpy(e.deployment, s->deployment, sizeof e.deployment);
	boot_id(e.boot_id);
	e.made = seconds(CLOCK_REALTIME);
	e.booted = e.made - seconds(CLOCK_BOOTTIME);
	e.booted = e.booted < 0 ? 0 : e.booted;
	e.layers = gh_launch_layers(l);
	e.landlock = (uint32_t)l->jail.landlock;
	plain(e.kernel, sizeof e.kernel, u.release);
	plain(e.profile, sizeof e.profile, s->image->profile->name);
	if (!gh_software_tbs(&e, tbs) || s->sign == NULL || !s->sign(s->ctx, (struct gh_span){ tbs, sizeof tbs }, sig))
		return false;
	gh_software_put(tbs, sig, l->evidence);
	return true;
}
