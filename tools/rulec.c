/* rulec - compile rule files into C tables: rulec OUT.c IN.rules...
 *
 * The language is described in docs/howto/new-rule.md and the tables in src/check/ruledata.h. Everything doubtful is
 * an error with its place (file:line: reason), because a rule that is read differently from what its author meant is
 * a hole in the allow list. The output depends on the content of the inputs only. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/pyrules.h"
#include "check/ruledata.h"

enum { LINE = 2000, WORD = 200, KINDS = 4 };
enum kind { NOTHING, ALLOW, EXPLAIN, PYTHON };

struct group {
	enum kind kind;
	const char *file;
	unsigned line;
	char head[WORD]; /* framework or category */
	char why[LINE];
	unsigned uses, is;
	char holds[WORD * 4];
	enum gh_tier tier;
	bool refuse;
	int makes;
	unsigned arg[GH_USES_N];
	unsigned entries;
	unsigned index; /* within its kind */
};

struct entry {
	enum kind kind;
	const char *module, *name, *file;
	unsigned line, group;
};

static struct group *groups;
static struct entry *entries;
static size_t ngroup, capgroup, nentry, capentry;
static uint64_t digest = 14695981039346656037u; /* FNV-1a */
static char latest[11];
static bool failed;

#define USE_WORD(id, word) word,
static const char *const use_word[] = { GH_USES(USE_WORD) };
#define IS_WORD(id, word) word,
static const char *const is_word[] = { GH_ISS(IS_WORD) };
#define ARGS_WORD(name) #name,
static const char *const args_word[] = { GH_CONSTRAINTS(ARGS_WORD) };
#define CAP_WORD(id, word) word,
static const char *const cap_word[] = { GH_PYCAPS(CAP_WORD) };

static const struct {
	const char *word, *does;
} categories[] = {
	{ "commands", "executes commands" },
	{ "code", "runs Python code" },
	{ "loads-code", "loads code" },
	{ "network", "opens network connections" },
	{ "files", "reads or writes files" },
	{ "resolver", "resolves names at will" },
	{ "state", "changes the interpreter's state" },
	{ "denial", "exhausts or stops the process" },
};

static void wrong(const char *file, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void wrong(const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)fprintf(stderr, "%s:%u: ", file, line);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	failed = true;
}

static void *grown(void *p, size_t n, size_t *cap, size_t each)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 64 : *cap * 2;
	p = realloc(p, *cap * each);
	if (p == NULL) {
		(void)fputs("rulec: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

static const char *keep(const char *s)
{
	char *p = strdup(s);
	if (p == NULL) {
		(void)fputs("rulec: out of memory\n", stderr);
		exit(2);
	}
	return p;
}

/* The next word of *s, cut off; NULL at the end. */
static char *word(char **s)
{
	char *p = *s + strspn(*s, " \t");
	if (*p == '\0')
		return NULL;
	char *end = p + strcspn(p, " \t");
	*s = *end == '\0' ? end : end + 1;
	*end = '\0';
	return p;
}

static int find(const char *const *table, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i], s) == 0)
			return (int)i;
	return -1;
}

/* A dotted Python name: identifiers joined by single dots. */
static bool dotted(const char *s)
{
	bool start = true;
	for (; *s != '\0'; s++) {
		bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_';
		bool digit = *s >= '0' && *s <= '9';
		if (*s == '.' ? start : !(letter || (digit && !start)))
			return false;
		start = *s == '.';
	}
	return !start;
}

/* A path in Python source: a dotted name whose parts may be called or subscribed ("socket.socket().send"), `?` for what is
 * not known. */
static bool path(const char *s)
{
	static const char *const marks = "_.()[]?";
	for (const char *p = s; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		      strchr(marks, *p) != NULL))
			return false;
	return *s != '\0' && *s != '.' && s[strlen(s) - 1] != '.';
}

