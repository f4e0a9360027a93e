/* pb_schema.h - reading a protobuf message by a table of its schema: what every reader of a protobuf format shares.
 *
 * A format describes its messages as tables (struct gh_ps_msg) and gets called back for each field and at the start and
 * end of each message; nesting is a stack here, not in the format. Everything that is the same for all formats happens
 * here: wire types, fields of no schema, singular fields that come twice, overlong numbers, text that is none, depth,
 * and the claims: what was read is claimed as structure, except for the ranges that a format hands to gh_ps_data().
 *
 *	struct gh_ps s = { .w = w, .ops = &ops, .rules = rules, .ctx = &mine };
 *	return gh_ps_walk(&s, &model);
 *
 * A message is read once, forwards; sources of any size, memory of a few kilobytes. */
#ifndef GH_FORMAT_PB_SCHEMA_H
#define GH_FORMAT_PB_SCHEMA_H
#include "format/pb_src.h"
#include "format/signs.h"

enum gh_ps_kind {
	GH_PS_INT,   /* a varint: int32, int64, bool, enum */
	GH_PS_F32,   /* float, fixed32 */
	GH_PS_F64,   /* double, fixed64 */
	GH_PS_NAME,  /* text that names something */
	GH_PS_TEXT,  /* text for people: checked like a name, and what it says is up to gh_ps_describe() */
	GH_PS_BYTES, /* any bytes; the format claims them with gh_ps_data() or takes them for structure */
	GH_PS_MSG,
	GH_PS_ANY, /* a message that needs no schema here: see gh_ps_any(), which is called for it */
};

/* In the last row of a table: every number that stands in no other row. */
#define GH_PS_OTHER UINT32_MAX

/* Bits of `is`. The upper four number the `oneof` that a field belongs to. */
enum { GH_PS_REPEATED = 1 };
#define GH_PS_ONEOF(n) ((n) << 4)

struct gh_ps_msg;
struct gh_ps_field {
	uint32_t number; /* 0 ends the table */
	uint8_t kind;	 /* enum gh_ps_kind */
	uint8_t is;
	uint16_t id;		     /* the format's own name for it */
	const struct gh_ps_msg *msg; /* MSG; NULL: a message that is passed over, its bytes claimed as free */
};
struct gh_ps_msg {
	const char *name; /* "NodeProto": for people */
	const struct gh_ps_field *field;
};

/* The rows that every such format has, in these places of its table; its own begin at GH_PS_OWN. */
enum {
	GH_PS_UNKNOWN,
	GH_PS_WIRE,
	GH_PS_TWICE,
	GH_PS_OVERLONG,
	GH_PS_CHARS,
	GH_PS_DEEP,
	GH_PS_SIGN,
	GH_PS_OWN = GH_PS_SIGN + GH_SIGNS,
	GH_PS_RULES_MAX = 64, /* rows of one table */
};

struct gh_ps;
struct gh_ps_ops {
	/* Each may be NULL. A code other than GH_OK ends the walk with it. */
	/* A message was entered (row: the field that holds it; it is the top of the stack now). */
	enum gh_rc (*enter)(struct gh_ps *, const struct gh_ps_field *row, const struct gh_pb_field *f);
	/* The message at the top of the stack ends; row is NULL for the outermost one. */
	enum gh_rc (*leave)(struct gh_ps *, const struct gh_ps_field *row);
	/* A field that is no message. Of numbers in packed form, s->count says how many there are. */
	enum gh_rc (*field)(struct gh_ps *, const struct gh_ps_field *row, const struct gh_pb_field *f);
};

struct gh_ps_frame {
	const struct gh_ps_msg *msg;
	const struct gh_ps_field *row; /* of the message around it */
	uint64_t seen;		       /* fields that came, as 1u << place in the table; for the first 64 */
	uint64_t off, end;	       /* its bytes */
	unsigned oneof;		       /* bits of the oneofs that came */
};

struct gh_ps {
	/* ---- set by the format ---- */
	struct gh_walk *w;
	const struct gh_ps_ops *ops;
	const struct gh_rule *rules;
	void *ctx;
	/* ---- of the walk ---- */
	struct gh_pb p;
	struct gh_ps_frame frame[GH_PB_DEPTH + 1]; /* frame[p.depth] is the top */
	uint64_t count;				   /* field(): values of a packed field, else 1 */
	uint64_t claimed;			   /* everything below is claimed */
	uint64_t fields;
	unsigned texts_left, members_left, signs_left, said[GH_PS_RULES_MAX];
	bool text_bad; /* field(), NAME and TEXT: it is no clean text */
	struct gh_encoded *encoded;
};

