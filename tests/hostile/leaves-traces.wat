;; with: base describe
;; Counts its calls in its own memory, and delivers the count.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (i32.store8 (i32.const 48) (i32.add (i32.load8_u (i32.const 48)) (i32.const 1)))
    (call $deliver (i32.const 48) (i32.const 1)))
