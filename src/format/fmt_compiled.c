/* fmt_compiled.c - models that were compiled for one runtime, in forms that nobody publishes or that are machine code: recognised
 * by what their loaders insist on, and left as not read. Nothing here vouches for a byte of them.
 *
 * Sources of the marks: HailoRT's hef_internal.hpp; MLIR's docs/BytecodeFormat.md; CNTK 1's ComputationNetwork.cpp; Kaldi's
 * base/io-funcs.cc; OpenFst's fst/fst.h; nncase's model.h; LiteRT-LM's header; the file identifiers of published FlatBuffer
 * schemas (Circle, MindSpore Lite). */
#include "format/formats.h"

static bool has(struct gh_span s, size_t at, const char *bytes, size_t n)
{
	return s.n >= at + n && memcmp(s.p + at, bytes, n) == 0;
}

/* "\1HEF", then a version and the size of the description behind it, most significant byte first. */
static enum gh_match probe_hef(const struct gh_probe *p)
{
	bool fits = p->head.n >= 16 && has(p->head, 0, "\1HEF", 4) && gh_be32(p->head.p + 4) < 64;
	return fits && gh_be32(p->head.p + 8) <= p->size ? GH_STRONG : GH_NO;
}

/* "ML\xefR", a version of one byte (a varint below 64), the producer's name with its NUL. */
static enum gh_match probe_mlir(const struct gh_probe *p)
{
	if (p->head.n < 8 || !has(p->head, 0, "ML\xefR", 4) || (p->head.p[4] & 1) == 0)
		return GH_NO;
	size_t i = 5;
	while (i < p->head.n && i < 256 && p->head.p[i] >= ' ' && p->head.p[i] < 0x7f)
		i++;
	return i < p->head.n && p->head.p[i] == 0 ? GH_STRONG : GH_NO;
}

/* UTF-16 texts, each with its NUL: "BCN" opens the network, "BVersion" its first section. */
static enum gh_match probe_cntk1(const struct gh_probe *p)
{
	return has(p->head, 0, "B\0C\0N\0\0\0B\0V\0e\0r\0s\0i\0o\0n\0\0", 25) ? GH_STRONG : GH_NO;
}

/* "\0B" and a token in angle brackets with a space behind it. */
static enum gh_match probe_kaldi(const struct gh_probe *p)
{
	if (p->head.n < 12 || !has(p->head, 0, "\0B<", 3))
		return GH_NO;
	size_t i = 3;
	while (i < p->head.n && i < 48 &&
	       ((p->head.p[i] | 0x20) >= 'a' ? (p->head.p[i] | 0x20) <= 'z'
					     : p->head.p[i] >= '0' && p->head.p[i] <= '9'))
		i++;
	return i > 4 && i + 1 < p->head.n && p->head.p[i] == '>' && p->head.p[i + 1] == ' ' ? GH_STRONG : GH_NO;
}

/* A magic, then the kind of automaton and of its arcs, each with its length. */
static enum gh_match probe_fst(const struct gh_probe *p)
{
	if (p->head.n < 24 || gh_le32(p->head.p) != 2125659606u)
		return GH_NO;
	uint32_t n = gh_le32(p->head.p + 4);
	if (n == 0 || n > 64 || p->head.n < 12 + n)
		return GH_NO;
	for (uint32_t i = 0; i < n; i++)
		if (p->head.p[8 + i] <= ' ' || p->head.p[8 + i] >= 0x7f)
			return GH_NO;
	uint32_t arc = gh_le32(p->head.p + 8 + n);
	return arc > 0 && arc <= 64 ? GH_STRONG : GH_NO;
}

static enum gh_match probe_kmodel(const struct gh_probe *p)
{
	if (p->head.n < 32 || !has(p->head, 0, "LDMK", 4))
		return GH_NO;
	uint32_t version = gh_le32(p->head.p + 4);
	return version >= 3 && version < 32 ? GH_STRONG : GH_NO;
}

