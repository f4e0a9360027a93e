// No web pages: nothing is listed, nothing is found, nothing is compressed.
#include "ui.h"

bool llama_ui_use_gzip()
{
	return false;
}

const gatehouse_no_pages &llama_ui_get_assets()
{
	static const gatehouse_no_pages none{};
	return none;
}

const llama_ui_asset *llama_ui_find_asset(const std::string &)
{
	return nullptr;
}
