;; with: base describe
;; Calls itself without end.
  (func $deeper (param i32) (result i32)
    (i32.add (local.get 0) (call $deeper (i32.add (local.get 0) (i32.const 1)))))
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $deeper (i32.const 0)))
