#include "base/hash.h"

#include <string.h>

#define HASH_PRIME UINT64_C(0x100000001b3)

/* FNV-1a's constants on words of 8 bytes, the rest filled up with zeros. Each step is a bijection
 * of the value. */
uint64_t hash_bytes(uint64_t value, const void *bytes, size_t length)
{
	for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
		uint64_t word = 0;

		if (length - at < sizeof(word))
			memcpy(&word, (const char *)bytes + at, length - at);
		else
			memcpy(&word, (const char *)bytes + at, sizeof(word));
		value = (value ^ word) * HASH_PRIME;
		value ^= value >> 32;
	}
	return value;
}
