/* Tools whose arguments are programs of their own, or make other tools run something: sed, awk, git, variables of the
 * environment; and files that are run although their names say that they are data. */
#include "check/shcode_int.h"
#include "wire/environ.h"

/* ---- sed (POSIX.1-2017, sed; GNU's commands e, w and the flags of s) --------------------------------------------------- */
static size_t until(struct gh_span s, size_t i, const char *stops)
{
	while (i < s.n && s.p[i] != '\n' && memchr(stops, s.p[i], strlen(stops)) == NULL)
		i++;
	return i;
}

/* Behind the part of s/…/…/ that begins at i. */
static size_t part(struct gh_span s, size_t i, uint8_t mark)
{
	while (i < s.n && s.p[i] != mark)
		i += s.p[i] == '\\' ? 2 : 1;
	return i < s.n ? i + 1 : s.n;
}

static size_t address(struct gh_span s, size_t i)
{
	while (i < s.n) {
		if (memchr(" \t\n;{}0123456789$,~+!", s.p[i], 21) != NULL)
			i++;
		else if (s.p[i] == '/')
			i = part(s, i + 1, '/');
		else if (s.p[i] == '\\' && i + 1 < s.n)
			i = part(s, i + 2, s.p[i + 1]);
		else
			break;
	}
	return i;
}

/* The command that a program of sed runs: its first, p == NULL for none. *input: it runs the lines themselves. */
static struct gh_span sed_runs(struct gh_span s, bool *input, struct gh_span *writes)
{
	for (size_t i = address(s, 0); i < s.n; i = address(s, i)) {
		uint8_t c = s.p[i++];
		size_t end = i;
		if (c == 's' || c == 'y') {
			uint8_t mark = i < s.n ? s.p[i] : '/';
			i = part(s, part(s, i + 1, mark), mark);
			end = until(s, i, ";}");
			for (size_t k = i; c == 's' && k < end; k++) {
				*input = *input || s.p[k] == 'e';
				if (s.p[k] == 'w') {
					*writes = gh_span_cut(s, k + 2, until(s, k, "") - k - 2);
					break;
				}
			}
		} else if (c == 'e') {
			end = until(s, i, "");
			while (i < end && s.p[i] == ' ')
				i++;
			if (i < end && s.p[i] != '}' && s.p[i] != ';')
				return gh_span_cut(s, i, end - i);
			*input = true;
		} else if (c == 'w' || c == 'W') {
			end = until(s, i, "");
			*writes = gh_span_cut(s, i + 1, end - i - 1);
		} else if (c == 'a' || c == 'i' || c == 'c' || c == 'r' || c == 'R' || c == '#') {
			end = until(s, i, "");
		} else if (c == ':' || c == 'b' || c == 't' || c == 'T') {
			end = until(s, i, ";}");
		}
		i = end;
	}
	return (struct gh_span){ 0 };
}

void gh_sc_sed(struct judge *j, struct gh_sh *sh, struct gh_sh_cmd *c, const struct gh_sh_cmd *x)
{
	bool given = false, next = false;
	for (size_t i = 1; i < x->n; i++) {
		struct gh_span w = x->word[i].text, writes = { 0 };
		bool option = w.n > 1 && w.p[0] == '-', input = false;
		if (option && !next) {
			next = gh_span_is(w, "-e") || gh_span_is(w, "--expression");
			if (!gh_span_starts(w, "--expression="))
				continue;
			w = gh_span_cut(w, 13, w.n);
		} else if (given && !next) {
			continue;
		}
		given = true;
		next = false;
		struct gh_span command = sed_runs(w, &input, &writes);
		if (command.p != NULL && !c->runs) {
			c->runs = true;
			c->script = (struct gh_sh_val){ command, x->word[i].marks };
			gh_sc_say(j, SC_CODE, x, "sed runs a command");
		} else if (input) {
			gh_sc_foreign(j, x, x->in.marks, "sed runs the lines it reads");
			gh_sc_say(j, SC_UNKNOWN, x, "sed runs the lines it reads");
		}
		if (writes.n != 0)
			gh_sc_wrote(sh, x, (struct gh_sh_val){ writes, 0 }, gh_sh_any(x->in.marks));
	}
}

/* ---- awk -------------------------------------------------------------------------------------------------------------- */
enum { LITERALS = 16 };

