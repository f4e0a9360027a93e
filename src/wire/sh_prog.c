/* Programs and built-in commands whose effect on values is known, and those that run others. See sh.h. */
#include "wire/sh_int.h"

enum { NAME = 64 };

static bool one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[0] == list[i][0] && strcmp(s, list[i]) == 0)
			return true;
	return false;
}
#define ONE_OF(s, list) one_of((s), (list), sizeof(list) / sizeof(list)[0])

static const char *const shells[] = { "sh",    "bash",	"dash", "zsh",	"ksh",	"ash", "mksh",
				      "rbash", "ksh93", "yash", "posh", "hush", "zsh5" };

bool gh_sh_is_shell(const char *base) { return ONE_OF(base, shells); }

static bool option(struct gh_span w) { return w.n > 0 && w.p[0] == '-'; }

/* ---- what only runs another command ------------------------------------------------------------------------------------ */
static const struct {
	const char *name;
	unsigned bits;
	const char *takes; /* options whose value is the next word */
	unsigned operands; /* words before the command: timeout's seconds */
} wrappers[] = {
	{ "sudo", GH_SH_SUDO, "-u -g -h -p -C -r -t -T -U -D --user --group", 0 },
	{ "doas", GH_SH_SUDO, "-u -C", 0 },
	{ "pkexec", GH_SH_SUDO, "--user", 0 },
	{ "env", 0, "-u -C -S --unset --chdir", 0 },
	{ "nohup", 0, "", 0 },
	{ "setsid", 0, "", 0 },
	{ "nice", 0, "-n --adjustment", 0 },
	{ "ionice", 0, "-c -n -p", 0 },
	{ "chrt", 0, "", 1 },
	{ "taskset", 0, "", 1 },
	{ "numactl", 0, "", 0 },
	{ "timeout", 0, "-s -k --signal --kill-after", 1 },
	{ "stdbuf", 0, "-i -o -e", 0 },
	{ "unbuffer", 0, "", 0 },
	{ "command", 0, "", 0 },
	{ "builtin", 0, "", 0 },
	{ "exec", GH_SH_EXEC, "-a", 0 },
	{ "time", 0, "-f -o", 0 },
	{ "busybox", 0, "", 0 },
	{ "toybox", 0, "", 0 },
	{ "watch", 0, "-n -d", 0 },
	{ "flock", 0, "-w -E", 1 },
	{ "xargs", GH_SH_XARGS, "-I -n -P -L -d -s -E -a --max-args --max-procs --delimiter --replace", 0 },
	{ "parallel", GH_SH_XARGS, "-j -a -I --jobs", 0 },
	{ "unshare", 0, "", 0 },
	{ "fakeroot", 0, "", 0 },
	{ "proot", 0, "", 0 },
	{ "firejail", 0, "", 0 },
	{ "chroot", GH_SH_SUDO, "", 1 },
	{ "runuser", GH_SH_SUDO, "-u", 0 },
	{ "gosu", GH_SH_SUDO, "", 1 },
	{ "caffeinate", 0, "-t -w", 0 },
	{ "noglob", 0, "", 0 },
	{ "catchsegv", 0, "", 0 },
	{ "setarch", 0, "", 1 },
	{ "linux32", 0, "", 0 },
	{ "linux64", 0, "", 0 },
	{ "setpriv", 0, "", 0 },
	{ "prlimit", 0, "", 0 },
	{ "systemd-run", 0, "-u -p -E --unit", 0 },
	{ "xvfb-run", 0, "-n -s -e -f", 0 },
	{ "dbus-run-session", 0, "", 0 },
	{ "rlwrap", 0, "", 0 },
	{ "nsenter", 0, "-t", 0 },
	{ "cgexec", 0, "-g", 0 },
	{ "chpst", 0, "-u -U -e -n", 0 },
	{ "coproc", 0, "", 0 },
	{ "srun", 0, "-p -n -N -c -J -t -w -o -e", 0 },
	{ "strace", 0, "-a -b -e -E -I -o -O -p -P -s -S -u -U -X", 0 },
	{ "ltrace", 0, "-a -A -D -e -F -l -n -o -p -s -u -w -x", 0 },
	{ "valgrind", 0, "", 0 },
	{ "mpirun", 0, "-n -np -c -H -host --host -hostfile --hostfile -machinefile --map-by --bind-to -N", 0 },
	{ "mpiexec", 0, "-n -np -c -H -host --host -hosts -hostfile --hostfile -machinefile -f -ppn", 0 },
};

