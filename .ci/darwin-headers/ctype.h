/* What oniguruma asks of the C library, so that .ci/elsewhere can check without an SDK. */
int isdigit(int);
int tolower(int);