/* The strings of the program that are given to a shell: behind system( and `|`, before `| getline`. */
void gh_sc_awk(struct judge *j, struct gh_sh *sh, struct gh_sh_cmd *c, const struct gh_sh_cmd *x)
{
	struct gh_sh_val v[2 * LITERALS];
	size_t n = 0;
	for (size_t i = 1; i < x->n; i++) {
		struct gh_span w = x->word[i].text;
		for (size_t k = 0; k < w.n; k++) {
			if (w.p[k] != '"')
				continue;
			size_t end = k + 1;
			while (end < w.n && w.p[end] != '"')
				end += w.p[end] == '\\' ? 2 : 1;
			size_t before = k, after = end + 1;
			while (before > 0 && (w.p[before - 1] == ' ' || w.p[before - 1] == '('))
				before--;
			while (after < w.n && w.p[after] == ' ')
				after++;
			bool system = before >= 6 && memcmp(w.p + before - 6, "system", 6) == 0;
			bool piped = (before > 0 && w.p[before - 1] == '|') ||
				     (after + 9 <= w.n && gh_sc_has(gh_span_cut(w, after, 12), "getline"));
			struct gh_span text = gh_span_cut(w, k + 1, end < w.n ? end - k - 1 : w.n);
			if ((system || piped) && n + 2 <= sizeof v / sizeof v[0] && text.n != 0) {
				char base[16];
				gh_sh_base(text, base, sizeof base);
				if (piped && gh_sh_is_shell(base))
					gh_sc_foreign(j, x, x->in.marks, "awk gives it to a shell");
				v[n++] = (struct gh_sh_val){ text, x->word[i].marks };
				v[n++] = (struct gh_sh_val){ GH_SPAN("\n"), 0 };
			}
			k = end;
		}
	}
	if (n != 0 && !c->runs) {
		c->runs = true;
		c->script = gh_sh_join(sh, v, n, 0);
	}
}

/* ---- git -------------------------------------------------------------------------------------------------------------- */
static bool same(struct gh_span key, const char *pattern)
{
	size_t i = 0;
	for (; *pattern != '\0' && i < key.n; pattern++) {
		if (*pattern == '*') {
			while (i < key.n && key.p[i] != '.')
				i++;
			continue;
		}
		uint8_t c = key.p[i] >= 'A' && key.p[i] <= 'Z' ? key.p[i] | 0x20 : key.p[i];
		if (c != (uint8_t)*pattern)
			return false;
		i++;
	}
	return *pattern == '\0' && i == key.n;
}

static bool own_path(struct gh_span v)
{
	return gh_span_starts(v, "./") || gh_span_starts(v, "../") || gh_span_starts(v, "/tmp/") ||
	       gh_span_starts(v, "/dev/shm/") || gh_span_starts(v, "/var/tmp/") || gh_span_starts(v, "~/.");
}

/* Settings that make git run something. */
static void setting(struct judge *j, const struct gh_sh_cmd *c, struct gh_span key, struct gh_span v)
{
	static const char *const keys[] = { "core.fsmonitor",
					    "core.sshcommand",
					    "core.hookspath",
					    "core.gitproxy",
					    "core.alternaterefscommand",
					    "core.askpass",
					    "diff.external",
					    "diff.*.command",
					    "diff.*.textconv",
					    "filter.*.clean",
					    "filter.*.smudge",
					    "filter.*.process",
					    "merge.*.driver",
					    "gpg.program",
					    "gpg.*.program",
					    "init.templatedir",
					    "include.path",
					    "uploadpack.packobjectshook",
					    "sequence.editor",
					    "core.pager",
					    "core.editor",
					    "pager.*",
					    "protocol.ext.allow" };
	bool alias = key.n > 6 && same(gh_span_cut(key, 0, 6), "alias."), helper = same(key, "credential.helper");
	bool shell = gh_span_starts(v, "!"), one = false;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		one = one || same(key, keys[i]);
	if ((alias || helper) && shell)
		v = gh_span_cut(v, 1, v.n);
	bool program = one || (alias && shell) || (helper && (shell || gh_sc_path_like(v)));
	if (!program || v.n == 0 || gh_span_starts(v, "git-lfs ") || gh_span_is(v, "true") || gh_span_is(v, "false"))
		return;
	if (own_path(v) || gh_shell_verdict(v) == GH_UNSAFE)
		gh_sc_say(j, SC_PERSIST, c, "git runs it from now on");
	else if (!same(key, "core.editor") && !same(key, "core.pager"))
		gh_sc_say(j, SC_SYSTEM, c, "git runs it from now on");
}

