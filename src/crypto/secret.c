#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Right before the caller's bytes, in the same locked pages. */
struct head {
	uint8_t *map;
	size_t len; /* of the mapping, both guard pages included */
	size_t n;
	uint64_t mark;
};
enum { ALIGN = 16 };
static const uint64_t MARK = 0x6b65795f68656164;

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static struct head *head_of(void *p)
{
	struct head *h = (struct head *)((uint8_t *)p - sizeof(struct head));
	/* Freeing what never came from here would wipe and unmap somebody else's memory. */
	return h->mark == MARK ? h : NULL;
}

void *gh_secret_new(size_t n)
{
	size_t size = page();
	if (n > SIZE_MAX / 2)
		return NULL;
	size_t room = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	size_t body = (room + sizeof(struct head) + size - 1) / size * size;
	size_t len = body + 2 * size;
	uint8_t *map = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map + size, body, PROT_READ | PROT_WRITE) != 0 || mlock(map + size, body) != 0 ||
	    madvise(map + size, body, MADV_DONTDUMP) != 0 || madvise(map + size, body, MADV_WIPEONFORK) != 0) {
		(void)munmap(map, len);
		return NULL;
	}
	uint8_t *p = map + size + body - room;
	*(struct head *)(p - sizeof(struct head)) = (struct head){ map, len, n, MARK };
	return p;
}

void gh_secret_free(void *p)
{
	struct head *h = p == NULL ? NULL : head_of(p);
	if (h == NULL)
		return;
	size_t size = page(), len = h->len;
	uint8_t *map = h->map;
	if (mprotect(map + size, len - 2 * size, PROT_READ | PROT_WRITE) == 0)
		gh_wipe(map + size, len - 2 * size);
	(void)munmap(map, len);
}

bool gh_secret_seal(void *p, bool read_only)
{
	struct head *h = head_of(p);
	size_t size = page();
	return h != NULL &&
	       mprotect(h->map + size, h->len - 2 * size, read_only ? PROT_READ : PROT_READ | PROT_WRITE) == 0;
}

bool gh_secret_heap(void)
{
	enum { HEAP = 64 << 10, SMALLEST = 32 };
	/* 1: fine; 2: the memory is there but could not be protected, which is not what was asked for. */
	return CRYPTO_secure_malloc_initialized() == 1 || CRYPTO_secure_malloc_init(HEAP, SMALLEST) == 1;
}

void gh_wipe(void *p, size_t n)
{
	if (n > 0)
		OPENSSL_cleanse(p, n);
}

bool gh_same_bytes(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }

bool gh_random(void *p, size_t n) { return n <= INT32_MAX && RAND_priv_bytes(p, (int)n) == 1; }