static bool listed(const char *list, struct gh_span w)
{
	while (*list != '\0') {
		size_t n = strcspn(list, " ");
		if (w.n == n && memcmp(w.p, list, n) == 0)
			return true;
		list += n;
		list += strspn(list, " ");
	}
	return false;
}

static bool assignment(struct gh_span w)
{
	size_t i = 0;
	while (i < w.n && sh_name_char(w.p[i]))
		i++;
	return i != 0 && i < w.n && w.p[i] == '=';
}

static void skip(struct gh_sh_cmd *c, size_t n)
{
	n = n < c->n ? n : c->n;
	c->word += n;
	c->n -= n;
}

unsigned gh_sh_strip(struct gh_sh_cmd *c)
{
	unsigned bits = 0;
	for (unsigned guard = 0; guard < 16 && c->n != 0; guard++) {
		char base[NAME];
		size_t k = 0, n = sizeof wrappers / sizeof wrappers[0];
		gh_sh_base(c->word[0].text, base, sizeof base);
		if (base[0] == '\0' && c->n > 1 && c->word[0].marks == 0 && !gh_sh_known(c->word[0].text)) {
			bits |= GH_SH_EMPTY; /* $@ and variables that nobody set are nothing at all */
			skip(c, 1);
			continue;
		}
		while (k < n && (wrappers[k].name[0] != base[0] || strcmp(wrappers[k].name, base) != 0))
			k++;
		if (k == n || c->n == 1)
			break;
		struct gh_sh_cmd was = *c;
		skip(c, 1);
		while (c->n != 0 && (option(c->word[0].text) || assignment(c->word[0].text))) {
			bool value = listed(wrappers[k].takes, c->word[0].text);
			bool text = value && gh_span_is(c->word[0].text, "-S");
			skip(c, value && !text ? 2 : 1);
		}
		skip(c, wrappers[k].operands);
		if (c->n == 0) { /* `sudo -v`, `env`: itself */
			c->word = was.word;
			c->n = was.n;
			break;
		}
		bits |= wrappers[k].bits;
	}
	return bits;
}

/* ---- scripts -------------------------------------------------------------------------------------------------------------- */
int gh_sh_script_of(struct gh_sh *sh, const struct gh_sh_cmd *c, struct gh_sh_val *out, struct gh_span *file,
		    struct gh_sh_args *args)
{
	bool text = false, input = false;
	size_t i = 1;
	*args = (struct gh_sh_args){ 0 };
	for (; i < c->n && (option(c->word[i].text) || gh_span_starts(c->word[i].text, "+")); i++) {
		struct gh_span w = c->word[i].text;
		if (gh_span_is(w, "--")) {
			i++;
			break;
		}
		bool value = gh_span_is(w, "-o") || gh_span_is(w, "+o") || gh_span_is(w, "-O") ||
			     gh_span_is(w, "--rcfile") || gh_span_is(w, "--init-file");
		if (!gh_span_starts(w, "--")) {
			text = text || memchr(w.p, 'c', w.n) != NULL;
			input = input || memchr(w.p, 's', w.n) != NULL || w.n == 1;
		}
		if (value)
			i++;
	}
	if (text && i < c->n) {
		*out = c->word[i];
		if (i + 2 <= c->n)
			*args = (struct gh_sh_args){ c->word + (i + 2 < c->n ? i + 2 : c->n),
						     i + 2 < c->n ? c->n - i - 2 : 0 };
		return 1;
	}
	bool device = i < c->n && (gh_span_is(c->word[i].text, "/dev/stdin") || gh_span_is(c->word[i].text, "-"));
	if (!input && !device && i < c->n) {
		*file = c->word[i].text;
		*out = gh_sh_file(sh, *file);
		out->marks |= c->word[i].marks;
		*args = (struct gh_sh_args){ c->word + i + 1, c->n - i - 1 };
		return 2;
	}
	if (!c->fed)
		return 0;
	*out = c->in;
	*args = (struct gh_sh_args){ c->word + (i < c->n ? i : c->n), i < c->n ? c->n - i : 0 };
	return 1;
}

