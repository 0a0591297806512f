#include "libcontainer/security/seccomp_shorten.h"

#include <stdbool.h>
#include <string.h>

#define OTHERS 0u /* stands for the architectures that the program doesn't compare with */
#define LOAD   (BPF_LD | BPF_W | BPF_ABS)
#define RETURN (BPF_RET | BPF_K)
#define SKIP   (BPF_JMP | BPF_JA)

#define ROUNDS_MAX 65536 /* no program of libseccomp's cuts the numbers into so many */

/* Numbers from @first to the next range's all lead to the instruction @end: one that returns, or the first that looks at an
 * argument. */
struct range {
	uint32_t first;
	size_t end;
};

/* The new program is written from its end to its beginning, so that each jump knows how far it leads. It has as much room as
 * the old one. */
struct shortening {
	const struct sock_filter *old;
	size_t count;
	const uint32_t *architectures;
	size_t architecture_count;
	struct range *ranges;
	size_t ranges_max;
	uint32_t *places; /* copy_rest()'s */
	struct sock_filter *written;
	size_t at;
	bool full; /* or given up */
};

/* ---- the way through the old program ---- */

/* All calls of which nothing is looked at but what is the same for them. */
struct calls {
	uint32_t architecture;
	uint32_t first, last; /* numbers */
};

static bool is_compared(const struct shortening *s, uint32_t architecture)
{
	for (size_t i = 0; i < s->architecture_count; i++)
		if (s->architectures[i] == architecture)
			return true;
	return false;
}

/* Leave in @calls those that go the way of the first one at @jump, which compares the number. */
static void limit_numbers(struct calls *calls, const struct sock_filter *jump)
{
	uint32_t k = jump->k, number = calls->first, until = UINT32_MAX;

	if (BPF_OP(jump->code) == BPF_JSET) /* until a bit of k's changes, or a higher one */
		until = k ? number | ((k & -k) - 1) : UINT32_MAX;
	else if (number < k)
		until = BPF_OP(jump->code) == BPF_JGT ? k : k - 1;
	else if (number == k && BPF_OP(jump->code) != BPF_JGE)
		until = k;
	if (until < calls->last)
		calls->last = until;
}

/* Does each jump lead to an instruction? */
static bool is_whole(const struct shortening *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct sock_filter *step = &s->old[i];
		size_t room = s->count - i - 1;

		if (step->code == SKIP ? step->k >= room :
		    BPF_CLASS(step->code) == BPF_JMP ? step->jt >= room || step->jf >= room :
		    BPF_CLASS(step->code) != BPF_RET && room == 0)
			return false;
	}
	return true;
}

/* The instruction to which @calls lead, which is one that returns or looks at an argument. @calls become those that do. */
static bool follow(const struct shortening *s, struct calls *calls, size_t *ret_end)
{
	bool number = false, known = true;

	for (size_t i = 0; known && i < s->count; i++) {
		const struct sock_filter *step = &s->old[i];
		bool loads = step->code == LOAD;

		if (step->code == SKIP) {
			i += step->k;
		} else if (loads && step->k == SECCOMP_OFFSET_NUMBER) {
			number = true;
		} else if (loads && step->k == SECCOMP_OFFSET_ARCH) {
			number = false;
		} else if (loads || step->code == RETURN) {
			*ret_end = i;
			return true;
		} else if (number) {
			limit_numbers(calls, step);
			i += seccomp_jump(step, calls->first, &known);
		} else {
			known = BPF_OP(step->code) == BPF_JEQ && is_compared(s, step->k);
			i += seccomp_jump(step, calls->architecture, &known);
		}
	}
	return false;
}

static bool same_answer(const struct sock_filter *one, const struct sock_filter *other)
{
	return one == other || (one->code == RETURN && other->code == RETURN && one->k == other->k);
}

/* How many ranges the numbers of @architecture make, neighbours with one answer together; 0 if that can't be told. */
static size_t find_ranges(const struct shortening *s, uint32_t architecture)
{
	struct calls calls = { .architecture = architecture };
	size_t count = 0, rounds = 0, end;

	for (bool more = true; more; more = calls.last < UINT32_MAX, calls.first = calls.last + 1) {
		calls.last = UINT32_MAX;
		if (rounds++ == ROUNDS_MAX || count == s->ranges_max || !follow(s, &calls, &end))
			return 0;
		if (count == 0 || !same_answer(&s->old[s->ranges[count - 1].end], &s->old[end]))
			s->ranges[count++] = (struct range){ calls.first, end };
	}
	return count;
}

/* ---- the new program ---- */

static void write_one(struct shortening *s, struct sock_filter instruction)
{
	if (s->at > 0)
		s->written[--s->at] = instruction;
	else
		s->full = true;
}

