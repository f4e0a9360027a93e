/* What values say: texts, configurations of Keras, files hidden in strings and bytes. */
#include <ctype.h>

#include "format/encoded.h"
#include "format/hdf5/h5.h"
#include "format/pickle/pickle.h"

#include "base/utf8.h"

enum { LOOK_MIN = 12, LEAST_FILE = 64 };

/* Text that a person can read: languages of all kinds come as text events, whatever row would take them. */
static bool readable(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 32 && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t') || s.p[i] == 127)
			return false;
	return true;
}

/* A dotted name up to the end of its line; returns what is behind the line, 0 when it is no name. */
static size_t name_line(struct gh_span s, size_t at)
{
	size_t from = at;
	for (; at < s.n && s.p[at] != '\n'; at++)
		if (!isalnum(s.p[at]) && s.p[at] != '_' && s.p[at] != '.')
			return 0;
	return at == s.n || at == from || isdigit(s.p[from]) ? 0 : at + 1;
}

/* A pickle that reads well and does something names a module and what it wants of it, each in a line of its own. Texts
 * that begin like one ("(in metres) …") do not. */
static bool names_something(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t next = s.p[i] == 'c' || s.p[i] == 'i' ? name_line(s, i + 1) : 0;
		if (next != 0 && name_line(s, next) != 0)
			return true;
	}
	return false;
}

static bool runs(struct gh_span head, uint64_t size)
{
	return gh_pickle_probe(head, size) == GH_STRONG && (!readable(head) || names_something(head));
}

bool h5_like_a_file(struct gh_span head, uint64_t size)
{
	struct gh_probe p = { .head = head, .tail = head, .size = size };
	if (size <
	    LEAST_FILE) /* a few small numbers are like a message of protobuf, too; only pickles are that short */
		return runs(head, size);
	if (readable(head)) /* what runs although it reads well: old pickles, scripts */
		return runs(head, size) || gh_span_starts(head, "#!/");
	for (size_t i = 0; i < gh_fmts_n; i++) {
		enum gh_match m = gh_fmts[i]->probe(&p);
		if (m == GH_STRONG || m == GH_WEAK)
			return true;
	}
	return false;
}

enum gh_rc h5_look(struct h5 *h, struct gh_src *src, struct gh_span name, uint64_t off, uint64_t len, bool raw)
{
	if (h->looks == 0)
		return h5_bad(h, H5_A_MANY, off - h->base, "more values like files than are looked into");
	h->looks--;
	struct gh_member m = {
		.how = raw ? GH_MEMBER_FILE : GH_MEMBER_NESTED, .name = name, .src = src, .role = "value", .raw = raw
	};
	enum gh_rc rc = gh_emit(h->w, GH_EV_MEMBER, off, len, &m);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "a value");
}

static enum gh_rc look_bytes(struct h5 *h, const struct h5_value *v, struct gh_span bytes, bool raw)
{
	struct gh_src_mem mem;
	if (bytes.n < LOOK_MIN || !h5_like_a_file(gh_span_cut(bytes, 0, GH_PROBE_BYTES), bytes.n))
		return GH_OK;
	return h5_look(h, gh_src_mem(&mem, bytes), v->key, v->off, v->len, raw);
}

/* ---- texts ------------------------------------------------------------------------------------------------------------- */

static bool holds(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static bool keras_config(const struct h5_value *v, struct gh_span text)
{
	size_t i = 0;
	while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\n' || text.p[i] == '\t' || text.p[i] == '\r'))
		i++;
	if (i == text.n || text.p[i] != '{')
		return false;
	return gh_span_is(v->name, "model_config") || gh_span_is(v->name, "training_config") ||
	       holds(text, "\"class_name\"");
}

static enum gh_rc emit_member(struct h5 *h, const struct h5_value *v, struct gh_span text, const char *role,
			      const char *expect)
{
	struct gh_src_mem mem;
	struct gh_member m = {
		.how = GH_MEMBER_FILE, .name = v->name, .src = gh_src_mem(&mem, text), .role = role, .expect = expect
	};
	enum gh_rc rc = gh_emit(h->w, GH_EV_MEMBER, v->off, v->len, &m);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "an attribute");
}

/* PyTables makes a pickle of every attribute that is no plain value, and loads again whatever looks like one. */
static bool pickled(const struct h5_value *v, struct gh_span text)
{
	return v->attribute && text.n > 2 && text.p[text.n - 1] == '.' &&
	       runs(gh_span_cut(text, 0, GH_PROBE_BYTES), text.n);
}

static enum gh_rc say_text(struct h5 *h, const struct h5_value *v, struct gh_span text)
{
	if (text.n == 0)
		return GH_OK;
	struct gh_text t = { .role = v->role, .key = v->key, .text = text };
	GH_TRY(gh_emit(h->w, GH_EV_TEXT, v->off, v->len, &t), h->w->err, "a text");
	if (h->signs_left != 0 && gh_signs_report(h->w, h5_rules, H5_A_SIGN, v->name, text, v->off, v->len) != 0)
		h->signs_left--;
	if (v->attribute && gh_span_is(v->name, "keras_version")) {
		struct gh_package p = {
			.ecosystem = "PyPI", .name = GH_SPAN("keras"), .version = text, .producer = true
		};
		GH_TRY(gh_emit(h->w, GH_EV_PACKAGE, v->off, v->len, &p), h->w->err, "a text");
	}
	struct gh_encoded *x = GH_NEW(&h->tmp, struct gh_encoded, 1);
	if (x == NULL || text.n < GH_ENCODED_LEAST)
		return GH_OK;
	gh_encoded_open(x, h->w, v->key, v->off, v->len, &h->encoded_left);
	gh_encoded_put(x, text);
	enum gh_rc rc = gh_encoded_close(x);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "a text");
}

