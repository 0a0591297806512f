#include "src/ps_filter.h"

#include <string.h>

#define BLANKS " \t"

struct word {
	const char *start;
	size_t length;
};

static bool word_is(struct word word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.start, text, word.length) == 0;
}

/* Take the next word of a line that ends at @end; length 0 when there is none. */
static struct word next_word(const char **line, const char *end)
{
	struct word word;

	while (*line < end && strchr(BLANKS, **line))
		(*line)++;
	word.start = *line;
	while (*line < end && !strchr(BLANKS, **line))
		(*line)++;
	word.length = (size_t)(*line - word.start);
	return word;
}

static struct word nth_word(const char *line, const char *end, size_t n)
{
	struct word word = next_word(&line, end);

	while (n-- && word.length)
		word = next_word(&line, end);
	return word;
}

static bool find_pid_column(const char *line, const char *end, size_t *ret_column)
{
	struct word word;

	for (size_t column = 0; (word = next_word(&line, end)).length; column++)
		if (word_is(word, "PID")) {
			*ret_column = column;
			return true;
		}
	return false;
}

static bool is_among(struct word word, const struct pid_list *pids)
{
	char text[16];
	int pid;

	if (word.length >= sizeof(text))
		return false;
	memcpy(text, word.start, word.length);
	text[word.length] = '\0';
	if (!parse_int(text, &pid))
		return false;
	for (size_t i = 0; i < pids->count; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

int ps_filter(const char *table, const struct pid_list *pids, struct buffer *text,
	      struct error *err)
{
	const char *line = table, *end = strchrnul(line, '\n');
	bool wanted = true; /* the heading is */
	size_t column;

	if (!find_pid_column(line, end, &column))
		return error_set(
		    err, ERROR_INVALID, "ps",
		    "what ps prints has no column PID to tell the container's processes by");
	while (*line) {
		if (wanted) {
			buffer_add(text, line, (size_t)(end - line));
			buffer_puts(text, "\n");
		}
		line = *end ? end + 1 : end;
		end = strchrnul(line, '\n');

		struct word pid = nth_word(line, end, column);
		wanted = word_is(pid, "-") ? wanted : is_among(pid, pids);
	}
	return 0;
}