static bool option(struct group *g, char *w, unsigned line)
{
	char *value = strchr(w, '=');
	if (value != NULL)
		*value++ = '\0';
	if (strcmp(w, "makes") == 0) {
		if (value == NULL || strlen(value) != 1 || *value < '0' || *value > '9')
			return wrong(g->file, line, "makes= wants one digit"), false;
		g->makes = *value - '0';
		return true;
	}
	if (strcmp(w, "holds") == 0) {
		if (value == NULL || *value == '\0' || strlen(value) >= sizeof g->holds || g->holds[0] != '\0')
			return wrong(g->file, line, "holds= wants one list of attributes"), false;
		memcpy(g->holds, value, strlen(value) + 1);
		return true;
	}
	int is = find(is_word, GH_IS_N, w);
	if (is >= 0) {
		g->is |= 1u << is;
		return value == NULL || (wrong(g->file, line, "'%s' takes no constraint", w), false);
	}
	int u = find(use_word, GH_USES_N, w);
	if (u < 0)
		return wrong(g->file, line, "unknown use '%s'", w), false;
	if ((g->uses & 1u << u) != 0)
		return wrong(g->file, line, "use '%s' given twice", w), false;
	bool bare = u == GH_USE_MAKE || u == GH_USE_FACTORY;
	if (bare != (value == NULL))
		return wrong(g->file, line, bare ? "'%s' takes no constraint" : "'%s' wants =CONSTRAINT", w), false;
	int a = bare ? 0 : find(args_word, GH_ARGS_N, value);
	if (a < 0)
		return wrong(g->file, line, "unknown constraint '%s'", value), false;
	/* A callable that takes anything may hand it back, and what it hands back is not looked at again. */
	if (!bare && a == GH_ARGS_any && u != GH_USE_SETITEM && u != GH_USE_APPEND && u != GH_USE_ADD)
		return wrong(g->file, line, "'%s' wants a constraint; 'any' is for items of containers", w), false;
	g->uses |= 1u << u;
	g->arg[u] = (unsigned)a;
	return true;
}

static void open_group(const char *file, unsigned line, const char *verb, char *rest)
{
	groups = grown(groups, ngroup, &capgroup, sizeof *groups);
	struct group *g = &groups[ngroup++];
	*g = (struct group){ .file = file, .line = line, .makes = -1 };
	g->refuse = strcmp(verb, "refuse") == 0;
	g->kind = g->refuse || strcmp(verb, "explain") == 0 ? EXPLAIN : strcmp(verb, "python") == 0 ? PYTHON : ALLOW;
	g->tier = strcmp(verb, "review") == 0 ? GH_TIER_REVIEW : GH_TIER_ALLOW;
	char *head = word(&rest);
	if (head == NULL || strlen(head) >= WORD) {
		wrong(file, line, "'%s' wants a name", verb);
		return;
	}
	memcpy(g->head, head, strlen(head) + 1);
	if (g->kind == EXPLAIN) {
		for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
			if (strcmp(categories[i].word, head) == 0) {
				memcpy(g->head, categories[i].does, strlen(categories[i].does) + 1);
				if (word(&rest) != NULL)
					wrong(file, line, "more words than one category");
				return;
			}
		}
		wrong(file, line, "unknown category '%s'", head);
		return;
	}
	if (g->kind == PYTHON) {
		int cap = find(cap_word, sizeof cap_word / sizeof cap_word[0], head);
		if (cap < 0)
			wrong(file, line, "unknown capability '%s'", head);
		else
			g->uses = (unsigned)cap;
		if (word(&rest) != NULL)
			wrong(file, line, "more words than one capability");
		return;
	}
	unsigned options = 0;
	for (char *w; (w = word(&rest)) != NULL; options++)
		if (!option(g, w, line))
			return;
	if (options == 0)
		wrong(file, line, "say how it may be used: import, reduce=..., new=..., ...");
	if (g->makes >= 0 && (g->uses & 1u << GH_USE_REDUCE) == 0)
		wrong(file, line, "makes= without reduce=");
}

static void add_entries(const char *file, unsigned line, char *text)
{
	struct group *g = ngroup == 0 ? NULL : &groups[ngroup - 1];
	if (g == NULL || g->file != file || g->why[0] == '\0') {
		wrong(file, line, "entry before the head of its group and its 'why'");
		return;
	}
	char *colon = strchr(text, ':');
	if (colon == NULL) {
		wrong(file, line, "expected 'module: name ...'");
		return;
	}
	*colon = '\0';
	char *rest = colon + 1, *module = word(&text);
	if (module == NULL || word(&text) != NULL || !(g->kind == PYTHON ? path(module) : dotted(module))) {
		wrong(file, line, "not a module name");
		return;
	}
	module = (char *)keep(module);
	unsigned n = 0;
	for (char *w; (w = word(&rest)) != NULL; n++) {
		bool exact = g->kind == PYTHON ? path(w) || strcmp(w, "*") == 0 : dotted(w);
		if (!exact && !(g->kind == EXPLAIN && !g->refuse && strcmp(w, "*") == 0)) {
			wrong(file, line, "'%s' is not an exact name", w);
			continue;
		}
		entries = grown(entries, nentry, &capentry, sizeof *entries);
		entries[nentry++] = (struct entry){ g->kind, module, keep(w), file, line, (unsigned)(ngroup - 1) };
		g->entries++;
	}
	if (n == 0)
		wrong(file, line, "no names after 'module:'");
}