static bool known_host(struct gh_span url)
{
	static const char *const hosts[] = { "https://github.com/",
					     "https://gitlab.com/",
					     "https://huggingface.co/",
					     "https://bitbucket.org/",
					     "https://hf.co/",
					     "git@github.com:",
					     "git@gitlab.com:",
					     "git@hf.co:",
					     "https://gitee.com/",
					     "https://www.github.com/",
					     "https://www.modelscope.cn/",
					     "https://codeberg.org/",
					     "https://gist.github.com/",
					     "git@bitbucket.org:",
					     "https://gitlab." };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		if (gh_span_starts(url, hosts[i]))
			return true;
	return false;
}

void gh_sc_git(struct judge *j, const struct gh_sh_cmd *c)
{
	size_t verb = 1;
	for (; verb < c->n && c->word[verb].text.n != 0 && c->word[verb].text.p[0] == '-'; verb++) {
		struct gh_span w = c->word[verb].text;
		if (gh_span_is(w, "-C"))
			verb++;
		if (!gh_span_is(w, "-c") || verb + 1 >= c->n)
			continue;
		w = c->word[++verb].text;
		const uint8_t *eq = w.n == 0 ? NULL : memchr(w.p, '=', w.n);
		if (eq != NULL)
			setting(j, c, gh_span_cut(w, 0, (uint64_t)(eq - w.p)),
				gh_span_cut(w, (uint64_t)(eq - w.p) + 1, w.n));
	}
	if (verb >= c->n)
		return;
	struct gh_span word[2] = { { 0 } };
	size_t n = 0;
	for (size_t i = verb + 1; i < c->n && n < 2; i++) {
		struct gh_span w = c->word[i].text;
		bool option = w.n != 0 && w.p[0] == '-';
		i += gh_span_is(w, "-b") || gh_span_is(w, "--branch") || gh_span_is(w, "--depth") ||
		     gh_span_is(w, "-f") || gh_span_is(w, "--file");
		if (!option && !(n == 0 && gh_span_is(w, "set")))
			word[n++] = w;
	}
	if (gh_span_is(c->word[verb].text, "config") && n == 2)
		setting(j, c, word[0], word[1]);
	if (!gh_span_is(c->word[verb].text, "clone") || n == 0)
		return;
	struct gh_span dir = n == 2 ? word[1] : word[0];
	if (gh_span_ends(dir, ".git"))
		dir.n -= 4;
	for (size_t i = dir.n; i-- > 0 && n == 1;)
		if (dir.p[i] == '/' || dir.p[i] == ':') {
			dir = gh_span_cut(dir, i + 1, dir.n);
			break;
		}
	j->tree_n = dir.n < sizeof j->tree ? dir.n : sizeof j->tree;
	if (j->tree_n != 0)
		memcpy(j->tree, dir.p, j->tree_n);
	j->cloned = known_host(word[0]) ? 1 : 2;
	j->inside = false;
}

void gh_sc_enter(struct judge *j, struct gh_span dir)
{
	while (gh_span_starts(dir, "./"))
		dir = gh_span_cut(dir, 2, dir.n);
	while (dir.n != 0 && dir.p[dir.n - 1] == '/')
		dir.n--;
	bool tree = dir.n == j->tree_n && dir.n != 0 && memcmp(dir.p, j->tree, dir.n) == 0;
	if (tree)
		j->inside = true;
	else if (gh_span_is(dir, "-") || gh_span_starts(dir, "..") || gh_span_starts(dir, "/"))
		j->inside = false;
}

/* A file is run that nobody has seen: it came with a repository that the script fetched. */
void gh_sc_ran(struct judge *j, const struct gh_sh_cmd *c, struct gh_span file)
{
	while (gh_span_starts(file, "./"))
		file = gh_span_cut(file, 2, file.n);
	bool below = file.n > j->tree_n && j->tree_n != 0 && memcmp(file.p, j->tree, j->tree_n) == 0 &&
		     file.p[j->tree_n] == '/';
	if (j->cloned == 0 || file.n == 0 || file.p[0] == '/' || (!below && !j->inside))
		return;
	gh_sc_say(j, j->cloned == 2 ? SC_FETCH_RUN : SC_PROGRAM, c, "of a repository that it fetches");
}