static enum gh_match probe_litertlm(const struct gh_probe *p)
{
	return p->head.n >= 32 && has(p->head, 0, "LITERTLM", 8) && gh_le32(p->head.p + 8) < 1000 ? GH_STRONG : GH_NO;
}

/* A FlatBuffer with this identifier whose root lies in the file. */
static enum gh_match flatbuffer(const struct gh_probe *p, const char *id)
{
	if (p->head.n < 16 || !has(p->head, 4, id, 4))
		return GH_NO;
	uint32_t root = gh_le32(p->head.p);
	return root >= 8 && root % 4 == 0 && root <= p->size - 4 ? GH_STRONG : GH_NO;
}
static enum gh_match probe_circle(const struct gh_probe *p) { return flatbuffer(p, "CIR0"); }
static enum gh_match probe_mslite(const struct gh_probe *p)
{
	enum gh_match m = flatbuffer(p, "MSL2");
	return m != GH_NO ? m : flatbuffer(p, "MSL1");
}

/* A chunk of Blosc 1 or 2: versions, flags, size of a number, then bytes expanded, of a block, and of the chunk, which is all of it. */
static enum gh_match probe_blosc(const struct gh_probe *p)
{
	if (p->head.n < 16 || p->head.p[0] < 1 || p->head.p[0] > 6 || p->head.p[1] < 1 || p->head.p[1] > 2 ||
	    p->head.p[3] == 0)
		return GH_NO;
	uint32_t expanded = gh_le32(p->head.p + 4), block = gh_le32(p->head.p + 8), whole = gh_le32(p->head.p + 12);
	return whole == p->size && block != 0 && block <= expanded && whole <= (uint64_t)expanded + 64 ? GH_STRONG
												       : GH_NO;
}

const struct gh_fmt gh_fmt_blosc = {
	.name = "blosc",
	.about = "Chunk compressed by Blosc: arrays of Zarr",
	.exts = "blosc",
	.probe = probe_blosc,
};
const struct gh_fmt gh_fmt_hef = {
	.name = "hailo-hef",
	.about = "Model compiled for Hailo accelerators",
	.exts = "hef",
	.probe = probe_hef,
};
const struct gh_fmt gh_fmt_mlir = {
	.name = "mlir-bytecode",
	.about = "MLIR bytecode: StableHLO exports of JAX and others",
	.exts = "mlir mlirbc mlirb stablehlo bc vhlo",
	.probe = probe_mlir,
};
const struct gh_fmt gh_fmt_cntk1 = {
	.name = "cntk-1",
	.about = "Model of CNTK 1",
	.exts = "dnn cmf cntk model",
	.probe = probe_cntk1,
};
const struct gh_fmt gh_fmt_kaldi = {
	.name = "kaldi",
	.about = "Binary object of Kaldi: acoustic model, statistics (also inside Vosk models)",
	.exts = "mdl raw ie dubm nnet acc mat model bin",
	.probe = probe_kaldi,
};
const struct gh_fmt gh_fmt_fst = {
	.name = "openfst",
	.about = "Automaton of OpenFst: decoding graphs and grammars of speech recognisers",
	.exts = "fst far",
	.probe = probe_fst,
};
const struct gh_fmt gh_fmt_kmodel = {
	.name = "kmodel",
	.about = "Model compiled by nncase for Kendryte chips",
	.exts = "kmodel",
	.probe = probe_kmodel,
};
const struct gh_fmt gh_fmt_litertlm = {
	.name = "litert-lm",
	.about = "Language model bundle of LiteRT-LM",
	.exts = "litertlm",
	.probe = probe_litertlm,
};
const struct gh_fmt gh_fmt_circle = {
	.name = "circle",
	.about = "Circle model (Samsung ONE)",
	.exts = "circle",
	.probe = probe_circle,
};
const struct gh_fmt gh_fmt_mslite = {
	.name = "mindspore-lite",
	.about = "Model of MindSpore Lite",
	.exts = "ms",
	.probe = probe_mslite,
};
