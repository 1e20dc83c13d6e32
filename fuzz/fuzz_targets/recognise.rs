#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // What must hold is asserted inside.
    let _ = properties::disks::recognise(data);
});
