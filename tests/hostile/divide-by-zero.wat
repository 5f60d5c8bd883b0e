;; with: base describe
;; Divides by zero.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (i32.div_u (i32.const 1) (i32.const 0)))
