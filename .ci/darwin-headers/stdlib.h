/* What oniguruma asks of the C library, so that .ci/elsewhere can check without an SDK. */
#include <stddef.h>
void *calloc(size_t, size_t);
void free(void *);
void *malloc(size_t);
void *realloc(void *, size_t);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
