/* formats.h - the rows that formats.c lists. */
#ifndef GH_FORMAT_FORMATS_H
#define GH_FORMAT_FORMATS_H
#include "format/format.h"

extern const struct gh_fmt gh_fmt_pickle;
extern const struct gh_fmt gh_fmt_torch_zip;
extern const struct gh_fmt gh_fmt_torch_legacy;
extern const struct gh_fmt gh_fmt_torch_tar;
extern const struct gh_fmt gh_fmt_torch_storages;
extern const struct gh_fmt gh_fmt_torch_tensors;
extern const struct gh_fmt gh_fmt_torchscript;
extern const struct gh_fmt gh_fmt_npy;
extern const struct gh_fmt gh_fmt_torch_export;
extern const struct gh_fmt gh_fmt_npz;
extern const struct gh_fmt gh_fmt_keras;
extern const struct gh_fmt gh_fmt_skops;
extern const struct gh_fmt gh_fmt_torchserve;
extern const struct gh_fmt gh_fmt_safetensors;
extern const struct gh_fmt gh_fmt_safetensors_index;
extern const struct gh_fmt gh_fmt_gguf;
extern const struct gh_fmt gh_fmt_rdata;
extern const struct gh_fmt gh_fmt_rdb;
extern const struct gh_fmt gh_fmt_msgpack;
extern const struct gh_fmt gh_fmt_ggml;
extern const struct gh_fmt gh_fmt_traineddata;
extern const struct gh_fmt gh_fmt_torch7;
extern const struct gh_fmt gh_fmt_ubjson;
extern const struct gh_fmt gh_fmt_xgboost;
extern const struct gh_fmt gh_fmt_tfjs;
extern const struct gh_fmt gh_fmt_json;
extern const struct gh_fmt gh_fmt_yaml;
extern const struct gh_fmt gh_fmt_tflite;
extern const struct gh_fmt gh_fmt_onnx;
extern const struct gh_fmt gh_fmt_sentencepiece;
extern const struct gh_fmt gh_fmt_coreml;
extern const struct gh_fmt gh_fmt_paddle;
extern const struct gh_fmt gh_fmt_paddle_params;
extern const struct gh_fmt gh_fmt_tf_savedmodel;
extern const struct gh_fmt gh_fmt_tf_metagraph;
extern const struct gh_fmt gh_fmt_tf_graphdef;
extern const struct gh_fmt gh_fmt_tf_keras_metadata;
extern const struct gh_fmt gh_fmt_tf_fingerprint;
extern const struct gh_fmt gh_fmt_tf_checkpoint;
extern const struct gh_fmt gh_fmt_tfrecord;
extern const struct gh_fmt gh_fmt_tf_text;
extern const struct gh_fmt gh_fmt_zip;
extern const struct gh_fmt gh_fmt_tar;
extern const struct gh_fmt gh_fmt_sevenzip;
extern const struct gh_fmt gh_fmt_gzip;
extern const struct gh_fmt gh_fmt_bzip2;
extern const struct gh_fmt gh_fmt_xz;
extern const struct gh_fmt gh_fmt_lzma;
extern const struct gh_fmt gh_fmt_zlib;
extern const struct gh_fmt gh_fmt_zstd;
extern const struct gh_fmt gh_fmt_lz4;
extern const struct gh_fmt gh_fmt_joblib_zf;
extern const struct gh_fmt gh_fmt_elf;
extern const struct gh_fmt gh_fmt_pe;
extern const struct gh_fmt gh_fmt_macho;
extern const struct gh_fmt gh_fmt_script;
extern const struct gh_fmt gh_fmt_png;
extern const struct gh_fmt gh_fmt_jpeg;
extern const struct gh_fmt gh_fmt_gif;
extern const struct gh_fmt gh_fmt_webp;
extern const struct gh_fmt gh_fmt_bmp;
extern const struct gh_fmt gh_fmt_parquet;
extern const struct gh_fmt gh_fmt_arrow;
extern const struct gh_fmt gh_fmt_pdf;
extern const struct gh_fmt gh_fmt_xml;
extern const struct gh_fmt gh_fmt_html;
extern const struct gh_fmt gh_fmt_shell;
extern const struct gh_fmt gh_fmt_jinja;
extern const struct gh_fmt gh_fmt_text;

#endif