static bool date_ok(const char *s)
{
	static const char shape[] = "dddd-dd-dd";
	for (size_t i = 0; i < sizeof shape; i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	return true;
}

static void one_line(const char *file, unsigned line, char *s, bool *dated)
{
	s += strspn(s, " \t");
	if (*s == '\0' || *s == '#')
		return;
	for (const char *p = s; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' && *p != '\t') {
			wrong(file, line, "control character");
			return;
		}
	}
	size_t n = strcspn(s, " \t");
	bool entry = memchr(s, ':', n) != NULL;
	char verb[16] = "";
	if (!entry && n < sizeof verb)
		memcpy(verb, s, n);
	char *rest = s + n + strspn(s + n, " \t");
	if (strcmp(verb, "date") == 0) {
		if (*dated || !date_ok(rest)) {
			wrong(file, line, "one 'date YYYY-MM-DD' per file");
			return;
		}
		*dated = true;
		if (strcmp(rest, latest) > 0)
			memcpy(latest, rest, sizeof latest);
		return;
	}
	if (!*dated) {
		wrong(file, line, "a rule file starts with 'date YYYY-MM-DD'");
		*dated = true;
	}
	static const char *const heads[] = { "allow", "review", "explain", "refuse", "python" };
	if (find(heads, sizeof heads / sizeof heads[0], verb) >= 0) {
		open_group(file, line, verb, rest);
	} else if (strcmp(verb, "why") == 0) {
		struct group *g = ngroup == 0 ? NULL : &groups[ngroup - 1];
		if (g == NULL || g->file != file || g->entries != 0) {
			wrong(file, line, "'why' belongs between the head of a group and its entries");
			return;
		}
		size_t have = strlen(g->why);
		if (have + strlen(rest) + 2 > sizeof g->why)
			wrong(file, line, "reason too long");
		else
			(void)snprintf(g->why + have, sizeof g->why - have, "%s%s", have ? " " : "", rest);
	} else {
		add_entries(file, line, s);
	}
}

static void read_file(const char *path)
{
	/* The name in messages and in the output is the base name: the output must not depend on where the tree is. */
	const char *base = strrchr(path, '/');
	const char *file = keep(base == NULL ? path : base + 1);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		wrong(path, 0, "%s", strerror(errno));
		return;
	}
	char buf[LINE];
	unsigned line = 0;
	bool dated = false;
	size_t first = ngroup;
	while (fgets(buf, sizeof buf, f) != NULL) {
		line++;
		size_t n = strlen(buf);
		for (size_t i = 0; i < n; i++)
			digest = (digest ^ (unsigned char)buf[i]) * 1099511628211u;
		if (n == 0 || buf[n - 1] != '\n') {
			wrong(path, line, "line too long, with a NUL, or without its end");
			break;
		}
		buf[n - 1] = '\0';
		one_line(file, line, buf, &dated);
	}
	if (ferror(f) != 0)
		wrong(path, line, "cannot be read");
	(void)fclose(f);
	if (!dated)
		wrong(path, line, "a rule file starts with 'date YYYY-MM-DD'");
	for (size_t i = first; i < ngroup; i++) {
		if (groups[i].why[0] == '\0')
			wrong(file, groups[i].line, "group without a 'why'");
		else if (groups[i].entries == 0)
			wrong(file, groups[i].line, "group without entries");
	}
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	int c = strcmp(x->module, y->module);
	return c != 0 ? c : strcmp(x->name, y->name);
}

static void quoted(FILE *o, const char *s)
{
	(void)fputc('"', o);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			(void)fputc('\\', o);
		if (*s == '?') /* no trigraphs */
			(void)fputc('\\', o);
		(void)fputc(*s, o);
	}
	(void)fputc('"', o);
}

