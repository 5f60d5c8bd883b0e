;; with: base describe
;; Keeps a value that is larger than a value may be.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $set (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 65537))
    (unreachable))
