/* yarac - compile the bundled YARA rules into a C file: yarac OUT.c IN.yar...
 *
 * The file holds the rules as libyara serialises them, and a row for each in the table of Gatehouse's rules, made from its meta
 * data (docs/howto/new-yara-rule.md): id, severity, effect, kind, description, gain, reference; fix may be left out; and how long the
 * matches of each regular expression can be (tools/yara_reach.h). Everything doubtful is an error with file and rule. The output depends on the content of the inputs only. */
#include "scan/yara_modules.h"
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

/* By the index of a string: see check/yarapack.h. */
static bool put_reach(FILE *out, YR_RULES *rules, char **path, int n)
{
	char *text[64] = { NULL }, regex[2048];
	bool ok = n <= 64, wide;
	for (int i = 0; ok && i < n; i++)
		ok = (text[i] = text_of(path[i])) != NULL;
	(void)fputs("const uint16_t gh_yarapack_reach[] = {", out);
	for (uint32_t i = 0; ok && i < rules->num_strings; i++) {
		const YR_STRING *s = &rules->strings_table[i];
		const char *rule = rules->rules_table[s->rule_idx].identifier;
		unsigned reach = 0;
		for (int k = 0; k < n; k++)
			if (yara_source(text[k], rule, s->identifier, regex, sizeof regex, &wide))
				reach = yara_reach(regex) * (wide ? 2 : 1);
		(void)fprintf(out, "%u,%s", reach > UINT16_MAX ? 0 : reach, i % 16 == 15 ? "\n" : "");
	}
	(void)fprintf(out, "};\nconst size_t gh_yarapack_strings = %u;\n", rules->num_strings);
	for (int i = 0; i < n && i < 64; i++)
		free(text[i]);
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
	ok = put_reach(out, rules, in, n) && ok;
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
