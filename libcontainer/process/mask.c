#include "libcontainer/process/mask.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_BITS (sizeof(unsigned long) * CHAR_BIT)

struct range {
	size_t first, last;
};

/* Digits only, and at most MASK_BITS_MAX - 1. */
static bool read_number(const char **text, size_t *ret_number)
{
	const char *digit = *text;
	size_t number = 0;

	for (; *digit >= '0' && *digit <= '9' && number < MASK_BITS_MAX; digit++)
		number = number * 10 + (size_t)(*digit - '0');
	if (digit == *text || number >= MASK_BITS_MAX)
		return false;
	*text = digit;
	*ret_number = number;
	return true;
}

/* "N" or "N-M", with the comma or the end that must follow. */
static bool read_range(const char **text, struct range *ret_range)
{
	if (!read_number(text, &ret_range->first))
		return false;
	ret_range->last = ret_range->first;
	if (**text == '-') {
		++*text;
		if (!read_number(text, &ret_range->last) || ret_range->last < ret_range->first)
			return false;
	}
	if (**text == '\0')
		return true;
	return *(*text)++ == ',' && **text != '\0';
}

/* The number of bits that @list needs, 0 if it isn't a list. */
static size_t bits_of(const char *list)
{
	struct range range;
	size_t bits = 0;

	while (*list) {
		if (!read_range(&list, &range))
			return 0;
		bits = range.last >= bits ? range.last + 1 : bits;
	}
	return bits;
}

size_t mask_bytes(const struct mask *mask)
{
	return (mask->bits + WORD_BITS - 1) / WORD_BITS * sizeof(unsigned long);
}

int mask_parse(const char *list, const char *object, struct arena *arena, struct mask *ret_mask,
	       struct error *err)
{
	struct mask mask = { 0 };
	struct range range;

	if (!list || !*list) {
		*ret_mask = mask;
		return 0;
	}
	mask.bits = bits_of(list);
	if (!mask.bits)
		return error_set(err, ERROR_INVALID, object,
				 "%s: expected a list such as \"0-3,7\", found \"%s\"", object,
				 list);
	mask.words = arena_alloc(arena, mask_bytes(&mask));
	while (*list && read_range(&list, &range))
		for (size_t i = range.first; i <= range.last; i++)
			mask.words[i / WORD_BITS] |= 1ul << i % WORD_BITS;
	*ret_mask = mask;
	return 0;
}
