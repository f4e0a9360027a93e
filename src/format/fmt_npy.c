/* fmt_npy.c - NumPy's array file: magic, version, length, a Python dict literal, then the elements as they lie in
 * memory, or, when the type holds objects, one pickle stream that numpy.load(allow_pickle=True) executes.
 * Source: numpy/lib/format.py, NEP 1. */
#include "format/dtype.h"
#include "base/utf8.h"
#include "format/formats.h"
#include "format/pickle/pickle.h"
#include "wire/npyhdr.h"

enum { MAGIC = 6, USUAL_HEADER = 10000 };
static const uint8_t magic[MAGIC] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };

enum {
	A_VERSION,
	A_CUT,
	A_SYNTAX,
	A_KEYS,
	A_DTYPE,
	A_SHAPE,
	A_OVERFLOW,
	A_SHORT,
	A_LIMIT,
	A_LONG,
	A_ALIGN,
	A_OBJECTS,
	A_NOARRAY,
	A_AFTERALL
};

static const struct gh_rule rules[] = {
	[A_VERSION] = { "GH-NPY-0001", GH_MEDIUM, GH_INCOMPLETE, "Array file of an unknown format version",
			"A newer reader may find content here that this scan did not look at.",
			"Save the array again with a current NumPy, or wait for a release that knows this version.",
			"CWE-1286" },
	[A_CUT] = { "GH-NPY-0002", GH_MEDIUM, GH_REVIEW, "Array file ends within its header",
		    "Nothing can be loaded; the file may have been damaged to confuse scanners.",
		    "Get the file again from its source.", "CWE-1286" },
	[A_SYNTAX] = { "GH-NPY-0003", GH_MEDIUM, GH_REVIEW, "Header of an array file is malformed",
		       "Readers that are more lenient than others see a different array, or none.",
		       "Save the array again with numpy.save().", "CWE-1286 CWE-436" },
	[A_KEYS] = { "GH-NPY-0004", GH_MEDIUM, GH_REVIEW,
		     "Header of an array file has missing, doubled or unknown keys",
		     "Readers that take the first and readers that take the last of two keys see different arrays.",
		     "Save the array again with numpy.save().", "CWE-436" },
	[A_DTYPE] = { "GH-NPY-0005", GH_MEDIUM, GH_INCOMPLETE, "Element type of an array is not understood",
		      "The bytes behind the header could not be checked against the shape; they may be a pickle.",
		      "Save the array again with a plain element type.", "CWE-1286" },
	[A_SHAPE] = { "GH-NPY-0006", GH_MEDIUM, GH_REVIEW, "Shape of an array is malformed",
		      "Loaders reject the file or misread it.", "Save the array again with numpy.save().", "CWE-1286" },
	[A_OVERFLOW] = { "GH-NPY-0007", GH_HIGH, GH_UNSAFE, "Shape of an array is negative or overflows",
			 "A reader that multiplies without checking allocates too little and reads or writes out of "
			 "bounds.",
			 "Do not load the file.", "CWE-190 CWE-787 CWE-125" },
	[A_SHORT] = { "GH-NPY-0008", GH_MEDIUM, GH_REVIEW, "Array has fewer bytes than its header declares",
		      "A memory-mapping reader runs past the end; others allocate what was declared before they "
		      "notice.",
		      "Get the file again from its source.", "CWE-125 CWE-789" },
	[A_LIMIT] = { "GH-NPY-0009", GH_MEDIUM, GH_INCOMPLETE,
		      "Header of an array file is too large or nested too deeply",
		      "Exhausts or crashes the loader's parser; the content could not be checked.",
		      "Do not load the file.", "CWE-674 CWE-400" },
	[A_LONG] = { "GH-NPY-0010", GH_LOW, GH_CLEAN, "Header of an array file is longer than NumPy loads by default",
		     "Nothing by itself: numpy.load() refuses it unless told otherwise.",
		     "Load it only with max_header_size set on purpose.", "CWE-400" },
	[A_ALIGN] = { "GH-NPY-0011", GH_INFO, GH_CLEAN, "Array data are not aligned as NumPy writes them",
		      "Nothing: the file was written by another program.", "Nothing to do.", "" },
	[A_OBJECTS] = { "GH-NPY-0012", GH_LOW, GH_CLEAN, "Array of Python objects: its data are a pickle",
			"numpy.load(allow_pickle=True) executes whatever the pickle calls; see the findings about "
			"calls.",
			"Store plain numbers, and load with allow_pickle=False.", "CWE-502 AML.T0011" },
	[A_NOARRAY] = { "GH-NPY-0013", GH_MEDIUM, GH_REVIEW, "Pickle in an object array does not make an array",
			"The file is a disguised pickle rather than an array that NumPy saved.",
			"Do not load it with allow_pickle=True.", "CWE-502 AML.T0011" },
	[A_AFTERALL] = { "GH-NPY-0014", GH_HIGH, GH_REVIEW, "A pickle stands behind a header that cannot be read",
			 "A reader that accepts the header after all, or skips it, executes the pickle.",
			 "Do not load the file.", "CWE-502 CWE-436 AML.T0011" },
	GH_RULES_END
};

