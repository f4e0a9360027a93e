/* One command of a shell script: what it does. See shcode.h. */
#include "check/shcode_int.h"

enum { NAME = 64 };

void gh_sc_foreign(struct judge *j, const struct gh_sh_cmd *c, unsigned marks, const char *what)
{
	if ((marks & M_NET) != 0)
		gh_sc_say(j, SC_FETCH_RUN, c, what);
	else if ((marks & (unsigned)GH_SH_DECODED) != 0)
		gh_sc_say(j, SC_DECODE_RUN, c, what);
	else if ((marks & M_KNOWN) != 0)
		gh_sc_say(j, SC_INSTALLER, c, what);
}

static bool word_is(const struct gh_sh_cmd *c, size_t i, const char *s)
{
	return i < c->n && gh_span_is(c->word[i].text, s);
}

static bool any_word(const struct gh_sh_cmd *c, const char *s)
{
	for (size_t i = 1; i < c->n; i++)
		if (gh_span_is(c->word[i].text, s))
			return true;
	return false;
}

static bool has_letter(const struct gh_sh_cmd *c, char letter)
{
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && memchr(w.p, letter, w.n) != NULL)
			return true;
	}
	return false;
}

/* ---- files ------------------------------------------------------------------------------------------------------------ */
unsigned gh_sc_reads(struct gh_sh *sh, struct gh_span file)
{
	(void)sh;
	return gh_sc_secret_path(file) ? M_SECRET : 0;
}

void gh_sc_wrote(struct gh_sh *sh, const struct gh_sh_cmd *c, struct gh_sh_val file, struct gh_sh_val what)
{
	struct judge *j = sh->ctx;
	char base[NAME] = "";
	if (c->n != 0)
		gh_sh_base(c->word[0].text, base, sizeof base);
	bool null = gh_span_is(file.text, "/dev/null");
	switch (gh_sc_place(file.text)) {
	case SC_PLACE_RC:
		gh_sc_say(j, gh_sc_harmless_rc(what.text) ? SC_SYSTEM : SC_PERSIST, c, "what runs with every shell");
		break;
	case SC_PLACE_START: gh_sc_say(j, SC_PERSIST, c, "what starts or lets in later"); break;
	case SC_PLACE_DISK: gh_sc_say(j, SC_DESTROY, c, "writes to a disk itself"); break;
	case SC_PLACE_TRACE: gh_sc_say(j, SC_DISABLE, c, "removes traces"); break;
	case SC_PLACE_SYSTEM:
		if (!null)
			gh_sc_say(j, SC_SYSTEM, c, "");
		break;
	default: break;
	}
	/* A link from a history to nowhere; a folder moved to nowhere. */
	if (null && strcmp(base, "mv") == 0 && c->n > 2)
		gh_sc_say(j, SC_DESTROY, c, "moves files to nowhere");
}

static void redirections(struct judge *j, const struct gh_sh_cmd *c)
{
	for (size_t i = 0; i < c->nredir; i++) {
		struct gh_span to = c->redir[i].to.text;
		if (c->redir[i].op == GH_SH_HERE)
			continue;
		if (gh_sc_has(to, "/dev/tcp/") || gh_sc_has(to, "/dev/udp/"))
			gh_sc_say(j, SC_REVERSE, c, "a connection in the place of a file");
	}
}

/* Variables that run or load something by themselves. */
static void assignments(struct judge *j, struct gh_sh *sh, struct gh_sh_cmd *c)
{
	for (size_t i = 0; i < c->nassign; i++) {
		struct gh_span a = c->assign[i].text;
		const uint8_t *eq = memchr(a.p, '=', a.n);
		struct gh_span name = { a.p, eq == NULL ? a.n : (size_t)(eq - a.p) };
		struct gh_span v = gh_span_cut(a, name.n + 1, a.n);
		gh_sc_variable(j, c, a);
		if (gh_span_is(name, "PROMPT_COMMAND") || gh_span_is(name, "BASH_ENV") || gh_span_is(name, "ENV")) {
			if (c->n == 0 && !c->runs && gh_span_is(name, "PROMPT_COMMAND")) {
				c->runs = true;
				c->script = (struct gh_sh_val){ v, c->assign[i].marks };
			}
		} else if ((gh_span_is(name, "HISTFILE") && gh_span_is(v, "/dev/null")) ||
			   (gh_span_starts(name, "HIST") && gh_span_is(v, "0"))) {
			gh_sc_say(j, SC_DISABLE, c, "leaves no history");
		}
	}
	(void)sh;
}

