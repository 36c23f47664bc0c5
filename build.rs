//! Tells the linker where code goes in the release binary.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link/order.ld");
    if is_linked_by_lld() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        let order = Path::new(&folder).join("link/order.ld");
        // The functions of a talk side by side: 5 MB less memory, because the kernel reads code in
        // blocks of 64 KiB.
        println!("cargo:rustc-link-arg-bins=-T");
        println!("cargo:rustc-link-arg-bins={}", order.display());
        // At a fixed address there are no 27,500 pointers to relocate before the program begins.
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}

/// Whether a release is linked by lld, as rustc does by itself on this platform: other linkers know
/// such scripts less well.
fn is_linked_by_lld() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && env::var_os("RUSTC_LINKER").is_none()
        && !flags.contains("linker")
        && !flags.contains("fuse-ld")
}
