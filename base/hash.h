/* A hash to notice damage by, and to spread keys: no protection against people. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* The hash of @bytes after what @value is the hash of, HASH_START at first. In pieces it is that of the whole if all
 * but the last are a multiple of 8 long. A single damaged word never goes unseen. Any process. */
uint64_t hash_bytes(uint64_t value, const void *bytes, size_t length);