/* ---- groups of commands ---------------------------------------------------------------------------------------------- */
static void removal(struct judge *j, const struct gh_sh_cmd *c, const char *base)
{
	bool deep = has_letter(c, 'r') || has_letter(c, 'R') || any_word(c, "--recursive"),
	     find = strcmp(base, "find") == 0;
	bool chmod = strcmp(base, "chmod") == 0 || strcmp(base, "chown") == 0;
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n == 0 || w.p[0] == '-')
			continue;
		if (find && i > 1 && c->word[i - 1].text.n != 0 && c->word[i - 1].text.p[0] == '-')
			continue;
		if (gh_sc_vital(w) && (deep || (find && any_word(c, "-delete"))))
			gh_sc_say(j, SC_DESTROY, c, "");
		else if (chmod || find)
			continue;
		else if (gh_sc_place(w) == SC_PLACE_TRACE && !gh_sc_has(w, "/var/log/apt"))
			gh_sc_say(j, SC_DISABLE, c, "removes traces");
		else if ((w.p[0] == '/' && !gh_span_starts(w, "/tmp/") && !gh_span_starts(w, "/var/lib/apt/lists") &&
			  !gh_span_starts(w, "/var/cache/") && !gh_span_starts(w, "/root/.cache")) ||
			 gh_span_starts(w, "~/.") || gh_sc_has(w, "../.."))
			gh_sc_say(j, SC_DELETE, c, "");
	}
	if (any_word(c, "--no-preserve-root"))
		gh_sc_say(j, SC_DESTROY, c, "");
}

static void mode(struct judge *j, const struct gh_sh_cmd *c, struct gh_span w)
{
	while (w.n > 4 && w.p[0] == '0')
		w = gh_span_cut(w, 1, w.n);
	bool octal = w.n == 4 && memchr("234567", w.p[0], 6) != NULL && memchr("01234567", w.p[1], 8) != NULL;
	const uint8_t *plus = w.n == 0 ? NULL : memchr(w.p, '+', w.n);
	plus = plus != NULL || w.n == 0 ? plus : memchr(w.p, '=', w.n);
	bool letters = plus != NULL && w.n < 12 && memchr(plus, 's', (size_t)(w.p + w.n - plus)) != NULL;
	if (octal || letters)
		gh_sc_say(j, SC_ESCALATE, c, "a program that runs as its owner");
}

static void modes(struct judge *j, const struct gh_sh_cmd *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n > 1 && w.p[0] == '-' && memchr("rwxXst", w.p[1], 6) == NULL)
			continue;
		mode(j, c, w);
		break;
	}
}

static void destroyer(struct judge *j, const struct gh_sh_cmd *c, const char *base)
{
	if (strcmp(base, "dd") == 0 || strcmp(base, "truncate") == 0) {
		for (size_t i = 1; i < c->n; i++) {
			struct gh_span w = c->word[i].text;
			struct gh_span to = gh_span_starts(w, "of=") ? gh_span_cut(w, 3, w.n) : (struct gh_span){ 0 };
			if (gh_sc_place(to) == SC_PLACE_DISK)
				gh_sc_say(j, SC_DESTROY, c, "writes to a disk itself");
		}
		return;
	}
	bool device = false;
	for (size_t i = 1; i < c->n; i++)
		device = device || gh_span_starts(c->word[i].text, "/dev/") || gh_sc_vital(c->word[i].text) ||
			 gh_span_starts(c->word[i].text, "~");
	gh_sc_say(j, device ? SC_DESTROY : SC_PROGRAM, c, "");
}

