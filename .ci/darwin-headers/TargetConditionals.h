/* What ring asks a macOS SDK, for `cargo check` without one. */
#define TARGET_OS_MAC 1
#define TARGET_OS_OSX 1
#define TARGET_OS_IPHONE 0