/* The row for each kind of fault in the header. */
static const struct {
	int rule;
	enum gh_rc rc;
} faults[] = {
	[GH_NPY_SYNTAX] = { A_SYNTAX, GH_E_MALFORMED },	    [GH_NPY_KEYS] = { A_KEYS, GH_E_MALFORMED },
	[GH_NPY_DTYPE] = { A_DTYPE, GH_E_UNREAD },	    [GH_NPY_SHAPE] = { A_SHAPE, GH_E_MALFORMED },
	[GH_NPY_NEGATIVE] = { A_OVERFLOW, GH_E_MALFORMED }, [GH_NPY_OVERFLOW] = { A_OVERFLOW, GH_E_MALFORMED },
	[GH_NPY_LIMIT] = { A_LIMIT, GH_E_LIMIT },
};

static enum gh_match probe(const struct gh_probe *p)
{
	return p->head.n >= MAGIC && memcmp(p->head.p, magic, MAGIC) == 0 ? GH_STRONG : GH_NO;
}

/* The type in the words of the tensor checks: plain numbers by their common names, the rest as bytes. */
static const char *type_name(const struct gh_npy_type *t)
{
	const struct gh_dtype *d = t->fields || t->subarray ? NULL : gh_dtype_numpy(t->kind, t->size);
	if (d != NULL)
		return d->name;
	return t->fields || t->subarray		  ? "RECORD"
	       : t->kind == 'M' || t->kind == 'm' ? "TIME"
	       : t->kind == 'S'			  ? "BYTES"
	       : t->kind == 'U'			  ? "TEXT"
						  : "VOID";
}