static void run(struct gh_sh_cmd *c, struct gh_sh_val script, struct gh_sh_args args)
{
	c->out = gh_sh_any(script.marks);
	if (script.text.n == 1 && script.text.p[0] == GH_SH_ANY)
		return; /* there is nothing to read in it */
	c->runs = true;
	c->script = script;
	c->args = args;
}

/* ---- values --------------------------------------------------------------------------------------------------------------- */
static unsigned marks_of(struct gh_sh *sh, const struct gh_sh_cmd *c, bool files)
{
	unsigned marks = c->in.marks;
	for (size_t i = 0; i < c->n; i++) {
		marks |= c->word[i].marks;
		if (i != 0 && files && !option(c->word[i].text))
			marks |= gh_sh_file(sh, c->word[i].text).marks;
	}
	return marks;
}

static bool has_option(const struct gh_sh_cmd *c, char letter, const char *name)
{
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (gh_span_is(w, name) ||
		    (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && memchr(w.p, letter, w.n) != NULL))
			return true;
	}
	return false;
}

/* The first operand, or NULL. */
static const struct gh_sh_val *operand(const struct gh_sh_cmd *c, size_t nth)
{
	for (size_t i = 1; i < c->n; i++)
		if (!option(c->word[i].text) && nth-- == 0)
			return &c->word[i];
	return NULL;
}

/* The text of a filter: its input, or the file that it names. */
static struct gh_sh_val content(struct gh_sh *sh, const struct gh_sh_cmd *c, size_t nth)
{
	const struct gh_sh_val *f = operand(c, nth);
	struct gh_sh_val v = c->fed ? c->in : gh_sh_any(0);
	if (f != NULL && !gh_span_is(f->text, "-") && !gh_span_is(f->text, "/dev/stdin")) {
		v = gh_sh_file(sh, f->text);
		v.marks |= f->marks;
	}
	return v;
}

static struct gh_sh_val made(struct gh_span s, unsigned marks)
{
	return s.p == NULL ? gh_sh_any(marks) : (struct gh_sh_val){ s, marks };
}

static void do_echo(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	size_t i = 1;
	bool escapes = false, line = true;
	for (; i < c->n && option(c->word[i].text) && c->word[i].text.n > 1; i++) {
		struct gh_span w = c->word[i].text;
		bool all = true;
		for (size_t k = 1; k < w.n; k++)
			all = all && memchr("neE", w.p[k], 3) != NULL && w.p[k] != 0;
		if (!all)
			break;
		escapes = escapes || memchr(w.p, 'e', w.n) != NULL;
		line = line && memchr(w.p, 'n', w.n) == NULL;
	}
	struct gh_sh_val both[2] = { gh_sh_join(sh, c->word + i, c->n - i, ' '), { GH_SPAN("\n"), 0 } };
	if (escapes)
		both[0] = made(sh_ansi_c(sh, both[0].text, true), both[0].marks);
	c->out = line ? gh_sh_join(sh, both, 2, 0) : both[0];
}

