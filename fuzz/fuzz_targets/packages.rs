#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Most input is refused; what must hold either way is asserted inside.
    let _ = properties::packages::packages(data);
});