static void services(struct judge *j, const struct gh_sh_cmd *c, const char *base)
{
	bool stops = any_word(c, "stop") || any_word(c, "disable") || any_word(c, "mask") || any_word(c, "kill") ||
		     any_word(c, "remove") || strstr(base, "kill") != NULL || any_word(c, "off") ||
		     any_word(c, "purge");
	bool defence = false;
	for (size_t i = 1; i < c->n; i++)
		defence = defence || gh_sc_defence(c->word[i].text);
	bool off = (strcmp(base, "setenforce") == 0 && (word_is(c, 1, "0") || word_is(c, 1, "Permissive"))) ||
		   (strcmp(base, "ufw") == 0 && (any_word(c, "disable") || any_word(c, "reset"))) ||
		   (strstr(base, "tables") != NULL &&
		    (any_word(c, "-F") || any_word(c, "--flush") || any_word(c, "-X"))) ||
		   (strcmp(base, "nft") == 0 && any_word(c, "flush")) ||
		   (strcmp(base, "auditctl") == 0 && (any_word(c, "-D") || any_word(c, "-e"))) ||
		   (strcmp(base, "spctl") == 0 && any_word(c, "--master-disable")) ||
		   (strcmp(base, "csrutil") == 0 && any_word(c, "disable")) || strcmp(base, "aa-teardown") == 0 ||
		   strcmp(base, "aa-disable") == 0 || (strcmp(base, "dmesg") == 0 && has_letter(c, 'C'));
	if (off || (stops && defence))
		gh_sc_say(j, SC_DISABLE, c, "switches a defence off");
	else if (strcmp(base, "crontab") == 0)
		gh_sc_say(j, word_is(c, 1, "-l") || word_is(c, 1, "-r") ? SC_SYSTEM : SC_PERSIST, c,
			  "what starts later");
	else if (strncmp(base, "kill", 4) == 0 && has_letter(c, '9') && word_is(c, c->n - 1, "-1"))
		gh_sc_say(j, SC_DESTROY, c, "ends every process");
	else if ((strcmp(base, "useradd") == 0 || strcmp(base, "usermod") == 0) && any_word(c, "-o") &&
		 any_word(c, "0"))
		gh_sc_say(j, SC_ESCALATE, c, "another account of the superuser");
	else if (strcmp(base, "setcap") == 0)
		gh_sc_say(j, SC_ESCALATE, c, "");
	else if (strstr(base, "kill") == NULL && strcmp(base, "journalctl") != 0 && strcmp(base, "dmesg") != 0 &&
		 strcmp(base, "chown") != 0)
		gh_sc_say(j, SC_SYSTEM, c, "");
	else if (strcmp(base, "chown") == 0)
		removal(j, c, base);
}

static bool verb_of(const char *verbs, const struct gh_sh_cmd *c)
{
	for (size_t i = 1; i < c->n && i < 5; i++) {
		struct gh_span w = c->word[i].text;
		for (const char *p = verbs; *p != '\0'; p += strspn(p, " ")) {
			size_t n = strcspn(p, " ");
			if (w.n == n && memcmp(w.p, p, n) == 0)
				return true;
			p += n;
		}
	}
	return false;
}

