/* Bytes on their way from one descriptor to another. What the other one doesn't take yet is kept,
 * and nothing more is read meanwhile: so a program that prints but doesn't read, or the reverse,
 * never keeps us from doing the rest. Caller's process. Private to this room. */
#pragma once

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct relay {
	int from, to; /* -1: at an end */
	char bytes[PIPE_BUF];
	size_t start, end;
};

/* What poll(2) is to wait for on behalf of @relay is added to the events of these two, which may be
 * the same. */
void relay_want(const struct relay *relay, struct pollfd *from, struct pollfd *to);

/* Read or write as far as these say it can be done without waiting. When there is nobody at @to any
 * more, what comes is lost: who writes it must not have to wait for ever. */
void relay_move(struct relay *relay, const struct pollfd *from, const struct pollfd *to);

/* Is there anything left to be written? */
bool relay_holds(const struct relay *relay);
