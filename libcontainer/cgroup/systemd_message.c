#include "libcontainer/cgroup/systemd_message.h"

#include <string.h>

#define DEPTH_MAX 8

void message_add(struct buffer *message, const char *word)
{
	buffer_add(message, word, strlen(word) + 1);
}

bool words_begin(const char *bytes, size_t length, struct words *ret_words)
{
	if (!length || length > SYSTEMD_MESSAGE_MAX || bytes[length - 1])
		return false;
	*ret_words = (struct words){ bytes, bytes + length };
	return true;
}

const char *words_next(struct words *words)
{
	const char *word = words->at;

	if (word >= words->end)
		return NULL;
	words->at += strlen(word) + 1;
	return word;
}

static size_t type_length(const char *signature, unsigned int depth)
{
	size_t length = 1, inner;

	if (!*signature || depth > DEPTH_MAX)
		return 0;
	if (strchr("ybnqiuxtdsog", *signature))
		return 1;
	if (*signature == 'a') {
		inner = type_length(signature + 1, depth + 1);
		return inner ? 1 + inner : 0;
	}
	if (*signature != '(')
		return 0;
	do {
		inner = type_length(signature + length, depth + 1);
		length += inner;
	} while (inner && signature[length] != ')');
	return inner ? length + 1 : 0;
}

size_t signature_type(const char *signature)
{
	return type_length(signature, 0);
}