/* Harmless programs with a use that is not. */
static void harmless(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks)
{
	gh_sc_places(j, sh, c, base);
	if (strcmp(base, "rm") == 0 || strcmp(base, "find") == 0 || strcmp(base, "mv") == 0)
		removal(j, c, base);
	if (strcmp(base, "chmod") == 0) {
		removal(j, c, base);
		modes(j, c);
	}
	for (size_t i = 1; i < c->n && strcmp(base, "install") == 0; i++) {
		struct gh_span w = c->word[i].text;
		if ((gh_span_is(w, "-m") || gh_span_is(w, "--mode")) && i + 1 < c->n)
			mode(j, c, c->word[i + 1].text);
		else if (gh_span_starts(w, "--mode="))
			mode(j, c, gh_span_cut(w, 7, w.n));
		else if (gh_span_starts(w, "-m"))
			mode(j, c, gh_span_cut(w, 2, w.n));
	}
	if (strcmp(base, "cd") == 0 || strcmp(base, "pushd") == 0)
		gh_sc_enter(j, c->n > 1 ? c->word[1].text : (struct gh_span){ 0 });
	if ((strcmp(base, "env") == 0 || strcmp(base, "printenv") == 0 || strcmp(base, "set") == 0) && c->n == 1)
		*marks |= M_SECRET;
	if (strcmp(base, "whoami") == 0 || strcmp(base, "id") == 0 || strcmp(base, "hostname") == 0 ||
	    strcmp(base, "history") == 0)
		*marks |= M_SECRET;
	if ((strcmp(base, "export") == 0 || strcmp(base, "declare") == 0) &&
	    (word_is(c, 1, "-p") || word_is(c, 1, "-x")) && c->n == 2)
		*marks |= M_SECRET;
	if ((strcmp(base, "history") == 0 && has_letter(c, 'c')) ||
	    (strcmp(base, "unset") == 0 && any_word(c, "HISTFILE")) ||
	    (strcmp(base, "set") == 0 && any_word(c, "+o") && any_word(c, "history")))
		gh_sc_say(j, SC_DISABLE, c, "leaves no history");
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		bool awk = strstr(base, "awk") != NULL &&
			   (gh_sc_has(w, "system(") || gh_sc_has(w, "| getline") || gh_sc_has(w, "| \""));
		if (strstr(base, "awk") != NULL && gh_sc_has(w, "/inet/"))
			gh_sc_say(j, SC_REVERSE, c, "a connection of awk's");
		else if (awk || gh_span_starts(w, "--checkpoint-action") || gh_span_starts(w, "--to-command"))
			gh_sc_say(j, SC_CODE, c, "");
		if (strcmp(base, "sed") == 0 && has_letter(c, 'i') && gh_sc_place(w) != SC_PLACE_NONE && w.p[0] != '-')
			gh_sc_say(j, SC_SYSTEM, c, "");
	}
}

/* Archives of secrets are secrets. */
static void archives(struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base)
{
	unsigned marks = 0;
	if (strcmp(base, "tar") != 0 && strcmp(base, "zip") != 0 && strncmp(base, "7z", 2) != 0 &&
	    strcmp(base, "gpg") != 0)
		return;
	for (size_t i = 1; i < c->n; i++)
		marks |= c->word[i].marks | gh_sh_file(sh, c->word[i].text).marks;
	for (size_t i = 1; i < c->n && (marks & M_SECRET) != 0; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n != 0 && w.p[0] != '-' && (gh_sc_has(w, ".t") || gh_sc_has(w, ".zip") || gh_sc_has(w, ".7z")) &&
		    gh_sh_known(w))
			gh_sh_set(sh, GH_SH_FILE, w, gh_sh_any(M_SECRET));
	}
}

static void fork_bomb(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c)
{
	const struct gh_sh_val *body = gh_sh_get(sh, GH_SH_FUNC, c->word[0].text);
	struct gh_span name = c->word[0].text, b = body->text;
	size_t calls = 0;
	for (size_t i = 0; name.n != 0 && i + name.n <= b.n; i++)
		calls += memcmp(b.p + i, name.p, name.n) == 0;
	if (calls >= 2 && b.n < 64 && gh_sc_has(b, "|") && gh_sc_has(b, "&"))
		gh_sc_say(j, SC_DESTROY, c, "calls itself without end");
}

/* ---- what runs what -------------------------------------------------------------------------------------------------- */
static bool pattern_in(struct gh_span w)
{
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] == '?' || w.p[i] == '*' || (w.p[i] == '[' && w.n > 2))
			return true;
	return false;
}

