/* llama_pins.h - names and digests of llama.cpp's libraries, made from rules/engine/llama.sha256 when the program is built. */
#ifndef GH_ENGINE_LLAMA_PINS_H
#define GH_ENGINE_LLAMA_PINS_H

extern const struct gh_llama_pin {
	const char *file, *sha256; /* 64 lower-case hexadecimal digits */
} gh_llama_pins[];		   /* ends with { NULL } */
#endif