static void put_groups(FILE *o)
{
	unsigned n[KINDS] = { 0 };
	(void)fputs("const struct gh_allow_group gh_allow_groups[] = {\n", o);
	for (size_t i = 0; i < ngroup; i++) {
		struct group *g = &groups[i];
		g->index = n[g->kind]++;
		if (g->kind != ALLOW)
			continue;
		(void)fputs("\t{ ", o);
		quoted(o, g->head);
		(void)fputs(", ", o);
		quoted(o, g->why);
		(void)fprintf(o, ", 0x%x, %u, %d, { ", g->uses, (unsigned)g->tier, g->makes);
		for (size_t u = 0; u < GH_USES_N; u++)
			(void)fprintf(o, "%sGH_ARGS_%s", u ? ", " : "", args_word[g->arg[u]]);
		(void)fprintf(o, " }, 0x%x, ", g->is);
		if (g->holds[0] == '\0')
			(void)fputs("NULL", o);
		else
			quoted(o, g->holds);
		(void)fputs(" },\n", o);
	}
	(void)fputs("\t{ 0 },\n};\n\nconst struct gh_explain_group gh_explain_groups[] = {\n", o);
	for (size_t i = 0; i < ngroup; i++) {
		if (groups[i].kind != EXPLAIN)
			continue;
		(void)fputs("\t{ ", o);
		quoted(o, groups[i].head);
		(void)fputs(", ", o);
		quoted(o, groups[i].why);
		(void)fprintf(o, ", %u },\n", groups[i].refuse ? 1u : 0u);
	}
	(void)fputs("\t{ 0 },\n};\n\nconst struct gh_py_group gh_py_groups[] = {\n", o);
	for (size_t i = 0; i < ngroup; i++) {
		if (groups[i].kind != PYTHON)
			continue;
		(void)fprintf(o, "\t{ %u, ", groups[i].uses);
		quoted(o, groups[i].why);
		(void)fputs(" },\n", o);
	}
	(void)fputs("\t{ 0 },\n};\n\n", o);
}

static void put_rows(FILE *o, enum kind kind, const char *type, const char *name)
{
	unsigned n = 0;
	(void)fprintf(o, "const struct %s %s[] = {\n", type, name);
	for (size_t i = 0; i < nentry; i++) {
		if (entries[i].kind != kind)
			continue;
		(void)fprintf(o, "\t{ \"%s\", \"%s\", %u },\n", entries[i].module, entries[i].name,
			      groups[entries[i].group].index);
		n++;
	}
	(void)fprintf(o, "\t{ 0 },\n};\nconst size_t %s_n = %u;\n\n", name, n);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		(void)fputs("usage: rulec OUT.c IN.rules...\n", stderr);
		return 64;
	}
	for (int i = 2; i < argc; i++)
		read_file(argv[i]);
	if (nentry != 0)
		qsort(entries, nentry, sizeof *entries, by_name);
	for (size_t i = 1; i < nentry; i++)
		if (by_name(&entries[i - 1], &entries[i]) == 0)
			wrong(entries[i].file, entries[i].line, "%s: %s is already in %s:%u", entries[i].module,
			      entries[i].name, entries[i - 1].file, entries[i - 1].line);
	if (ngroup > UINT16_MAX)
		wrong(argv[2], 0, "too many groups");
	if (failed)
		return 1;
	FILE *o = fopen(argv[1], "wb");
	if (o == NULL) {
		wrong(argv[1], 0, "%s", strerror(errno));
		return 2;
	}
	(void)fputs("/* Generated by tools/rulec.c from rules/. Do not edit. */\n#include \"check/pyrules.h\"\n"
		    "#include \"check/ruledata.h\"\n\n",
		    o);
	(void)fprintf(o, "const char gh_rules_version[] = \"%s+%016llx\";\n\n", latest, (unsigned long long)digest);
	put_groups(o);
	put_rows(o, ALLOW, "gh_allow_row", "gh_allow_rows");
	put_rows(o, EXPLAIN, "gh_explain_row", "gh_explain_rows");
	put_rows(o, PYTHON, "gh_py_row", "gh_py_rows");
	bool bad = ferror(o) != 0;
	if (fclose(o) != 0 || bad) {
		wrong(argv[1], 0, "cannot be written");
		(void)remove(argv[1]);
		return 2;
	}
	return 0;
}
