/* What oniguruma asks of the C library, so that .ci/elsewhere can check without an SDK. */
#define alloca(size) __builtin_alloca(size)
