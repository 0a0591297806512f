/* Lists of strings for unit tests, as the config holds them: NAMES("a", "b"). They live as long as
 * the block they stand in. */
#ifndef PROA_TESTS_UNIT_NAMES_H
#define PROA_TESTS_UNIT_NAMES_H

#include "base/text.h"

static inline struct strings names_of(const char **names)
{
	struct strings strings = { (char **)names, 0 };

	while (names[strings.count])
		strings.count++;
	return strings;
}
#define NAMES(...) names_of((const char *[]){ __VA_ARGS__, NULL })

#endif
