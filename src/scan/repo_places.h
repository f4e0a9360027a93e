/* repo_places.h - what the place of a file in a directory says about it: hidden, kept by git, stored by its content. Pure. */
#ifndef GH_SCAN_REPO_PLACES_H
#define GH_SCAN_REPO_PLACES_H
#include "scan/repo.h"

/* Hidden, and of a format that programs load or run; not what git keeps beside a model, but for hooks, which it starts. */
bool gh_place_hidden(const char *name, const char *format, uint64_t size);
/* The digest, 64 digits, in the name of a file that is stored by its content: "blobs/sha256/…" of OCI image layouts,
 * "blobs/sha256-…" of Ollama, "blobs/…" of the cache of Hugging Face's hub. NULL: none. */
const char *gh_place_digest(const char *name);
/* "x/d/" and 32 hexadecimal digits, beside "x/manifest.ocdbt": tensors as TensorStore keeps them, for Orbax. */
bool gh_place_ocdbt(const struct gh_repo_file *file, size_t n, size_t i);
#endif
