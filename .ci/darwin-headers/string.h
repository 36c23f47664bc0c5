/* What oniguruma asks of the C library, so that .ci/elsewhere can check without an SDK. */
#include <stddef.h>
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
char *strcat(char *, const char *);
int strcmp(const char *, const char *);
size_t strlen(const char *);
