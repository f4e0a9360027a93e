/* sevenzip.h - the metadata of a 7z archive (7-Zip's 7zFormat.txt): signature header, streams and folders, files. Bytes
 * in, tables out; what the packed streams hold is the caller's business. Every count is checked against the bytes left
 * before anything is allocated. */
#ifndef GH_WIRE_SEVENZIP_H
#define GH_WIRE_SEVENZIP_H
#include "base/arena.h"
#include "base/err.h"

enum { GH_7Z_HEAD = 32, GH_7Z_CODERS = 4 };

/* The signature header: where the (next) header lies and its sum. */
struct gh_7z_start {
	uint64_t off, size; /* of the header, off counted from the start of the archive */
	uint32_t crc;
	bool crc_ok; /* the signature header's own sum */
};
/* False: no signature, or too short. */
bool gh_7z_start(struct gh_span head, struct gh_7z_start *out);

struct gh_7z_coder {
	uint64_t id; /* method id, big-endian bytes as a number */
	struct gh_span props;
	uint64_t size; /* of what it makes */
};

/* A folder: packed streams that coders turn into one unpacked stream, which holds nsub contents one after the other. */
struct gh_7z_folder {
	uint32_t ncoder, npack;			/* coders in all; packed streams */
	struct gh_7z_coder coder[GH_7Z_CODERS]; /* in the order of decoding, when linear */
	bool linear;				/* one packed stream through at most GH_7Z_CODERS simple coders */
	bool encrypted;
	uint64_t first_pack, first_sub, nsub; /* indices */
	uint64_t size;			      /* unpacked */
	bool has_crc;
	uint32_t crc;
};

struct gh_7z_sub {
	uint64_t size;
	bool has_crc;
	uint32_t crc;
};

struct gh_7z_file {
	struct gh_span name; /* UTF-16LE, without the NUL */
	bool has_stream, dir, has_attr;
	uint32_t attr;
};

struct gh_7z {
	bool encoded;	   /* the header is packed itself: unpack folder 0 and parse that */
	uint64_t pack_off; /* of the first packed stream, from the end of the signature header */
	uint64_t npack, nfolder, nsub, nfile;
	uint64_t *pack; /* sizes */
	struct gh_7z_folder *folder;
	struct gh_7z_sub *sub;
	struct gh_7z_file *file;
};

/* Parse a header. Spans in *out refer to `in`. GH_E_MALFORMED, GH_E_UNREAD (a part lies elsewhere), GH_E_LIMIT. */
enum gh_rc gh_7z_parse(struct gh_span in, struct gh_arena *a, struct gh_7z *out, struct gh_err *err);
#endif
