# llama-server out of llama.cpp's sources, linked with the prebuilt libraries of the same release. For script/test-engines:
#   make -f llama-server.mk SOURCE=DIR LIBRARIES=DIR STUB=DIR OUT=DIR
parts := $(SOURCE)/tools/server $(SOURCE)/tools/mtmd $(SOURCE)/tools/mtmd/models $(SOURCE)/vendor/cpp-httplib $(SOURCE)/vendor/hash
# Of mtmd only what the server calls; its command line tools have a main() of their own.
multimedia := clip mtmd mtmd-audio mtmd-helper mtmd-helper-gen mtmd-image
units := $(basename $(notdir $(wildcard $(SOURCE)/tools/server/*.cpp) $(wildcard $(SOURCE)/tools/mtmd/models/*.cpp))) \
	$(multimedia) httplib hash ui
objects := $(units:%=$(OUT)/o/%.o) $(OUT)/o/sha256-c.o
headers := $(STUB) $(SOURCE) $(SOURCE)/include $(SOURCE)/ggml/include $(SOURCE)/common $(SOURCE)/vendor $(SOURCE)/vendor/hash \
	$(SOURCE)/tools/mtmd $(SOURCE)/tools/server
limits := FORM_URL_ENCODED_PAYLOAD_MAX_LENGTH=1048576 LISTEN_BACKLOG=512 REQUEST_URI_MAX_LENGTH=32768 TCP_NODELAY=1
flags := -O1 -w $(headers:%=-I%) -DLLAMA_SUBPROCESS $(limits:%=-DCPPHTTPLIB_%)
vpath %.cpp $(parts) $(STUB)

$(OUT)/llama-server: $(objects)
	$(CXX) -o $@ $(objects) -Wl,-rpath,'$$ORIGIN' $(LIBRARIES)/libllama-common.so $(wildcard $(LIBRARIES)/libllama.v*.so) \
		$(wildcard $(LIBRARIES)/libggml.v*.so) $(LIBRARIES)/libggml-base.so -lpthread -ldl

$(OUT)/o/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(flags) -c $< -o $@

$(OUT)/o/sha256-c.o: $(SOURCE)/vendor/hash/sha256/sha256.c
	@mkdir -p $(@D)
	$(CC) $(flags) -c $< -o $@