static void do_printf(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	size_t i = 1;
	if (c->n > 3 && gh_span_is(c->word[1].text, "-v")) {
		gh_sh_set(sh, GH_SH_VAR, c->word[2].text, sh_printf(sh, c->word + 3, c->n - 3));
		c->out = (struct gh_sh_val){ 0 };
		return;
	}
	if (i < c->n && gh_span_is(c->word[i].text, "--"))
		i++;
	c->out = sh_printf(sh, c->word + i, c->n - i);
}

static void do_cat(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val v = c->fed ? c->in : gh_sh_any(0);
	bool any = false;
	for (size_t i = 1; i < c->n; i++) {
		if (option(c->word[i].text) && c->word[i].text.n > 1)
			continue;
		struct gh_sh_val one = option(c->word[i].text) ? c->in : gh_sh_file(sh, c->word[i].text);
		one.marks |= c->word[i].marks;
		struct gh_sh_val both[2] = { v, one };
		v = any ? gh_sh_join(sh, both, 2, 0) : one;
		any = true;
	}
	c->out = v;
}

static void do_tee(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	c->out = c->fed ? c->in : gh_sh_any(0);
	for (size_t i = 1; i < c->n; i++) {
		if (option(c->word[i].text))
			continue;
		if (sh->wrote != NULL)
			sh->wrote(sh, c, c->word[i], c->out);
		if (gh_sh_known(c->word[i].text))
			gh_sh_set(sh, GH_SH_FILE, c->word[i].text, c->out);
	}
}

static void do_decode(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	char base[NAME];
	gh_sh_base(c->word[0].text, base, sizeof base);
	struct gh_sh_val v = content(sh, c, 0);
	unsigned marks = marks_of(sh, c, true) | v.marks;
	bool b64 = strcmp(base, "base64") == 0, b32 = strcmp(base, "base32") == 0, xxd = strcmp(base, "xxd") == 0;
	bool decodes = xxd ? has_option(c, 'r', "-revert")
			   : has_option(c, 'd', "--decode") || has_option(c, 'D', "--decode");
	if (strcmp(base, "openssl") == 0)
		decodes = has_option(c, 'd', "-d");
	if (strncmp(base, "uu", 2) == 0 || strcmp(base, "ascii85") == 0)
		decodes = strcmp(base, "uuencode") != 0;
	if (!decodes) {
		c->out = gh_sh_any(marks);
		return;
	}
	marks |= GH_SH_DECODED;
	bool known = gh_sh_known(v.text);
	bool ssl = strcmp(base, "openssl") == 0 && c->n > 1 &&
		   (gh_span_is(c->word[1].text, "base64") || has_option(c, 'a', "-base64")) && operand(c, 1) == NULL;
	if (ssl)
		v = c->in, known = c->fed && gh_sh_known(v.text);
	c->out = gh_sh_any(marks);
	if (known && (b64 || ssl))
		c->out = made(sh_base64(sh, v.text, 6), marks);
	else if (known && b32)
		c->out = made(sh_base64(sh, v.text, 5), marks);
	else if (known && xxd)
		c->out = made(sh_hex(sh, v.text), marks);
}

static void do_unpack(struct gh_sh *sh, struct gh_sh_cmd *c) { c->out = gh_sh_any(marks_of(sh, c, true)); }

static void do_rev(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val v = content(sh, c, 0);
	c->out = gh_sh_known(v.text) ? made(sh_rev(sh, v.text), v.marks) : v;
}

static void do_tr(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	const struct gh_sh_val *a = operand(c, 0), *b = operand(c, 1);
	bool delete = has_option(c, 'd', "--delete");
	c->out = gh_sh_any(c->in.marks);
	if (c->fed && a != NULL && (b != NULL || delete) && gh_sh_known(c->in.text))
		c->out = made(sh_tr(sh, c->in.text, a->text, b == NULL ? a->text : b->text, delete),
			      c->in.marks | (a->marks));
}

