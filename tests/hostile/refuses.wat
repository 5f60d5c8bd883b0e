;; with: base describe
;; Says that the event cannot become a payload: err(invalid-event("{")).
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (i32.store8 (i32.const 2048) (i32.const 1))
    (i32.store8 (i32.const 2052) (i32.const 0))
    (i32.store (i32.const 2056) (i32.const 64))
    (i32.store (i32.const 2060) (i32.const 1))
    (i32.const 2048))
