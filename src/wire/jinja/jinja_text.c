/* Text forms of values: str(), repr() and JSON as Python writes them. */
#include "base/utf8.h"
#include "wire/jinja/jinja_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void jj_put(struct jj_text *t, struct gh_span s)
{
	if (s.n == 0)
		return;
	if (t->n + s.n > t->r->max_out) {
		(void)jj_limit(t->r, "a text longer than the limit allows");
		return;
	}
	uint8_t *p = gh_grow(t->r->arena, t->p, &t->cap, t->n + s.n, 1);
	if (p == NULL) {
		(void)jj_limit(t->r, "no memory");
		return;
	}
	t->p = p;
	memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* Bytes of the character at the start; one for what is no UTF-8. */
static size_t char_len(struct gh_span s)
{
	uint32_t cp;
	unsigned n = gh_utf8_next(s, &cp);
	return n == 0 ? 1 : n;
}

size_t jj_chars(struct gh_span s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; n++)
		i += s.p[i] < 0x80 ? 1 : char_len(gh_span_cut(s, i, 4));
	return n;
}

struct gh_span jj_char_range(struct gh_span s, size_t from, size_t to)
{
	size_t at = 0, i = 0, start = s.n;
	for (; i < s.n && at < to; at++) {
		if (at == from)
			start = i;
		i += s.p[i] < 0x80 ? 1 : char_len(gh_span_cut(s, i, 4));
	}
	return start > i ? (struct gh_span){ 0 } : gh_span_cut(s, start, i - start);
}