static void do_sed(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	const struct gh_sh_val *program = operand(c, 0);
	struct gh_sh_val v = content(sh, c, 1);
	c->out = gh_sh_any(marks_of(sh, c, true));
	if (program != NULL && gh_sh_known(v.text) && gh_sh_known(program->text) && !has_option(c, 'i', "--in-place"))
		c->out = made(sh_sed(sh, v.text, program->text), v.marks | program->marks);
}

static void do_read(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val v = c->fed ? c->in : gh_sh_any(0);
	const uint8_t *nl = v.text.n == 0 ? NULL : memchr(v.text.p, '\n', v.text.n);
	bool one = operand(c, 1) == NULL, whole = nl == NULL || (size_t)(nl - v.text.p) + 1 == v.text.n;
	for (size_t i = 1; i < c->n; i++) {
		if (option(c->word[i].text))
			continue;
		if (one && whole && gh_sh_known(v.text))
			gh_sh_set(sh, GH_SH_VAR, c->word[i].text,
				  (struct gh_sh_val){ gh_span_cut(v.text, 0, nl == NULL ? v.text.n : v.text.n - 1),
						      v.marks });
		else
			gh_sh_set(sh, GH_SH_VAR, c->word[i].text, gh_sh_any(v.marks));
	}
	c->out = (struct gh_sh_val){ 0 };
}

static void do_export(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		const uint8_t *eq = option(w) || w.n == 0 ? NULL : memchr(w.p, '=', w.n);
		if (eq == NULL)
			continue;
		struct gh_span name = { w.p, (size_t)(eq - w.p) };
		gh_sh_set(sh, GH_SH_VAR, name, (struct gh_sh_val){ gh_span_cut(w, name.n + 1, w.n), c->word[i].marks });
	}
	c->out = (struct gh_sh_val){ 0 };
}

/* A body is read where it stands as well: the shell that reads the script may be somebody's own, who then uses the name. */
static void do_alias(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val *bodies = GH_NEW(sh->arena, struct gh_sh_val, 2 * c->n);
	size_t n = 0;
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		const uint8_t *eq = option(w) || w.n == 0 ? NULL : memchr(w.p, '=', w.n);
		if (eq == NULL)
			continue;
		struct gh_span name = { w.p, (size_t)(eq - w.p) };
		struct gh_sh_val v[2] = { { gh_span_cut(w, name.n + 1, w.n), c->word[i].marks },
					  { GH_SPAN("\"$@\""), 0 } };
		if (bodies != NULL) {
			bodies[n++] = v[0];
			bodies[n++] = (struct gh_sh_val){ GH_SPAN("\n"), 0 };
		}
		gh_sh_set(sh, GH_SH_FUNC, name, gh_sh_join(sh, v, 2, ' '));
	}
	if (n != 0)
		run(c, gh_sh_join(sh, bodies, n, 0), (struct gh_sh_args){ 0 });
	c->out = (struct gh_sh_val){ 0 };
}

static void do_set(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_frame *f = &sh->frame[sh->depth - 1];
	size_t i = 1;
	while (i < c->n && option(c->word[i].text) && !gh_span_is(c->word[i].text, "--"))
		i++;
	i += i < c->n && gh_span_is(c->word[i].text, "--");
	if (i < c->n) {
		struct gh_sh_args *a = GH_NEW(sh->arena, struct gh_sh_args, 1);
		if (a != NULL) {
			*a = (struct gh_sh_args){ c->word + i, c->n - i };
			f->args = a;
		}
	}
	c->out = (struct gh_sh_val){ 0 };
}

static void do_shift(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_frame *f = &sh->frame[sh->depth - 1];
	if (f->args != NULL && f->args->n != 0) {
		f->args->v++;
		f->args->n--;
	}
	c->out = (struct gh_sh_val){ 0 };
}

static void do_eval(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	run(c, gh_sh_join(sh, c->word + 1, c->n - 1, ' '), (struct gh_sh_args){ 0 });
}

