/* What ring asks of macOS's SDK, so that .ci/elsewhere can check without one. */
#define TARGET_OS_MAC 1
#define TARGET_OS_OSX 1
#define TARGET_OS_IPHONE 0