/* repr() of a float: the shortest digits that read back as the same number. */
static void put_float(struct jj_text *t, double f)
{
	char e[40], out[64];
	if (isnan(f) || isinf(f)) {
		jj_puts(t, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	for (int p = 0; p < 17; p++) {
		(void)snprintf(e, sizeof e, "%.*e", p, f);
		if (strtod(e, NULL) == f)
			break;
	}
	int exp = (int)strtol(strchr(e, 'e') + 1, NULL, 10), digits = (int)(strchr(e, 'e') - e) - (e[0] == '-');
	digits -= digits > 1; /* the point */
	if (exp < -4 || exp >= 16) {
		jj_put(t, (struct gh_span){ (const uint8_t *)e, (size_t)(strchr(e, 'e') - e) });
		(void)snprintf(out, sizeof out, "e%c%02d", exp < 0 ? '-' : '+', exp < 0 ? -exp : exp);
	} else {
		(void)snprintf(out, sizeof out, "%.*f", digits - 1 - exp > 1 ? digits - 1 - exp : 1, f);
	}
	jj_puts(t, out);
}

static void put_scalar(struct jj_text *t, struct gh_jv v, bool json)
{
	char s[32];
	switch (v.kind) {
	case JV_NONE: jj_puts(t, json ? "null" : "None"); return;
	case JV_BOOL: jj_puts(t, json ? (v.i ? "true" : "false") : v.i ? "True" : "False"); return;
	case JV_INT:
		(void)snprintf(s, sizeof s, "%lld", (long long)v.i);
		jj_puts(t, s);
		return;
	case JV_FLOAT:
		if (json && (isnan(v.f) || isinf(v.f)))
			jj_puts(t, isnan(v.f) ? "NaN" : v.f < 0 ? "-Infinity" : "Infinity");
		else
			put_float(t, v.f);
		return;
	default: return;
	}
}

static bool printable(uint32_t cp) { return cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa1) && cp != 0xad; }

static void repr_str(struct jj_text *t, struct gh_span s, bool bytes)
{
	bool single = s.n != 0 && memchr(s.p, '\'', s.n) != NULL, dbl = s.n != 0 && memchr(s.p, '"', s.n) != NULL;
	char q = single && !dbl ? '"' : '\'', buf[16];
	if (bytes)
		jj_putc(t, 'b');
	jj_putc(t, q);
	for (size_t i = 0; i < s.n && t->r->err == NULL;) {
		uint32_t cp = s.p[i];
		unsigned n = bytes ? 1 : gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		n = n == 0 ? 1 : n;
		if (cp == (uint32_t)q || cp == '\\') {
			jj_putc(t, '\\');
			jj_putc(t, (char)cp);
		} else if (cp == '\n' || cp == '\r' || cp == '\t') {
			jj_puts(t, cp == '\n' ? "\\n" : cp == '\r' ? "\\r" : "\\t");
		} else if (printable(cp) && (!bytes || cp < 0x7f)) {
			jj_put(t, gh_span_cut(s, i, n));
		} else {
			(void)snprintf(buf, sizeof buf, "\\x%02x", cp & 0xff);
			jj_puts(t, buf);
		}
		i += n;
	}
	jj_putc(t, q);
}

static void put_list(struct jj_text *t, struct gh_jv v, unsigned depth);

static void repr(struct jj_text *t, struct gh_jv v, unsigned depth)
{
	if (depth > JJ_VALUE_DEPTH) {
		(void)jj_limit(t->r, "values nested too deep");
		return;
	}
	if (!jj_step(t->r, 1))
		return;
	switch (v.kind) {
	case JV_UNDEFINED: jj_puts(t, "Undefined"); return;
	case JV_STR: repr_str(t, v.s, false); return;
	case JV_BYTES: repr_str(t, v.s, true); return;
	case JV_LIST:
	case JV_TUPLE:
	case JV_DICT:
	case JV_NAMESPACE: put_list(t, v, depth); return;
	case JV_UNKNOWN: jj_put(t, v.s); return;
	case JV_NONE:
	case JV_BOOL:
	case JV_INT:
	case JV_FLOAT: put_scalar(t, v, false); return;
	default: /* never the same twice in Python either */
		jj_puts(t, "<");
		jj_puts(t, jj_type_name(v));
		jj_puts(t, ">");
	}
}

static void put_list(struct jj_text *t, struct gh_jv v, unsigned depth)
{
	bool dict = v.kind == JV_DICT || v.kind == JV_NAMESPACE;
	size_t n = dict ? v.dict->n : v.list->n;
	jj_puts(t, v.kind == JV_NAMESPACE ? "<Namespace {" : dict ? "{" : v.kind == JV_TUPLE ? "(" : "[");
	for (size_t i = 0; i < n && t->r->err == NULL; i++) {
		if (i != 0)
			jj_puts(t, ", ");
		repr(t, dict ? v.dict->key[i] : v.list->v[i], depth + 1);
		if (!dict)
			continue;
		jj_puts(t, ": ");
		repr(t, v.dict->val[i], depth + 1);
	}
	jj_puts(t, v.kind == JV_NAMESPACE ? "}>" : dict ? "}" : v.kind != JV_TUPLE ? "]" : n == 1 ? ",)" : ")");
}

void jj_put_repr(struct jj_text *t, struct gh_jv v) { repr(t, v, 0); }

void jj_put_str(struct jj_text *t, struct gh_jv v)
{
	if (v.kind == JV_STR)
		jj_put(t, v.s);
	else if (v.kind != JV_UNDEFINED)
		repr(t, v, 0);
}

struct gh_jv jj_str(struct gh_jj_run *r, struct gh_jv v)
{
	if (v.kind == JV_STR)
		return v;
	struct jj_text t = { .r = r };
	jj_put_str(&t, v);
	/* The text form of a thing of the engine is not known, only that it has letters to take. */
	if (v.kind >= JV_FUNCTION || v.kind == JV_LAZY || jj_is_unknown(v))
		return jj_mix(r,
			      v.kind >= JV_FUNCTION && v.kind != JV_UNKNOWN ? JU_OBSCURE
			      : v.kind == JV_LAZY			    ? JU_OBSCURE
									    : 0,
			      &v, 1);
	return jj_text_value(&t);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */
static void json_str(struct jj_text *t, struct gh_span s, bool ascii)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
	char buf[16];
	jj_putc(t, '"');
	for (size_t i = 0; i < s.n && t->r->err == NULL;) {
		uint32_t cp = s.p[i];
		unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		n = n == 0 ? 1 : n;
		const char *p = cp != 0 && cp < 0x80 ? strchr(from, (int)cp) : NULL;
		if (p != NULL) {
			jj_putc(t, '\\');
			jj_putc(t, to[p - from]);
		} else if (cp < 0x20 || (ascii && cp >= 0x7f && cp <= 0xffff)) {
			(void)snprintf(buf, sizeof buf, "\\u%04x", cp);
			jj_puts(t, buf);
		} else if (ascii && cp > 0xffff) {
			(void)snprintf(buf, sizeof buf, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
				       0xdc00 + ((cp - 0x10000) & 0x3ff));
			jj_puts(t, buf);
		} else {
			jj_put(t, gh_span_cut(s, i, n));
		}
		i += n;
	}
	jj_putc(t, '"');
}

static void new_line(struct jj_text *t, const struct jj_json *o, unsigned depth)
{
	if (o->indent < 0)
		return;
	jj_putc(t, '\n');
	for (unsigned i = 0; i < depth * (unsigned)o->indent && t->r->err == NULL; i++)
		jj_putc(t, ' ');
}

static void json(struct jj_text *t, struct gh_jv v, const struct jj_json *o, unsigned depth);

static void json_key(struct jj_text *t, struct gh_jv k, const struct jj_json *o)
{
	if (k.kind == JV_STR) {
		json_str(t, k.s, o->ascii);
		return;
	}
	jj_putc(t, '"');
	put_scalar(t, k, true);
	jj_putc(t, '"');
}

static void json_items(struct jj_text *t, struct gh_jv v, const struct jj_json *o, unsigned depth)
{
	bool dict = v.kind == JV_DICT;
	size_t n = dict ? v.dict->n : v.list->n;
	struct gh_jv last = gh_jv_none();
	jj_putc(t, dict ? '{' : '[');
	for (size_t i = 0; i < n && t->r->err == NULL; i++) {
		if (i != 0)
			jj_put(t, o->item.p != NULL ? o->item : o->indent < 0 ? GH_SPAN(", ") : GH_SPAN(","));
		new_line(t, o, depth + 1);
		if (!dict) {
			json(t, v.list->v[i], o, depth + 1);
			continue;
		}
		size_t k = i;
		if (o->sort_keys) { /* the smallest one above the last */
			k = n;
			for (size_t j = 0; j < n; j++) {
				int c = 0, d = 0;
				bool above = i == 0 || (jj_order(v.dict->key[j], last, &c) && c > 0);
				if (above && (k == n || (jj_order(v.dict->key[j], v.dict->key[k], &d) && d < 0)))
					k = j;
			}
			if (k == n || !jj_step(t->r, n))
				break;
			last = v.dict->key[k];
		}
		json_key(t, v.dict->key[k], o);
		jj_put(t, o->colon.p != NULL ? o->colon : GH_SPAN(": "));
		json(t, v.dict->val[k], o, depth + 1);
	}
	if (n != 0)
		new_line(t, o, depth);
	jj_putc(t, dict ? '}' : ']');
}

static void json(struct jj_text *t, struct gh_jv v, const struct jj_json *o, unsigned depth)
{
	if (depth > JJ_VALUE_DEPTH) {
		(void)jj_limit(t->r, "values nested too deep");
		return;
	}
	if (!jj_step(t->r, 1))
		return;
	switch (v.kind) {
	case JV_STR: json_str(t, v.s, o->ascii); return;
	case JV_UNKNOWN: jj_put(t, v.s); return;
	case JV_LIST:
	case JV_TUPLE:
	case JV_DICT: json_items(t, v, o, depth); return;
	case JV_NONE:
	case JV_BOOL:
	case JV_INT:
	case JV_FLOAT: put_scalar(t, v, true); return;
	default: (void)jj_error(t->r, "not serialisable as JSON");
	}
}

void jj_put_json(struct jj_text *t, struct gh_jv v, const struct jj_json *o) { json(t, v, o, 0); }