static enum gh_rc emit_tensor(struct gh_walk *w, const struct gh_npyhdr *h, uint64_t off)
{
	struct gh_tensor t = {
		.name = w->name,
		.dtype = type_name(&h->type),
		.bits = h->type.size <= INT32_MAX / 8 ? (unsigned)(h->type.size * 8) : 0,
		.ndim = h->ndim,
		.dim = h->dim,
		.src = w->src,
		.big_endian = h->type.order == '>',
	};
	enum gh_rc rc = h->bytes == 0 ? GH_OK : gh_emit(w, GH_EV_TENSOR, off, h->bytes, &t);
	return rc == GH_OK ? GH_OK : gh_fail(w->err, rc, "array data");
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

enum { TEXT_PART = 32768, TEXT_OUT = 2 * TEXT_PART };

static uint32_t character(const uint8_t *p, bool wide, bool big)
{
	if (!wide)
		return p[0];
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static unsigned put_character(uint32_t c, bool wide, uint8_t *out)
{
	bool scalar = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
	if (wide)
		return gh_utf8_put(scalar ? c : 0xfffd, out);
	*out = (uint8_t)c;
	return 1;
}

/* Elements of characters (of bytes, or of 32 bits each; filled up with zeros) as text, each on a line of its own, in parts whose
 * ends lie between two elements where elements are short. Numbers of the same width have their own kinds. */
static enum gh_rc emit_texts(struct gh_walk *w, const struct gh_npyhdr *h, uint64_t off)
{
	bool wide = h->type.kind == 'U', big = h->type.order == '>';
	size_t each = wide ? 4 : 1;
	uint64_t width = h->type.size / each, done = 0, last = h->bytes / each;
	uint8_t *out = width == 0 ? NULL : gh_alloc(w->arena, TEXT_OUT, 1);
	if (out == NULL)
		return width == 0 ? GH_OK : gh_fail(w->err, GH_E_NOMEM, "texts of an array");
	while (done < last) {
		uint64_t most = TEXT_PART / each, left = last - done;
		size_t count = (size_t)(left < most ? left : most), n = 0;
		if (count < left && width <= count)
			count -= (size_t)((done + count) % width); /* whole elements */
		struct gh_span win = gh_src_window(w->src, off + done * each, count * each);
		if (win.n != count * each)
			return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_IO, "texts of an array");
		bool line = true;
		for (size_t i = 0; i < count; i++) {
			uint32_t c = character(win.p + i * each, wide, big);
			if (c != 0) {
				n += put_character(c, wide, out + n);
				line = false;
			}
			if ((done + i + 1) % width == 0 && !line) {
				out[n++] = '\n';
				line = true;
			}
		}
		struct gh_text t = { .role = "data", .text = { out, n } };
		enum gh_rc rc = n == 0 ? GH_OK : gh_emit(w, GH_EV_TEXT, off + done * each, count * each, &t);
		if (rc != GH_OK)
			return gh_fail(w->err, rc, "texts of an array");
		done += count;
	}
	return GH_OK;
}

static enum gh_rc read_objects(struct gh_walk *w, uint64_t off)
{
	struct gh_pickle_result r;
	gh_anomaly(w, &rules[A_OBJECTS], off, w->src->size - off, "the elements are one pickle of %llu bytes at most",
		   (unsigned long long)(w->src->size - off));
	enum gh_rc rc = gh_pickle_run(w, off, NULL, &r);
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "object array");
	if (r.end == GH_PICKLE_LIMIT)
		return gh_fail(w->err, GH_E_LIMIT, "object array: %s", r.why);
	if (r.end == GH_PICKLE_BROKEN)
		return gh_fail(w->err, GH_E_MALFORMED, "object array: %s", r.why);
	enum gh_vkind kind = gh_val_kind(r.heap, r.value);
	if (kind != GH_V_OBJECT && kind != GH_V_UNKNOWN)
		gh_anomaly(w, &rules[A_NOARRAY], off, r.off - off, "the pickle holds something else than an array");
	return GH_OK;
}

/* The header could not be read, but a reader that can would go on behind it. */
static enum gh_rc behind_bad_header(struct gh_walk *w, uint64_t off)
{
	struct gh_span head = gh_src_window(w->src, off, GH_PROBE_BYTES);
	if (gh_pickle_probe(head, w->src->size - off) == GH_NO)
		return GH_OK;
	gh_anomaly(w, &rules[A_AFTERALL], off, w->src->size - off, "the bytes behind the header run as a pickle");
	struct gh_pickle_result r;
	enum gh_rc rc = gh_pickle_run(w, off, NULL, &r);
	return rc == GH_OK ? GH_OK : gh_fail(w->err, rc, "pickle behind the header");
}

static enum gh_rc read_data(struct gh_walk *w, const struct gh_npyhdr *h, uint64_t off)
{
	if (h->type.objects)
		return read_objects(w, off);
	uint64_t left = w->src->size - off;
	if (h->bytes > left) {
		gh_anomaly(w, &rules[A_SHORT], off, left, "the header declares %llu bytes, %llu are there",
			   (unsigned long long)h->bytes, (unsigned long long)left);
		gh_claim(w, off, left, GH_CLAIM_DATA);
		return gh_fail(w->err, GH_E_MALFORMED, "array data: %llu of %llu bytes are missing",
			       (unsigned long long)(h->bytes - left), (unsigned long long)h->bytes);
	}
	gh_claim(w, off, h->bytes, GH_CLAIM_DATA); /* longer: the rest stays unclaimed */
	bool texts = !h->type.fields && !h->type.subarray && (h->type.kind == 'S' || h->type.kind == 'U');
	enum gh_rc rc = texts ? emit_texts(w, h, off) : GH_OK;
	return rc == GH_OK ? emit_tensor(w, h, off) : rc;
}

