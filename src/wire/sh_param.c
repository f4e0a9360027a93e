/* Parameters: $name, ${name…} and what its operators do. */
#include "wire/sh_int.h"

/* What every system sets, as far as scripts use its text to spell other things. */
static const struct {
	const char *name, *value;
} standard[] = {
	{ "IFS", " \t\n" },
	{ "HOME", "~" },
	{ "SHELL", "/bin/bash" },
	{ "BASH", "/bin/bash" },
	{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	{ "OSTYPE", "linux-gnu" },
	{ "HOSTTYPE", "x86_64" },
	{ "MACHTYPE", "x86_64-pc-linux-gnu" },
};

/* Shell patterns: `*` and `?`; brackets match any one character. */
bool sh_glob(struct gh_span pat, struct gh_span s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, back = 0;
	while (i < s.n) {
		size_t step = 1;
		bool ok = false;
		if (p < pat.n && pat.p[p] == '*') {
			star = p++;
			back = i;
			continue;
		}
		if (p < pat.n && pat.p[p] == '[') {
			const uint8_t *end = p + 2 < pat.n ? memchr(pat.p + p + 2, ']', pat.n - p - 2) : NULL;
			ok = end != NULL || s.p[i] == '[';
			step = end != NULL ? (size_t)(end - pat.p) - p + 1 : 1;
		} else if (p < pat.n) {
			bool escaped = pat.p[p] == '\\' && p + 1 < pat.n;
			ok = pat.p[p] == '?' || pat.p[p + escaped] == s.p[i];
			step = 1 + escaped;
		}
		if (ok) {
			p += step;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (p < pat.n && pat.p[p] == '*')
		p++;
	return p == pat.n;
}

/* ---- values ---------------------------------------------------------------------------------------------------------------- */
static bool positional(struct gh_span name, unsigned *n)
{
	*n = 0;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9' || i > 3)
			return false;
		*n = *n * 10 + (unsigned)(name.p[i] - '0');
	}
	return name.n != 0;
}

static size_t items(struct gh_span s)
{
	size_t n = 1;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == SH_SPLIT;
	return n;
}

static struct gh_span item(struct gh_span s, size_t k)
{
	size_t from = 0;
	for (size_t i = 0; i <= s.n; i++)
		if (i == s.n || s.p[i] == SH_SPLIT) {
			if (k-- == 0)
				return gh_span_cut(s, from, i - from);
			from = i + 1;
		}
	return (struct gh_span){ 0 };
}

/* *set: the script or the system gave it a value. *all: every item, apart. */
static struct gh_sh_val value_of(struct gh_sh *sh, struct gh_sh_frame *f, const struct sh_param *p, bool *set,
				 bool *all)
{
	unsigned n;
	*set = true;
	*all = false;
	if (gh_span_is(p->name, "@") || gh_span_is(p->name, "*")) {
		*all = true;
		if (f->args != NULL)
			return gh_sh_join(sh, f->args->v, f->args->n, SH_SPLIT);
	} else if (positional(p->name, &n)) {
		if (f->args != NULL && n >= 1)
			return n <= f->args->n ? f->args->v[n - 1] : (struct gh_sh_val){ 0 };
	} else {
		const struct gh_sh_val *v = gh_sh_get(sh, GH_SH_VAR, p->name);
		for (size_t i = 0; v == NULL && i < sizeof standard / sizeof standard[0]; i++)
			if (gh_span_is(p->name, standard[i].name))
				return (struct gh_sh_val){ gh_span_str(standard[i].value), 0 };
		if (v != NULL) {
			bool at = gh_span_is(p->index, "@") || gh_span_is(p->index, "*");
			*all = at;
			if (at)
				return *v;
			unsigned k = 0;
			bool number = positional(p->index, &k);
			if (p->has_index && !number && items(v->text) > 1)
				return gh_sh_any(v->marks);
			return (struct gh_sh_val){ item(v->text, k), v->marks };
		}
	}
	*set = false;
	return gh_sh_any(0);
}

/* ---- operators ------------------------------------------------------------------------------------------------------------- */
static struct gh_span remove_affix(struct gh_span s, struct gh_span pat, bool suffix, bool longest)
{
	for (size_t k = 0; k <= s.n; k++) {
		size_t n = longest ? s.n - k : k;
		struct gh_span part = suffix ? gh_span_cut(s, s.n - n, n) : gh_span_cut(s, 0, n);
		if (n <= 4096 && sh_glob(pat, part))
			return suffix ? gh_span_cut(s, 0, s.n - n) : gh_span_cut(s, n, s.n);
	}
	return s;
}

static struct gh_sh_val replace(struct gh_sh *sh, struct gh_sh_val v, struct gh_sh_val operand, bool every)
{
	size_t cut = 0;
	while (cut < operand.text.n && operand.text.p[cut] != '/')
		cut++;
	struct gh_span pat = gh_span_cut(operand.text, 0, cut),
		       with = gh_span_cut(operand.text, cut + 1, operand.text.n);
	uint8_t *p = gh_alloc(sh->arena, v.text.n + 1, 1 + with.n < 64 ? 1 + with.n : 64);
	size_t cap = (v.text.n + 1) * (1 + with.n < 64 ? 1 + with.n : 64), n = 0;
	if (p == NULL || pat.n == 0)
		return p == NULL ? gh_sh_any(v.marks) : v;
	bool done = false;
	for (size_t i = 0; i < v.text.n;) {
		size_t len = 0;
		bool wild = memchr(pat.p, '?', pat.n) != NULL || memchr(pat.p, '[', pat.n) != NULL;
		if (!done && memchr(pat.p, '*', pat.n) != NULL)
			return gh_sh_any(v.marks | operand.marks);
		for (size_t k = 1; !done && k <= v.text.n - i && k <= pat.n; k++)
			if (wild ? sh_glob(pat, gh_span_cut(v.text, i, k))
				 : k == pat.n && memcmp(v.text.p + i, pat.p, k) == 0)
				len = k;
		struct gh_span put = len != 0 ? with : gh_span_cut(v.text, i, 1);
		if (put.n > cap - n)
			return gh_sh_any(v.marks | operand.marks);
		if (put.n != 0)
			memcpy(p + n, put.p, put.n);
		n += put.n;
		i += len != 0 ? len : 1;
		done = done || (len != 0 && !every);
	}
	return (struct gh_sh_val){ { p, n }, v.marks | operand.marks };
}

static bool number(struct gh_span s, size_t *at, long *out)
{
	long v = 0;
	size_t i = *at;
	while (i < s.n && s.p[i] == ' ')
		i++;
	bool minus = i < s.n && s.p[i] == '-';
	i += minus;
	size_t from = i;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && i - from < 7; i++)
		v = v * 10 + (s.p[i] - '0');
	while (i < s.n && s.p[i] == ' ')
		i++;
	*out = minus ? -v : v;
	*at = i;
	return i != from;
}

static struct gh_sh_val substring(struct gh_sh_val v, struct gh_sh_val operand)
{
	size_t at = 0;
	long from = 0, len = (long)v.text.n, n = (long)v.text.n;
	bool ok = number(operand.text, &at, &from);
	if (ok && at < operand.text.n && operand.text.p[at] == ':') {
		at++;
		ok = number(operand.text, &at, &len);
	}
	if (!ok || at != operand.text.n || !gh_sh_known(v.text))
		return gh_sh_any(v.marks);
	from = from < 0 ? n + from : from;
	if (from < 0 || from > n)
		return (struct gh_sh_val){ { v.text.p, 0 }, v.marks };
	len = len < 0 ? n + len - from : len;
	return (struct gh_sh_val){ gh_span_cut(v.text, (uint64_t)from, len < 0 ? 0 : (uint64_t)len), v.marks };
}

static struct gh_sh_val change_case(struct gh_sh *sh, struct gh_sh_val v, bool upper, bool every)
{
	struct gh_span s = gh_keep(sh->arena, v.text);
	uint8_t *p = s.p == NULL ? NULL : gh_alloc(sh->arena, s.n + 1, 1);
	if (p == NULL)
		return gh_sh_any(v.marks);
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i], d = c;
		if (upper && c >= 'a' && c <= 'z')
			d = (uint8_t)(c - 32);
		if (!upper && c >= 'A' && c <= 'Z')
			d = (uint8_t)(c + 32);
		p[i] = every || i == 0 ? d : c;
	}
	return (struct gh_sh_val){ { p, s.n }, v.marks };
}

