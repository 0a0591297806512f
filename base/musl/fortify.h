/* _FORTIFY_SOURCE (gcc(1)) for the functions that fill a buffer: musl has none of it. What would write beyond an object whose
 * size the compiler knows, when it compiles or when the program runs, ends the process by SIGILL. */
#pragma once

#if defined(__OPTIMIZE__) && defined(_FORTIFY_SOURCE) && !defined(__clang__)

#define FORTIFIED extern inline __attribute__((gnu_inline, always_inline, artificial))

#if _FORTIFY_SOURCE > 2 && __has_builtin(__builtin_dynamic_object_size)
#define FORTIFIED_ROOM(pointer) __builtin_dynamic_object_size(pointer, 0)
#else
#define FORTIFIED_ROOM(pointer) __builtin_object_size(pointer, 0)
#endif

/* @pointer, to whose object @size bytes are going to be written. */
#define fortify_room(pointer, size)                                                                \
	({                                                                                         \
		if ((size) > FORTIFIED_ROOM(pointer))                                              \
			__builtin_trap();                                                          \
		pointer;                                                                           \
	})

#endif