/* From here to the instruction @to: itself if it is near, else one that goes there. */
static size_t within_reach(struct shortening *s, size_t to, size_t reach)
{
	if (to - s->at > reach) {
		write_one(s, (struct sock_filter)BPF_JUMP(SKIP, (uint32_t)(to - s->at), 0, 0));
		to = s->at;
	}
	return to;
}

/* @code compares with @k, and goes to the instruction @yes or @no. */
static void write_branch(struct shortening *s, uint16_t code, uint32_t k, size_t yes, size_t no)
{
	no = within_reach(s, no, UINT8_MAX - 1); /* there may be one more in between */
	yes = within_reach(s, yes, UINT8_MAX);
	write_one(s, (struct sock_filter)BPF_JUMP(code, k, (uint8_t)(yes - s->at),
						  (uint8_t)(no - s->at)));
}

/* Number the instructions that can be reached from @from on, from 1 on, in @places; 0 are the others. */
static void place_rest(struct shortening *s, size_t from)
{
	uint32_t reached = 0;

	memset(s->places, 0, s->count * sizeof(*s->places));
	s->places[from] = 1;
	for (size_t i = from; i < s->count; i++) {
		const struct sock_filter *step = &s->old[i];

		if (!s->places[i])
			continue;
		s->places[i] = ++reached;
		if (step->code == SKIP) {
			s->places[i + 1 + step->k] = 1;
		} else if (BPF_CLASS(step->code) == BPF_JMP) {
			s->places[i + 1 + step->jt] = 1;
			s->places[i + 1 + step->jf] = 1;
		} else if (BPF_CLASS(step->code) != BPF_RET) {
			s->places[i + 1] = 1;
		}
	}
}

/* Copy what can be reached of the old program from @from on. What isn't falls out, so jumps become no longer. */
static void copy_rest(struct shortening *s, size_t from)
{
	place_rest(s, from);
	for (size_t i = s->count; i-- > from;) {
		struct sock_filter step = s->old[i];
		const uint32_t *next = &s->places[i + 1], place = s->places[i] + 1;

		if (!s->places[i])
			continue;
		if (step.code == SKIP) {
			step.k = next[step.k] - place;
		} else if (BPF_CLASS(step.code) == BPF_JMP) {
			step.jt = (uint8_t)(next[step.jt] - place);
			step.jf = (uint8_t)(next[step.jf] - place);
		}
		write_one(s, step);
	}
}

/* Write what answers as the old program from @from on, or take what is written already and near. Returns where it is. */
static size_t write_answer(struct shortening *s, size_t from)
{
	for (size_t i = s->at; i < s->count && i - s->at < UINT8_MAX; i++)
		if (s->old[from].code == RETURN && same_answer(&s->written[i], &s->old[from]))
			return i;
	copy_rest(s, from);
	return s->at;
}

/* Write a binary search for the range of the number that is loaded. Returns where it begins. */
static size_t write_search(struct shortening *s, const struct range *ranges, size_t count)
{
	size_t half = count / 2, lower, upper;

	if (count == 1)
		return write_answer(s, ranges[0].end);
	upper = write_search(s, ranges + half, count - half);
	lower = write_search(s, ranges, half);
	write_branch(s, BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, upper, lower);
	return s->at;
}

static void write_architecture(struct shortening *s, uint32_t architecture)
{
	size_t count = find_ranges(s, architecture), others = s->at, own;

	if (count == 0) {
		s->full = true;
		return;
	}
	own = write_search(s, s->ranges, count);
	if (count > 1) {
		write_one(s, (struct sock_filter)BPF_STMT(LOAD, SECCOMP_OFFSET_NUMBER));
		own = s->at;
	}
	if (architecture != OTHERS)
		write_branch(s, BPF_JMP | BPF_JEQ | BPF_K, architecture, own, others);
}

void seccomp_shorten(struct seccomp_program *program, const uint32_t *architectures, size_t count,
		     struct arena *arena)
{
	size_t ranges_max = 2 * program->count; /* one comparison begins two at most */
	struct shortening s = {
		.old = program->instructions,
		.count = program->count,
		.architectures = architectures,
		.architecture_count = count,
		.ranges = arena_calloc(arena, ranges_max, sizeof(*s.ranges)),
		.ranges_max = ranges_max,
		.places = arena_calloc(arena, program->count, sizeof(*s.places)),
		.written = arena_calloc(arena, program->count, sizeof(*s.written)),
		.at = program->count,
	};

	if (s.old[0].code != LOAD || !is_whole(&s))
		return;
	write_architecture(&s, OTHERS);
	while (count--) /* the first is the machine's own, and is to be asked for first */
		write_architecture(&s, architectures[count]);
	write_one(&s, (struct sock_filter)BPF_STMT(LOAD, SECCOMP_OFFSET_ARCH));
	if (!s.full)
		*program = (struct seccomp_program){ s.written + s.at, s.count - s.at };
}