static enum gh_rc bad_header(struct gh_walk *w, const struct gh_npyhdr *h, uint64_t text, uint64_t data)
{
	int rule = faults[h->fault].rule;
	gh_anomaly(w, &rules[rule], text + h->where, data - text - h->where, "%s", h->why);
	enum gh_rc rc = h->type.objects && h->fault != GH_NPY_DTYPE ? read_objects(w, data)
								    : behind_bad_header(w, data);
	return rc != GH_OK ? rc : gh_fail(w->err, faults[h->fault].rc, "array header: %s", h->why);
}

/* The header's text, copied; *data: where the data start. */
static enum gh_rc header_text(struct gh_walk *w, struct gh_span *text, uint64_t *data)
{
	struct gh_cur c = gh_cur(w->src, MAGIC);
	uint8_t major = gh_cur_u8(&c), minor = gh_cur_u8(&c);
	if (!c.bad && (major < 1 || major > 3 || minor != 0)) {
		gh_anomaly(w, &rules[A_VERSION], MAGIC, 2, "version %u.%u", major, minor);
		return gh_fail(w->err, GH_E_UNREAD, "array file of version %u.%u", major, minor);
	}
	uint32_t len = major == 1 ? gh_cur_u16le(&c) : gh_cur_u32le(&c);
	if (c.bad || len > gh_cur_left(&c)) {
		gh_anomaly(w, &rules[A_CUT], 0, w->src->size, "the header needs more bytes than the file has");
		return gh_fail(w->err, GH_E_MALFORMED, "array file: the header is cut off");
	}
	if (len > GH_WINDOW_MAX) {
		gh_anomaly(w, &rules[A_LIMIT], 0, w->src->size, "the header has %u bytes", len);
		return gh_fail(w->err, GH_E_LIMIT, "array header of %u bytes", len);
	}
	*data = gh_cur_off(&c) + len;
	if (len > USUAL_HEADER)
		gh_anomaly(w, &rules[A_LONG], 0, *data, "the header has %u bytes", len);
	if (*data % 16 != 0)
		gh_anomaly(w, &rules[A_ALIGN], 0, *data, "the data start at byte %llu", (unsigned long long)*data);
	const uint8_t *p = gh_cur_take(&c, len);
	if (p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_IO, "array header");
	*text = gh_keep(w->arena, (struct gh_span){ p, len });
	return text->p == NULL ? gh_fail(w->err, GH_E_NOMEM, "array header") : GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_span text;
	uint64_t data = 0;
	enum gh_rc rc = header_text(w, &text, &data);
	if (rc != GH_OK)
		return rc;
	struct gh_npyhdr h;
	rc = gh_npyhdr_parse(text, w->arena, &h);
	if (rc == GH_E_NOMEM)
		return gh_fail(w->err, rc, "array header");
	if (rc != GH_OK)
		return bad_header(w, &h, data - text.n, data);
	gh_claim(w, 0, data, GH_CLAIM_STRUCT);
	if (h.type.fields) { /* field names are the author's words */
		struct gh_text t = { .role = "metadata", .key = GH_SPAN("descr"), .text = text };
		rc = gh_emit(w, GH_EV_TEXT, data - text.n, text.n, &t);
		if (rc != GH_OK)
			return gh_fail(w->err, rc, "array header");
	}
	return read_data(w, &h, data);
}

const struct gh_fmt gh_fmt_npy = {
	.name = "npy",
	.about = "NumPy array; object arrays hold a pickle",
	.exts = "npy",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
