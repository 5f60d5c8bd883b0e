//! What it gains that a thread runs calls of one plugin in a row.

use std::hint::black_box;

use transload_engine::Engine;

use crate::{order::Order, turns::Turns};

/// Plugins whose calls wait at the same time.
const PLUGINS: u8 = 8;
/// Calls that a thread of the engine takes in a row at most, where several plugins' wait.
const IN_A_ROW: usize = 8;
const TURNS: usize = 200;

/// Runs the same calls in two orders on one thread: each plugin's in a row, and another plugin each time.
pub(crate) fn measure(engine: &Engine, module: &[u8], order: &Order) {
    let names: Vec<String> = (0..PLUGINS).map(|number| format!("readyclou{number}")).collect();
    for name in &names {
        let module = renamed(module, name);
        engine.load_bytes(&format!("{name}.wasm"), &module).expect("the plugin loads");
    }
    let rows: Vec<&String> = names.iter().flat_map(|name| [name; IN_A_ROW]).collect();
    let mixed: Vec<&String> = names.iter().cycle().take(rows.len()).collect();
    let (mut in_rows, mut in_turns) = (Turns::new(), Turns::new());
    for _ in 0..TURNS {
        for (order_of_names, turns) in [(&rows, &mut in_rows), (&mixed, &mut in_turns)] {
            let calls: Vec<_> = order_of_names.iter().map(|name| order.call_of(name)).collect();
            turns.time(calls.len(), || {
                for call in calls {
                    black_box(engine.transform_here(call).expect("it runs"));
                }
            });
        }
    }
    println!("figure transform.in_rows_us {:.2}", in_rows.median_us());
    println!("figure transform.in_turns_us {:.2}", in_turns.median_us());
    println!("figure transform.in_rows_gain {:.2}", in_turns.median_us() / in_rows.median_us());
}

/// The plugin under another name of the same length, and so with code of its own.
fn renamed(module: &[u8], name: &str) -> Vec<u8> {
    let mut module = module.to_vec();
    let old = b"readycloud";
    assert_eq!(name.len(), old.len(), "the module keeps its shape");
    for at in 0..module.len() - old.len() {
        if module[at..].starts_with(old) {
            module[at..at + old.len()].copy_from_slice(name.as_bytes());
        }
    }
    module
}