/* One string of a value: its own member when it is more than a text; else it joins the others. */
static enum gh_rc one_text(struct h5 *h, const struct h5_value *v, struct gh_span text, struct gh_buf *all)
{
	if (keras_config(v, text))
		return emit_member(h, v, text, GH_HDF5_ROLE_KERAS, "json");
	if (pickled(v, text)) {
		h5_say(h, H5_A_PICKLE, v->off - h->base, v->len, "%s", gh_safe(v->key).s);
		return emit_member(h, v, text, "pickled attribute", "pickle");
	}
	/* What lies in the global heap was looked at there. */
	enum gh_rc rc = v->type->cls == GH_HDF5_STRING ? look_bytes(h, v, text, false) : GH_OK;
	if (rc != GH_OK)
		return rc;
	if (text.n > GH_WINDOW_MAX)
		return emit_member(h, v, text, v->role, NULL);
	if (all->n + text.n + 1 > GH_WINDOW_MAX) {
		rc = say_text(h, v, gh_buf_view(all));
		all->n = 0;
	}
	if (all->n != 0)
		gh_buf_ch(all, '\n');
	gh_buf_span(all, text);
	return rc;
}

static struct gh_span trimmed(struct gh_span s, unsigned pad)
{
	if (pad == 0) {
		const uint8_t *nul = s.n == 0 ? NULL : memchr(s.p, 0, s.n);
		bool rest = false;
		for (size_t i = nul == NULL ? s.n : (size_t)(nul - s.p); i < s.n && !rest; i++)
			rest = s.p[i] != 0;
		if (nul != NULL && !rest) /* with something behind the end all of it is looked at */
			s.n = (size_t)(nul - s.p);
		return s;
	}
	while (s.n != 0 && (s.p[s.n - 1] == 0 || (pad == 2 && s.p[s.n - 1] == ' ')))
		s.n--;
	return s;
}

/* ---- pointers to the global heap --------------------------------------------------------------------------------------- */

static enum gh_rc one_spot(struct h5 *h, const struct h5_value *v, const struct gh_hdf5_spot *s, struct gh_span element,
			   struct gh_buf *all)
{
	struct gh_rd r = gh_rd(gh_span_cut(element, s->off, element.n));
	uint64_t n = s->region ? 0 : gh_rd_u32le(&r), addr = h5_rd_addr(h, &r);
	uint32_t index = gh_rd_u32le(&r);
	struct gh_span out;
	if (r.bad)
		return h5_bad(h, H5_A_SHAPE, v->off - h->base, "an element that ends within a pointer");
	if (addr == H5_UNDEF || addr == 0 || (n == 0 && !s->region))
		return GH_OK; /* none */
	enum gh_rc rc = h5_global(h, addr, index, n * s->element, &out);
	return rc == GH_OK && s->text ? one_text(h, v, trimmed(out, 0), all) : rc;
}

static enum gh_rc elements(struct h5 *h, const struct h5_value *v, struct gh_span bytes, struct gh_buf *all)
{
	const struct gh_hdf5_type *t = v->type;
	for (size_t at = 0; bytes.n - at >= t->size; at += t->size) {
		struct gh_span e = gh_span_cut(bytes, at, t->size);
		enum gh_rc rc = t->cls == GH_HDF5_STRING ? one_text(h, v, trimmed(e, t->pad), all) : GH_OK;
		for (size_t i = 0; i < t->nspot && rc == GH_OK; i++) {
			rc = one_spot(h, v, &t->spot[i], e, all);
			h->broken = h->broken || rc == GH_E_MALFORMED;
			rc = rc == GH_E_MALFORMED ? GH_OK : rc;
			gh_arena_free(&h->tmp);
		}
		if (rc != GH_OK)
			return rc;
		gh_arena_free(&h->tmp);
	}
	return GH_OK;
}

bool h5_bytes_like(const struct gh_hdf5_type *t)
{
	bool number = t->base == GH_HDF5_INT || t->base == GH_HDF5_FLOAT || t->base == GH_HDF5_COMPLEX;
	return t->cls == GH_HDF5_COMPOUND || !number || t->base_size == 1;
}

enum gh_rc h5_values(struct h5 *h, const struct h5_value *v, struct gh_span bytes)
{
	gh_auto_buf all = gh_buf(GH_WINDOW_MAX + 16);
	enum gh_rc rc = GH_OK;
	if (v->type->cls == GH_HDF5_STRING || v->type->nspot != 0) {
		/* `bytes` may lie in tmp: elements get one of their own, to be given back after each. */
		struct gh_arena outer = h->tmp;
		h->tmp = (struct gh_arena){ .max = H5_TMP };
		rc = elements(h, v, bytes, &all);
		if (rc == GH_OK)
			rc = say_text(h, v, gh_buf_view(&all));
		gh_arena_free(&h->tmp);
		h->tmp = outer;
	}
	if (v->type->many && rc == GH_OK)
		rc = h5_bad(h, H5_A_MANY, v->off - h->base, "elements with very many pointers");
	if (rc == GH_OK && v->type->cls != GH_HDF5_STRING && !v->looked)
		rc = look_bytes(h, v, bytes, !h5_bytes_like(v->type));
	return rc;
}
