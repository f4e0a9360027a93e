/* fmt_catboost.c - CatBoost's own model format (.cbm): "CBM1", the size of a FlatBuffer, the FlatBuffer with the trees, and for
 * models with categorical features a table of statistics for each combination of them, again FlatBuffers.
 *
 * Source: catboost/libs/model: model.cpp (the frame), flatbuffers/{model,features,ctr_data}.fbs, ctr_data.cpp (the tables: a
 * count, and before each one its size: 32 bits, or 0xffffffff and 64 bits). */
#include "format/formats.h"
#include "format/signs.h"
#include "wire/flatbuf.h"

enum { HEAD = 8, GAP_MAX = 16, SAY = 16, TEXTS = 4096, NAME_LEN = 96 };

enum { A_SIZE, A_BROKEN, A_NEW, A_PART, A_VERSION, A_TREES, A_SIGN, RULES = A_SIGN + GH_SIGNS };

#define NATIVE "The model is used where it lies in memory: memory outside of it is read"
#define AGAIN "Do not load; get the file again from its source"
static const struct gh_rule rules[RULES + 1] = {
	[A_SIZE] = { "GH-CBM-0001", GH_HIGH, GH_UNSAFE, "A size or count that does not fit the file",
		     "The loader allocates what is declared, or reads beyond the end.", AGAIN, "CWE-789 CWE-125" },
	[A_BROKEN] = { "GH-CBM-0002", GH_HIGH, GH_UNSAFE, "An offset or a table of the model is impossible", NATIVE,
		       AGAIN, "CWE-125 CWE-823" },
	[A_NEW] = { "GH-CBM-0003", GH_MEDIUM, GH_INCOMPLETE, "A field that is not known",
		    "A newer loader acts on content that this scan did not look at.", AGAIN, "CWE-20" },
	[A_PART] = { "GH-CBM-0004", GH_MEDIUM, GH_INCOMPLETE, "A part of the model that is not read",
		     "Its content was not inspected.", "Save the model without text and embedding features.",
		     "CWE-20" },
	[A_VERSION] = { "GH-CBM-0005", GH_MEDIUM, GH_INCOMPLETE, "A version of the format that is not known",
			"A newer loader may read the file differently.", AGAIN, "CWE-20" },
	[A_TREES] = { "GH-CBM-0006", GH_HIGH, GH_UNSAFE, "The trees do not fit their splits or leaves",
		      "Prediction follows these numbers without checking them: memory outside the model is read.",
		      AGAIN, "CWE-129 CWE-125" },
	GH_SIGN_RULES("GH-CBM", A_SIGN),
	[RULES] = GH_RULES_END,
};

enum {
	T_MODEL,
	T_TREES,
	T_PAIR,
	T_CAT,
	T_FLOAT,
	T_ONEHOT,
	T_CTRFEATURE,
	T_TEXT,
	T_ESTIMATED,
	T_EMBEDDING,
	T_CTR,
	T_BASE,
	T_COMBINATION,
	T_TABLE
};
static const struct gh_fb_table tables[] = {
	[T_MODEL] = { "TModelCore", "stTS", { T_TREES, T_PAIR } },
	[T_TREES] = { "TModelTrees",
		      "4IIITTTTLLXITT88LXT",
		      { T_CAT, T_FLOAT, T_ONEHOT, T_CTRFEATURE, 4, T_TEXT, T_ESTIMATED, 4, T_EMBEDDING } },
	[T_PAIR] = { "TKeyValue", "ss", { 0 } },
	[T_CAT] = { "TCatFeature", "44s1", { 0 } },
	[T_FLOAT] = { "TFloatFeature", "144Is1", { 0 } },
	[T_ONEHOT] = { "TOneHotFeature", "4IS", { 0 } },
	[T_CTRFEATURE] = { "TCtrFeature", "tI", { T_CTR } },
	[T_TEXT] = { "TTextFeature", "44s1", { 0 } },
	[T_ESTIMATED] = { "TEstimatedFeature", "4", { 0 } }, /* its second field is a struct: not known here */
	[T_EMBEDDING] = { "TEmbeddingFeature", "44s41", { 0 } },
	[T_CTR] = { "TModelCtr", "t44444", { T_BASE } },
	[T_BASE] = { "TModelCtrBase", "t14", { T_COMBINATION } },
	[T_COMBINATION] = { "TFeatureCombination", "IXX", { 8, 8 } },
	[T_TABLE] = { "TCtrValueTable", "tBB44", { T_BASE } },
};
static const struct gh_fb_schema model_schema = { tables, NULL, T_MODEL }, table_schema = { tables, NULL, T_TABLE };
/* Fields by number. */
enum { M_VERSION, M_TREES, M_INFO, M_PARTS };
enum { F_SPLITS = 1, F_SIZES, F_STARTS, F_LEAVES = 8, F_WEIGHTS, F_STEPS, F_LEAF_OF };
enum { V_HASHES = 1, V_BLOB };

