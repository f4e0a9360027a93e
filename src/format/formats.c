#include "format/formats.h"

#include <stddef.h>

/* The whole list, most specific first: a format that refines another stands before it.
 * Adding a format: one file fmt_<name>.c, its declaration in formats.h and one line here. */
const struct gh_fmt *const gh_fmts[] = {
	&gh_fmt_torch_zip,
	&gh_fmt_torch_legacy,
	&gh_fmt_torch_tar,
	&gh_fmt_torch_storages,
	&gh_fmt_torch_tensors,
	&gh_fmt_torchscript,
	&gh_fmt_pickle,
	&gh_fmt_keras,
	&gh_fmt_npz,
	&gh_fmt_npy,
	&gh_fmt_safetensors,
	&gh_fmt_safetensors_index,
	&gh_fmt_gguf,
	&gh_fmt_rdata,
	&gh_fmt_rdb,
	&gh_fmt_tflite,
	&gh_fmt_onnx,
	&gh_fmt_sentencepiece,
	&gh_fmt_zip,
	&gh_fmt_tar,
	&gh_fmt_sevenzip,
	&gh_fmt_gzip,
	&gh_fmt_bzip2,
	&gh_fmt_xz,
	&gh_fmt_lzma,
	&gh_fmt_zlib,
	&gh_fmt_zstd,
	&gh_fmt_lz4,
	&gh_fmt_joblib_zf,
	&gh_fmt_elf,
	&gh_fmt_pe,
	&gh_fmt_macho,
	&gh_fmt_script,
	&gh_fmt_png,
	&gh_fmt_jpeg,
	&gh_fmt_gif,
	&gh_fmt_webp,
	&gh_fmt_bmp,
	&gh_fmt_json,
	&gh_fmt_text,
};
const size_t gh_fmts_n = sizeof gh_fmts / sizeof gh_fmts[0];
