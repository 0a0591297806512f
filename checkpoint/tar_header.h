/* The block before each entry (POSIX, pax: ustar Interchange Format). Private to tar_read.c and tar_write.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_CHUNK (128 << 10) /* of what is copied at once */
#define TAR_PAX	  'x'	      /* records for the entry that follows */
#define TAR_MAGIC "ustar\00000"

#define TAR_RECORDS_BYTES_MAX (1 << 20)

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[8]; /* and version */
	char user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

/* The sum of its bytes, those of the checksum itself counting as spaces. Pure. */
static inline unsigned int tar_checksum(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned int sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= offsetof(struct tar_header, checksum) &&
			       i < offsetof(struct tar_header, type)
			   ? ' '
			   : bytes[i];
	return sum;
}

/* How much there is behind a content to fill its last block. Pure. */
static inline size_t tar_padding(uint64_t size)
{
	return (size_t)(-size % TAR_BLOCK);
}