struct cbm {
	struct gh_walk *w;
	struct gh_fb fb;
	uint64_t base; /* of the FlatBuffer in the source */
	unsigned texts_left, said[RULES];
};

static void say(struct cbm *c, unsigned a, uint64_t off, uint64_t len, const char *what, struct gh_span text)
{
	if (off > c->w->src->size)
		off = c->w->src->size;
	if (len > c->w->src->size - off)
		len = c->w->src->size - off;
	if (c->said[a]++ < SAY)
		gh_anomaly(c->w, &rules[a], off, len, "%s%s%s", what, text.n != 0 ? ": " : "", gh_safe(text).s);
}

static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	struct cbm *c = ctx;
	if (off >= c->fb.size)
		return (struct gh_span){ 0 };
	if (len > c->fb.size - off)
		len = (size_t)(c->fb.size - off);
	return gh_src_window(c->w->src, c->base + off, len);
}

static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	static const char *const what[GH_FB_FAULTS] = {
		[GH_FB_RANGE] = "an offset or length out of range", [GH_FB_ALIGN] = "misaligned",
		[GH_FB_VTABLE] = "an impossible table of fields",   [GH_FB_STRING] = "a text without its end",
		[GH_FB_OVERLAP] = "fields that share bytes",	    [GH_FB_LOOSE] = "bytes that belong to no field",
		[GH_FB_NEW] = "a field that is not known",	    [GH_FB_DEEP] = "nested too deeply",
	};
	struct cbm *c = ctx;
	say(c, f == GH_FB_NEW ? A_NEW : A_BROKEN, c->base + off, 0, what[f], gh_span_str(table));
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < HEAD + 8 || !gh_span_starts(p->head, "CBM1"))
		return GH_NO;
	uint32_t size = gh_le32(p->head.p + 4), root = gh_le32(p->head.p + HEAD);
	return size >= 8 && root >= 4 && root % 4 == 0 ? GH_STRONG : GH_NO;
}

/* ---- one FlatBuffer ------------------------------------------------------------------------------------------------- */

static void claim(struct cbm *c)
{
	uint64_t done = 0;
	for (size_t i = 0; i < c->fb.parts.n;) {
		struct gh_rec r = *gh_recs_at(&c->fb.parts, i++);
		while (r.ref == GH_FB_STRUCT && i < c->fb.parts.n && gh_recs_at(&c->fb.parts, i)->a == r.b &&
		       gh_recs_at(&c->fb.parts, i)->ref == r.ref)
			r.b = gh_recs_at(&c->fb.parts, i++)->b;
		if (r.a > done && r.a - done <= GAP_MAX)
			gh_claim(c->w, c->base + done, r.a - done, GH_CLAIM_PAD);
		gh_claim(c->w, c->base + r.a, r.b - r.a, r.ref == GH_FB_DATA ? GH_CLAIM_DATA : GH_CLAIM_STRUCT);
		if (r.b > done)
			done = r.b;
	}
	if (c->fb.size > done && c->fb.size - done <= GAP_MAX)
		gh_claim(c->w, c->base + done, c->fb.size - done, GH_CLAIM_PAD);
}

