#include "tests/unit/support.h"

#include <stdalign.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/arena.h"

static struct arena arena = ARENA_INIT;

static void make(size_t capacity)
{
	SUCCEEDS(arena_init(&arena, capacity, &err));
}

TEST(memory_is_zeroed_aligned_and_apart)
{
	char *first, *second;

	make(4096);
	first = arena_alloc(&arena, 3);
	second = arena_alloc(&arena, 5);
	CHECK((uintptr_t)first % alignof(max_align_t) == 0);
	CHECK((uintptr_t)second % alignof(max_align_t) == 0);
	CHECK(second >= first + 3);
	for (int i = 0; i < 5; i++)
		CHECK_INT(second[i], 0);
	memset(first, 'x', 3);
	CHECK_INT(second[0], 0);
}

TEST(it_can_be_filled_to_the_last_byte)
{
	make(4096);
	CHECK_INT(arena_left(&arena), 4096);
	memset(arena_alloc(&arena, 4096), 1, 4096);
	CHECK_INT(arena_left(&arena), 0);
	CHECK(arena_alloc(&arena, 0));
}

TEST(the_last_piece_can_be_made_shorter)
{
	char *text, *next;

	make(4096);
	arena_alloc(&arena, 100);
	text = arena_alloc(&arena, 2000);
	strcpy(text, "short");
	arena_shrink_last(&arena, text, sizeof("short"));
	next = arena_alloc(&arena, 1);
	CHECK_INT(next - text, alignof(max_align_t));
	CHECK_INT(*next, 0);
}

TEST(what_was_not_used_can_be_given_back)
{
	char *text;
	unsigned char resident;

	make(1 << 20);
	text = arena_strdup(&arena, "kept");
	arena_trim(&arena);
	CHECK_STR(text, "kept");
	CHECK_INT(arena.capacity, (64 << 10) + getpagesize());
	CHECK(mincore(arena.base + arena.capacity, 1, &resident) < 0 && errno == ENOMEM);
	memset(arena_alloc(&arena, 64 << 10), 1, 64 << 10);
	/* a small one has nothing to give */
	arena_free(&arena);
	make(4096);
	arena_trim(&arena);
	CHECK_INT(arena.capacity, 4096);
}

static int ends_by(void (*what)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	return exit_of(pid);
}

static void ask_for_too_much(void)
{
	arena_alloc(&arena, 4097);
}

static void ask_for_all_there_is(void)
{
	arena_alloc(&arena, SIZE_MAX);
}

static void ask_for_an_overflow(void)
{
	arena_calloc(&arena, SIZE_MAX / 4, 8);
}

TEST(what_does_not_fit_aborts)
{
	make(4096);
	CHECK_INT(ends_by(ask_for_too_much), 128 + TRAP_SIGNAL);
	CHECK_INT(ends_by(ask_for_all_there_is), 128 + TRAP_SIGNAL);
	CHECK_INT(ends_by(ask_for_an_overflow), 128 + TRAP_SIGNAL);
}

TEST(copies_are_copies)
{
	char text[] = "text";
	char *copy, *part, *none;

	make(4096);
	copy = arena_strdup(&arena, text);
	part = arena_strndup(&arena, text, 2);
	none = arena_strdup(&arena, NULL);
	text[0] = 'x';
	CHECK_STR(copy, "text");
	CHECK_STR(part, "te");
	CHECK(!none);
	CHECK(memcmp(arena_memdup(&arena, "a\0b", 3), "a\0b", 3) == 0);
	CHECK_STR(arena_printf(&arena, "%d-%s", 7, copy), "7-text");
}

/* Address space is not memory. */
TEST(a_list_grows_by_doubling)
{
	size_t capacity = 0;
	int *items = NULL, *before;

	make(4096);
	for (int i = 0; i < 17; i++) {
		before = items;
		items = arena_grow(&arena, items, (size_t)i, &capacity, sizeof(*items));
		CHECK((items == before) == (i != 0 && i != 16));
		items[i] = i;
	}
	CHECK_INT(capacity, 32);
	for (int i = 0; i < 32; i++)
		CHECK_INT(items[i], i < 17 ? i : 0);
	arena_free(&arena);
}

TEST(a_large_one_costs_nothing)
{
	make((size_t)8 << 30);
	CHECK_INT(arena_alloc(&arena, 1) != NULL, 1);
}

static void read_it(void)
{
	_exit(arena.base[0] == 's' ? 1 : 2);
}

TEST(what_is_kept_from_children_faults_there)
{
	struct sigaction none = { .sa_handler = SIG_DFL };

	if (harness_is_emulated())
		SKIP("qemu-user takes no notice of MADV_DONTFORK");
	/* a sanitizer would turn the fault into an exit */
	sigaction(SIGSEGV, &none, NULL);
	make(4096);
	arena_alloc(&arena, 8);
	strcpy(arena.base, "secret");
	CHECK_INT(ends_by(read_it), 1);
	SUCCEEDS(arena_keep_from_children(&arena, &err));
	CHECK_INT(ends_by(read_it), 128 + SIGSEGV);
	CHECK_STR(arena.base, "secret");
}

TEST(a_freed_one_can_be_freed_again)
{
	make(4096);
	arena_free(&arena);
	CHECK(!arena.base);
	arena_free(&arena);
}

TEST(more_than_there_is_is_an_error)
{
	FAILS(arena_init(&arena, SIZE_MAX / 2, &err), ERROR_SYSTEM);
	CHECK(!arena.base);
}
