/* What the two sides of a migration say to each other, as messages over a pair of descriptors: a pipe each, or one socket.
 * Between them are a program like ssh(1), and a network.
 *
 *	source                                  destination
 *
 *	HELLO ------------------------------->  can it be taken? (hello.h) Nothing is made yet.
 *	      <-------------------------------  WELCOME
 *
 *	the container runs; as often as rounds.h says:
 *	ROUND, DATA…, END ------------------->  the images of a pre-dump
 *	      <-------------------------------  TAKEN
 *
 *	it is frozen:
 *	FINAL, DATA…, END ------------------->  restored, judged, and stopped before its first instruction
 *	      <-------------------------------  READY
 *	killed
 *	GO ---------------------------------->  runs
 *	      <-------------------------------  RUNNING
 *
 * Never are there two that run. Only the source can say GO, and it says so once its own container is dead; only by GO does the
 * other one begin to run. So whatever is lost, and whoever is killed:
 *
 *	before READY is there   CRIU of the source hears of a failure, or that proa has gone, and lets the container run
 *	                        on; the destination hears FAILED or the end, and removes what it has made.
 *	between that and GO     the source kills and speaks, without waiting for anything. When it is killed right there, or
 *	                        the wire cut, the destination doesn't know whether there is a container left: it
 *	                        removes its own, which has never run, and keeps the images. So does the source.
 *	after GO                it runs there. Where that fails after all, no copy is left, and the images are kept.
 *
 * That there is a moment at which none is left but images is the price: two that can lose each other can't agree on the last
 * word.
 *
 * In place of each message may come FAILED, and the conversation is over, as it is at the end of file. What is unknown, too long
 * or out of turn is an error. All run in the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/stream.h"

/* Numbers are never used anew. */
enum wire_kind {
	WIRE_HELLO = 1,	  /* a document: hello.h */
	WIRE_WELCOME = 2, /* a document: hello.h */
	WIRE_ROUND = 3,
	WIRE_TAKEN = 4,
	WIRE_FINAL = 5,
	WIRE_READY = 6,
	WIRE_GO = 7,
	WIRE_RUNNING = 8,
	WIRE_FAILED = 9, /* the text of an error */
	WIRE_DATA = 10,	 /* of a stream, any bytes */
	WIRE_END = 11,
};

/* How a message begins; both numbers in little endian. */
struct wire_head {
	uint32_t kind, length;
};

#define WIRE_TEXT_MAX 65536 /* of a document or an error */
#define WIRE_DATA_MAX (256 << 10)

struct wire {
	int in, out;
	const char *peer;    /* who is at the other end, for errors */
	int64_t deadline_ms; /* of base/clock.h, for all that is waited for; 0: none */
	uint32_t left;	     /* of the DATA that is being taken */
	uint64_t bytes;	     /* that were sent */
	bool told;	     /* FAILED was heard, or said: all has been said */
	bool gone;	     /* it is at its end */
	bool deaf;	     /* signals that would end us are no reason to stop: it is too late */
};

/* Say one of those without a stream. Errors as stream.h has them; ERROR_BUSY too when the deadline has passed. */
int wire_send(struct wire *wire, enum wire_kind kind, const void *bytes, size_t length,
	      struct error *err);

/* Say that we have failed, and why, unless all has been said. Nothing can be done where that doesn't arrive. */
void wire_send_failure(struct wire *wire, const struct error *why);

/* Wait for @wanted, with its text in @text, which may be NULL. FAILED is an error with its text. */
int wire_expect(struct wire *wire, enum wire_kind wanted, struct buffer *text, struct error *err);

/* Wait for one of two, WIRE_ROUND and WIRE_FINAL. */
int wire_expect_images(struct wire *wire, enum wire_kind *ret_kind, struct error *err);

/* The stream that follows those: what is put is DATA, what is taken ends at END. */
struct stream_door wire_door(struct wire *wire);
int wire_end_stream(struct wire *wire, struct error *err);
