/* TFRecord files: records with their length, each with a masked CRC-32C (tensorflow/core/lib/io/record_writer.cc). Data sets, and the
 * logs that training leaves behind (events.out.tfevents…), whose records are Event messages that may hold whole graphs. */
#include <stdio.h>

#include "format/formats.h"
#include "format/pb_src.h"
#include "wire/crc32c.h"

enum { A_SUM, A_CUT, A_MANY };
static const struct gh_rule rules[] = {
	[A_SUM] = { "GH-TFR-0001", GH_MEDIUM, GH_REVIEW, "Checksum of a record is wrong",
		    "The record was changed after it was written; readers refuse it or do not look.",
		    "Have the file written again.", "CWE-354" },
	[A_CUT] = { "GH-TFR-0002", GH_MEDIUM, GH_UNSAFE, "Record longer than the file",
		    "A reader that trusts the length reads beyond its memory.", "Get the file again.",
		    "CWE-125 CWE-789" },
	[A_MANY] = { "GH-TFR-0003", GH_INFO, GH_CLEAN, "Only the first records were looked into", "None by itself.",
		     "None needed.", "" },
	GH_RULES_END
};

enum { HEAD = 12, FOOT = 4, SAY = 16, LOOKS = 4096, LEAST = 16 };

struct records {
	struct gh_walk *w;
	uint64_t n;
	unsigned said, looks_left;
	bool events; /* the first record says that it is a log */
};

static bool head_is_right(struct gh_span h, uint64_t *len)
{
	if (h.n < HEAD)
		return false;
	*len = gh_le64(h.p);
	return gh_le32(h.p + 8) == gh_crc32c_mask(gh_crc32c(0, gh_span_cut(h, 0, 8)));
}

static enum gh_match probe(const struct gh_probe *p)
{
	uint64_t len;
	return p->size >= HEAD + FOOT && head_is_right(p->head, &len) ? GH_STRONG : GH_NO;
}

static bool body_is_right(struct gh_src *src, uint64_t off, uint64_t len, uint32_t want)
{
	uint32_t crc = 0;
	for (uint64_t at = 0; at < len;) {
		uint64_t left = len - at;
		struct gh_span s = gh_src_window(src, off + at, left < GH_CUR_WINDOW ? (size_t)left : GH_CUR_WINDOW);
		if (s.n == 0)
			return false;
		crc = gh_crc32c(crc, s);
		at += s.n;
	}
	return gh_crc32c_mask(crc) == want;
}

static enum gh_rc member(struct records *r, const char *what, uint64_t off, uint64_t len)
{
	char name[64];
	struct gh_src_sub sub;
	if (len < LEAST)
		return GH_OK;
	if (r->looks_left == 0) {
		if (r->said++ < SAY)
			gh_anomaly(r->w, &rules[A_MANY], off, len, "from record %llu on", (unsigned long long)r->n);
		r->said = SAY;
		return GH_OK;
	}
	r->looks_left--;
	(void)snprintf(name, sizeof name, "%s %llu", what, (unsigned long long)r->n);
	struct gh_member m = { .how = GH_MEMBER_NESTED,
			       .name = gh_span_str(name),
			       .role = what,
			       .src = gh_src_sub(&sub, r->w->src, off, len) };
	return gh_emit(r->w, GH_EV_MEMBER, off, len, &m);
}

/* tensorflow/core/util/event.proto: wall_time 1, step 2, file_version 3, graph_def 4, summary 5, log_message 6, session_log 7,
 * tagged_run_metadata 8, meta_graph_def 9, source_metadata 10. Graphs are shown by TensorBoard and may be loaded from there. */
static enum gh_rc event(struct records *r, uint64_t off, uint64_t len)
{
	struct gh_pb p = gh_pb_src(r->w->src, off, len);
	struct gh_pb_field f;
	while (gh_pb_next(&p, &f) == GH_PB_FIELD) {
		if (f.number == 3 && f.wire == GH_PB_LEN && r->n == 0)
			r->events = gh_span_starts(gh_src_window(r->w->src, f.off, f.len < 32 ? (size_t)f.len : 32),
						   "brain.Event:");
		if ((f.number == 4 || f.number == 9) && f.wire == GH_PB_LEN) {
			struct gh_src_sub sub;
			struct gh_member m = { .how = GH_MEMBER_FILE,
					       .name = f.number == 4 ? GH_SPAN("graph_def") : GH_SPAN("meta_graph_def"),
					       .src = gh_src_sub(&sub, r->w->src, f.off, f.len) };
			enum gh_rc rc = f.len == 0 ? GH_OK : gh_emit(r->w, GH_EV_MEMBER, f.off, f.len, &m);
			if (rc != GH_OK)
				return rc;
		}
	}
	return GH_OK;
}

static enum gh_rc record(struct records *r, uint64_t *at)
{
	struct gh_src *src = r->w->src;
	uint64_t len, left = src->size - *at;
	struct gh_span h = gh_src_window(src, *at, left < HEAD ? (size_t)left : HEAD);
	if (!head_is_right(h, &len))
		return gh_fail(r->w->err, GH_E_MALFORMED, "no record at byte %llu", (unsigned long long)*at);
	if (left < HEAD + FOOT || len > left - HEAD - FOOT) {
		gh_anomaly(r->w, &rules[A_CUT], *at, left, "record %llu: %llu bytes", (unsigned long long)r->n,
			   (unsigned long long)len);
		return gh_fail(r->w->err, GH_E_MALFORMED, "record %llu is cut short", (unsigned long long)r->n);
	}
	uint64_t body = *at + HEAD;
	struct gh_span f = gh_src_window(src, body + len, FOOT);
	if ((f.n != FOOT || !body_is_right(src, body, len, gh_le32(f.p))) && r->said++ < SAY)
		gh_anomaly(r->w, &rules[A_SUM], body, len, "of record %llu", (unsigned long long)r->n);
	gh_claim(r->w, *at, HEAD, GH_CLAIM_STRUCT);
	gh_claim(r->w, body, len, GH_CLAIM_DATA);
	gh_claim(r->w, body + len, FOOT, GH_CLAIM_STRUCT);
	enum gh_rc rc = GH_OK;
	if (r->n == 0 || r->events)
		rc = event(r, body, len);
	if (rc == GH_OK && !r->events)
		rc = member(r, "record", body, len);
	*at = body + len + FOOT;
	r->n++;
	return rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct records r = { .w = w, .looks_left = LOOKS };
	for (uint64_t at = 0; at < w->src->size;) {
		GH_TRY(record(&r, &at), w->err, "tfrecord");
		if (r.n > w->lim->steps)
			return gh_fail(w->err, GH_E_LIMIT, "too many records");
		gh_src_advance(w->src, at);
	}
	return GH_OK;
}

const struct gh_fmt gh_fmt_tfrecord = {
	.name = "tfrecord",
	.about = "TFRecord: data sets and training logs of TensorFlow",
	.exts = "tfrecord tfrecords tfrec",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