static enum gh_rc open_buffer(struct cbm *c, uint64_t off, uint64_t size, const struct gh_fb_schema *schema)
{
	c->base = off;
	c->fb = (struct gh_fb){ .at = at,
				.fault = fault,
				.ctx = c,
				.size = size,
				.schema = schema,
				.arena = c->w->arena,
				.steps = c->w->lim->steps,
				.bare = true };
	if (!gh_fb_verify(&c->fb))
		return gh_fail(c->w->err, GH_E_MALFORMED, "no table to begin with");
	if (c->fb.full)
		return gh_fail(c->w->err, GH_E_LIMIT, "too many tables");
	claim(c);
	return GH_OK;
}

static enum gh_rc tensor(struct cbm *c, const char *name, struct gh_fb_vec v, const char *dtype, unsigned each)
{
	struct gh_tensor t = {
		.name = gh_span_str(name), .dtype = dtype, .bits = 8 * each, .ndim = 1, .dim = &v.n, .src = c->w->src
	};
	return v.n == 0 ? GH_OK : gh_emit(c->w, GH_EV_TENSOR, c->base + v.off, v.n * each, &t);
}

/* Symmetric trees: the sizes are depths; each tree starts where the one before ends, and has 2^depth leaves. */
static void check_trees(struct cbm *c, const struct gh_fb_tab *t)
{
	struct gh_fb_vec splits = gh_fb_vector(&c->fb, t, F_SPLITS, 4), sizes = gh_fb_vector(&c->fb, t, F_SIZES, 4);
	struct gh_fb_vec starts = gh_fb_vector(&c->fb, t, F_STARTS, 4), steps = gh_fb_vector(&c->fb, t, F_STEPS, 4);
	uint64_t leaves = gh_fb_vector(&c->fb, t, F_LEAVES, 8).n, sum = 0, need = 0;
	bool wild = starts.n != sizes.n || (steps.n != 0 && steps.n != splits.n);
	for (uint64_t i = 0; i < sizes.n && !wild; i++) {
		uint64_t size = gh_fb_elem(&c->fb, sizes, i, 4), start = gh_fb_elem(&c->fb, starts, i, 4);
		wild = size > splits.n - sum || start != sum || (steps.n == 0 && size > 31);
		sum += wild ? 0 : size;
		need += wild || steps.n != 0 ? 0 : (uint64_t)1 << size;
	}
	if (wild || sum != splits.n || need > leaves)
		say(c, A_TREES, c->base + t->off, 0, "sizes, starts, splits and leaves disagree",
		    (struct gh_span){ 0 });
}

