// ui.h - stands in for the header that llama.cpp's own build generates: a server with no web pages in it. The names and the members are
// those that tools/server/server-http.cpp asks for.
#ifndef GATEHOUSE_TESTS_ENGINE_UI_H
#define GATEHOUSE_TESTS_ENGINE_UI_H
#include <array>
#include <cstddef>
#include <string>

struct llama_ui_asset {
	std::string name;
	const unsigned char *data = nullptr;
	std::size_t size = 0;
	std::string etag, type;
};
using gatehouse_no_pages = std::array<llama_ui_asset, 0>;

bool llama_ui_use_gzip();
const gatehouse_no_pages &llama_ui_get_assets();
const llama_ui_asset *llama_ui_find_asset(const std::string &name);
#endif
