/* Core ML: Model of coremltools' mlmodel/format/Model.proto, as in .mlmodel files and in the Data folder of .mlpackage. A
 * description and one of some forty kinds of models; pipelines hold models again. Read in full: what can act (custom models
 * and layers, which name a class of the application; linked models, which name a file; ML programs, whose weights lie in
 * another file) and what people read. The parameters of ordinary layers need no schema: gh_ps_any(). */
#include "format/coreml/coreml.h"

enum { NAME_KEPT = 128 };

const struct gh_rule coreml_rules[COREML_RULES + 1] = {
	GH_PS_RULES("GH-CML"),
	[COREML_A_NO_MODEL] = { "GH-CML-0001", GH_LOW, GH_REVIEW, "Description of a model without the model",
				"None known; loaders refuse it.", "Get the complete model.", "CWE-20" },
	[COREML_A_NO_CLASS] = { "GH-CML-0002", GH_MEDIUM, GH_REVIEW,
				"Custom model or layer without the name of its class",
				"What a reader makes of it is its own choice.", GH_PS_AGAIN, "CWE-20" },
	[COREML_RULES] = GH_RULES_END,
};

struct coreml {
	struct gh_ps s;
	uint8_t key[NAME_KEPT], layer[NAME_KEPT], cls[NAME_KEPT], file[1024];
	size_t key_n, layer_n, cls_n, file_n;
	struct gh_pb_field value;
	uint64_t off;
	bool model;
};

static size_t keep(struct gh_ps *s, const struct gh_pb_field *f, uint8_t *to, size_t cap)
{
	struct gh_span v = gh_ps_bytes(s, f, cap);
	if (v.n != 0)
		memcpy(to, v.p, v.n);
	return v.n;
}

static enum gh_rc tell_class(struct coreml *m, const char *kind)
{
	uint64_t end = m->s.frame[m->s.p.depth].end;
	struct gh_span cls = { m->cls, m->cls_n };
	if (m->cls_n == 0)
		gh_ps_say(&m->s, COREML_A_NO_CLASS, m->off, end - m->off, "a %s", kind);
	struct gh_call ev = {
		.how = GH_CALL_OPERATION, .system = "coreml", .module = gh_span_str(kind), .name = cls, .resolved = true
	};
	return gh_emit(m->s.w, GH_EV_CALL, m->off, end - m->off, &ev);
}

static enum gh_rc tell_file(struct coreml *m, enum gh_ref_kind kind, const char *from)
{
	struct gh_span target = { m->file, m->file_n };
	/* In a package, @model_path is the folder of the model itself. The file has a header and a table of its own, and
	 * the offset is that of an entry in it: all of the file belongs to the model. */
	if (kind == GH_REF_DATA && gh_span_starts(target, "@model_path/"))
		target = gh_span_cut(target, 12, target.n);
	struct gh_reference ref = {
		.kind = kind, .target = target, .from = gh_span_str(from), .data = { 0, UINT64_MAX }
	};
	uint64_t end = m->s.frame[m->s.p.depth].end;
	return gh_emit(m->s.w, GH_EV_REFERENCE, m->off, end - m->off, &ref);
}

/* The search path of a linked model: nothing and "." are the model's own folder, $BUNDLE… the application's. */
static enum gh_rc tell_folder(struct coreml *m)
{
	struct gh_span v = { m->file, m->file_n };
	bool own = v.n == 0 || gh_span_is(v, ".") || gh_span_is(v, "$BUNDLE_MAIN") ||
		   gh_span_starts(v, "$BUNDLE_IDENTIFIER(");
	return own ? GH_OK : tell_file(m, GH_REF_PATH, "search path");
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct coreml *m = s->ctx;
	switch (row->id) {
	case COREML_MODEL: m->model = true; break;
	case COREML_LAYER: m->layer_n = 0; break;
	case COREML_META:
		m->key_n = 0;
		m->value = (struct gh_pb_field){ .off = f->off };
		break;
	case COREML_CUSTOM_MODEL: m->model = true; /* fall through */
	case COREML_CUSTOM_LAYER:
		m->cls_n = 0;
		m->off = f->off;
		break;
	case COREML_LINKED: m->model = true; break;
	case COREML_LINKED_FILE:
	case COREML_BLOB:
		m->file_n = 0;
		m->off = f->off;
		break;
	default: break;
	}
	return GH_OK;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct coreml *m = s->ctx;
	switch (row == NULL ? (unsigned)COREML_NONE : row->id) {
	case COREML_META:
		return gh_ps_describe(s, "metadata", (struct gh_span){ m->key, m->key_n }, &m->value, GH_PS_ALL_SIGNS);
	case COREML_CUSTOM_MODEL: return tell_class(m, "custom model");
	case COREML_CUSTOM_LAYER: return tell_class(m, "custom layer");
	case COREML_LINKED_FILE: return row->number == 1 ? tell_file(m, GH_REF_PATH, "linked model") : tell_folder(m);
	case COREML_BLOB: return tell_file(m, GH_REF_DATA, "blob file");
	default: return GH_OK;
	}
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct coreml *m = s->ctx;
	struct gh_span layer = { m->layer, m->layer_n };
	switch (row->id) {
	case COREML_KEY: m->key_n = keep(s, f, m->key, sizeof m->key); break;
	case COREML_VALUE: m->value = *f; break;
	case COREML_TEXT: return gh_ps_describe(s, "documentation", GH_SPAN("description"), f, GH_PS_ALL_SIGNS);
	case COREML_LAYER_NAME: m->layer_n = keep(s, f, m->layer, sizeof m->layer); break;
	case COREML_CLASS: m->cls_n = keep(s, f, m->cls, sizeof m->cls); break;
	case COREML_FILE: m->file_n = keep(s, f, m->file, sizeof m->file); break;
	case COREML_BYTES: return gh_ps_blob(s, "serialized model", layer, f, NULL);
	default: break;
	}
	if (row->kind != GH_PS_ANY)
		return GH_OK;
	m->model = m->model || row->id == COREML_MODEL;
	return gh_ps_any(s, layer, f);
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

/* A version, a description with features in it, and one model of a known kind behind it if that is in sight. */
static enum gh_match probe(const struct gh_probe *p)
{
	enum { VERSION = 1, DESCRIPTION = 2, UPDATABLE = 4 };
	if (p->size < 8 || p->head.n == 0 || p->head.p[0] == 0)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, coreml_shape, true);
	if (!fit.fits || (fit.seen & VERSION) == 0 || (fit.seen & DESCRIPTION) == 0 || (fit.nested & DESCRIPTION) == 0)
		return GH_NO;
	return (fit.seen & ~(uint64_t)(VERSION | DESCRIPTION | UPDATABLE)) != 0 || !fit.whole ? GH_STRONG : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct coreml *m = GH_NEW(w->arena, struct coreml, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	m->s.w = w;
	m->s.ops = &ops;
	m->s.rules = coreml_rules;
	m->s.ctx = m;
	GH_TRY(gh_ps_walk(&m->s, &coreml_model), w->err, "coreml");
	if (!m->model)
		gh_ps_say(&m->s, COREML_A_NO_MODEL, 0, 0, "%llu bytes", (unsigned long long)w->src->size);
	return GH_OK;
}

const struct gh_fmt gh_fmt_coreml = {
	.name = "coreml",
	.about = "Model of Apple's Core ML (.mlmodel)",
	.exts = "mlmodel",
	.probe = probe,
	.walk = walk,
	.rules = coreml_rules,
};