/* hf download REPO FILE… [--local-dir DIR]: what it is called afterwards. */
void gh_sc_hub(struct gh_sh *sh, const struct gh_sh_cmd *c)
{
	bool secret = false, upload = c->n > 1 && (gh_span_starts(c->word[1].text, "upload"));
	for (size_t i = 2; i < c->n && upload; i++)
		secret = secret || (c->word[i].marks & M_SECRET) != 0 || gh_sc_secret_path(c->word[i].text);
	if (upload)
		gh_sc_say(sh->ctx, secret ? SC_EXFIL : SC_REMOTE, c, "");
	if (c->n < 3 || !gh_span_is(c->word[1].text, "download"))
		return;
	struct gh_span dir = { 0 };
	for (size_t i = 2; i + 1 < c->n; i++)
		if (gh_span_is(c->word[i].text, "--local-dir"))
			dir = c->word[i + 1].text;
	for (size_t i = 3; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		if (w.n == 0 || w.p[0] == '-') {
			i += gh_span_starts(w, "--") && w.n > 2 && memchr(w.p, '=', w.n) == NULL;
			continue;
		}
		struct gh_sh_val path[3] = { { dir, 0 }, { GH_SPAN("/"), 0 }, { w, 0 } };
		gh_sh_set(sh, GH_SH_FILE, w, gh_sh_any(M_NET));
		if (dir.n != 0)
			gh_sh_set(sh, GH_SH_FILE, gh_sh_join(sh, path, 3, 0).text, gh_sh_any(M_NET));
	}
}

/* ---- what harmless programs put where, and run --------------------------------------------------------------------------- */
bool gh_sc_open_ended(struct gh_span file)
{
	const uint8_t *slash = file.n == 0 ? NULL : memrchr(file.p, '/', file.n);
	struct gh_span base = slash == NULL ? file : gh_span_cut(file, (uint64_t)(slash - file.p) + 1, file.n);
	if (base.n == 0)
		return false;
	bool pattern = memchr(base.p, '*', base.n) != NULL || memchr(base.p, '?', base.n) != NULL;
	bool script = gh_span_ends(base, ".sh") || gh_span_ends(base, ".bash");
	return (pattern && !script) || base.p[base.n - 1] == GH_SH_ANY || gh_span_is(base, ":::") ||
	       gh_span_is(base, "{}");
}

/* cp, mv, install, ln: the last word is where it goes. */
static void copied(struct judge *j, const struct gh_sh_cmd *c)
{
	if (c->n < 3)
		return;
	struct gh_span to = c->word[c->n - 1].text;
	int place = gh_sc_place(to);
	bool unseen = to.n != 0 && memchr(to.p, GH_SH_ANY, to.n) != NULL, code = false;
	for (size_t i = 1; i + 1 < c->n; i++)
		code = code || gh_span_ends(c->word[i].text, ".pth") || gh_span_ends(c->word[i].text, "customize.py");
	if (place == SC_PLACE_START)
		gh_sc_say(j, SC_PERSIST, c, "is run from now on");
	else if (place == SC_PLACE_SYSTEM || place == SC_PLACE_RC)
		gh_sc_say(j, SC_SYSTEM, c, "replaces what the system has");
	else if (unseen && code)
		gh_sc_say(j, SC_SYSTEM, c, "Python runs such files when it starts");
}

static void unpacked(struct judge *j, const struct gh_sh_cmd *c)
{
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text, to = { 0 };
		bool letters = (i == 1 || (w.n > 1 && w.p[0] == '-' && w.p[1] != '-')) && !gh_sc_has(w, "/") &&
			       !gh_sc_has(w, ".");
		if (gh_span_is(w, "-C") && i + 1 < c->n)
			to = c->word[i + 1].text;
		else if (gh_span_starts(w, "--directory="))
			to = gh_span_cut(w, 12, w.n);
		bool absolute = gh_span_is(w, "--absolute-names") ||
				(letters && gh_sc_has(w, "P") && gh_sc_has(w, "x"));
		if (absolute || gh_span_is(to, "/") || gh_sc_place(to) != SC_PLACE_NONE)
			gh_sc_say(j, SC_SYSTEM, c, "unpacks into the system");
	}
}

/* Programs that build what lies in a folder run what its author wrote. Of a repository from a place that nobody knows, that
 * is code nobody has seen. */
static void builds(struct judge *j, const struct gh_sh_cmd *c, const char *base)
{
	static const char *const builders[] = { "make", "gmake", "ninja", "cmake", "meson", "scons", "bazel" };
	bool builder = false, below = j->inside;
	for (size_t i = 0; i < sizeof builders / sizeof builders[0]; i++)
		builder = builder || strcmp(base, builders[i]) == 0;
	if (!builder || j->cloned != 2 || j->tree_n == 0)
		return;
	struct gh_span tree = { j->tree, j->tree_n };
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text;
		while (gh_span_starts(w, "./"))
			w = gh_span_cut(w, 2, w.n);
		const uint8_t *at = w.n == 0 ? NULL : memmem(w.p, w.n, tree.p, tree.n);
		size_t end = at == NULL ? 0 : (size_t)(at - w.p) + tree.n;
		bool starts = at == w.p ||
			      (at != NULL && (at[-1] == '=' || at[-1] == 'C' || at[-1] == 'S' || at[-1] == '/'));
		below = below || (at != NULL && starts && (end == w.n || w.p[end] == '/'));
	}
	if (below)
		gh_sc_say(j, SC_FETCH_RUN, c, "of a repository that it fetches");
}