/* The name of the command: may it come from outside, or is it hidden? True: nothing more can be said. */
static bool name_of(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base)
{
	struct gh_sh_val w = c->word[0];
	unsigned foreign = w.marks & (M_NET | M_KNOWN | (unsigned)GH_SH_DECODED);
	if (foreign != 0) {
		gh_sc_foreign(j, c, w.marks, "the command itself");
		return (foreign & M_KNOWN) == 0 && !gh_sh_known(w.text);
	}
	if (gh_sc_path_like(w.text))
		gh_sc_ran(j, c, w.text);
	if (gh_sc_path_like(w.text) && gh_sh_get(sh, GH_SH_FILE, w.text) != NULL)
		gh_sc_foreign(j, c, gh_sh_file(sh, w.text).marks, "a file is executed");
	if (base[0] == '\0') {
		gh_sc_say(j, SC_UNKNOWN, c, "");
		return true;
	}
	if (w.text.p[0] == '/' && pattern_in(w.text))
		gh_sc_say(j, SC_SPELT, c, "");
	return false;
}

static void shell_command(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, unsigned *marks)
{
	struct gh_sh_val script = { 0 };
	struct gh_span file = { 0 };
	struct gh_sh_args args;
	int how = gh_sh_script_of(sh, c, &script, &file, &args);
	gh_sc_foreign(j, c, how == 0 ? 0 : script.marks, "given to a shell");
	if (how == 2) {
		gh_sc_ran(j, c, file);
		if (gh_sc_called_data(file))
			gh_sc_say(j, SC_DISGUISED, c, "given to a shell");
		else if (gh_sc_open_ended(file))
			gh_sc_say(j, SC_UNKNOWN, c, "");
	}
	if (how == 1 && script.text.n == 1 && script.text.p[0] == GH_SH_ANY && (script.marks & (M_NET | M_KNOWN)) == 0)
		gh_sc_say(j, SC_UNKNOWN, c, "");
	if (how == 0 || (has_letter(c, 'i') && how != 2))
		*marks |= M_SHELL;
	if (how == 1 && !gh_sh_known(script.text) && c->fed)
		*marks |= M_SHELL;
}

static void by_class(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks)
{
	const char *verbs;
	enum sc_class is = gh_sc_class(base, &verbs);
	struct gh_span w = c->word[0].text;
	if (is == SC_IS_FETCHER && verbs[0] != '\0' && !verb_of(verbs, c))
		is = strcmp(base, "getent") == 0 ? SC_IS_HARMLESS : SC_IS_UNKNOWN; /* local tables */
	if (is == SC_IS_TALKER && verbs[0] != '\0' && !verb_of(verbs, c))
		is = SC_IS_HARMLESS;
	switch (is) {
	case SC_IS_HARMLESS: harmless(j, sh, c, base, marks); break;
	case SC_IS_FETCHER: gh_sc_fetch(j, sh, c, base, marks); break;
	case SC_IS_TALKER:
		gh_sc_talk(j, c, base);
		*marks |= M_NET;
		break;
	case SC_IS_REMOTE: gh_sc_say(j, (c->in.marks & M_SECRET) != 0 ? SC_EXFIL : SC_REMOTE, c, ""); break;
	case SC_IS_INSTALLER:
		if (verbs[0] == '\0' || verb_of(verbs, c))
			gh_sc_say(j, SC_INSTALL, c, "");
		break;
	case SC_IS_INTERPRETER: gh_sc_interpret(j, sh, c, base, marks); break;
	case SC_IS_SYSTEM: services(j, c, base); break;
	case SC_IS_DESTROYER: destroyer(j, c, base); break;
	case SC_IS_MINER: gh_sc_say(j, SC_MINER, c, ""); break;
	case SC_IS_UNKNOWN: {
		bool script = gh_span_ends(w, ".sh") || gh_span_ends(w, ".py") || gh_span_ends(w, ".bash");
		bool beside = script && gh_sc_path_like(w) && w.p[0] != '/' && !gh_span_starts(w, "~");
		if (strcmp(base, "git") != 0 ? !beside : gh_sc_has(gh_sh_join(sh, c->word, c->n, ' ').text, "ext::"))
			gh_sc_say(j, SC_PROGRAM, c, "");
		break;
	}
	}
}

