/* What oniguruma asks of the C library, so that .ci/elsewhere can check without an SDK. */
#include <stdarg.h>
#include <stddef.h>
typedef struct FILE FILE;
extern FILE *stderr, *stdout;
int fflush(FILE *);
int fprintf(FILE *, const char *, ...);
int fputs(const char *, FILE *);
int snprintf(char *, size_t, const char *, ...);
int vsnprintf(char *, size_t, const char *, va_list);