/* The whole source is one message of this kind. */
enum gh_rc gh_ps_walk(struct gh_ps *s, const struct gh_ps_msg *msg);

/* A finding, at most 16 of one row; text must be safe to print. */
void gh_ps_say(struct gh_ps *s, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Claim [off, off+len) as `kind`, and as structure what lies between it and what was claimed before. */
void gh_ps_data(struct gh_ps *s, uint64_t off, uint64_t len, enum gh_claim kind);
/* The payload of f, at most max (<= GH_WINDOW_MAX) bytes of it: until the next call that looks at the source. */
struct gh_span gh_ps_bytes(struct gh_ps *s, const struct gh_pb_field *f, size_t max);
/* Up to max values of an INT field, packed or not, into v. How many. */
size_t gh_ps_ints(struct gh_ps *s, const struct gh_pb_field *f, uint64_t *v, size_t max);
/* What a text for people says: an event for the checks, signs of active content, files hidden in base64 or hex. signs: the
 * set of 1u << enum gh_sign that counts here (GH_PS_ALL_SIGNS: all). */
#define GH_PS_ALL_SIGNS ((1u << GH_SIGNS) - 1)
enum gh_rc gh_ps_describe(struct gh_ps *s, const char *role, struct gh_span key, const struct gh_pb_field *f,
			  unsigned signs);
/* Bytes at the author's will that some loader hands on (a string attribute, an engine's own blob): text is looked at like
 * a description; anything else from 16 bytes on becomes a member, for the pipeline to identify. expect, may be NULL:
 * name of the format that the loader takes them for. */
enum gh_rc gh_ps_blob(struct gh_ps *s, const char *role, struct gh_span key, const struct gh_pb_field *f,
		      const char *expect);

/* The payload of f as a message of a schema that does not matter: fields within fields as long as they are well-formed,
 * texts that are clean, and data: weights, told as tensors of this name when there is something to tell. */
enum gh_rc gh_ps_any(struct gh_ps *s, struct gh_span name, const struct gh_pb_field *f);
/* Is the payload of f text without control characters? */
bool gh_ps_is_text(struct gh_ps *s, const struct gh_pb_field *f);

#define GH_PS_AGAIN "Have the model exported again by its author, and compare."
#define GH_PS_RULES(PREFIX) \
	[GH_PS_UNKNOWN] = { PREFIX "-0101", \
			    GH_LOW, \
			    GH_REVIEW, \
			    "A field that no published schema has", \
			    "Every loader passes it over, except the one it was made for: room for a payload.", \
			    "Find out what wrote it; " GH_PS_AGAIN, \
			    "CWE-506" }, \
	[GH_PS_WIRE] = { PREFIX "-0102", \
			 GH_MEDIUM, \
			 GH_REVIEW, \
			 "A field has another form than its schema says", \
			 "Some parsers drop it, some convert it: what was checked is not what is loaded.", \
			 GH_PS_AGAIN, \
			 "CWE-436 CWE-843" }, \
	[GH_PS_TWICE] = { PREFIX "-0103", \
			  GH_HIGH, \
			  GH_UNSAFE, \
			  "A field that there is only one of occurs twice", \
			  "Parsers keep the first, keep the last or merge both: what was checked is not what is " \
			  "loaded.", \
			  GH_PS_AGAIN, \
			  "CWE-694 CWE-436" }, \
	[GH_PS_OVERLONG] = { PREFIX "-0104", \
			     GH_LOW, \
			     GH_REVIEW, \
			     "A number is written with more bytes than it needs", \
			     "Parsers differ in what they accept, and the bytes can carry hidden content.", \
			     GH_PS_AGAIN, \
			     "CWE-436 CWE-506" }, \
	[GH_PS_CHARS] = { PREFIX "-0105", \
			  GH_LOW, \
			  GH_REVIEW, \
			  "A name has control or deceptive characters, or is no UTF-8", \
			  "Names read differently from what they are; strict parsers refuse the file.", \
			  "Look at the name byte by byte.", \
			  "CWE-451 CWE-176" }, \
	[GH_PS_DEEP] = { PREFIX "-0106", \
			 GH_HIGH, \
			 GH_UNSAFE, \
			 "Messages nested deeper than any model needs", \
			 "Parsers that recurse run out of stack.", \
			 "Do not load.", \
			 "CWE-674" }, \
	GH_SIGN_RULES(PREFIX, GH_PS_SIGN)
#endif
