CC = gcc
OUT := build
all: $(OUT)/a.o
	mkdir -p $(OUT)
	$(CC) -c a.c -o $@
.PHONY: clean
clean:
	-rm -rf $(OUT)