static void evaluates(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base)
{
	unsigned marks = 0;
	bool eval = strcmp(base, "eval") == 0 || strcmp(base, "trap") == 0;
	if (!eval && strcmp(base, "source") != 0 && strcmp(base, ".") != 0)
		return;
	for (size_t i = 1; i < c->n; i++)
		marks |= c->word[i].marks;
	if (!eval && c->n > 1) {
		gh_sc_ran(j, c, c->word[1].text);
		if (gh_sc_called_data(c->word[1].text))
			gh_sc_say(j, SC_DISGUISED, c, "read as a script");
		else if (gh_sc_open_ended(c->word[1].text))
			gh_sc_say(j, SC_UNKNOWN, c, "");
	}
	if (!eval && c->n > 1)
		marks |= gh_sh_file(sh, c->word[1].text).marks |
			 (gh_span_is(c->word[1].text, "/dev/stdin") ? c->in.marks : 0);
	gh_sc_foreign(j, c, marks, eval ? "evaluated" : "read as a script");
	if (eval && marks == 0 && c->n == 2 && c->word[1].text.n == 1 && c->word[1].text.p[0] == GH_SH_ANY)
		gh_sc_say(j, SC_UNKNOWN, c, "");
}

void gh_sc_command(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct judge *j = sh->ctx;
	struct gh_sh_cmd x = *c;
	char base[NAME];
	unsigned marks = 0;
	redirections(j, c);
	assignments(j, sh, c);
	if (c->n == 0 || gh_sh_get(sh, GH_SH_FUNC, c->word[0].text) != NULL) {
		if (c->n != 0)
			fork_bomb(j, sh, c);
		gh_sh_default(sh, c);
		return;
	}
	unsigned bits = gh_sh_strip(&x);
	if ((bits & GH_SH_XARGS) != 0 && x.n != 0)
		gh_sh_feed(sh, c, &x);
	gh_sh_base(x.word[0].text, base, sizeof base);
	if ((bits & GH_SH_SUDO) != 0 || strcmp(base, "sudo") == 0)
		gh_sc_say(j, SC_SUDO, c, "");
	if ((bits & GH_SH_EMPTY) != 0)
		gh_sc_say(j, SC_UNKNOWN, c, "");
	for (size_t i = 0; i < x.n; i++) {
		if (gh_sc_has(x.word[i].text, "stratum+"))
			gh_sc_say(j, SC_MINER, c, "");
		if (gh_sc_has(x.word[i].text, "/dev/tcp/") && x.n > 1 && strcmp(base, "exec") == 0)
			gh_sc_say(j, SC_REVERSE, c, "");
	}
	if (!name_of(j, sh, &x, base)) {
		if (gh_sh_is_shell(base))
			shell_command(j, sh, &x, &marks);
		else
			by_class(j, sh, &x, base, &marks);
		evaluates(j, sh, &x, base);
	}
	archives(sh, &x, base);
	if (strcmp(base, "git") == 0)
		gh_sc_git(j, &x);
	if (strcmp(base, "hf") == 0 || strcmp(base, "huggingface-cli") == 0)
		gh_sc_hub(sh, &x);
	bool exports = strcmp(base, "export") == 0 || strcmp(base, "declare") == 0 || strcmp(base, "typeset") == 0;
	for (size_t i = 0; i < c->n; i++) /* also `env NAME=VALUE command` */
		if (exports || i < c->n - x.n)
			gh_sc_variable(j, c, c->word[i].text);
	gh_sh_default(sh, c);
	if (strcmp(base, "sed") == 0)
		gh_sc_sed(j, sh, c, &x);
	else if (strstr(base, "awk") != NULL)
		gh_sc_awk(j, sh, c, &x);
	c->out.marks |= marks;
	if (c->runs)
		c->script.marks |= marks;
}
