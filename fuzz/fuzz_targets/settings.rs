#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Nothing is refused; what must hold is asserted inside.
    let _ = properties::settings::settings(data);
});