static void do_trap(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	const struct gh_sh_val *text = operand(c, 0);
	(void)sh;
	if (text != NULL)
		run(c, *text, (struct gh_sh_args){ 0 });
}

static void do_source(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	if (c->n < 2)
		return;
	struct gh_sh_val v = gh_sh_file(sh, c->word[1].text);
	if (gh_span_is(c->word[1].text, "/dev/stdin") && c->fed)
		v = c->in;
	v.marks |= c->word[1].marks;
	if (gh_sh_known(v.text))
		run(c, v, (struct gh_sh_args){ c->word + 2, c->n - 2 });
	c->out = gh_sh_any(v.marks);
}

static void do_shell(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val script = { 0 };
	struct gh_span file;
	struct gh_sh_args args;
	int how = gh_sh_script_of(sh, c, &script, &file, &args);
	if (how == 0)
		return;
	if (gh_sh_known(script.text) || how == 1)
		run(c, script, args);
	c->out = gh_sh_any(script.marks);
}

static void do_su(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	(void)sh;
	for (size_t i = 1; i + 1 < c->n; i++) {
		struct gh_span w = c->word[i].text;
		bool letters = w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'c';
		if (letters || gh_span_is(w, "--command"))
			run(c, c->word[i + 1], (struct gh_sh_args){ 0 });
	}
}

/* find … -exec COMMAND ; … all of them: their words as arguments, which "$1" "$2" keeps apart. */
static void do_find(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_val *v = GH_NEW(sh->arena, struct gh_sh_val, c->n);
	size_t room = 16 * c->n + 16, used = 0, n = 0;
	char *text = gh_alloc(sh->arena, room, 1);
	bool on = false;
	for (size_t i = 1; v != NULL && text != NULL && i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (on && (gh_span_is(w, ";") || gh_span_is(w, "+"))) {
			on = false;
			text[used++] = '\n';
		} else if (on) {
			v[n++] = c->word[i];
			char digits[24];
			size_t d = sizeof digits;
			for (size_t k = n; k != 0; k /= 10)
				digits[--d] = (char)('0' + k % 10);
			memcpy(text + used, "\"${", 3);
			memcpy(text + used + 3, digits + d, sizeof digits - d);
			memcpy(text + used + 3 + sizeof digits - d, "}\" ", 3);
			used += 6 + sizeof digits - d;
		} else {
			on = gh_span_is(w, "-exec") || gh_span_is(w, "-execdir") || gh_span_is(w, "-ok") ||
			     gh_span_is(w, "-okdir");
		}
	}
	if (n != 0)
		run(c, (struct gh_sh_val){ { (const uint8_t *)text, used }, 0 }, (struct gh_sh_args){ v, n });
	else
		c->out = gh_sh_any(marks_of(sh, c, false));
}

/* ---- options whose value is a command ------------------------------------------------------------------------------------ */
static const struct {
	const char *program, *option;
	char after; /* the command begins behind this character of the value, or is no command without it; 0: at once */
} commanded[] = {
	{ "mapfile", "-C", 0 },		 { "readarray", "-C", 0 }, { "complete", "-C", 0 },
	{ "compgen", "-C", 0 },		 { "bind", "-x", ':' },	   { "zip", "-TT", 0 },
	{ "zip", "--unzip-command", 0 }, { "strace", "-o", '|' },  { "env", "-S", 0 },
	{ "env", "--split-string", 0 },
};

/* The text behind `after`; empty: the value is no command. */
static struct gh_span commanded_text(struct gh_span value, char after)
{
	const uint8_t *at = after == 0 || value.n == 0 ? NULL : memchr(value.p, after, value.n);
	if (after == 0)
		return value;
	return at == NULL ? (struct gh_span){ 0 } : gh_span_cut(value, (uint64_t)(at - value.p) + 1, value.n);
}

