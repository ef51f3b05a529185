//! What `worker.js` calls. Bytes go in where `input` says, and JSON comes out where `output` says.
#![expect(unsafe_code, reason = "names that are not mangled")]

use std::cell::RefCell;

use crate::classify::Classifier;

#[derive(Default)]
struct State {
    input: Vec<u8>,
    output: Vec<u8>,
    classifier: Classifier,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Where so many bytes of input go.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.input = vec![0; length];
        state.input.as_mut_ptr()
    })
}

/// Loads the model in the input; gives the length of the output.
#[unsafe(no_mangle)]
extern "C" fn load() -> usize {
    answer(|classifier, input| classifier.load(input))
}

/// Classifies the picture in the input; gives the length of the output.
#[unsafe(no_mangle)]
extern "C" fn predict() -> usize {
    answer(|classifier, input| classifier.predict(input))
}

/// Where the output begins: JSON.
#[unsafe(no_mangle)]
extern "C" fn output() -> *const u8 {
    STATE.with_borrow(|state| state.output.as_ptr())
}

fn answer(make: impl Fn(&mut Classifier, &[u8]) -> Vec<u8>) -> usize {
    STATE.with_borrow_mut(|state| {
        state.output = make(&mut state.classifier, &std::mem::take(&mut state.input));
        state.output.len()
    })
}
