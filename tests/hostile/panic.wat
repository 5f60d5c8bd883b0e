;; with: base describe
;; Panics as a plugin built with the SDK does: last words, then a trap.
  (data (i32.const 1024) "panic: boom at src/lib.rs:12:5")
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $log (i32.const 1) (i32.const 1031) (i32.const 4))
    (call $set (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1))
    (call $log (i32.const 3) (i32.const 1024) (i32.const 30))
    (unreachable))