static struct gh_sh_val length_of(struct gh_sh *sh, struct gh_sh_val v)
{
	uint8_t *p = gh_alloc(sh->arena, 8, 1);
	size_t n = v.text.n, k = 8;
	if (p == NULL || !gh_sh_known(v.text))
		return gh_sh_any(0);
	do {
		p[--k] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n != 0 && k != 0);
	return (struct gh_sh_val){ { p + k, 8 - k }, 0 };
}

static struct gh_sh_val apply(struct gh_sh *sh, struct sh_param *p, struct gh_sh_val v, struct gh_sh_val operand,
			      bool set)
{
	const char *op = p->op;
	bool empty = !set || v.text.n == 0, both = gh_sh_known(v.text) && gh_sh_known(operand.text);
	char last = op[0] == '\0' ? '\0' : op[1] != '\0' ? op[1] : op[0];
	if (p->length)
		return length_of(sh, v);
	if (op[0] == '\0')
		return v;
	if (last == '-' || last == '=' || last == '+' || last == '?') {
		operand.marks |= last == '+' ? 0 : v.marks;
		if (last == '=' && empty)
			gh_sh_set(sh, GH_SH_VAR, p->name, operand);
		return last == '+' ? operand : last == '?' || !empty ? v : operand;
	}
	if (!both) {
		v.marks |= operand.marks;
		return gh_sh_any(v.marks);
	}
	switch (op[0]) {
	case '#':
	case '%': v.text = remove_affix(v.text, operand.text, op[0] == '%', op[1] != '\0'); return v;
	case '/': return replace(sh, v, operand, op[1] == '/');
	case ':': return substring(v, operand);
	case '^':
	case ',': return change_case(sh, v, op[0] == '^', op[1] != '\0');
	default: return gh_sh_any(v.marks);
	}
}