void gh_sc_places(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base)
{
	builds(j, c, base);
	if (strcmp(base, "enable") == 0 && c->n > 2 && gh_span_starts(c->word[1].text, "-f"))
		gh_sc_say(j, SC_PROGRAM, c, "the shell loads a library");
	if (strcmp(base, "hash") == 0 && c->n > 3 && gh_span_is(c->word[1].text, "-p"))
		gh_sc_say(j, SC_SYSTEM, c, "another program under a known name");
	bool find = strcmp(base, "find") == 0, make = strcmp(base, "make") == 0;
	if (strcmp(base, "cp") == 0 || strcmp(base, "mv") == 0 || strcmp(base, "install") == 0 ||
	    strcmp(base, "ln") == 0)
		copied(j, c);
	if (strcmp(base, "tar") == 0)
		unpacked(j, c);
	for (size_t i = 1; i < c->n; i++) {
		struct gh_span w = c->word[i].text, next = i + 1 < c->n ? c->word[i + 1].text : (struct gh_span){ 0 };
		char program[16];
		gh_sh_base(next, program, sizeof program);
		bool each = find && (gh_span_starts(w, "-exec") || gh_span_starts(w, "-ok"));
		if (each && gh_sh_is_shell(program) && i + 2 < c->n && gh_span_is(c->word[i + 2].text, "{}"))
			gh_sc_say(j, SC_UNKNOWN, c, "a shell runs every file that is found");
		if (find && c->n > i + 1 &&
		    (gh_span_starts(w, "-fprint") || gh_span_is(w, "-fls") || gh_span_is(w, "-fprintf"))) {
			bool text = gh_span_is(w, "-fprintf") && i + 2 < c->n;
			gh_sc_wrote(sh, c, c->word[i + 1], text ? c->word[i + 2] : gh_sh_any(0));
		}
		bool own = make && (gh_span_starts(w, "--eval") || gh_sc_has(w, "$(shell"));
		bool given = make && gh_span_is(w, "-f") && (gh_span_is(next, "-") || gh_span_starts(next, "/dev/"));
		if (own || given)
			gh_sc_say(j, SC_CODE, c, "rules for make on the command line");
		bool other = make && (gh_span_is(w, "-f") || gh_span_is(w, "--file") || gh_span_is(w, "--makefile"));
		if (other && (gh_sc_called_data(next) || gh_span_ends(next, ".md") || gh_span_ends(next, ".txt")))
			gh_sc_say(j, SC_DISGUISED, c, "read as a makefile");
		if ((strcmp(base, "cmake") == 0 && gh_span_is(w, "-P")) || gh_span_is(w, "--execute"))
			gh_sc_say(j, SC_PROGRAM, c, "");
	}
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------- */
void gh_sc_variable(struct judge *j, const struct gh_sh_cmd *c, struct gh_span assignment)
{
	const uint8_t *eq = assignment.n == 0 ? NULL : memchr(assignment.p, '=', assignment.n);
	if (eq == NULL)
		return;
	struct gh_span name = { assignment.p, (size_t)(eq - assignment.p) };
	switch (gh_environ_judge(name, gh_span_cut(assignment, name.n + 1, assignment.n))) {
	case GH_ENVIRON_PLAIN: break;
	case GH_ENVIRON_LOADS: gh_sc_say(j, SC_SYSTEM, c, "programs load or run what the variable names"); break;
	case GH_ENVIRON_OWN: gh_sc_say(j, SC_PRELOAD, c, ""); break;
	}
}

bool gh_sc_called_data(struct gh_span file)
{
	static const char *const ends[] = { ".bin",	".pt",	   ".pth",     ".ckpt", ".safetensors", ".gguf",
					    ".ggml",	".onnx",   ".h5",      ".hdf5", ".pkl",		".npy",
					    ".npz",	".png",	   ".jpg",     ".jpeg", ".gif",		".wav",
					    ".mp3",	".mp4",	   ".json",    ".csv",	".pb",		".model",
					    ".tsv",	".pdf",	   ".parquet", ".zip",	".tflite",	".vocab",
					    ".msgpack", ".joblib", ".keras" };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (gh_span_ends(file, ends[i]))
			return true;
	return false;
}
