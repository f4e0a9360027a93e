/* yarac - compile the bundled YARA rules into a C file: yarac OUT.c IN.yar...
 *
 * The file holds the rules as libyara serialises them, and a row for each in the table of Gatehouse's rules, made from its meta
 * data (docs/howto/new-yara-rule.md): id, severity, effect, kind, description, gain, reference; fix may be left out; and how long the
 * matches of each regular expression can be (tools/yara_reach.h), and an automaton that finds where (tools/yara_dfa.h). Everything doubtful is an error with file and rule. The output depends on the content of the inputs only. */
#include "scan/yara_first.h"
#include "scan/yara_modules.h"
#include "yara_dfa.h"
#include "yara_reach.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yara.h>

static bool failed;

static void on_compile(int level, const char *file, int line, const YR_RULE *rule, const char *message, void *arg)
{
	(void)rule;
	(void)arg;
	(void)fprintf(stderr, "%s:%d: %s\n", file == NULL ? "?" : file, line, message);
	if (level == YARA_ERROR_LEVEL_ERROR || strstr(message, "slow") != NULL)
		failed = true; /* a slow rule of ours is a mistake */
}

static const char *meta(const YR_RULE *rule, const char *name)
{
	const YR_META *m;
	yr_rule_metas_foreach(rule,
			      m) if (strcmp(m->identifier, name) == 0 && m->type == META_TYPE_STRING) return m->string;
	return NULL;
}

static const char *needed(const YR_RULE *rule, const char *name)
{
	const char *v = meta(rule, name);
	if (v != NULL && v[0] != '\0')
		return v;
	(void)fprintf(stderr, "%s: rule %s: meta `%s` is missing\n", rule->ns->name, rule->identifier, name);
	failed = true;
	return "";
}

static const char *one_of(const YR_RULE *rule, const char *name, const char *const word[][2], size_t n)
{
	const char *v = needed(rule, name);
	for (size_t i = 0; i < n; i++)
		if (strcmp(word[i][0], v) == 0)
			return word[i][1];
	(void)fprintf(stderr, "%s: rule %s: meta `%s`: '%s' is no such thing\n", rule->ns->name, rule->identifier, name,
		      v);
	failed = true;
	return "0";
}