/* The value may be the next word, or stand in the same one (`-Cx`, `--split-string=x`). What follows env's are more words. */
static void run_option(struct gh_sh *sh, struct gh_sh_cmd *c, const struct gh_sh_cmd *as)
{
	char base[NAME];
	gh_sh_base(as->word[0].text, base, sizeof base);
	for (size_t k = 0; k < sizeof commanded / sizeof commanded[0]; k++) {
		if (strcmp(commanded[k].program, base) != 0)
			continue;
		struct gh_span name = gh_span_str(commanded[k].option);
		bool split = strcmp(base, "env") == 0;
		for (size_t i = 1; i < as->n; i++) {
			struct gh_span w = as->word[i].text;
			bool apart = gh_span_is(w, commanded[k].option),
			     same = !apart && gh_span_starts(w, commanded[k].option);
			if ((!apart && !same) || (apart && i + 1 == as->n))
				continue;
			size_t from = i + apart;
			size_t skipped = apart ? 0 : name.n;
			skipped += same && skipped < w.n && w.p[skipped] == '=';
			struct gh_sh_val v = as->word[from];
			v.text = commanded_text(gh_span_cut(v.text, skipped, v.text.n), commanded[k].after);
			if (v.text.n == 0)
				continue;
			struct gh_sh_val rest = gh_sh_join(sh, as->word + from + 1, as->n - from - 1, ' ');
			struct gh_sh_val both[2] = { v, rest };
			run(c, split && rest.text.n != 0 ? gh_sh_join(sh, both, 2, ' ') : v, (struct gh_sh_args){ 0 });
			return;
		}
	}
}

static void do_nothing(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	(void)sh;
	c->out = (struct gh_sh_val){ 0 };
}

/* Says something about its input, not the input itself. */
static void do_about(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	(void)sh;
	c->out = gh_sh_any(0);
}

static void copy(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	const struct gh_sh_val *a = operand(c, 0), *b = operand(c, 1);
	if (a != NULL && b != NULL && operand(c, 2) == NULL && gh_sh_known(b->text)) {
		struct gh_sh_val v = gh_sh_file(sh, a->text);
		if (gh_sh_get(sh, GH_SH_FILE, a->text) != NULL || v.marks != 0)
			gh_sh_set(sh, GH_SH_FILE, b->text, v);
		if (sh->wrote != NULL)
			sh->wrote(sh, c, *b, v);
	}
	c->out = (struct gh_sh_val){ 0 };
}

static const struct {
	const char *name;
	void (*act)(struct gh_sh *, struct gh_sh_cmd *);
} programs[] = {
	{ "echo", do_echo },
	{ "printf", do_printf },
	{ "cat", do_cat },
	{ "tac", do_cat },
	{ "tee", do_tee },
	{ "base64", do_decode },
	{ "base32", do_decode },
	{ "xxd", do_decode },
	{ "openssl", do_decode },
	{ "uudecode", do_decode },
	{ "rev", do_rev },
	{ "tr", do_tr },
	{ "sed", do_sed },
	{ "read", do_read },
	{ "export", do_export },
	{ "declare", do_export },
	{ "local", do_export },
	{ "readonly", do_export },
	{ "typeset", do_export },
	{ "alias", do_alias },
	{ "set", do_set },
	{ "shift", do_shift },
	{ "eval", do_eval },
	{ "trap", do_trap },
	{ "source", do_source },
	{ ".", do_source },
	{ "su", do_su },
	{ "runuser", do_su },
	{ "script", do_su },
	{ "sg", do_su },
	{ "flock", do_su },
	{ "find", do_find },
	{ ":", do_nothing },
	{ "true", do_nothing },
	{ "false", do_nothing },
	{ "cd", do_nothing },
	{ "mkdir", do_nothing },
	{ "chmod", do_nothing },
	{ "rm", do_nothing },
	{ "touch", do_nothing },
	{ "wc", do_about },
	{ "md5sum", do_about },
	{ "sha1sum", do_about },
	{ "sha256sum", do_about },
	{ "sha512sum", do_about },
	{ "test", do_about },
	{ "[", do_about },
	{ "[[", do_about },
	{ "du", do_about },
	{ "stat", do_about },
	{ "ls", do_about },
	{ "cp", copy },
	{ "mv", copy },
	{ "install", copy },
	{ "ln", copy },
	{ "gunzip", do_unpack },
	{ "zcat", do_unpack },
	{ "mapfile", do_read },
	{ "readarray", do_read },
	{ "which", do_about },
	{ "type", do_about },
	{ "basename", do_about },
	{ "dirname", do_about },
	{ "date", do_about },
	{ "uname", do_about },
	{ "hostname", do_about },
	{ "whoami", do_about },
	{ "pwd", do_about },
	{ "nproc", do_about },
	{ "seq", do_about },
	{ "mktemp", do_about },
};