static enum gh_rc info(struct cbm *c, const struct gh_fb_tab *model)
{
	struct gh_fb_vec v = gh_fb_vector(&c->fb, model, M_INFO, 4);
	uint8_t name[NAME_LEN];
	for (uint64_t i = 0; i < v.n && c->texts_left > 0; i++, c->texts_left--) {
		struct gh_fb_tab pair = gh_fb_item(&c->fb, v, i);
		struct gh_span k = gh_fb_bytes(&c->fb, gh_fb_vector(&c->fb, &pair, 0, 1), sizeof name);
		if (k.n != 0)
			memcpy(name, k.p, k.n);
		struct gh_span key = { name, k.n };
		struct gh_fb_vec where = gh_fb_vector(&c->fb, &pair, 1, 1);
		struct gh_span text = gh_fb_bytes(&c->fb, where, 64 << 10);
		(void)gh_signs_report(c->w, rules, A_SIGN, key, text, c->base + where.off, where.n);
		struct gh_text ev = { .role = "metadata", .key = key, .text = text };
		enum gh_rc rc = text.n == 0 ? GH_OK : gh_emit(c->w, GH_EV_TEXT, c->base + where.off, where.n, &ev);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* The trees; *parts: how many parts follow, *known: all of them are the one that is read here. */
static enum gh_rc read_model(struct cbm *c, uint64_t *parts, bool *known)
{
	struct gh_fb_tab model = gh_fb_root(&c->fb), trees = gh_fb_sub(&c->fb, &model, M_TREES);
	struct gh_span v = gh_fb_bytes(&c->fb, gh_fb_vector(&c->fb, &model, M_VERSION, 1), NAME_LEN);
	if (!gh_span_is(v, "FlabuffersModel_v1"))
		say(c, A_VERSION, c->base + model.off, 0, "version", v);
	struct gh_fb_vec ids = gh_fb_vector(&c->fb, &model, M_PARTS, 4);
	*parts = ids.n;
	*known = ids.n == 1;
	if (ids.n != 0) {
		struct gh_span id = gh_fb_bytes(&c->fb, gh_fb_str_item(&c->fb, ids, 0), NAME_LEN);
		*known = *known && gh_span_is(id, "static_provider_v1");
		if (!*known)
			say(c, A_PART, c->base + model.off, 0, "part", id);
	}
	check_trees(c, &trees);
	GH_TRY(info(c, &model), c->w->err, "info");
	GH_TRY(tensor(c, "LeafValues", gh_fb_vector(&c->fb, &trees, F_LEAVES, 8), "F64", 8), c->w->err, "leaves");
	return tensor(c, "LeafWeights", gh_fb_vector(&c->fb, &trees, F_WEIGHTS, 8), "F64", 8);
}

/* ---- the frame ------------------------------------------------------------------------------------------------------ */

/* A size as it is saved: 32 bits, and 64 more when those are all set. */
static uint64_t size_at(struct gh_cur *cur)
{
	uint32_t n = gh_cur_u32le(cur);
	return n == UINT32_MAX ? gh_cur_u64le(cur) : n;
}

static enum gh_rc broken(struct cbm *c, const char *what)
{
	if (c->w->src->fail != GH_OK)
		return gh_fail(c->w->err, c->w->src->fail, "the bytes could not be read");
	say(c, A_SIZE, c->base, 0, what, (struct gh_span){ 0 });
	return gh_fail(c->w->err, GH_E_MALFORMED, "%s", what);
}

static enum gh_rc statistics(struct cbm *c, uint64_t off)
{
	struct gh_cur cur = gh_cur(c->w->src, off);
	uint64_t n = size_at(&cur);
	if (cur.bad || n > gh_cur_left(&cur) / 8)
		return broken(c, "more tables than the file holds");
	for (uint64_t i = 0; i < n; i++) {
		uint64_t size = size_at(&cur), start = gh_cur_off(&cur);
		if (cur.bad || size > gh_cur_left(&cur) || size > UINT32_MAX)
			return broken(c, "a table longer than the file");
		gh_claim(c->w, off, start - off, GH_CLAIM_STRUCT);
		GH_TRY(open_buffer(c, start, size, &table_schema), c->w->err, "table %llu", (unsigned long long)i);
		struct gh_fb_tab t = gh_fb_root(&c->fb);
		GH_TRY(tensor(c, "CTRBlob", gh_fb_vector(&c->fb, &t, V_BLOB, 1), "U8", 1), c->w->err, "table");
		GH_TRY(tensor(c, "IndexHashRaw", gh_fb_vector(&c->fb, &t, V_HASHES, 1), "U8", 1), c->w->err, "table");
		off = start + size;
		gh_cur_seek(&cur, off);
	}
	if (n == 0)
		gh_claim(c->w, off, gh_cur_off(&cur) - off, GH_CLAIM_STRUCT);
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct cbm *c = GH_NEW(w->arena, struct cbm, 1);
	struct gh_cur cur = gh_cur(w->src, 4);
	uint64_t size = gh_cur_u32le(&cur), parts = 0;
	bool known = false;
	if (c == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	c->w = w;
	c->texts_left = TEXTS;
	if (cur.bad || size > gh_cur_left(&cur))
		return broken(c, "the model is longer than the file");
	gh_claim(w, 0, HEAD, GH_CLAIM_STRUCT);
	GH_TRY(open_buffer(c, HEAD, size, &model_schema), w->err, "model");
	GH_TRY(read_model(c, &parts, &known), w->err, "model");
	if (parts == 0)
		return GH_OK;
	return known ? statistics(c, HEAD + size) : gh_fail(w->err, GH_E_UNREAD, "parts that are not read here");
}

const struct gh_fmt gh_fmt_catboost = {
	.name = "catboost",
	.about = "CatBoost model: trees, and statistics of categorical features",
	.exts = "cbm",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