/* ---- ${ } ------------------------------------------------------------------------------------------------------------------ */
void sh_param_done(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val operand)
{
	struct sh_param *p = &f->param;
	bool set, all;
	struct gh_sh_val v = value_of(sh, f, p, &set, &all);
	if (p->indirect) {
		struct sh_param to = { .name = v.text };
		bool known = set && gh_sh_known(v.text);
		v = known ? value_of(sh, f, &to, &set, &all) : gh_sh_any(v.marks);
	}
	if (all && p->op[0] == ':' && p->op[1] == '\0' && p->name.n != 0) { /* a part of the items */
		size_t at = 0;
		long from = 0, n = 1L << 20;
		bool ok = number(operand.text, &at, &from);
		if (ok && at < operand.text.n && operand.text.p[at] == ':') {
			at++;
			ok = number(operand.text, &at, &n);
		}
		bool args = gh_span_is(p->name, "@") || gh_span_is(p->name, "*");
		from -= args;
		if (ok && from >= 0 && n == 1)
			v.text = item(v.text, (size_t)from);
		else if (!ok || from != 0)
			v = gh_sh_any(v.marks);
	} else {
		v = apply(sh, p, v, operand, set);
	}
	f->marks |= v.marks;
	f->word = true;
	bool assigned = f->kind == SH_LIST && f->equals != 0; /* there is no splitting in assignments */
	if (f->dq || (!all && (f->kind == SH_WORD || assigned))) {
		(void)sh_put(sh, f, v.text.p, v.text.n);
	} else {
		sh_append_split(sh, f, v);
	}
}

void sh_param_start(struct gh_sh *sh, struct gh_sh_frame *f)
{
	static const char *const ops[] = { ":-", ":=", ":+", ":?", "##", "%%", "//", "/#", "/%", "^^", ",,",
					   "-",	 "=",  "+",  "?",  "#",	 "%",  "/",  ":",  "^",	 ",",  "@" };
	size_t end = sh_match(sh, f->in, f->at + 1), i = f->at + 2;
	struct gh_span in = gh_span_cut(f->in, 0, end);
	struct sh_param p = { 0 };
	f->at = end < f->in.n ? end + 1 : f->in.n;
	f->word = true;
	if (i < in.n && in.p[i] == '!' && i + 1 < in.n && sh_name_char(in.p[i + 1])) {
		p.indirect = true;
		i++;
	} else if (i + 1 < in.n && in.p[i] == '#') {
		p.length = true;
		i++;
	}
	size_t from = i;
	while (i < in.n && sh_name_char(in.p[i]))
		i++;
	if (i == from && i < in.n && memchr("@*#?$!-", in.p[i], 7) != NULL)
		i++;
	p.name = gh_span_cut(in, from, i - from);
	if (i < in.n && in.p[i] == '[') {
		const uint8_t *close = memchr(in.p + i, ']', in.n - i);
		size_t to = close == NULL ? in.n : (size_t)(close - in.p);
		p.index = gh_span_cut(in, i + 1, to - i - 1);
		p.has_index = true;
		i = to < in.n ? to + 1 : in.n;
	}
	struct gh_span rest = gh_span_cut(in, i, in.n);
	for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
		if (gh_span_starts(rest, ops[k])) {
			memcpy(p.op, ops[k], strlen(ops[k]));
			rest = gh_span_cut(rest, strlen(ops[k]), rest.n);
			break;
		}
	f->param = p;
	if (rest.n == 0 || p.op[0] == '\0') {
		sh_param_done(sh, f, (struct gh_sh_val){ 0 });
		return;
	}
	struct gh_sh_frame *g = sh_push(sh, SH_WORD, SH_TO_PARAM, rest, false);
	if (g != NULL)
		g->dq_outer = f->dq;
}