/* A function: its body, unless it calls itself. */
static bool function(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	const struct gh_sh_val *body = gh_sh_get(sh, GH_SH_FUNC, c->word[0].text);
	if (body == NULL)
		return false;
	const char *name = (const char *)gh_keep(sh->arena, c->word[0].text).p;
	for (unsigned i = sh->depth; i-- > 0;)
		if (sh->frame[i].called != NULL && name != NULL && strcmp(sh->frame[i].called, name) == 0)
			return true;
	run(c, *body, (struct gh_sh_args){ c->word + 1, c->n - 1 });
	c->called = name;
	return true;
}

void gh_sh_feed(struct gh_sh *sh, const struct gh_sh_cmd *was, struct gh_sh_cmd *c)
{
	struct gh_sh_val *v = c->fed ? GH_NEW(sh->arena, struct gh_sh_val, c->n + 1) : NULL;
	struct gh_span token = GH_SPAN("{}");
	bool placed = false;
	if (v == NULL)
		return;
	for (size_t i = 0; i < was->n; i++) {
		struct gh_span w = was->word[i].text;
		if (gh_span_is(w, "-I") && i + 1 < was->n)
			token = was->word[i + 1].text;
		else if (gh_span_starts(w, "-I") && w.n > 2)
			token = gh_span_cut(w, 2, w.n);
	}
	for (size_t i = 0; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		const uint8_t *at = w.n == 0 || token.n == 0 ? NULL : memmem(w.p, w.n, token.p, token.n);
		v[i] = c->word[i];
		if (at == NULL)
			continue;
		struct gh_span before = gh_span_cut(w, 0, (uint64_t)(at - w.p));
		struct gh_sh_val parts[3] = { { before, v[i].marks },
					      c->in,
					      { gh_span_cut(w, before.n + token.n, w.n), 0 } };
		v[i] = gh_sh_join(sh, parts, 3, 0);
		placed = true;
	}
	v[c->n] = c->in;
	c->word = v;
	c->n += !placed;
}

void gh_sh_default(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	if (c->n == 0) {
		if (!c->compound)
			c->out = c->fed ? c->in : (struct gh_sh_val){ 0 };
		return;
	}
	if (function(sh, c))
		return;
	struct gh_sh_cmd was = *c;
	run_option(sh, c, &was);
	if (c->runs)
		return;
	unsigned bits = gh_sh_strip(c);
	char base[NAME];
	if (c->n == 0) {
		c->word = was.word;
		c->n = was.n;
	}
	gh_sh_base(c->word[0].text, base, sizeof base);
	if ((bits & GH_SH_XARGS) != 0)
		gh_sh_feed(sh, &was, c);
	if (gh_sh_is_shell(base)) {
		do_shell(sh, c);
		return;
	}
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		if (programs[i].name[0] == base[0] && strcmp(programs[i].name, base) == 0) {
			programs[i].act(sh, c);
			return;
		}
	if (was.n != c->n && function(sh, c))
		return;
	c->out = gh_sh_any(marks_of(sh, c, true));
}