static void put_text(FILE *out, const char *s)
{
	(void)fputc('"', out);
	for (; *s != '\0'; s++)
		(void)fprintf(out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	(void)fputs("\", ", out);
}

static void put_row(FILE *out, const YR_RULE *rule)
{
	static const char *const severity[][2] = { { "info", "GH_INFO" },
						   { "low", "GH_LOW" },
						   { "medium", "GH_MEDIUM" },
						   { "high", "GH_HIGH" },
						   { "critical", "GH_CRITICAL" } };
	static const char *const effect[][2] = { { "unsafe", "GH_UNSAFE" },
						 { "review", "GH_REVIEW" },
						 { "info", "GH_CLEAN" } };
	static const char *const kind[][2] = { { "script", "" }, { "web", "" }, { "file", "" } };
	(void)one_of(rule, "kind", kind, 3); /* read when the rule matches: scan/pipe_prose.h */
	const char *fix = meta(rule, "fix"), *e = one_of(rule, "effect", effect, 3);
	if (fix == NULL)
		fix = strcmp(e, "GH_UNSAFE") == 0 ? "Do not load or run it. Tell whoever published it."
						  : "Find out why it is there; remove it, or do not use the model.";
	(void)fputs("\t{ ", out);
	put_text(out, needed(rule, "id"));
	(void)fprintf(out, "%s, %s, ", one_of(rule, "severity", severity, 5), e);
	put_text(out, needed(rule, "description"));
	put_text(out, needed(rule, "gain"));
	put_text(out, fix);
	put_text(out, needed(rule, "reference"));
	(void)fputs("},\n", out);
}

static size_t put_bytes(const void *p, size_t size, size_t count, void *arg)
{
	const uint8_t *b = p;
	FILE **out = arg;
	for (size_t i = 0; i < size * count; i++)
		(void)fprintf(*out, "%u,%s", b[i], i % 32 == 31 ? "\n" : "");
	return count;
}

static bool add(YR_COMPILER *c, const char *path)
{
	FILE *f = fopen(path, "r");
	const char *base = strrchr(path, '/');
	base = base == NULL ? path : base + 1;
	if (f == NULL) {
		(void)fprintf(stderr, "yarac: %s: %s\n", path, strerror(errno));
		return false;
	}
	bool ok = yr_compiler_add_file(c, f, base, base) == 0;
	(void)fclose(f);
	return ok;
}

static bool ids_differ(YR_RULES *rules)
{
	const YR_RULE *a, *b;
	bool ok = true;
	yr_rules_foreach(rules, a)
	{
		yr_rules_foreach(rules, b)
		{
			if (b >= a || strcmp(needed(a, "id"), needed(b, "id")) != 0)
				continue;
			(void)fprintf(stderr, "yarac: %s and %s have one id\n", a->identifier, b->identifier);
			ok = false;
		}
	}
	return ok;
}

/* The whole text of a rule file, to be freed; NULL. */
static char *text_of(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	long n = -1;
	if (f != NULL && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0)
		text = calloc(1, (size_t)n + 1);
	if (text != NULL && fread(text, 1, (size_t)n, f) != (size_t)n) {
		free(text);
		text = NULL;
	}
	if (f != NULL)
		(void)fclose(f);
	return text;
}

enum { FILES = 64, AUTOMATA = 256 };

/* The expression of string i, and what it can be looked for with. False: it is none. */
static bool source_of(const YR_RULES *rules, uint32_t i, char **text, int n, char *regex, unsigned cap,
		      const char **more)
{
	const YR_STRING *s = &rules->strings_table[i];
	const char *rule = rules->rules_table[s->rule_idx].identifier;
	for (int k = 0; k < n; k++)
		if (yara_source(text[k], rule, s->identifier, regex, cap, more))
			return true;
	return false;
}

static void put_numbers(FILE *out, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%u,%s", v[i], i % 32 == 31 ? "\n" : "");
}

/* The automaton of string i; its number, or 0: it has none. Pieces of one string, one behind the other, share it. */
static unsigned put_automaton(FILE *out, const YR_RULES *rules, uint32_t i, const char *regex, const char *more,
			      unsigned made)
{
	const YR_STRING *s = &rules->strings_table[i];
	struct yara_dfa a;
	unsigned flags = (yara_modifier(more, "nocase") || yara_modifier(more, "i") ? YARA_NOCASE : 0u) |
			 (yara_modifier(more, "s") ? YARA_DOTALL : 0u) |
			 (yara_modifier(more, "fullword") ? YARA_FULLWORD : 0u);
	if (i > 0 && s[-1].rule_idx == s->rule_idx && strcmp(s[-1].identifier, s->identifier) == 0)
		return made;
	if (made + 1 >= AUTOMATA || !STRING_IS_SINGLE_MATCH(s) || yara_modifier(more, "wide") ||
	    STRING_IS_FIXED_OFFSET(s) || !yara_dfa(regex, flags, &a))
		return 0;
	(void)fprintf(out, "static const uint8_t kind_%u[256] = {", made + 1);
	for (unsigned c = 0; c < 256; c++)
		(void)fprintf(out, "%u,", a.kind[c]);
	(void)fprintf(out, "};\nstatic const uint16_t next_%u[] = {\n", made + 1);
	put_numbers(out, a.next, (size_t)a.states * a.kinds);
	(void)fprintf(out, "};\nenum { KINDS_%u = %u, ENDS_%u = %u };\n", made + 1, a.kinds, made + 1, a.ends);
	free(a.next);
	return made + 1;
}

/* What scan/yara_first.h looks for, so that no worker has to read it from the rules. */
static bool put_atoms(FILE *out, YR_RULES *rules, const uint16_t *reach, const uint16_t *of)
{
	struct gh_arena room = { .max = 64 << 20 };
	const struct gh_first_known known = { .strings = rules->num_strings, .reach = reach, .of = of };
	const struct gh_atom *v = NULL;
	size_t n = 0, head = 0;
	bool ok = gh_first_read(rules, &known, &room, &v, &n, &head);
	if (!ok)
		(void)fputs("yarac: the rules get no first look: a string of one byte, or pieces far apart\n", stderr);
	(void)fputs("const struct gh_atom gh_yarapack_atoms[] = {\n", out);
	for (size_t i = 0; ok && i < n; i++) {
		(void)fprintf(out, "\t{ { %u, %u, %u, %u }, %u, %u, %u, { ", v[i].b[0], v[i].b[1], v[i].b[2], v[i].b[3],
			      v[i].n, v[i].reach, v[i].words);
		for (unsigned k = 0; k < GH_ATOM_SETS; k++)
			(void)fprintf(out, "%lluu, ", (unsigned long long)v[i].of[k]);
		(void)fputs("} },\n", out);
	}
	(void)fprintf(out, "};\nconst size_t gh_yarapack_natoms = %zu;\nconst size_t gh_yarapack_head = %zu;\n", n,
		      head);
	gh_arena_free(&room);
	return ok;
}

/* By the index of a string: see check/yarapack.h. */
static bool put_strings(FILE *out, YR_RULES *rules, char **path, int n)
{
	char *text[FILES] = { NULL }, regex[2048];
	const char *more = "";
	uint16_t *reach = calloc(rules->num_strings + 1, sizeof *reach),
		 *of = calloc(rules->num_strings + 1, sizeof *of);
	bool ok = n <= FILES && reach != NULL && of != NULL;
	unsigned made = 0, here;
	for (int i = 0; ok && i < n; i++)
		ok = (text[i] = text_of(path[i])) != NULL;
	for (uint32_t i = 0; ok && i < rules->num_strings; i++) {
		if (!source_of(rules, i, text, n, regex, sizeof regex, &more))
			continue;
		unsigned most = yara_reach(regex) * (yara_modifier(more, "wide") ? 2 : 1);
		reach[i] = (uint16_t)(most > UINT16_MAX ? 0 : most);
		of[i] = (uint16_t)(here = put_automaton(out, rules, i, regex, more, made));
		made = here > made ? here : made;
	}
	ok = ok && put_atoms(out, rules, reach, of);
	(void)fputs("const uint16_t gh_yarapack_reach[] = {", out);
	put_numbers(out, reach, ok ? rules->num_strings : 0);
	(void)fputs("};\nconst uint16_t gh_yarapack_of[] = {", out);
	put_numbers(out, of, ok ? rules->num_strings : 0);
	(void)fputs("};\nconst struct gh_yarapack_automaton gh_yarapack_automata[] = {\n", out);
	for (unsigned i = 1; i <= made; i++)
		(void)fprintf(out, "\t{ kind_%u, next_%u, KINDS_%u, ENDS_%u },\n", i, i, i, i);
	(void)fprintf(out, "\t{ 0, 0, 0, 0 }\n};\nconst size_t gh_yarapack_nautomata = %u;\n", made);
	(void)fprintf(out, "const size_t gh_yarapack_strings = %u;\n", rules->num_strings);
	for (int i = 0; i < n && i < FILES; i++)
		free(text[i]);
	free(reach);
	free(of);
	return ok;
}

static bool write_c(const char *path, YR_RULES *rules, char **in, int n)
{
	FILE *out = fopen(path, "w");
	const YR_RULE *r;
	if (out == NULL) {
		(void)fprintf(stderr, "yarac: %s: %s\n", path, strerror(errno));
		return false;
	}
	(void)fputs("/* Written by tools/yarac.c from rules/yara. */\n#include \"check/yarapack.h\"\n\n"
		    "const struct gh_rule gh_yarapack_rules[] = {\n",
		    out);
	yr_rules_foreach(rules, r) put_row(out, r);
	(void)fprintf(out, "\tGH_RULES_END\n};\nconst size_t gh_yarapack_n = %u;\nconst uint8_t gh_yarapack[] = {\n",
		      rules->num_rules);
	YR_STREAM s = { .user_data = &out, .write = put_bytes };
	bool ok = yr_rules_save_stream(rules, &s) == ERROR_SUCCESS;
	(void)fputs("};\nconst size_t gh_yarapack_size = sizeof gh_yarapack;\n", out);
	ok = put_strings(out, rules, in, n) && ok;
	ok = ferror(out) == 0 && ok;
	return fclose(out) == 0 && ok && !failed;
}

int main(int argc, char **argv)
{
	YR_COMPILER *c = NULL;
	YR_RULES *rules = NULL;
	if (argc < 3 || gh_yara_modules[0] == '\0') {
		(void)fputs("usage: yarac OUT.c IN.yar...\n", stderr);
		return 64;
	}
	if (yr_initialize() != ERROR_SUCCESS || yr_compiler_create(&c) != ERROR_SUCCESS)
		return 1;
	yr_compiler_set_callback(c, on_compile, NULL);
	bool ok = true;
	for (int i = 2; i < argc && ok; i++)
		ok = add(c, argv[i]);
	ok = ok && !failed && yr_compiler_get_rules(c, &rules) == ERROR_SUCCESS;
	ok = ok && ids_differ(rules) && write_c(argv[1], rules, argv + 2, argc - 2);
	if (!ok)
		(void)remove(argv[1]);
	if (rules != NULL)
		(void)yr_rules_destroy(rules);
	yr_compiler_destroy(c);
	(void)yr_finalize();
	return ok ? 0 : 1;
}
